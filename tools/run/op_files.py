"""Files of operations: CSV with the header ``op,operand``. The name of an operation may be in small letters."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from draupnir.emulator.errors import InputError

OPERATIONS = ["op", "operand"]
Row = tuple[int, list[str]]  # the number of a line, from 2 on, and its cells


class OperationSet(Protocol):
    """The operations that a file may have: an IntEnum, and the smallest and the largest operand of each."""

    @property
    def Op(self) -> Any: ...

    def operand_range(self, op: Any, /) -> tuple[int, int]: ...


def table(path: Path, headers: Sequence[list[str]]) -> tuple[list[str], list[Row]]:
    """Read a CSV with one of these headers. Returns the header, and all other lines that are not empty.

    Raises InputError for another header, and for a line of another length.
    """
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except csv.Error as error:
        raise InputError(f"{path}: no events: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: no events: {reason}") from error
    header = [name.strip() for name in lines[0]] if lines else []
    if header not in headers:
        right = ", or ".join(map(",".join, headers))
        raise InputError(f"{path}:1: header {','.join(header)[:40]!r}; right is {right}")
    rows = [(number, line) for number, line in enumerate(lines[1:], start=2) if line]
    for number, line in rows:
        if len(line) != len(header):
            raise InputError(f"{path}:{number}: {len(line)} columns; the header has {len(header)}")
    return header, rows


def integer(path: Path, number: int, name: str, text: str, high: int) -> int:
    """Read an integer, 0..high, in decimal or with 0x, of line ``number``. Raises InputError for any other text."""
    try:
        number_read = int(text, 0)
    except ValueError as error:
        raise InputError(f"{path}:{number}: {name}: {text.strip()[:40]!r} is not an integer") from error
    if not 0 <= number_read <= high:
        raise InputError(f"{path}:{number}: {name}: {number_read} is not within 0..{high}")
    return number_read


def operations(path: Path, rows: Sequence[Row], host: OperationSet) -> Iterator[tuple[int, int]]:
    """Yield the code and the operand of each operation. Raises InputError, with the line, for each mistake."""
    for number, (name, operand) in rows:
        try:
            code = host.Op[name.strip().upper()]
        except KeyError as error:
            right = ", ".join(op.name for op in host.Op)
            raise InputError(f"{path}:{number}: no operation {name.strip()[:40]!r}; there are {right}") from error
        low, high = host.operand_range(code)
        operation = int(code), integer(path, number, name.strip(), operand, high)
        if operation[1] < low:
            raise InputError(f"{path}:{number}: {name.strip()}: {operation[1]} is not within {low}..{high}")
        yield operation
