"""Hold a recording against a chip's golden model, on every output pin before every rising clock edge.

The model never sees the recorded outputs: after a mismatch it goes its own way. The recording is read and compared in
blocks, so that memory stays flat. Before the first reset a chip's registers hold anything, so these clocks are counted
apart, and so are the clocks that the reset takes to act (``RESET_CLOCKS``); a recording without a reset counts from
its first clock, with all registers at 0.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, any_bit, from_row, new_rows, to_row
from draupnir.golden import hexfile
from draupnir.golden.case import Case, verify
from draupnir.golden.compare import ComparedBits, MemoryDifference, Mismatch, memory_difference, pin_differences
from draupnir.golden.known_bits import KnownBits
from draupnir.golden.rows import cut
from draupnir.golden.wave import AS_IT_IS, Enough, Reading, Wave

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


@dataclass(frozen=True)
class Early:
    """The clocks before the first reset had acted, which are not held against the chip.

    n_cycles : how many; n_mismatches : those at which a pin would differ
    """

    n_cycles: int = 0
    n_mismatches: int = 0


@dataclass
class Result:
    """What a replay found.

    scope : where the pins were found, "" for the file's top
    n_cycles : rising edges compared; n_pins : output pins compared at each
    n_mismatches : cycles with at least one differing pin; the first of them are in ``mismatches``
    stopped : the limit of mismatches was reached, the rest of the recording and the memories were not compared
    early : what came before the first reset
    bits : the output bits that could be compared, and those that were X or Z
    unknown_inputs : pin -> edges at which it was X or Z, at least in part, and was taken as 0
    shortfalls : why the comparison proves nothing, a sentence each; not told of one that ends in a mismatch
    n_outputs_after : changes of output pins after the last edge, which were not compared
    n_together : cycles at whose edge's very time inputs changed
    inputs_first : these were taken to change before the edge, not after
    sample_time : time between two samples that were taken as clocks; "" where the recording has a clock
    broken_off : where the file ends within a change; "" where it does not
    memories : each memory that was compared
    unloaded : memories that started at 0, since no image of them was loaded
    warnings : of the model: undefined behaviour of the original that was met
    seconds : wall time of reading, model and comparison, once all is compiled
    """

    chip: str
    wave: str
    scope: str
    n_pins: int
    n_cycles: int = 0
    n_mismatches: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    stopped: bool = False
    early: Early = Early()
    bits: ComparedBits = field(default_factory=ComparedBits)
    unknown_inputs: dict[str, int] = field(default_factory=dict)
    shortfalls: list[str] = field(default_factory=list)
    n_outputs_after: int = 0
    n_together: int = 0
    inputs_first: bool = False
    sample_time: str = ""
    broken_off: str = ""
    memories: list[MemoryDifference] = field(default_factory=list)
    unloaded: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not (self.n_mismatches or self.shortfalls or any(m.n_differing for m in self.memories))


def replay(
    model: GoldenModel,
    path: Path,
    reading: Reading = AS_IT_IS,
    load: Mapping[str, Path] | None = None,
    expect: Mapping[str, Path] | None = None,
    max_mismatches: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Replay a waveform on a model in its initial state.

    reading : how the waveform is read; unless it is ``from_power_up``, a reset, if there is one in the recording,
        begins the comparison
    load : memory images to start from; expect : memory images to compare with after the last edge; both by memory
    max_mismatches : stop after that many cycles with a difference, at least 1. Up to the first reset nothing stops the
        reading; if no reset comes, all differences count, and so many of them are decoded
    progress : called now and then with how much further the recording's time has come; ends at wave.end_time

    Raises InputError for a waveform or image that cannot be used, before anything is compared where possible.
    """
    chip = model.chip
    images = {name: hexfile.read(file, _memory(chip, name)) for name, file in (load or {}).items()}
    expected = {name: hexfile.read(file, _memory(chip, name)) for name, file in (expect or {}).items()}
    for name, image in images.items():
        model.memories[name][:] = image
    compared = [pin.name for pin in chip.outputs if pin.name not in reading.ignored]
    if not compared:
        raise InputError(f"all output pins of {chip.name} are ignored; nothing would be compared")
    wave = Wave(path, chip, reading)
    _prepare(model, wave)
    begin = time.perf_counter()
    result = Result(chip.name, str(path), wave.scope, len(compared), inputs_first=reading.inputs_first)
    comparison = _Comparison(model, wave, reading.ignored, max_mismatches, progress)
    wave.stream(comparison.feed)
    comparison.tell(result)
    result.unloaded = [memory.name for memory in chip.memories if memory.name not in images]
    if not result.stopped:
        result.memories = [
            memory_difference(chip.memory(name), model.memories[name], image, str((expect or {})[name]))
            for name, image in expected.items()
        ]
    result.warnings = model.warnings()
    result.seconds = time.perf_counter() - begin
    return result


def replay_case(model: GoldenModel, case: Case, max_mismatches: int = 1) -> Result:
    """Replay a golden case with all its memory images, after checking that its files are those described."""
    verify(case)
    reading = Reading(from_power_up=True)
    return replay(model, case.wave, reading, load=case.before, expect=case.after, max_mismatches=max_mismatches)


def _prepare(model: GoldenModel, wave: Wave) -> None:
    """Have all that is compiled ready, so that it does not count as time of the replay."""
    wave.prepare()
    model.drive(new_rows(model.chip.input_word, 0), np.zeros(0, np.uint8))  # without a row it does nothing else


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


@dataclass
class _Tally:
    """The differences found in some clocks, and the bits that were known."""

    known: KnownBits
    n_mismatches: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    stopped: bool = False

    @property
    def n_cycles(self) -> int:
        return self.known.n_edges


