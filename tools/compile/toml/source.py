"""A TOML file with its line numbers, which Python's own reader does not keep."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from draupnir.emulator.errors import InputError

Key = tuple[str | int, ...]  # where something stands: names of tables and fields, numbers of array elements
Tables = Sequence[tuple[int, Any]]  # tables of a memory, each with its number in the file

MAX_BYTES = 32 << 20  # of a file; what is larger belongs into matrices and images
MAX_DEPTH = 64  # of brackets within brackets
MAX_DIGITS = 1000  # of a number, decimal
SHOWN_BITS = 128  # of a number that a message shows

_NAME = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_BEGIN = re.compile(r"(?:\s|#[^\n]*)*(\[{0,2})")  # blank lines, comments, and a table's brackets
_PART = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)


@dataclass(frozen=True)
class TomlSource:
    """A configuration file as it was read; tree : what it says, as ``tomllib`` gives it."""

    path: Path
    tree: dict[str, Any]
    lines: dict[Key, int]

    def line(self, key: Key) -> int:
        """The line of a table or field; of what holds it, if it has no line of its own."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def error(self, key: Key, message: str) -> InputError:
        """An error that names file, line and field."""
        return InputError(f"{self.path}:{self.line(key)}: {dotted(key)}: {message}")

    def file(self, key: Key, name: object) -> Path:
        """A file that the configuration names, relative to the configuration's own folder; it need not exist."""
        if not isinstance(name, str) or not name or "\0" in name:
            raise self.error(key, f"{show(name)} is not the name of a file")
        return self.path.parent / name


def read(path: Path) -> TomlSource:
    """Raises InputError, with the line, for what is not a TOML file, or larger or deeper than any configuration."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{path}: no configuration: {path.stat().st_size:,} bytes, of at most {MAX_BYTES:,};"
                " right is to keep matrices in .npy and memories in images"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no configuration: {reason}") from error
    text = text.replace("\r\n", "\n")
    _check_size(path, text)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = at[1] if at and at[1] else text.count("\n") + 1
        raise InputError(f"{path}:{line}: not TOML: {str(error)[: at.start() if at else None]}") from error
    return TomlSource(path, tree, _lines(text))


def _check_size(path: Path, text: str) -> None:
    """Raise InputError for brackets or numbers that Python's reader would give up on."""
    depth = 0
    for part in _PART.finditer(text):
        if part[0] in ("[", "{"):
            depth += 1
        elif part[0] in ("]", "}"):
            depth = max(depth - 1, 0)
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, part.start()) + 1
            raise InputError(f"{path}:{line}: brackets are nested more than {MAX_DEPTH} deep; no configuration is")
    if number := re.search(rf"[0-9][0-9_]{{{MAX_DIGITS},}}", text):
        line = text.count("\n", 0, number.start()) + 1
        raise InputError(f"{path}:{line}: a number of {len(number[0])} digits; no configuration has one")


def dotted(key: Key) -> str:
    """A key in words: neurons[0].thr, elements counted from 0."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_bare(part)}" for part in key)
    return text.removeprefix(".")


def _bare(name: str) -> str:
    """A name in one short line."""
    return name if name.isprintable() and len(name) <= 40 else show(name)


def show(given: object) -> str:
    """Return what was given, as TOML writes it, but not at length."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int) and given.bit_length() > SHOWN_BITS:
        return f"a number of {given.bit_length()} bits"
    if isinstance(given, (date, time)):
        return given.isoformat()
    if isinstance(given, dict):
        return "a table"
    if isinstance(given, list):
        return f"a list of {len(given)}"
    text = repr(given)
    return text if len(text) <= 40 else f"{text[:37]}..."


def closest(name: str, known: Iterable[str]) -> str:
    """Return what would be right instead of an unknown name: "did you mean ...?", or all that there is."""
    names = list(known)
    close = get_close_matches(name.lower(), [n.lower() for n in names], n=1)
    if close:
        return f"did you mean {next(n for n in names if n.lower() == close[0])!r}?"
    return f"there are {', '.join(names)}"


# --- Lines ------------------------------------------------------------------------------------------------------


def _lines(text: str) -> dict[Key, int]:
    """The line of each table and of each field that begins a line; the text is TOML."""
    lines: dict[Key, int] = {}
    n_elements: dict[Key, int] = {}
    table: Key = ()
    at, line, counted = 0, 1, 0
    while (begin := _BEGIN.match(text, at)) and begin.end() < len(text):
        at = begin.end()
        line, counted = line + text.count("\n", counted, at), at
        brackets = len(begin[1])
        names, at = _names(text, at)
        if brackets == 0:
            for n in range(1, len(names) + 1):
                lines.setdefault((*table, *names[:n]), line)
        else:
            if brackets == 2:
                key = (*_within(names[:-1], n_elements), names[-1])
                n_elements[key] = n_elements.get(key, 0) + 1
                lines.setdefault(key, line)
            table = _within(names, n_elements)
            lines[table] = line
        at = _end(text, at)
    return lines


def _names(text: str, at: int) -> tuple[list[str], int]:
    """A dotted key, and where it ends."""
    names = []
    while True:
        name = _NAME.match(text, at)
        assert name is not None
        names.append(tomllib.loads(f"k = {name[1]}")["k"] if name[1][0] in "\"'" else name[1])
        at = name.end()
        if text[at] != ".":
            return names, at
        at += 1


def _within(names: list[str], n_elements: dict[Key, int]) -> Key:
    """The key of a table, with the number of the element that is being filled after each array of tables."""
    key: Key = ()
    for name in names:
        key = (*key, name)
        if key in n_elements:
            key = (*key, n_elements[key] - 1)
    return key


def _end(text: str, at: int) -> int:
    """Return where the next statement begins: after the line's end, unless that is within brackets or a string."""
    depth = 0
    while part := _PART.search(text, at):
        at = part.end()
        if part[0] in ("[", "{"):
            depth += 1
        elif part[0] in ("]", "}"):
            depth = max(depth - 1, 0)  # a table's own brackets close here
        elif part[0] == "\n" and depth == 0:
            return at
    return len(text)
