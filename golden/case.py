"""Golden cases. A case is a folder with a waveform, its memories, and a description of its origin.

``case.toml`` has the keys of ``Case``; README.md describes them. The other files of a case are:

wave.fst            the pins; every case has it
MEM.hex             the memory after the last edge
MEM.before.hex      the memory before the first edge, if it is not all 0
state.toml          pins and registers before the first edge, if the case does not begin at the power-up
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
from draupnir.golden.state import STATE

TOML = "case.toml"
WAVE = "wave.fst"
# The keys that each kind of source needs. Only the first three kinds can prove that the model is right.
SOURCES: dict[str, tuple[str, ...]] = {
    "recorded": ("repository", "commit", "simulator"),
    "printed": ("paper", "table"),
    "by hand": (),
    "model": (),
}


@dataclass(frozen=True)
class Case:
    """A golden case.

    folder : the folder of its files
    chip : the name of the chip
    why : one sentence that says what breaks if a device differs
    source : "kind" (a key of SOURCES), the keys that this kind needs, and any other facts
    seed : the seed of the stimulus, None if it has none
    command : the command that records it again, "" if there is none
    sha256 : name of a file -> its checksum in hexadecimal
    parameters : name -> value of each size of the chip, if it has sizes
    undefined : the bits that may be unknown or different, for a case in which the Verilog is undefined
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
        """The name of the case, which is that of its folder."""
        return self.folder.name

    @property
    def wave(self) -> Path:
        """The waveform."""
        return self.folder / WAVE

    @property
    def state(self) -> Path | None:
        """The state before the first edge; None for a case that begins at the power-up."""
        return self.folder / STATE if STATE in self.sha256 else None

    @property
    def before(self) -> dict[str, Path]:
        """Name of a memory -> the image to load before the first edge."""
        return {name.removesuffix(".before.hex"): self.folder / name for name in self.sha256 if ".before." in name}

    @property
    def after(self) -> dict[str, Path]:
        """Name of a memory -> the image after the last edge."""
        images = (name for name in self.sha256 if name.endswith(".hex") and ".before." not in name)
        return {name.removesuffix(".hex"): self.folder / name for name in images}


def discover(folder: Path) -> list[Case]:
    """Return all cases in ``folder/*/``, sorted by name."""
    return [load(path.parent) for path in sorted(folder.glob(f"*/{TOML}"))]


def of_chip(chip: str) -> list[Case]:
    """Return all cases of a chip, sorted by name. Raises InputError if it has none, or if there is no such chip."""
    return discover(chips.package(chip).cases)


def holding_on(chip: str) -> list[Case]:
    """Return all cases that must hold on a chip: its own, and those of the chip that it extends.

    Raises InputError as ``of_chip`` does.
    """
    package = chips.package(chip)
    own = of_chip(chip) if package.golden or not package.extends else []
    return own + holding_on(package.extends) if package.extends else own


def _holds_on(one: Case, chip: str | None) -> bool:
    """Return True for a case of a chip, and for one of the chip that it extends."""
    if chip is None or one.chip == chip:
        return chip is not None
    return chip in chips.names() and _holds_on(one, chips.package(chip).extends)


def load(folder: Path) -> Case:
    """Read the description of a case. ``verify`` checks its files.

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
        raise InputError(f"{path}: unknown key {next(iter(table))!r}; golden/README.md lists all keys")
    _check(case, path)
    return case


def case_at(path: Path, chip: str) -> Case | None:
    """Return the golden case of a path, which is its folder or its waveform; None for the waveform of no case.

    Raises InputError for a damaged case, and for a folder without a case that must hold on this chip.
    """
    folder = path if path.is_dir() else path.parent
    if not (folder / TOML).is_file() or not (path.is_dir() or path.name == WAVE):
        if path.is_dir():
            raise InputError(_no_case(path))
        return None
    case = load(folder)
    if not _holds_on(case, chip):
        raise InputError(f"{folder}: a case of {case.chip}, not of {chip}")
    return case


def _no_case(folder: Path) -> str:
    if cases := sorted(path.parent.name for path in folder.glob(f"*/{TOML}")):
        return f"{folder}: a folder of {len(cases)} cases; one of them is needed, for instance {folder / cases[0]}"
    return f"{folder}: a folder without {TOML}; a VCD or FST waveform, or the folder of a golden case, is needed"


def verify(case: Case) -> None:
    """Raise InputError if a file of the case is missing, or if its checksum is wrong."""
    for name, checksum in case.sha256.items():
        path = case.folder / name
        if not path.is_file():
            raise InputError(f"{path}: missing; {TOML} names it")
        if digest(path) != checksum:
            raise InputError(f"{path}: changed since it was described: sha256 {digest(path)}, not {checksum}")


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
    """Write a case.toml for the files in ``folder`` (wave.fst, memory images, a state), and return the case.

    Raises InputError if the description is not valid.
    """
    files = [path for path in sorted(folder.iterdir()) if path.name in (WAVE, STATE) or path.suffix == ".hex"]
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
    """Return the sha256 of a file in hexadecimal."""
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
        raise InputError(f"{path}: why is empty; one sentence that says what breaks if this differs is needed")
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