class _Comparison:
    """Feeds rows to the model and compares; knows enough of the past to decode a mismatch.

    Up to the first reset nobody knows whether there will be one. So differences are kept, and put aside once the reset
    has acted; they count if there is none.
    """

    def __init__(
        self,
        model: GoldenModel,
        wave: Wave,
        ignored: Collection[str],
        max_mismatches: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.model = model
        self.wave = wave
        self.ignored = ignored
        self.max_mismatches = max_mismatches
        self.progress = progress
        self.n_cycles = 0
        self.reported_time = 0
        self.previous: _Past | None = None
        self.early: _Tally | None = None
        self.tally = self._empty()
        self.held_from_first = wave.rows.n_before_reset == 0

    def feed(self, rows: Trace) -> None:
        """Compare these rows; raises Enough when the limit of mismatches is reached."""
        end = self.wave.rows.n_before_reset
        if not self.held_from_first and self.early is None and end is not None and end <= self.n_cycles + rows.n_cycles:
            first = int(np.flatnonzero(rows.clk)[end - self.n_cycles - 1]) + 1 if end > self.n_cycles else 0
            self._blocks(cut(rows, 0, first))
            self.early = self.tally
            self.tally = self._empty()
            rows = cut(rows, first, len(rows))
        self._blocks(rows)
        if self.progress and len(rows):
            self.progress(int(rows.times[-1]) - self.reported_time)
            self.reported_time = int(rows.times[-1])

    def tell(self, result: Result) -> None:
        """Put all that was found into the result."""
        rows, tally = self.wave.rows, self.tally
        if self.early is None and not self.held_from_first and rows.n_before_reset is not None:
            self.early, tally = tally, self._empty()  # the recording ends before the reset acted
        if self.early is not None:
            result.early = Early(self.early.n_cycles, self.early.n_mismatches)
        result.n_cycles, result.bits = tally.n_cycles, tally.known.compared()
        result.n_mismatches, result.mismatches, result.stopped = tally.n_mismatches, tally.mismatches, tally.stopped
        result.unknown_inputs = rows.unknown_inputs
        result.n_outputs_after, result.n_together = rows.n_outputs_after, rows.n_together
        if self.wave.sample_time:
            result.sample_time = self.wave.time_text(self.wave.sample_time)
        result.broken_off = self.wave.broken_off
        if not tally.n_mismatches:
            result.shortfalls = tally.known.shortfalls()
            result.shortfalls += [
                f"input {pin} is X or Z, at least in part, at all {n:,} of these clocks"
                for pin, n in rows.unknown_inputs.items()
                if n == tally.n_cycles
            ]

    def _empty(self) -> _Tally:
        """The tally of the clocks from here on."""
        return _Tally(KnownBits(self.model.chip, self.ignored))

    def _blocks(self, rows: Trace) -> None:
        for first in range(0, len(rows), BLOCK):
            self._block(cut(rows, first, first + BLOCK))

    def _block(self, rows: Trace) -> None:
        past, tally = _Past(self.model.snapshot(), rows, self.n_cycles), self.tally
        outputs = self._drive(rows)
        differing = np.flatnonzero(any_bit((outputs ^ rows.outputs) & rows.known & tally.known.mask))
        may_stop = self.held_from_first or self.early is not None
        for row in differing.tolist():
            if tally.n_mismatches < self.max_mismatches:
                self._mismatch(past, row, from_row(self.model.chip.output_word, outputs[row]))
            tally.n_mismatches += 1
            if may_stop and tally.n_mismatches == self.max_mismatches:
                self._stop(rows, row)
        tally.known.add(rows)
        self.n_cycles += rows.n_cycles
        self.previous = past

    def _stop(self, rows: Trace, row: int) -> None:
        """End at the edge whose outputs this row has, be the edge its own or that of the next row."""
        clk = rows.clk[: row + 1].copy()
        clk[row] = 1
        self.tally.known.add(with_changes(cut(rows, 0, row + 1), clk=clk))
        self.tally.stopped = True
        raise Enough

    def _drive(self, rows: Trace) -> np.ndarray:
        """The model's outputs for these rows, also where a row without an edge has outputs to compare."""
        begin, outputs = 0, []
        for row in np.flatnonzero((rows.clk == 0) & any_bit(rows.known)).tolist():
            outputs.append(self.model.drive(rows.inputs[begin : row + 1], rows.clk[begin : row + 1]))
            outputs[-1][-1] = to_row(self.model.chip.output_word, self.model.outputs)
            begin = row + 1
        return np.concatenate([*outputs, self.model.drive(rows.inputs[begin:], rows.clk[begin:])])

    def _mismatch(self, past: _Past, row: int, expected: int) -> None:
        """Add a mismatch; the model comes back as it was."""
        rows, now = past.rows, self.model.snapshot()
        clock_time = int(rows.times[row])
        last_events = () if self.tally.mismatches else self._last_events(past, row)
        self.model.restore(past.snapshot)
        clk = rows.clk[: row + 1].copy()
        clk[row] = 0  # the inputs are there, the edge is not yet
        self.model.drive(rows.inputs[: row + 1], clk)
        word = self.model.chip.output_word
        known = from_row(word, rows.known[row] & self.tally.known.mask)
        self.tally.mismatches.append(
            Mismatch(
                clock_time,
                self.wave.time_text(clock_time),
                past.first_cycle + int(np.count_nonzero(rows.clk[:row])),
                pin_differences(self.model.chip, expected, from_row(word, rows.outputs[row]), known),
                tuple(self.model.context()),
                last_events,
            )
        )
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
