"""Hold a recording against a chip's golden model, on every output pin before every rising clock edge.

The model never sees the recorded outputs: after a mismatch it goes its own way. The recording is read and compared in
blocks, so that memory stays flat.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from emulator.declare import Chip, Memory
from emulator.errors import InputError
from emulator.trace import Trace
from golden import hexfile
from golden.case import Case, verify
from golden.compare import MemoryDifference, Mismatch, memory_difference, pin_differences
from golden.rows import cut
from golden.wave import Enough, Wave

BLOCK = 4096  # rows between two snapshots of the model
EVENTS_SHOWN = 8


class GoldenModel(Protocol):
    """What replay needs of a chip's model; see emulator/odin/chip.py."""

    chip: Chip
    memories: dict[str, np.ndarray]

    @property
    def outputs(self) -> int: ...

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray: ...

    def snapshot(self) -> Any: ...

    def restore(self, snapshot: Any) -> None: ...

    def context(self) -> list[str]: ...

    def activity(self) -> str | None: ...

    def warnings(self) -> list[str]: ...


@dataclass
class Result:
    """What a replay found.

    scope : where the pins were found, "" for the file's top
    n_cycles : rising edges compared; n_pins : output pins compared at each
    n_mismatches : cycles with at least one differing pin
    stopped : the limit of mismatches was reached, the rest of the recording and the memories were not compared
    n_output_x, n_input_x : pins that were X or Z at an edge: outputs left out, inputs taken as 0
    n_together : cycles at whose edge's very time inputs changed
    inputs_first : these were taken to change before the edge, not after
    memories : each memory that was compared
    warnings : of the model: undefined behaviour of the original that was met
    seconds : wall time of reading, model and comparison
    """

    chip: str
    wave: str
    scope: str
    n_pins: int
    n_cycles: int = 0
    n_mismatches: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    stopped: bool = False
    n_output_x: int = 0
    n_input_x: int = 0
    n_together: int = 0
    inputs_first: bool = False
    memories: list[MemoryDifference] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not self.n_mismatches and not any(m.n_differing for m in self.memories)


def replay(
    model: GoldenModel,
    path: Path,
    scope: str | None = None,
    load: Mapping[str, Path] | None = None,
    expect: Mapping[str, Path] | None = None,
    max_mismatches: int = 1,
    progress: Callable[[int], None] | None = None,
    inputs_first: bool = False,
) -> Result:
    """Replay a waveform on a model in its initial state.

    load : memory images to start from; expect : memory images to compare with after the last edge; both by memory
    max_mismatches : stop after that many cycles with a difference, at least 1
    progress : called now and then with how much further the recording's time has come; ends at wave.end_time
    inputs_first : inputs that change at the very time of a clock edge do so before it, not after (see ``rows``)

    Raises InputError for a waveform or image that cannot be used, before anything is compared where possible.
    """
    begin = time.perf_counter()
    images = {name: hexfile.read(file, _memory(model.chip, name)) for name, file in (load or {}).items()}
    expected = {name: hexfile.read(file, _memory(model.chip, name)) for name, file in (expect or {}).items()}
    for name, image in images.items():
        model.memories[name][:] = image
    wave = Wave(path, model.chip, scope, inputs_first)
    result = Result(model.chip.name, str(path), wave.scope, len(model.chip.outputs), inputs_first=inputs_first)
    comparison = _Comparison(model, wave, result, max_mismatches, progress)
    wave.stream(comparison.feed)
    result.n_input_x, result.n_output_x, result.n_together = wave.n_input_x, wave.n_output_x, wave.n_together
    if not result.stopped:
        result.memories = [
            memory_difference(model.chip.memory(name), model.memories[name], image, str((expect or {})[name]))
            for name, image in expected.items()
        ]
    result.warnings = model.warnings()
    result.seconds = time.perf_counter() - begin
    return result


def replay_case(model: GoldenModel, case: Case, max_mismatches: int = 1) -> Result:
    """Replay a golden case with all its memory images, after checking that its files are those described."""
    verify(case)
    return replay(model, case.wave, load=case.before, expect=case.after, max_mismatches=max_mismatches)


