"""Golden cases: folders that stand alone, each a waveform with its memories and where it all comes from.

``case.toml`` has the keys of ``Case``; README.md describes them. Files of a case:

wave.fst            the pins (needed)
MEM.hex             the memory after the last edge
MEM.before.hex      the memory before the first edge, where it is not all 0
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden.compare import Undefined
from draupnir.golden.files import replacing

TOML = "case.toml"
WAVE = "wave.fst"
# What each kind of source has to tell. Only the first three can prove the model right.
SOURCES: dict[str, tuple[str, ...]] = {
    "recorded": ("repository", "commit", "simulator"),
    "printed": ("paper", "table"),
    "by hand": (),
    "model": (),
}


@dataclass(frozen=True)
class Case:
    """A case.

    folder : where its files are
    chip : name of the chip
    why : one sentence: what breaks if this differs
    source : "kind" (a key of SOURCES), what that kind has to tell, and anything else worth knowing
    seed : of the stimulus, None where there is none
    command : what remade it, "" where nothing does
    sha256 : of each file, by its name
    parameters : the chip's sizes, where it has any to choose
    undefined : what a simulator that knows X may leave open, where the case goes where the Verilog is undefined
    """

    folder: Path
    chip: str
    why: str
    source: Mapping[str, str]
    seed: int | None
    command: str
    sha256: Mapping[str, str]
    undefined: Undefined | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def wave(self) -> Path:
        return self.folder / WAVE

    @property
    def before(self) -> dict[str, Path]:
        """Memory images to load before the first edge, by memory."""
        return {name.removesuffix(".before.hex"): self.folder / name for name in self.sha256 if ".before." in name}

    @property
    def after(self) -> dict[str, Path]:
        """Memory images after the last edge, by memory."""
        images = (name for name in self.sha256 if name.endswith(".hex") and ".before." not in name)
        return {name.removesuffix(".hex"): self.folder / name for name in images}


def discover(folder: Path) -> list[Case]:
    """All cases in ``folder/*/``, sorted by name."""
    return [load(path.parent) for path in sorted(folder.glob(f"*/{TOML}"))]


def of_chip(chip: str) -> list[Case]:
    """All of a chip's own cases, sorted by name. Raises InputError for a chip that has none, or that there is not."""
    return discover(chips.package(chip).cases)


def load(folder: Path) -> Case:
    """Read a case's description; its files are looked at by ``verify``.

    Raises InputError for a missing or wrong key.
    """
    path = folder / TOML
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    case = Case(
        folder,
        _take(table, "chip", str, path),
        _take(table, "why", str, path),
        _texts(table, "source", path),
        _take(table, "seed", int, path) if "seed" in table else None,
        _take(table, "command", str, path),
        _texts(table, "sha256", path),
        _undefined(_take(table, "undefined", dict, path), path) if "undefined" in table else None,
        _parameters(table, path),
    )
    if table:
        raise InputError(f"{path}: unknown key {next(iter(table))!r}; see golden/README.md for those there are")
    _check(case, path)
    return case


def case_at(path: Path, chip: str) -> Case | None:
    """The golden case that a path is the folder, or the waveform, of; None for a waveform that is of none.

    Raises InputError for a case that is damaged, and for a folder without a case of this chip.
    """
    folder = path if path.is_dir() else path.parent
    if not (folder / TOML).is_file() or not (path.is_dir() or path.name == WAVE):
        if path.is_dir():
            raise InputError(_no_case(path))
        return None
    case = load(folder)
    if case.chip != chip:
        raise InputError(f"{folder}: a case of {case.chip}, not of {chip}")
    return case


def _no_case(folder: Path) -> str:
    if cases := sorted(path.parent.name for path in folder.glob(f"*/{TOML}")):
        return f"{folder}: a folder of {len(cases)} cases; one of them is needed, for instance {folder / cases[0]}"
    return f"{folder}: a folder without {TOML}; a VCD or FST waveform, or the folder of a golden case, is needed"


