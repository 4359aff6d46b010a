"""The checker: it compares a golden model with a design on every pin at every clock, and on the memories at the end.

The model receives what the input pins really did, in blocks. Only a block that differs is compared clock by clock.

An output may be unknown until the end of the first reset. After it, a bit that is X or Z counts as different from the
model, which knows every bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import cocotb
import numpy as np
from cocotb.task import Task
from numpy.typing import NDArray

from draupnir.cocotb_tests.lib import memory
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.cocotb_tests.lib.recorder import RowRecorder
from draupnir.cocotb_tests.lib.sides import Owing
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.trace import Trace, only, to_row
from draupnir.golden import wave_out
from draupnir.golden.compare import (
    BitCount,
    ComparedBits,
    Comparison,
    FirstDifference,
    GoldenModel,
    MemoryDifference,
    memory_difference,
)
from draupnir.golden.compare.memories import WORDS_LISTED, unknown_words
from draupnir.golden.resets import FirstReset
from draupnir.golden.rows import cut, join
from draupnir.golden.waves import pair

BLOCK = 16384  # clocks between two comparisons
PAIR = "difference.fst"  # the waveform around a mismatch
BLOCKS_KEPT = 12  # for the waveform of a mismatch


class Mismatch(AssertionError):
    """The design differs from its golden model, has not answered something, or was not compared."""


@dataclass(frozen=True)
class _Looks:
    """The clocks after which memories are compared during a test: every ``every`` clocks from clock ``first`` on."""

    memories: Mapping[str, Any]
    first: int
    every: int


class Counts:
    """The numbers of compared clocks and bits.

    all_bits : the output bits at all clocks
    early_bits : the output bits up to the end of the first reset
    absent : the chip's probes that the design does not have
    """

    def __init__(self, chip: Chip, absent: Collection[str] = ()) -> None:
        self.mismatches = 0
        self.all_bits, self.early_bits = BitCount(chip, absent), BitCount(chip, absent)

    @property
    def cycles(self) -> int:
        return self.all_bits.n_edges

    @property
    def bits(self) -> ComparedBits:
        return self.all_bits.counts()

    @property
    def before_reset(self) -> ComparedBits:
        return self.early_bits.counts()

    def never_known(self) -> list[str]:
        """Return the output pins with a bit that was unknown at all clocks."""
        return self.all_bits.never_known()

    def __str__(self) -> str:
        bits, early = self.bits, self.before_reset.n_unknown
        unknown = f", {bits.n_unknown:,} unknown, {early:,} of them before the end of a reset" if bits.unknown else ""
        return f"{self.cycles:,} clocks, {bits}{unknown}, {self.mismatches} mismatches"


class Lockstep:
    """A comparison of a model with a recorder. The first difference ends the test.

    model : a model in the state of the design
    owing : the drivers and receivers, which know what the chip has still to answer
    undefined : the output pins that may stay unknown for some time after a reset, as in the chip's sources
    reproduce : the command that repeats the test, for the message of a mismatch
    waveform : the path for the pins up to a mismatch (FST)

    Attributes:
    early : True if clocks before the end of the first reset are compared; if not, their output bits count as unknown
    difference : the first difference, or None
    equal_until : the number of clocks after which the memories were last equal, with ``look_at``
    """

    def __init__(
        self,
        model: GoldenModel,
        recorder: RowRecorder,
        clock: ChipClock,
        owing: Iterable[Owing] = (),
        undefined: Iterable[str] = (),
        reproduce: str = "",
        waveform: Path | None = None,
    ) -> None:
        self.model, self._recorder, self._clock = model, recorder, clock
        self._owing, self._reproduce, self._waveform = tuple(owing), reproduce, waveform
        self._past: deque[Trace] = deque(maxlen=BLOCKS_KEPT)
        self._first_reset = FirstReset(model.chip)
        outputs = model.chip.output_word
        self._defined = to_row(outputs, outputs.mask({f.name for f in outputs} - {*undefined, *recorder.absent}))
        self._task: Task[NoReturn] | None = None
        self._looks: _Looks | None = None
        self._looked_always = True  # after each clock edge
        self.early = True
        self.difference: FirstDifference | None = None
        self.equal_until = 0
        self.counts = Counts(model.chip, recorder.absent)
        self._comparison = Comparison(model, recorder.absent)
        self._comparison.bits = self.counts.all_bits

    def look_at(self, memories: Mapping[str, Any], first: int, every: int) -> None:
        """Compare memories during the test, too. Call this before ``start``.

        memories : as for ``finish``
        first : the number of clocks before the first comparison
        every : the number of clocks from one comparison to the next, at least 1
        """
        self._looks = _Looks(memories, first, every)

    def start(self) -> None:
        """Start the comparison. Call this before the clock's first edge."""
        self._recorder.start()
        self._task = cocotb.start_soon(self._run())

    def stop(self) -> None:
        """End the comparison."""
        if self._task:
            self._task.cancel()

    @property
    def in_step(self) -> bool:
        """True if the model has run every clock edge of the design, without a difference."""
        return not self.counts.mismatches and self.counts.cycles == self._recorder.edges.count()

    async def _run(self) -> NoReturn:
        while True:
            await self._clock.cycles(self._until_next())
            self.compare()
            self._look()
            for side in self._owing:
                if late := side.overdue():
                    self._fail([late])

    def _until_next(self) -> int:
        """Return the number of clocks to the next comparison."""
        if self._looks is None:
            return BLOCK
        n_clocks = self._looks.first - self.counts.cycles
        return min(BLOCK, n_clocks) if n_clocks > 0 else self._looks.every

    def _look(self) -> None:
        """Compare the memories now, if ``look_at`` asks for that."""
        looks = self._looks
        if looks is None or self.counts.cycles <= looks.first:
            return
        self._looked_always &= self.counts.cycles <= self.equal_until + 1
        if differences := self._differences(self._read(looks.memories)):
            self._differ(self._comparison.memories_differ(differences, _time_text, self._looked_always))
        self.equal_until = self.counts.cycles

    def compare(self) -> None:
        """Compare all clocks up to now. Raises Mismatch at the first difference."""
        rows = self._recorder.rows()
        ready = self._ready_in(rows)
        if not self.early:
            rows = replace(rows, known_bits=only(rows.known_bits, ready))
        must_know = only(np.broadcast_to(self._defined, rows.known_bits.shape), ready)
        piece = self._comparison.compare(rows, must_know)
        if piece.wrong_rows:
            row = piece.wrong_rows[0]
            difference = self._comparison.difference(piece, row, _time_text(int(rows.times[row])))
            self._count(cut(rows, 0, row + 1), ready[: row + 1])
            self._past.append(cut(rows, 0, row + 1))
            self._differ(difference)
        self._count(rows, ready)
        self._past.append(rows)

    def finish(self, memories: Mapping[str, Any]) -> None:
        """Compare the rest, and whole memories. The chip must have answered everything.

        memories : declared name -> handle of the design's array

        Raises Mismatch at the first difference, and if there was nothing to compare.
        """
        self.compare()
        if not self.counts.cycles:
            self._fail(["nothing was compared: there was no clock edge"])
        if self.counts.bits.unknown and not self._first_reset.over:
            pins = ", ".join(self.counts.bits.unknown)
            self._fail([f"unknown bits in {pins}, {self.counts.bits}, and no reset has ended that would explain them"])
        if never := self.counts.never_known():
            self._fail([f"never known, and so not compared: {', '.join(never)}"])
        self._look()
        self._compare_memories(memories)
        debts = [text for side in self._owing if (text := side.debt())]
        if debts:
            self._fail(["still owed at the end:", *debts])

    def _compare_memories(self, memories: Mapping[str, Any]) -> None:
        contents = self._read(memories)
        for name, (_, known_bits) in contents.items():
            if lines := _unknown_lines(self.model.chip.memory(name), known_bits):
                self.counts.mismatches += 1
                self._fail(lines)
        if differences := self._differences(contents):
            context = tuple(self.model.context())
            self._differ(FirstDifference(None, memories=differences, bits=self.counts.bits, context=context))

    def _read(self, memories: Mapping[str, Any]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return the design's words of each memory, and the masks of their known bits."""
        return {name: memory.read(handle, self.model.chip.memory(name)) for name, handle in memories.items()}

    def _differences(self, contents: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[MemoryDifference, ...]:
        """Return the memories that differ in a known bit; contents : from ``_read``."""
        differences = [
            memory_difference(self.model.chip.memory(name), self.model.memories[name], content, known_bits=known_bits)
            for name, (content, known_bits) in contents.items()
        ]
        return tuple(one for one in differences if one.n_differing)

    def _ready_in(self, rows: Trace) -> np.ndarray:
        """Return (n,) bool: True for each row that has a clock edge after the end of the first reset."""
        ready: NDArray[np.bool_] = self._first_reset.feed(rows.inputs, rows.clk) & (rows.clk != 0)
        return ready

    def _count(self, rows: Trace, ready: np.ndarray) -> None:
        """Count rows; ready : from ``_ready_in``."""
        self._comparison.count(rows)
        early = (rows.clk != 0) & ~ready
        self.counts.early_bits.add(replace(rows, clk=early.astype(np.uint8), known_bits=only(rows.known_bits, early)))

    def _differ(self, difference: FirstDifference) -> NoReturn:
        self.difference = difference
        self.counts.mismatches += 1
        self._fail(list(difference.lines()))

    def _fail(self, lines: list[str]) -> NoReturn:
        if self._waveform and self._past:
            wave_out.write(join(self._past), self._waveform)
            lines = [*lines, f"the pins up to there: {self._waveform}"]
            if self.difference is not None and self._comparison.latest_pieces:
                path = self._waveform.with_name(PAIR)
                pair.write_latest(self._comparison, self.difference, path)
                lines = [*lines, f"the pins around it, beside the golden model: {path}"]
        if self._reproduce:
            lines = [*lines, f"reproduce, with a waveform: {self._reproduce}"]
        raise Mismatch("\n".join(lines))


def _time_text(time: int) -> str:
    return f"time step {time}"


def _unknown_lines(memory: Memory, known_bits: np.ndarray) -> list[str]:
    """Return lines on the words with unknown bits; known_bits : their mask, uint32 of ``Memory.shape``."""
    words = unknown_words(memory, known_bits)
    word_lines = [f"  {place}: bits {bits:#x}" for place, bits in words[:WORDS_LISTED]]
    first = f"{memory.name}: {len(words)} of {len(memory.parts) * memory.depth} words have unknown bits at the end"
    return [first, *word_lines] if words else []
