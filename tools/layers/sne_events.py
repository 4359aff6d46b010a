"""Files of events for SNE, and of the events that come out: CSV with the columns time, channel, row and column.

``op`` may be a column, too: SPIKE (the default), ACCUMULATE, WIPE, UPDATE, or TIME for a timestep without an event. A
column ``cycle`` is ignored, so the file that a run writes can be the input of the next layer.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from draupnir.emulator.errors import InputError
from draupnir.emulator.sne.layout import TIME_BITS, TIME_MASK, EventOp
from draupnir.emulator.sne.streams import StreamRun
from draupnir.emulator.sne.words import spike
from draupnir.emulator.sne.words import word as event_word
from draupnir.golden.files import replacing
from draupnir.tools.compile.toml.source import show

TIME, OP, CYCLE = "time", "op", "cycle"
PLACE = ("channel", "row", "column")
SPIKES = (EventOp.SPIKE, EventOp.ACCUMULATE)
OPS = {op.name: op for op in (*SPIKES, EventOp.WIPE, EventOp.UPDATE, EventOp.TIME)}
HEADER = (CYCLE, OP, TIME, *PLACE)


class LayerEvent(NamedTuple):
    """An event of a file.

    place : the file and the line; word : None for a timestep without an event
    """

    place: str
    time: int
    word: int | None


def read(path: Path) -> list[LayerEvent]:
    """Read a file. Raises InputError, with the line, for each mistake."""
    if path.suffix != ".csv":
        raise InputError(f"{path}: the events of sne are read from .csv, with the columns {TIME}, {', '.join(PLACE)}")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _in_order(_events(path, file.read().splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no events: {getattr(error, 'strerror', None) or 'not a text file'}") from error


def timesteps(events: Sequence[LayerEvent]) -> Iterator[tuple[int, list[LayerEvent]]]:
    """Yield each timestep with its events."""
    for time, group in groupby(events, lambda event: event.time):
        yield time, [event for event in group if event.word is not None]


def _in_order(events: Iterator[LayerEvent]) -> list[LayerEvent]:
    in_order: list[LayerEvent] = []
    for event in events:
        if in_order and event.time < in_order[-1].time:
            raise InputError(f"{event.place}: time {event.time} comes after {in_order[-1].time}; right is ascending")
        in_order.append(event)
    return in_order


def _events(path: Path, lines: Sequence[str]) -> Iterator[LayerEvent]:
    names = [name.strip() for name in next(csv.reader(lines[:1]), [])]
    absent = [name for name in (TIME, *PLACE) if name not in names]
    strange = [name for name in names if name not in HEADER]
    if absent or strange or len(set(names)) < len(names):
        raise InputError(
            f"{path}:1: header {show(','.join(names))}; right is {TIME},{','.join(PLACE)}, and perhaps {OP} and {CYCLE}"
        )
    for number, line in enumerate(lines[1:], start=2):
        place = f"{path}:{number}"
        cells = [cell.strip() for cell in line.split(",")]
        if line.strip():
            if len(cells) != len(names):
                raise InputError(f"{place}: {len(cells)} columns; the header has {len(names)}")
            yield _event(place, dict(zip(names, cells, strict=True)))


def _event(place: str, cells: dict[str, str]) -> LayerEvent:
    name = (cells.get(OP) or EventOp.SPIKE.name).upper()
    if name not in OPS:
        raise InputError(f"{place}: {OP}: {show(cells[OP])} is unknown; right is one of {', '.join(OPS)}")
    time = _number(place, cells, TIME, TIME_MASK)
    op = OPS[name]
    if op in SPIKES:
        channel, row, column = (_number(place, cells, part, 255) for part in PLACE)
        return LayerEvent(place, time, spike(column, row, channel, op))
    if wrong := next((part for part in PLACE if cells[part] not in ("", "0")), None):
        raise InputError(f"{place}: {wrong}: {show(cells[wrong])}; {name} has no place, and right is an empty cell")
    return LayerEvent(place, time, None if op == EventOp.TIME else event_word(op))


def _number(place: str, cells: dict[str, str], name: str, high: int) -> int:
    try:
        number = int(cells[name], 16 if "x" in cells[name].lower() else 10)
    except ValueError as error:
        raise InputError(f"{place}: {name}: {show(cells[name])} is not an integer; right is 0..{high}") from error
    if not 0 <= number <= high:
        raise InputError(f"{place}: {name}: {number} is not within 0..{high}")
    return number


def write(path: Path, run: StreamRun, first_cycle: int) -> None:
    """Write the events that came out, in their order, each with the clock of the bus in which it is taken.

    The time of a spike is the timestep that came out last; before the first one the cell is empty.
    first_cycle : the clock that counts as 0
    """
    time = ""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for cycle, word in zip((run.cycles - first_cycle).tolist(), run.received.tolist(), strict=True):
            if word >> TIME_BITS == EventOp.SPIKE:
                rows.writerow((cycle, EventOp.SPIKE.name, time, word >> 16 & 255, word >> 8 & 255, word & 255))
            else:
                time = str(word & TIME_MASK)
                rows.writerow((cycle, EventOp.TIME.name, time, "", "", ""))