def verify(case: Case) -> None:
    """Raise InputError if a file of the case is missing or is not the one that was described."""
    for name, wanted in case.sha256.items():
        path = case.folder / name
        if not path.is_file():
            raise InputError(f"{path}: missing; {TOML} names it")
        if digest(path) != wanted:
            raise InputError(f"{path}: changed since it was described: sha256 {digest(path)}, not {wanted}")


def write(
    folder: Path,
    chip: str,
    why: str,
    source: Mapping[str, str],
    command: str = "",
    seed: int | None = None,
    undefined: Undefined | None = None,
    parameters: Mapping[str, int] | None = None,
) -> Case:
    """Describe the files that are in ``folder`` (wave.fst and memory images) in its case.toml, and give the case.

    Raises InputError when the description would not be a valid one.
    """
    files = [path for path in sorted(folder.iterdir()) if path.name == WAVE or path.suffix == ".hex"]
    sums = {path.name: digest(path) for path in files}
    case = Case(folder, chip, why, source, seed, command, sums, undefined, dict(parameters or {}))
    _check(case, folder / TOML)
    seed_line = [] if seed is None else [f"seed = {seed}"]
    lines = [f"chip = {_text(chip)}", f"why = {_text(why)}", *seed_line, f"command = {_text(command)}"]
    for title, table in (("source", source), ("sha256", case.sha256)):
        lines += ["", f"[{title}]", *(f"{_key(key)} = {_text(entry)}" for key, entry in table.items())]
    if case.parameters:
        lines += ["", "[parameters]", *(f"{_key(name)} = {size}" for name, size in case.parameters.items())]
    if undefined:
        lines += ["", "[undefined]", f"first = {undefined.first}"]
        for title, bits in (("unknown", undefined.unknown), ("different", undefined.different)):
            lines += ["", f"[undefined.{title}]", *(f"{_key(key)} = {n}" for key, n in bits.items())]
    with replacing(folder / TOML) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    return case


def digest(path: Path) -> str:
    """sha256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(case: Case, path: Path) -> None:
    kind = case.source.get("kind")
    if kind not in SOURCES:
        raise InputError(f"{path}: source.kind is {kind!r}; one of {', '.join(SOURCES)} is needed")
    for key in SOURCES[kind]:
        if not case.source.get(key):
            raise InputError(f"{path}: source.{key} is missing; a source of kind {kind!r} has it")
    if not case.why:
        raise InputError(f"{path}: why is empty; one sentence saying what breaks if this differs is needed")
    if WAVE not in case.sha256:
        raise InputError(f"{path}: no {WAVE} among its files")


def _take(table: dict[str, Any], key: str, kind: type, path: Path) -> Any:
    if key not in table:
        raise InputError(f"{path}: {key} is missing")
    entry = table.pop(key)
    if not isinstance(entry, kind):
        raise InputError(f"{path}: {key} is {entry!r}; {kind.__name__} is needed")
    return entry


def _texts(table: dict[str, Any], key: str, path: Path) -> dict[str, str]:
    texts = _take(table, key, dict, path)
    return {name: _take(dict(texts), name, str, path) for name in texts}


def _parameters(table: dict[str, Any], path: Path) -> dict[str, int]:
    sizes = _take(table, "parameters", dict, path) if "parameters" in table else {}
    return {name: _take(dict(sizes), name, int, path) for name in sizes}


def _undefined(table: dict[str, Any], path: Path) -> Undefined:
    first = _number(table, "first", path, "undefined.first")
    del table["first"]
    tables = [_take(table, title, dict, path) for title in ("unknown", "different")]
    if table:
        raise InputError(f"{path}: unknown key 'undefined.{next(iter(table))}'; see golden/README.md")
    return Undefined(first, *({name: _number(bits, name, path, name) for name in bits} for bits in tables))


def _number(table: dict[str, Any], key: str, path: Path, name: str) -> int:
    number: int = _take(dict(table), key, int, path)
    if isinstance(number, bool) or number < 0:
        raise InputError(f"{path}: {name} is {number}; a number of at least 0 is needed")
    return number


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string
