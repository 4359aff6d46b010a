"""A TOML file with its line numbers, which Python's reader does not give."""

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

Key = tuple[str | int, ...]  # the place of an entry: names of tables and fields, numbers of array elements
Tables = Sequence[tuple[int, Any]]  # tables of a memory, each with its number in the file

MAX_BYTES = 32 << 20  # the largest file; larger contents belong into matrices and images
MAX_DEPTH = 64  # the deepest nesting of brackets
MAX_DIGITS = 1000  # the longest number, in decimal digits
SHOWN_BITS = 128  # the longest number that a message shows

_NAME = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_BEGIN = re.compile(r"(?:\s|#[^\n]*)*(\[{0,2})")  # blank lines, comments, and a table's brackets
_PART = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)


@dataclass(frozen=True)
class TomlSource:
    """A configuration file.

    tree : its contents, as ``tomllib`` returns them; lines : the line of each table and field, from 1
    """

    path: Path
    tree: dict[str, Any]
    lines: dict[Key, int]

    def line(self, key: Key) -> int:
        """The line of a table or field, from 1; if it has no line of its own, the line of its table."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def error(self, key: Key, message: str) -> InputError:
        """An error that names file, line and field."""
        return InputError(f"{self.path}:{self.line(key)}: {dotted(key)}: {message}")

    def file(self, key: Key, name: object) -> Path:
        """The path of a file that the configuration names, relative to its own folder. The file need not exist."""
        if not isinstance(name, str) or not name or "\0" in name:
            raise self.error(key, f"{show(name)} is not the name of a file")
        return self.path.parent / name


def read(path: Path) -> TomlSource:
    """Read a TOML file.

    Raises InputError, with the line, for any other file, and for one that is larger or has deeper brackets than any
    configuration.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{path}: not a configuration: {path.stat().st_size:,} bytes; the limit is {MAX_BYTES:,};"
                " right is to keep matrices in .npy and memories in images"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: not a configuration: {reason}") from error
    text = text.replace("\r\n", "\n")
    _check_size(path, text)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position_text = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = position_text[1] if position_text and position_text[1] else text.count("\n") + 1
        raise InputError(
            f"{path}:{line}: not TOML: {str(error)[: position_text.start() if position_text else None]}"
        ) from error
    return TomlSource(path, tree, _lines(text))


def _check_size(path: Path, text: str) -> None:
    """Raise InputError for brackets or numbers that Python's reader cannot handle."""
    depth = 0
    for part in _PART.finditer(text):
        if part[0] in ("[", "{"):
            depth += 1
        elif part[0] in ("]", "}"):
            depth = max(depth - 1, 0)
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, part.start()) + 1
            raise InputError(
                f"{path}:{line}: brackets are nested more than {MAX_DEPTH} deep, deeper than in any configuration"
            )
    if number := re.search(rf"[0-9][0-9_]{{{MAX_DIGITS},}}", text):
        line = text.count("\n", 0, number.start()) + 1
        raise InputError(f"{path}:{line}: a number of {len(number[0])} digits, longer than in any configuration")


def dotted(key: Key) -> str:
    """A key as text, for instance neurons[0].thr; elements are counted from 0."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_bare(part)}" for part in key)
    return text.removeprefix(".")


def _bare(name: str) -> str:
    """A name, shortened to one line if it is long."""
    return name if name.isprintable() and len(name) <= 40 else show(name)


def show(thing: object) -> str:
    """A value of the file as TOML writes it, shortened to 40 characters."""
    if isinstance(thing, bool):
        return str(thing).lower()
    if isinstance(thing, int) and thing.bit_length() > SHOWN_BITS:
        return f"a number of {thing.bit_length()} bits"
    if isinstance(thing, (date, time)):
        return thing.isoformat()
    if isinstance(thing, dict):
        return "a table"
    if isinstance(thing, list):
        return f"a list of {len(thing)}"
    text = repr(thing)
    return text if len(text) <= 40 else f"{text[:37]}..."


def closest(name: str, candidates: Iterable[str]) -> str:
    """The advice for an unknown name: "did you mean ...?" if one candidate is close, or else a list of all."""
    names = list(candidates)
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
    position, line, counted_to = 0, 1, 0
    while (begin := _BEGIN.match(text, position)) and begin.end() < len(text):
        position = begin.end()
        line, counted_to = line + text.count("\n", counted_to, position), position
        brackets = len(begin[1])
        names, position = _names(text, position)
        if brackets == 0:
            for n in range(1, len(names) + 1):
                lines.setdefault((*table, *names[:n]), line)
        else:
            if brackets == 2:
                key = (*_element_key(names[:-1], n_elements), names[-1])
                n_elements[key] = n_elements.get(key, 0) + 1
                lines.setdefault(key, line)
            table = _element_key(names, n_elements)
            lines[table] = line
        position = _end(text, position)
    return lines


def _names(text: str, position: int) -> tuple[list[str], int]:
    """The parts of a dotted key, and the position after it."""
    names = []
    while True:
        name = _NAME.match(text, position)
        assert name is not None
        names.append(tomllib.loads(f"k = {name[1]}")["k"] if name[1][0] in "\"'" else name[1])
        position = name.end()
        if text[position] != ".":
            return names, position
        position += 1


def _element_key(names: list[str], n_elements: dict[Key, int]) -> Key:
    """The key of a table, with the number of the present element after each array of tables."""
    key: Key = ()
    for name in names:
        key = (*key, name)
        if key in n_elements:
            key = (*key, n_elements[key] - 1)
    return key


def _end(text: str, position: int) -> int:
    """The position of the next statement: after the end of a line that is not inside brackets or a string."""
    depth = 0
    while part := _PART.search(text, position):
        position = part.end()
        if part[0] in ("[", "{"):
            depth += 1
        elif part[0] in ("]", "}"):
            depth = max(depth - 1, 0)  # a table's own brackets close here
        elif part[0] == "\n" and depth == 0:
            return position
    return len(text)
