"""Memories in a configuration as a table: a .csv file with a line for each word.

The header names ``index``, ``model`` where the words have several layouts, and fields by the chip's names; a field that
is not there is 0. ``word`` alone gives all bits, in hexadecimal with 0x.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.codec import decode, encode, from_limbs
from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.tools.compile.toml import words
from draupnir.tools.compile.toml.source import Key, TomlSource, show

SUFFIX = ".csv"


def fill(path: Path, content: NDArray[np.uint32], memory: Memory) -> None:
    """Fill a memory from a table; content : (depth, limbs) uint32, changed in place.

    Raises InputError, with file, line and field, for each mistake.
    """
    lines = _lines(path)
    number, header = next(lines, (1, []))
    if words.INDEX not in header:
        raise InputError(f"{path}:{number}: {show(','.join(header))} has no column {words.INDEX}; right is one")
    if len(set(header)) < len(header):
        raise InputError(f"{path}:{number}: {show(','.join(header))} has a column twice")
    tables: list[tuple[int, dict[str, Any]]] = []
    line_by_key: dict[Key, int] = {}
    for n, (number, cells) in enumerate(lines):
        if len(cells) != len(header):
            raise InputError(f"{path}:{number}: {len(cells)} columns; the header has {len(header)}")
        tables.append((n, {name: _number(cell) for name, cell in zip(header, cells, strict=True) if cell}))
        line_by_key[(memory.name, n)] = number
    words.fill(TomlSource(path, {memory.name: tables}, line_by_key), content, memory, tables)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with the number of the line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            yield from ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells)
    except csv.Error as error:
        raise InputError(f"{path}: not a table: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no table: {reason}") from error


def _number(cell: str) -> Any:
    """A cell as an integer if it is one, or else as text, such as a range of indices or the name of a model."""
    try:
        return int(cell, 10)
    except ValueError:
        return cell


def dump(content: NDArray[np.uint32], memory: Memory, unused: int) -> Iterator[list[str]]:
    """The rows of a table, the header first, that ``fill`` reads as this memory; (depth, limbs) uint32.

    unused : the contents of a word without a row
    """
    by_index = {i: word for i, limbs in enumerate(content) if (word := from_limbs(limbs)) != unused}
    layouts = {i: memory.word_of(word) for i, word in by_index.items()}
    fields_by_index = {i: decode(layouts[i], word) for i, word in by_index.items()}
    if any(encode(layouts[i], **fields) != by_index[i] for i, fields in fields_by_index.items()):
        yield [words.INDEX, words.RAW]
        yield from ([str(i), f"{word:#x}"] for i, word in by_index.items())
        return
    names = {name for fields in fields_by_index.values() for name, number in fields.items() if number}
    columns = [f.name for f in dict.fromkeys(f for word in memory.words for f in word) if f.name in names]
    columns = [name for name in dict.fromkeys(columns) if name != memory.view_field]
    models = [words.MODEL] if memory.view_field else []
    yield [words.INDEX, *models, *columns]
    for i, fields in fields_by_index.items():
        yield [str(i), *([layouts[i].name] if models else []), *(str(fields.get(name, "")) for name in columns)]
