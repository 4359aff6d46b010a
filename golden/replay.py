"""Compare a recording with a chip's golden model, on every output pin before every clock edge.

The model never reads the recorded outputs, so it goes on by itself after a mismatch. The recording is read and compared
in blocks, so the use of memory is constant. Until the first reset has ended, a chip's registers may have any content,
so these clocks are counted apart (see ``resets.FirstReset``). A recording without a reset counts from its first clock,
with all registers at 0. A clock in this file is a moment at which a clock of the chip has an edge that the chip uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from draupnir.emulator import markup
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, new_rows
from draupnir.golden import hexfile, state
from draupnir.golden.case import case_at, verify
from draupnir.golden.compare import (
    BitCount,
    ComparedBits,
    ComparedPiece,
    Comparison,
    FirstDifference,
    GoldenModel,
    MemoryDifference,
    memory_difference,
)
from draupnir.golden.compare.comparison import up_to
from draupnir.golden.compare.difference_table import memory_table
from draupnir.golden.rows import cut
from draupnir.golden.wave import AS_IT_IS, Enough, Reading, Wave

BLOCK = 4096  # rows between two snapshots of the model


@dataclass(frozen=True)
class Early:
    """The clocks before the end of the first reset, which do not count as mismatches.

    n_cycles : the number of these clocks; n_mismatches : the number of them at which a pin differs
    """

    n_cycles: int = 0
    n_mismatches: int = 0


@dataclass
class ReplayResult:
    """The result of a replay.

    scope : the scope of the pins, "" for the top of the file
    n_cycles : the number of compared clock edges
    n_pins : the number of output pins that were compared at each edge
    n_mismatches : the number of cycles with at least one different pin; the first ones are in ``mismatches``
    stopped : True if the limit of mismatches ended the replay, so that the rest and the memories were not compared
    early : the clocks before the end of the first reset
    bits : the number of compared output bits, and of those that were X or Z
    unknown_inputs : pin -> number of edges at which a bit of it was X or Z, and counted as 0
    shortfalls : sentences that say why the comparison proves nothing; empty after a mismatch
    n_outputs_after : the number of changes of output pins after the last edge; they were not compared
    n_together : the number of cycles in which inputs changed at the time of the edge
    inputs_first : True if these inputs counted as changed before the edge, False for after it
    sample_time : the time between two samples that counted as clocks; "" if the recording has a clock
    broken_off : the place at which the file ends in the middle of a change; "" if it does not
    memories : each memory that was compared
    unloaded : the memories that started at 0 because no image was loaded
    warnings : the model's warnings about behaviour that the original leaves undefined
    seconds : the wall time of reading, model and comparison, without compilation
    """

    chip: str
    wave: str
    scope: str
    n_pins: int
    n_cycles: int = 0
    n_mismatches: int = 0
    mismatches: list[FirstDifference] = field(default_factory=list)
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

    def _repr_html_(self) -> str:
        """Return the verdict, the first difference and the memories as tables, which a notebook shows."""
        verdict = f"{self.chip}: {'no difference' if self.holds else 'not shown to be equal'}"
        stopped = ", stopped at the limit of mismatches" if self.stopped else ""
        counts = f"{self.n_cycles:,} clocks, {self.n_pins} pins, {self.n_mismatches:,} mismatches{stopped}"
        return "".join(
            (
                markup.sentence(f"{verdict}. {counts}; {self.bits}."),
                *map(markup.sentence, self.shortfalls),
                *(mismatch._repr_html_() for mismatch in self.mismatches[:1]),
                *map(memory_table, self.memories),
                *(markup.sentence(f"Warning: {warning}") for warning in self.warnings),
            )
        )


def replay(
    model: GoldenModel,
    path: Path,
    reading: Reading = AS_IT_IS,
    load: Mapping[str, Path] | None = None,
    expect: Mapping[str, Path] | None = None,
    max_mismatches: int = 1,
    progress: Callable[[int], None] | None = None,
) -> ReplayResult:
    """Replay a waveform on a model in its initial state.

    reading : how the waveform is read. Unless it is ``from_power_up``, the comparison begins after the first reset, if
        the recording has one
    load : memory -> image at the start
    expect : memory -> image to compare with after the last edge
    max_mismatches : stop after this number of cycles with a difference, at least 1. Before the first reset nothing
        stops the replay. If no reset comes, all differences count, and this number of them is decoded
    progress : called from time to time with the time since its last call; the sum is ``wave.end_time``

    Raises InputError for a waveform or image that cannot be used, if possible before the comparison.
    """
    chip = model.chip
    expected = {name: hexfile.read(file, _memory(chip, name)) for name, file in (expect or {}).items()}
    load_images(model, load or {})
    pin_names = [pin.name for pin in chip.outputs if pin.name not in reading.ignored]
    if not pin_names:
        raise InputError(f"all output pins of {chip.name} are ignored; nothing would be compared")
    wave = Wave(path, chip, reading)
    _prepare(model, wave)
    begin = time.perf_counter()
    result = ReplayResult(chip.name, str(path), wave.scope, len(pin_names), inputs_first=reading.inputs_first)
    replaying = _Replaying(model, wave, {*reading.ignored, *wave.absent}, max_mismatches, progress)
    wave.stream(replaying.feed)
    replaying.tell(result)
    result.unloaded = [memory.name for memory in chip.memories if memory.name not in (load or {})]
    if not result.stopped:
        result.memories = [
            memory_difference(chip.memory(name), model.memories[name], image, str((expect or {})[name]))
            for name, image in expected.items()
        ]
    result.warnings = model.warnings()
    result.seconds = time.perf_counter() - begin
    return result


def replay_recording(
    model: GoldenModel,
    path: Path,
    reading: Reading = AS_IT_IS,
    load: Mapping[str, Path] | None = None,
    expect: Mapping[str, Path] | None = None,
    max_mismatches: int = 1,
    progress: Callable[[int], None] | None = None,
) -> ReplayResult:
    """Replay a waveform, or the golden case in a folder, as ``replay`` does.

    The comparison of a case, or of its waveform alone, begins at the first clock. For a case, its files are checked
    first, its state is put into the model, and its memory images are loaded and compared, except those that ``load``
    and ``expect`` replace.
    """
    recording = as_recorded(model, path, reading, load, expect)
    return replay(model, *recording, max_mismatches, progress)


def as_recorded(
    model: GoldenModel,
    path: Path,
    reading: Reading = AS_IT_IS,
    load: Mapping[str, Path] | None = None,
    expect: Mapping[str, Path] | None = None,
) -> tuple[Path, Reading, Mapping[str, Path], Mapping[str, Path]]:
    """Return the waveform of a recording, how it is read, and the images to load and to compare.

    For the folder of a golden case, its files are checked, and its state is put into the model.
    """
    load, expect = load or {}, expect or {}
    case = case_at(path, model.chip.name)
    if case is None:
        return path, reading, load, expect
    if path.is_dir():
        verify(case)
        load, expect = {**case.before, **load}, {**case.after, **expect}
        if case.state is not None:
            state.put_into(model, state.read(case.state, model.chip))
    return case.wave, replace(reading, from_power_up=True), load, expect


def load_images(model: GoldenModel, load: Mapping[str, Path]) -> None:
    """Load memory images into a model. Raises InputError for one that cannot be used, before any is loaded."""
    images = {name: hexfile.read(file, _memory(model.chip, name)) for name, file in load.items()}
    for name, image in images.items():
        model.memories[name][:] = image


def _prepare(model: GoldenModel, wave: Wave) -> None:
    """Compile everything now, so that compilation does not count as time of the replay."""
    wave.prepare()
    model.drive(new_rows(model.chip.input_word, 0), np.zeros(0, np.uint8))  # without a row it only compiles


def _memory(chip: Chip, name: str) -> Memory:
    try:
        return chip.memory(name)
    except KeyError as error:
        raise InputError(str(error.args[0])) from error


@dataclass
class _Tally:
    """The differences in some clocks, and the number of known bits."""

    bits: BitCount
    n_mismatches: int = 0
    mismatches: list[FirstDifference] = field(default_factory=list)
    stopped: bool = False

    @property
    def n_cycles(self) -> int:
        return self.bits.n_edges


class _Replaying:
    """A comparison of a recording's rows.

    Before the first reset it is not known whether one will come. So differences are kept: they are put aside when the
    first reset has ended, and count if there is none.
    """

    def __init__(
        self,
        model: GoldenModel,
        wave: Wave,
        ignored: Collection[str],
        max_mismatches: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.comparison = Comparison(model, ignored)
        self.wave = wave
        self.max_mismatches = max_mismatches
        self.progress = progress
        self.reported_time = 0
        self.early: _Tally | None = None
        self.tally = _Tally(self.comparison.bits)
        self.held_from_first = wave.rows.n_before_reset == 0

    def feed(self, rows: Trace) -> None:
        """Compare these rows. Raises Enough at the limit of mismatches."""
        end, n_cycles = self.wave.rows.n_before_reset, self.comparison.n_cycles
        if not self.held_from_first and self.early is None and end is not None and end <= n_cycles + rows.n_cycles:
            first = int(np.flatnonzero(rows.clk)[end - n_cycles - 1]) + 1 if end > n_cycles else 0
            self._blocks(cut(rows, 0, first))
            self.early = self.tally
            self._begin_anew()
            rows = cut(rows, first, len(rows))
        self._blocks(rows)
        if self.progress and len(rows):
            self.progress(int(rows.times[-1]) - self.reported_time)
            self.reported_time = int(rows.times[-1])

    def tell(self, result: ReplayResult) -> None:
        """Write all findings into the result."""
        rows = self.wave.rows
        if self.early is None and not self.held_from_first and rows.first_reset.begun:
            self.early = self.tally  # the recording ends before the reset is over
            self._begin_anew()
        tally = self.tally
        if self.early is not None:
            result.early = Early(self.early.n_cycles, self.early.n_mismatches)
        result.n_cycles, result.bits = tally.n_cycles, tally.bits.counts()
        result.n_mismatches, result.mismatches, result.stopped = tally.n_mismatches, tally.mismatches, tally.stopped
        result.unknown_inputs = rows.unknown_inputs
        result.n_outputs_after, result.n_together = rows.n_outputs_after, rows.n_together
        if self.wave.sample_time:
            result.sample_time = self.wave.time_text(self.wave.sample_time)
        result.broken_off = self.wave.broken_off
        if not tally.n_mismatches:
            result.shortfalls = tally.bits.shortfalls()
            result.shortfalls += [
                f"input {pin} is X or Z, at least in part, at all {n:,} of these clocks"
                for pin, n in rows.unknown_inputs.items()
                if n == tally.n_cycles
            ]

    def _begin_anew(self) -> None:
        """Start new counts: the clocks before are counted apart."""
        self.comparison.bits = BitCount(self.comparison.model.chip, self.comparison.ignored)
        self.tally = _Tally(self.comparison.bits)

    def _blocks(self, rows: Trace) -> None:
        for first in range(0, len(rows), BLOCK):
            self._block(cut(rows, first, first + BLOCK))

    def _block(self, rows: Trace) -> None:
        comparison_result, tally = self.comparison.compare(rows), self.tally
        may_stop = self.held_from_first or self.early is not None
        for row in comparison_result.wrong_rows:
            if tally.n_mismatches < self.max_mismatches:
                self._mismatch(comparison_result, row)
            tally.n_mismatches += 1
            if may_stop and tally.n_mismatches == self.max_mismatches:
                self.comparison.count(up_to(rows, row))
                tally.stopped = True
                raise Enough
        self.comparison.count(rows)

    def _mismatch(self, comparison_result: ComparedPiece, row: int) -> None:
        """Add a mismatch, the first one with its events. The model's state is the same afterwards."""
        comparison, tally = self.comparison, self.tally
        now = comparison.model.snapshot()
        time_text = self.wave.time_text(int(comparison_result.piece.rows.times[row]))
        tally.mismatches.append(
            comparison.difference(comparison_result, row, time_text, with_events=not tally.mismatches)
        )
        comparison.model.restore(now)
