"""Event files: CSV with the header ``addr`` or ``cycle,addr``, or .npy. They are read in blocks, so any length will do.

addr : the address on the input bus, 0..2**width - 1, decimal or hexadecimal with 0x
cycle : the first clock in which the event may be sent, 0..2**62 - 1, counted from the start of the run; these numbers
    are in ascending order. The word ``rest``, or -1, in the place of a number: the event is sent when the chip is at
    rest, after all events before it. In a .npy file this is -1.
A .npy file holds integers: (n,) addresses, or (n, 2) cycles and addresses.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.golden import npy

ADDR, CYCLE, REST = "addr", "cycle", "rest"
BLOCK = 1 << 16  # events read at once
LAST_CYCLE = (1 << 62) - 1
TOO_LARGE = "a number of more than 63 bits; right is a smaller one"


@dataclass(frozen=True)
class EventBlock:
    """Some consecutive events of a file.

    cycles : (n,) int64, the first clock in which each event may be sent, 0..2**62 - 1, or AT_REST; None if the file has
        no such column
    addrs : (n,) int64, 0..2**width - 1 of the input bus
    """

    cycles: np.ndarray | None
    addrs: np.ndarray

    def not_before(self, first_cycle: int) -> np.ndarray | None:
        """Return this column of ``RunInputs`` for a run whose first clock is ``first_cycle`` of the model."""
        return None if self.cycles is None else np.where(self.cycles == AT_REST, AT_REST, first_cycle + self.cycles)


@dataclass(frozen=True)
class _Place:
    """The place of each event of a block, for messages: the file, and the number of the line or event."""

    file: str
    numbers: Sequence[int]

    def __getitem__(self, i: int) -> str:
        return f"{self.file}{self.numbers[i]}"


def count(path: Path) -> int:
    """The number of events in a file, without reading them. The number is not reliable if the file is wrong."""
    with _opened(path) as file:
        if path.suffix == ".npy":
            return _header(path, file)[0][0]
        n_lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    return max(n_lines - 1, 0)


def blocks(path: Path, chip: Chip) -> Iterator[EventBlock]:
    """Read and check the events of a file, block by block.

    Raises InputError, with the number of the line or event, for each mistake. Blocks before the mistake are yielded.
    """
    high = chip.buses_of(FOUR_PHASE, "receiver")[0].pins["addr"][0].width
    latest = 0
    for place, block in _blocks(path):
        _check(place, ADDR, block.addrs, 0, (1 << high) - 1)
        if block.cycles is not None:
            latest = _check_cycles(place, block.cycles, latest)
        yield block


def _check(place: _Place, name: str, column: np.ndarray, low: int, high: int) -> None:
    if len(wrong := np.flatnonzero((column < low) | (column > high))):
        raise InputError(f"{place[wrong[0]]}: {name}: {column[wrong[0]]} is not within {low}..{high}")


def _check_cycles(place: _Place, cycles: np.ndarray, latest: int) -> int:
    """Check the cycles of a block, which come after the cycle ``latest``. Returns the latest cycle of all."""
    if len(wrong := np.flatnonzero((cycles < AT_REST) | (cycles > LAST_CYCLE))):
        right = f"is not within 0..{LAST_CYCLE}, and not -1, which is {REST}"
        raise InputError(f"{place[wrong[0]]}: {CYCLE}: {cycles[wrong[0]]} {right}")
    latest_before = np.maximum.accumulate(np.concatenate([[latest], cycles]))
    if len(back := np.flatnonzero((cycles != AT_REST) & (cycles < latest_before[:-1]))):
        i = back[0]
        wrong_order = f"{cycles[i]} comes after {latest_before[i]}; right is in ascending order"
        raise InputError(f"{place[i]}: {CYCLE}: {wrong_order}")
    return int(latest_before[-1])


def _blocks(path: Path) -> Iterator[tuple[_Place, EventBlock]]:
    """The blocks that are not empty, each with the place of its events."""
    with _opened(path) as file:
        if path.suffix == ".npy":
            yield from _npy(path, file)
        elif path.suffix == ".csv":
            yield from _csv(path, file)
        else:
            raise InputError(
                f"{path}: events are read from .csv or .npy; draupnir convert makes such files of recordings"
            )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: no events: {error.strerror}") from error


# --- .npy -------------------------------------------------------------------------------------------------------


def _header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], np.dtype]:
    shape, fortran_order, dtype = npy.header(path, file)
    if dtype.kind not in "iu" or not (len(shape) == 1 or (shape[1:] == (2,) and not fortran_order)):
        form = " x ".join(map(str, shape)) + (" in Fortran order" if fortran_order and len(shape) > 1 else "")
        right = f"right are integers, n {ADDR} or n x 2 {CYCLE} and {ADDR}"
        raise InputError(f"{path}: {dtype}, {form or 'a single number'}; {right}")
    return shape, dtype


def _npy(path: Path, file: BinaryIO) -> Iterator[tuple[_Place, EventBlock]]:
    shape, dtype = _header(path, file)
    n_columns = len(shape)
    for first in range(0, shape[0], BLOCK):
        n = min(BLOCK, shape[0] - first)
        numbers = np.fromfile(file, dtype, n * n_columns)
        if len(numbers) < n * n_columns:
            raise InputError(f"{path}: ends after {first + len(numbers) // n_columns} of {shape[0]} events")
        table = numbers.reshape(n, n_columns).astype(np.int64)
        if dtype.kind == "u" and np.any(table < 0):
            raise InputError(f"{path}: {TOO_LARGE}")
        cycles = table[:, 0] if n_columns == 2 else None
        yield _Place(f"{path}: event ", range(first, first + n)), EventBlock(cycles, table[:, -1])


# --- CSV --------------------------------------------------------------------------------------------------------


def _csv(path: Path, file: BinaryIO) -> Iterator[tuple[_Place, EventBlock]]:
    head = file.readline().removeprefix(codecs.BOM_UTF8)
    columns = [name.strip().decode(errors="replace") for name in head.split(b",")]
    if sorted(columns) not in ([ADDR], [ADDR, CYCLE]):
        raise InputError(f"{path}:1: header {','.join(columns)[:40]!r}; right is {ADDR}, or {CYCLE},{ADDR}")
    n_lines = 1
    while lines := file.readlines(BLOCK * 8):
        numbers = [n for n, line in enumerate(lines, start=n_lines + 1) if line.strip()]
        rows = [_row(f"{path}:{n}", lines[n - n_lines - 1], columns) for n in numbers]
        n_lines += len(lines)
        if rows:
            table = dict(zip(columns, np.array(rows, np.int64).T, strict=True))
            yield _Place(f"{path}:", numbers), EventBlock(table.get(CYCLE), table[ADDR])


def _row(place: str, line: bytes, columns: Sequence[str]) -> list[int]:
    cells = line.split(b",")
    if len(cells) != len(columns):
        raise InputError(f"{place}: {len(cells)} columns; the header has {len(columns)}")
    row = []
    for name, cell in zip(columns, cells, strict=True):
        try:
            number = int(cell, 16 if b"x" in cell.lower() else 10)
        except ValueError as error:
            number = _rest(place, name, cell, error)
        if number >> 63 not in (0, -1):
            raise InputError(f"{place}: {TOO_LARGE}")
        row.append(number)
    return row


def _rest(place: str, name: str, cell: bytes, error: ValueError) -> int:
    """Return AT_REST for the word rest in the column of cycles. Raises InputError for any other text."""
    text = cell.strip().decode(errors="replace")[:40]
    if name == CYCLE and text == REST:
        return AT_REST
    or_rest = f", and not the word {REST}" if name == CYCLE else ""
    raise InputError(f"{place}: {text!r} is not an integer, decimal or with 0x{or_rest}") from error
