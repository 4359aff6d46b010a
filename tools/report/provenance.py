"""The origin of sources (repository and commit, or a hash) and of reports (command, seed, versions)."""

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

ROOT = Path(__file__).resolve().parents[2]  # in a checkout the folders of the package are links
PACKAGES = ("draupnir", "numpy", "numba", "llvmlite", "amaranth")


@dataclass(frozen=True)
class Origin:
    """The origin of a report: everything that is needed to make it again.

    command : the command line, "" if there is none
    date : date and time in UTC, ISO 8601
    seeds : the start values of random numbers, each 0..2**32 - 1; empty if nothing is random
    commit : the commit of draupnir's checkout, with a note if files differ from it; "" if draupnir is installed
    sources : folder, repository and commit of the user's Verilog; empty if there is none
    versions : tool -> version, "none" if the tool is not installed
    """

    command: str
    date: str
    seeds: tuple[int, ...]
    commit: str
    sources: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The origin as an object for JSON."""
        return asdict(self)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and text of each part that is known."""
        texts = {"command": self.command, "date": self.date, "seed": ", ".join(map(str, self.seeds))}
        texts |= {f"sources: {name}": text for name, text in self.sources.items()}
        texts |= {"draupnir's commit": self.commit}
        texts |= {name: version for name, version in self.versions.items() if version != "none"}
        yield from ((name, text) for name, text in texts.items() if text)


def origin(
    seeds: Sequence[int] = (), rtl: Path | None = None, files: Sequence[Path] = (), command: str | None = None
) -> Origin:
    """The origin of a report that is made now.

    seeds : the start values of random numbers, each 0..2**32 - 1
    rtl : the folder of the user's Verilog, None if our RTL is used; files : the files in it that were read
    command : the command line; None for that of this process
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
    """The command line as the user wrote it; "" if this process is not the command."""
    context = click.get_current_context(silent=True)
    words = context.find_root().obj if context else None
    return shlex.join(["draupnir", *words]) if words else ""


def versions() -> dict[str, str]:
    """Versions of Python, packages and simulators, "none" for each that is not installed."""
    # Imported here, because most commands make no report.
    from draupnir.rtl import toolchain

    version_by_tool = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            version_by_tool[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            version_by_tool[package] = "none"
    for name, tool in (("verilator", toolchain.verilator), ("icarus", toolchain.icarus)):
        try:
            version_by_tool[name] = tool().version
        except InputError:
            version_by_tool[name] = "none"
    version_by_tool["c++"] = _first_line([os.environ.get("CXX", "g++"), "--version"])
    return version_by_tool


def provenance(folder: Path, files: Sequence[Path], repository: str | None = None) -> dict[str, str]:
    """The ``repository`` and the ``commit`` of a folder of sources.

    repository : its name; None for the address of the git remote if it is a URL, or else the name of the folder
    The commit is that of the checkout if no file differs from it, or else the sha256 of all files, in the order of
    their names.
    """
    remote = _git(folder, "remote", "get-url", "origin")
    default_name = remote if "://" in remote or remote.startswith("git@") else folder.resolve().name
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit or _git(folder, "status", "--porcelain", "--", "."):
        digest = hashlib.sha256()
        for file in sorted(files, key=lambda path: path.name):
            digest.update(file.read_bytes())
        commit = f"sha256 {digest.hexdigest()}"
    return {"repository": repository or default_name, "commit": commit}


def source_of_recording(folder: Path, files: Sequence[Path], repository: str | None = None) -> dict[str, str]:
    """The ``source`` of a golden case that is recorded in Verilator: kind, ``provenance``, and the simulator."""
    from draupnir.rtl import toolchain  # imported here, because most commands make no recording

    simulator = f"Verilator {toolchain.verilator().version}"
    return {"kind": "recorded", **provenance(folder, files, repository), "simulator": simulator}


def _own_commit() -> str:
    """The commit of draupnir's checkout, "" if draupnir is installed from a package."""
    if not (ROOT / ".git").exists():
        return ""
    commit = _git(ROOT, "rev-parse", "HEAD")
    return f"{commit}, with changes" if commit and _git(ROOT, "status", "--porcelain") else commit


def _git(folder: Path, *words: str) -> str:
    """The output of a git command, "" if it fails."""
    try:
        process = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return process.stdout.strip() if process.returncode == 0 else ""


def _first_line(command: list[str]) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return "none"
    return output.partition("\n")[0] or "none"
