"""Write a trace as an FST waveform. Reading it gives the same trace.

The chip's pins are in one scope with the chip's name, and its probes in scopes below it. Times are in picoseconds. A
clock takes 10 ns, or more if thousands of rows come before its edge. In each clock the outputs change right after the
edge, and the inputs between two edges, row after row. The clock falls in the middle, unless the chip uses its fall,
too. A row without an edge is visible in the file only if it and the next row change an input; else it is read as a part
of its neighbour, which means the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip, OutputPin, PinWord, Probe, UsedClock
from draupnir.emulator.trace import Trace, check_edges, count_bits, first_levels, new_rows, piece_of, to_rows
from draupnir.golden import fst_out
from draupnir.golden.fst_out import FstFile, FstVariable

CLOCK = 10_000  # ps
OUTPUT_AT = 100  # ps after the edge
INPUT_FROM, INPUT_TO = 1_000, 9_000  # ps after the edge
ROWS_A_CLOCK = 4_000  # before the clock is stretched

Changes = Iterator[tuple[int, str, int, int]]


def schedule(clk: np.ndarray) -> np.ndarray:
    """Times in picoseconds of the rows of a trace as ``write`` places them: of the edge, or of the change.

    A trace with these times reads back with the same times.
    """
    input_times, edge_times = times_of(clk)
    return np.where(clk != 0, edge_times, input_times)


def times_of(clk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row the time of its inputs, and the time of the first edge at or after it, in picoseconds."""
    clk = (clk != 0).astype(np.int64)
    cycle = np.cumsum(clk) - clk
    n_rows = np.bincount(cycle) if len(clk) else np.zeros(0, dtype=np.int64)
    stretch = -(-n_rows // ROWS_A_CLOCK)
    ends = np.cumsum(CLOCK * stretch)
    position = np.arange(len(clk)) - (np.cumsum(n_rows) - n_rows)[cycle]
    start = (ends - CLOCK * stretch)[cycle]
    room = ((INPUT_TO - INPUT_FROM) * stretch)[cycle]
    return start + INPUT_FROM + position * room // n_rows[cycle], ends[cycle]


def write(trace: Trace, path: Path) -> None:
    """Write the trace; ``trace.times`` is not used, see ``schedule``. The file appears when it is complete.

    Raises InputError for clock edges that cannot be.
    """
    check_edges(trace.chip, trace.clk, first_levels(trace.chip, trace.clk))
    changes = _changes(trace)
    with fst_out.writing(path) as file:
        variables = _declare(file, trace.chip, _probes(trace))
        file.emit(fst_out.FstChange(time, variables[pin], level, bits) for time, pin, level, bits in changes)


def _probes(trace: Trace) -> list[Probe]:
    """The probes of which a bit is known at any time; the others were not there."""
    known_bits = count_bits(trace.chip.output_word, trace.known_bits)
    return [probe for probe in trace.chip.probes if probe.name in known_bits]


def _declare(file: FstFile, chip: Chip, probes: Sequence[Probe]) -> dict[str, FstVariable]:
    """Declare the pins in one scope, and the probes in scopes below it; name -> variable."""
    variables = {pin.name: file.variable((chip.name,), pin.name, pin.width, pin.direction) for pin in chip.pins}
    for probe in probes:
        *scopes, name = probe.path.split(".")
        variables[probe.name] = file.variable((chip.name, *scopes), name, probe.width)
    file.end_declarations()
    return variables


def _changes(trace: Trace) -> Changes:
    """Times, names, levels and known bits of all changes, in time order."""
    chip = trace.chip
    input_times, edge_times = times_of(trace.clk)
    is_edge = trace.clk != 0
    edges = edge_times[is_edge]
    output_times = np.concatenate(([0], edges[:-1] + OUTPUT_AT))[: len(edges)]
    clocks = {clock.pin.name: _clock(clock, edges, trace.clk[is_edge]) for clock in chip.clocks}
    moments, pins, levels, knowns = [np.zeros(0, np.int64)], list[str](), list[int](), list[int]()
    signals: list[OutputPin] = [*chip.pins, *_probes(trace)]
    for pin in signals:
        if pin.name in clocks:
            times, level = clocks[pin.name]
            changes = times, level.tolist(), [1] * len(times)
        elif pin.name in chip.input_word:
            rows = np.concatenate((new_rows(chip.input_word, 1), trace.inputs))
            known_bits = to_rows(chip.input_word, [chip.input_word.mask([pin.name])] * len(rows))
            changes = _pin_changes(chip.input_word, pin, np.concatenate(([0], input_times)), rows, known_bits)
        else:
            changes = _pin_changes(
                chip.output_word, pin, output_times, trace.outputs[is_edge], trace.known_bits[is_edge]
            )
        moments.append(changes[0])
        pins += [pin.name] * len(changes[0])
        levels += changes[1]
        knowns += changes[2]
    times = np.concatenate(moments)
    order = np.argsort(times, kind="stable")
    places = zip(times[order].tolist(), order.tolist(), strict=True)
    return ((time, pins[i], levels[i], knowns[i]) for time, i in places)


def _clock(clock: UsedClock, times: np.ndarray, clk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The moments at which a clock changes, and its levels from then on.

    A clock of which one edge is used rests from the start, and comes back in the middle between two edges and after
    the last one. times, clk : of the rows with an edge
    """
    here = (clk & (clock.rise | clock.fall)) != 0
    edges, to_high = times[here], (clk[here] & clock.rise) != 0
    if clock.rise and clock.fall:
        first = int(not to_high[0]) if len(edges) else clock.idle
        return np.concatenate(([0], edges)), np.concatenate(([first], to_high))
    back = np.concatenate(([0], (edges[:-1] + edges[1:]) // 2, edges[-1:] + CLOCK // 2))
    return np.concatenate((back, edges)), np.repeat([clock.idle, 1 - clock.idle], (len(back), len(edges)))


def _pin_changes(
    word: PinWord, pin: OutputPin, moments: np.ndarray, rows: np.ndarray, known_bits: np.ndarray
) -> tuple[np.ndarray, list[int], list[int]]:
    """The moments at which a pin changes, and its levels and known bits from then on; the first moment is one.

    moments : (n,) int64; rows, known_bits : the packed pins from each on
    """
    pieces = word.pieces_of(pin.name)
    columns = [(piece_of(rows, piece), piece_of(known_bits, piece)) for piece in pieces]
    is_change = np.ones(len(moments), dtype=bool)
    is_change[1:] = False
    for column in (column for pair in columns for column in pair):
        is_change[1:] |= column[1:] != column[:-1]
    levels, knowns = [0] * int(is_change.sum()), [0] * int(is_change.sum())
    for piece, (level, is_known) in zip(pieces, columns, strict=True):
        levels = [whole | part << piece.lsb for whole, part in zip(levels, level[is_change].tolist(), strict=True)]
        knowns = [whole | part << piece.lsb for whole, part in zip(knowns, is_known[is_change].tolist(), strict=True)]
    return moments[is_change], levels, knowns
