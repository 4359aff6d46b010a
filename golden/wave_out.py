"""Write a trace as an FST waveform that reads back as the same trace.

The chip's pins stand in one scope named after it. Time is in picoseconds and a clock takes 10 ns, more only where
thousands of rows lie before its edge. In each clock: outputs change right after the edge, inputs between two edges
(rows without an edge one after the other), CLK falls in the middle. A row without an edge leaves a mark of its own only
if it changes an input and the next row does too; else it is read back as part of its neighbour, which means the same.

Writer: libfst through pylibfst (https://github.com/mschlaegl/pylibfst).
"""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pylibfst

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, column
from draupnir.golden.files import replacing
from draupnir.golden.fst import check_blocks

CLOCK = 10_000  # ps
OUTPUT_AT = 100  # ps after the edge
INPUT_FROM, INPUT_TO = 1_000, 9_000  # ps after the edge
ROWS_A_CLOCK = 4_000  # before the clock is stretched

_HEADER = 1024  # bytes, more than the header has

_lib, _ffi = pylibfst.lib, pylibfst.ffi


def schedule(clk: np.ndarray) -> np.ndarray:
    """Times in picoseconds of the rows of a trace as ``write`` places them: of the edge, or of the change.

    A trace with these times reads back with the same times.
    """
    input_times, edge_times = _times(clk)
    return np.where(clk == 1, edge_times, input_times)


def _times(clk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row the time of its inputs, and the time of the first edge at or after it."""
    clk = clk.astype(np.int64)
    cycle = np.cumsum(clk) - clk
    n_rows = np.bincount(cycle) if len(clk) else np.zeros(0, dtype=np.int64)
    stretch = -(-n_rows // ROWS_A_CLOCK)
    ends = np.cumsum(CLOCK * stretch)
    position = np.arange(len(clk)) - (np.cumsum(n_rows) - n_rows)[cycle]
    start = (ends - CLOCK * stretch)[cycle]
    room = ((INPUT_TO - INPUT_FROM) * stretch)[cycle]
    return start + INPUT_FROM + position * room // n_rows[cycle], ends[cycle]


def write(trace: Trace, path: Path) -> None:
    """Write the trace; ``trace.times`` is not used, see ``schedule``. The file appears when it is complete."""
    times, pins, levels, known = _changes(trace)
    with replacing(path) as temporary:
        temporary.write_bytes(bytes(_HEADER))  # the library ends the process where there is no room for this much
        context = _lib.fstWriterCreate(str(temporary).encode(), 1)
        if context == _ffi.NULL:
            raise OSError(f"{path}: cannot be written")
        _lib.fstWriterSetTimescaleFromString(context, b"1ps")
        _lib.fstWriterSetVersion(context, b"draupnir")
        handles = _declare(context, trace.chip)
        _emit(context, handles, trace.chip.pins, (times, pins, levels, known))
        _lib.fstWriterClose(context)
        _check_whole(temporary, path)


def _check_whole(written: Path, path: Path) -> None:
    """Raise OSError, for ``path``, if the file is not complete: the library does not say that a write failed."""
    try:
        check_blocks(written)
        if not written.stat().st_size:
            raise InputError(f"{written}: empty")
    except InputError as error:
        raise OSError(errno.ENOSPC, "could not be written whole; there may be no space left", str(path)) from error


def _declare(context: object, chip: Chip) -> list[int]:
    _lib.fstWriterSetScope(context, _lib.FST_ST_VCD_MODULE, chip.name.encode(), _ffi.NULL)
    handles = []
    for pin in chip.pins:
        direction = _lib.FST_VD_INPUT if pin.direction == "in" else _lib.FST_VD_OUTPUT
        name = pin.name if pin.width == 1 else f"{pin.name} [{pin.width - 1}:0]"
        handles.append(_lib.fstWriterCreateVar(context, _lib.FST_VT_VCD_WIRE, direction, pin.width, name.encode(), 0))
    _lib.fstWriterSetUpscope(context)
    return handles


def _emit(context: object, handles: list[int], pins: tuple[Pin, ...], changes: tuple[np.ndarray, ...]) -> None:
    now = -1
    for time, pin, level, known in zip(*(c.tolist() for c in changes), strict=True):
        if time != now:
            _lib.fstWriterEmitTimeChange(context, time)
            now = time
        width = pins[pin].width
        if known == (1 << width) - 1:
            _lib.fstWriterEmitValueChange64(context, handles[pin], width, level)
        else:
            bits = ("01"[level >> b & 1] if known >> b & 1 else "x" for b in reversed(range(width)))
            _lib.fstWriterEmitValueChange(context, handles[pin], "".join(bits).encode())


def _changes(trace: Trace) -> tuple[np.ndarray, ...]:
    """Times, pin numbers, levels and known bits of all changes, in time order."""
    input_times, edge_times = _times(trace.clk)
    is_edge = trace.clk == 1
    rises = edge_times[is_edge]
    output_times = np.concatenate(([0], rises[:-1] + OUTPUT_AT))[: len(rises)]
    columns = []
    for p, pin in enumerate(trace.chip.pins):
        if pin.role == "clock":
            at, level = _clock(rises)
            known = np.ones(len(at), dtype=np.int64)
        elif pin.direction == "in":
            level = np.concatenate(([0], column(trace.chip.input_word, pin.name, trace.inputs)))
            at, level, known = _changed(np.concatenate(([0], input_times)), level, np.full(len(level), -1))
        else:
            level = column(trace.chip.output_word, pin.name, trace.outputs[is_edge])
            known = column(trace.chip.output_word, pin.name, trace.known[is_edge])
            at, level, known = _changed(output_times, level, known)
        columns.append((at, np.full(len(at), p), level, known & ((1 << pin.width) - 1)))
    at, pins, level, known = (np.concatenate(c) for c in zip(*columns, strict=True))
    order = np.argsort(at, kind="stable")
    return at[order], pins[order], level[order], known[order]


def _clock(rises: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low from the start, falling in the middle of each clock and after the last edge."""
    falls = np.concatenate(([0], (rises[:-1] + rises[1:]) // 2, rises[-1:] + CLOCK // 2))
    at = np.concatenate((falls, rises))
    return at, np.repeat([0, 1], (len(falls), len(rises)))


def _changed(at: np.ndarray, level: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    is_change = np.ones(len(at), dtype=bool)
    is_change[1:] = (level[1:] != level[:-1]) | (known[1:] != known[:-1])
    return at[is_change], level[is_change], known[is_change]
