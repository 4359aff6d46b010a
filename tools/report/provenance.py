"""The origin of things: sources (their repository and commit, or contents), and reports (command, seed, versions)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from draupnir.emulator.errors import InputError

ROOT = Path(__file__).resolve().parents[2]  # the package's rooms are links, in a checkout
PACKAGES = ("draupnir", "numpy", "numba", "llvmlite", "amaranth")


@dataclass(frozen=True)
class Origin:
    """The origin of a report: what it takes to make it again.

    command : the command line, "" where there was none
    date : UTC, ISO 8601
    seeds : of what is random; empty where nothing is
    commit : of draupnir's checkout, "" where it is none; with a note if files differ from it
    sources : folder, repository and commit of the Verilog that was looked at; empty where that was our own, or none
    versions : tool -> version
    """

    command: str
    date: str
    seeds: tuple[int, ...]
    commit: str
    sources: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and text of all that is known, for people."""
        known = {"command": self.command, "date": self.date, "seed": ", ".join(map(str, self.seeds))}
        known |= {f"sources: {name}": text for name, text in self.sources.items()}
        known |= {"draupnir's commit": self.commit}
        known |= {name: version for name, version in self.versions.items() if version != "none"}
        yield from ((name, text) for name, text in known.items() if text)


def origin(
    seeds: Sequence[int] = (), rtl: Path | None = None, files: Sequence[Path] = (), command: str | None = None
) -> Origin:
    """The origin of a report that is being made now.

    rtl : the folder of somebody's Verilog, if it was used; files : those of it that were read
    command : None for the command line of this process
    """
    return Origin(
        command=command_line() if command is None else command,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seeds=tuple(seeds),
        commit=_own_commit(),
        sources={"folder": str(rtl), **provenance(rtl, files)} if rtl else {},
        versions=versions(),
    )


def command_line() -> str:
    """The command line as the user wrote it; "" outside of the command."""
    context = click.get_current_context(silent=True)
    words = context.find_root().obj if context else None
    return shlex.join(["draupnir", *words]) if words else ""


def versions() -> dict[str, str]:
    """Versions of Python, packages and simulators; "none" for what is not installed."""
    # Only here: most commands make no report.
    from draupnir.rtl import toolchain

    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "none"
    for name, tool in (("verilator", toolchain.verilator), ("icarus", toolchain.icarus)):
        try:
            found[name] = tool().version
        except InputError:
            found[name] = "none"
    found["c++"] = _first_line([os.environ.get("CXX", "g++"), "--version"])
    return found


def provenance(folder: Path, files: Sequence[Path], repository: str | None = None) -> dict[str, str]:
    """``repository`` and ``commit`` of a folder of sources.

    repository : its name, if the caller knows; else the git remote's address where it is not a path of this machine,
        else the folder's name
    The commit is the one checked out if the files are as committed, else their sha256, in the order of their names.
    """
    remote = _git(folder, "remote", "get-url", "origin")
    known = remote if "://" in remote or remote.startswith("git@") else folder.resolve().name
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit or _git(folder, "status", "--porcelain", "--", "."):
        digest = hashlib.sha256()
        for file in sorted(files, key=lambda path: path.name):
            digest.update(file.read_bytes())
        commit = f"sha256 {digest.hexdigest()}"
    return {"repository": repository or known, "commit": commit}


def source_of_recording(folder: Path, files: Sequence[Path], repository: str | None = None) -> dict[str, str]:
    """The ``source`` of a golden case that is recorded in Verilator; as ``provenance`` takes and gives it, and more."""
    from draupnir.rtl import toolchain  # only here: most commands make no recording

    simulator = f"Verilator {toolchain.verilator().version}"
    return {"kind": "recorded", **provenance(folder, files, repository), "simulator": simulator}


def _own_commit() -> str:
    """The commit of draupnir's own checkout; "" where it is installed from a package."""
    if not (ROOT / ".git").exists():
        return ""
    commit = _git(ROOT, "rev-parse", "HEAD")
    return f"{commit}, with changes" if commit and _git(ROOT, "status", "--porcelain") else commit


def _git(folder: Path, *words: str) -> str:
    """Return what git says, or "" where it has nothing to say."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _first_line(command: list[str]) -> str:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return "none"
    return said.partition("\n")[0] or "none"