def _memory(chip: Chip, name: str) -> Memory:
    try:
        return chip.memory(name)
    except KeyError as error:
        raise InputError(str(error.args[0])) from error


@dataclass(frozen=True)
class _Past:
    """Rows that were driven, and the model before them."""

    snapshot: Any
    rows: Trace
    first_cycle: int


class _Comparison:
    """Feeds rows to the model and compares; knows enough of the past to decode a mismatch."""

    def __init__(
        self,
        model: GoldenModel,
        wave: Wave,
        result: Result,
        max_mismatches: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.model = model
        self.wave = wave
        self.result = result
        self.max_mismatches = max_mismatches
        self.progress = progress
        self.reported_time = 0
        self.previous: _Past | None = None

    def feed(self, rows: Trace) -> None:
        """Compare these rows; raises Enough when the limit of mismatches is reached."""
        for first in range(0, len(rows), BLOCK):
            self._block(cut(rows, first, first + BLOCK))
        if self.progress and len(rows):
            self.progress(int(rows.times[-1]) - self.reported_time)
            self.reported_time = int(rows.times[-1])

    def _block(self, rows: Trace) -> None:
        past = _Past(self.model.snapshot(), rows, self.result.n_cycles)
        outputs = self._drive(rows)
        for row in np.flatnonzero((outputs ^ rows.outputs) & rows.known):
            self._mismatch(past, int(row), int(outputs[row]))
            if self.result.n_mismatches == self.max_mismatches:
                self.result.n_cycles += int(np.count_nonzero(rows.clk[:row])) + 1
                self.result.stopped = True
                raise Enough
        self.result.n_cycles += rows.n_cycles
        self.previous = past

    def _drive(self, rows: Trace) -> np.ndarray:
        """The model's outputs for these rows, also where a row without an edge has outputs to compare."""
        begin, outputs = 0, []
        for row in np.flatnonzero((rows.clk == 0) & (rows.known != 0)).tolist():
            outputs.append(self.model.drive(rows.inputs[begin : row + 1], rows.clk[begin : row + 1]))
            outputs[-1][-1] = self.model.outputs
            begin = row + 1
        return np.concatenate([*outputs, self.model.drive(rows.inputs[begin:], rows.clk[begin:])])

    def _mismatch(self, past: _Past, row: int, expected: int) -> None:
        """Add a mismatch; the model comes back as it was."""
        rows, now = past.rows, self.model.snapshot()
        clock_time = int(rows.times[row])
        last_events = () if self.result.n_mismatches else self._last_events(past, row)
        self.model.restore(past.snapshot)
        clk = rows.clk[: row + 1].copy()
        clk[row] = 0  # the inputs are there, the edge is not yet
        self.model.drive(rows.inputs[: row + 1], clk)
        self.result.mismatches.append(
            Mismatch(
                clock_time,
                self.wave.time_text(clock_time),
                past.first_cycle + int(np.count_nonzero(rows.clk[:row])),
                pin_differences(self.model.chip, expected, int(rows.outputs[row]), int(rows.known[row])),
                tuple(self.model.context()),
                last_events,
            )
        )
        self.result.n_mismatches += 1
        self.model.restore(now)

    def _last_events(self, past: _Past, row: int) -> tuple[str, ...]:
        """What the model began in the block before and in this one up to the row, from running them again."""
        events: deque[str] = deque(maxlen=EVENTS_SHOWN)
        begin = self.previous or past
        self.model.restore(begin.snapshot)
        pieces = [past.rows] if begin is past else [begin.rows, past.rows]
        pieces[-1] = cut(past.rows, 0, row)
        for rows in pieces:
            for i in range(len(rows)):
                self.model.drive(rows.inputs[i : i + 1], rows.clk[i : i + 1])
                if rows.clk[i] and (begun := self.model.activity()):
                    events.append(begun)
        return tuple(events)
