"""The checker: a golden model and a design held together on every pin at every clock, and on the memories at the end.

What the input pins really did is fed to the model, in blocks; only a block that differs is looked at clock by clock.

Until the end of the first reset an output may be unknown, as nothing has given it a level yet. From then on a bit that
is X or Z differs from the model, which always knows it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import cocotb
import numpy as np
from cocotb.task import Task

from draupnir.cocotb_tests.lib import memory
from draupnir.cocotb_tests.lib.aer import Owing
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.emulator.codec import from_limbs, to_limbs
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.trace import Trace, any_bit, from_row, only, to_row
from draupnir.golden import wave_out
from draupnir.golden.compare import (
    WORDS_LISTED,
    ComparedBits,
    MemoryDifference,
    PinDifference,
    compared_bits,
    memory_difference,
    pin_differences,
)
from draupnir.golden.replay import GoldenModel
from draupnir.golden.rows import cut, join

BLOCK = 16384  # clocks between two comparisons
BLOCKS_KEPT = 12  # for the waveform of a mismatch
EVENTS_SHOWN = 8


class Mismatch(AssertionError):
    """The design differs from its golden model, owes something, or was not compared with it."""


@dataclass
class Counts:
    """What was compared.

    cycles : clocks
    bits : output bits at all of these clocks; before_reset : those up to the end of the first reset
    ever_known : mask of the packed output bits that were neither X nor Z at one clock at least
    """

    cycles: int = 0
    mismatches: int = 0
    bits: ComparedBits = field(default_factory=ComparedBits)
    before_reset: ComparedBits = field(default_factory=ComparedBits)
    ever_known: int = 0

    def never_known(self, chip: Chip) -> list[str]:
        """The output pins that have a bit which was unknown at all clocks."""
        return [f.name for f in chip.output_word if ~self.ever_known >> f.lsb & f.high]

    def __str__(self) -> str:
        early = self.before_reset.n_unknown
        unknown = (
            f", {self.bits.n_unknown:,} unknown, {early:,} of them before the end of a reset"
            if self.bits.unknown
            else ""
        )
        return f"{self.cycles:,} clocks, {self.bits}{unknown}, {self.mismatches} mismatches"


@dataclass(frozen=True)
class _Block:
    """Rows, and the model before them; first_cycle : of the rows."""

    snapshot: Any
    rows: Trace
    first_cycle: int


class Lockstep:
    """Holds a model to what a recorder sees; the first difference ends the test.

    model : in the state that the design is in
    owing : drivers and receivers that know what the chip owes them
    undefined : output pins that may be unknown for a while after a reset, too, because the chip's sources leave them so
    reproduce : the command that shows the same again, quoted in a mismatch
    waveform : where the pins up to a mismatch are left (FST)

    Attribute: ``early``, whether clocks before the end of the first reset are compared; if not, their output bits count
    as unknown.
    """

    def __init__(
        self,
        model: GoldenModel,
        recorder: Recorder,
        clock: ChipClock,
        owing: Iterable[Owing] = (),
        undefined: Iterable[str] = (),
        reproduce: str = "",
        waveform: Path | None = None,
    ) -> None:
        self.model, self._recorder, self._clock = model, recorder, clock
        self._owing, self._reproduce, self._waveform = tuple(owing), reproduce, waveform
        self._past: deque[Trace] = deque(maxlen=BLOCKS_KEPT)
        self._previous: _Block | None = None
        word = model.chip.input_word
        self._resets = to_row(word, word.mask([pin.name for pin in model.chip.inputs if pin.role == "reset"]))
        self._reset = False  # a reset has been high at a clock edge
        self._ready = False  # and has been low at a later one
        self._word = model.chip.output_word
        self._defined = to_row(self._word, self._word.mask({f.name for f in self._word} - set(undefined)))
        self._task: Task[NoReturn] | None = None
        self.early = True
        self.counts = Counts()

    def start(self) -> None:
        """From now on, compare; to be called before the clock's first edge."""
        self._recorder.start()
        self._task = cocotb.start_soon(self._run())

    def stop(self) -> None:
        """Compare no more."""
        if self._task:
            self._task.cancel()

    @property
    def in_step(self) -> bool:
        """Whether the model has seen each clock edge of the design, and no difference."""
        return not self.counts.mismatches and self.counts.cycles == self._clock.cycle()

    async def _run(self) -> NoReturn:
        while True:
            await self._clock.cycles(BLOCK)
            self.compare()
            for side in self._owing:
                if late := side.overdue():
                    self._fail([late])

    def compare(self) -> None:
        """Compare all clocks up to now. Raises Mismatch at the first difference."""
        rows = self._recorder.rows()
        ready = self._ready_in(rows)
        if not self.early:
            rows = replace(rows, known=only(rows.known, ready))
        block = _Block(self.model.snapshot(), rows, self.counts.cycles)
        outputs = self.model.drive(rows.inputs, rows.clk)
        unknown = only(~rows.known & self._defined, ready)
        differing = np.flatnonzero(any_bit((outputs ^ rows.outputs) & rows.known | unknown))
        if len(differing):
            self.counts.mismatches += 1
            row = int(differing[0])
            self._count(cut(rows, 0, row + 1), ready[: row + 1])
            self._past.append(cut(rows, 0, row + 1))
            self._fail(self._describe(block, row, *(from_row(self._word, some[row]) for some in (outputs, unknown))))
        self._count(rows, ready)
        self._past.append(rows)
        self._previous = block

    def finish(self, memories: Mapping[str, Any]) -> None:
        """Compare what is left, and whole memories; nothing may be owed any more.

        memories : declared name -> handle of the design's array
        Raises Mismatch at the first difference, and if there was nothing to compare.
        """
        self.compare()
        if not self.counts.cycles:
            self._fail(["nothing was compared: there was no clock edge"])
        if self.counts.bits.unknown and not self._ready:
            pins = ", ".join(self.counts.bits.unknown)
            self._fail([f"unknown bits in {pins}, {self.counts.bits}, and no reset has ended that would explain them"])
        if never := self.counts.never_known(self.model.chip):
            self._fail([f"never known, and so not compared: {', '.join(never)}"])
        for name, handle in memories.items():
            declared = self.model.chip.memory(name)
            content, known = memory.read(handle, declared)
            if lines := _unknown_lines(declared, known):
                self.counts.mismatches += 1
                self._fail(lines)
            difference = memory_difference(declared, self.model.memories[name], content, memory.path(handle))
            if difference.n_differing:
                self.counts.mismatches += 1
                self._fail(list(_memory_lines(difference)))
        owed = [text for side in self._owing if (text := side.owed())]
        if owed:
            self._fail(["still owed at the end:", *owed])

    def _ready_in(self, rows: Trace) -> np.ndarray:
        """For each row, whether it has a clock edge and the first reset has ended: (n,) bool."""
        edge, high = rows.clk == 1, any_bit(rows.inputs & self._resets)
        begun = np.logical_or.accumulate(np.append(self._reset, edge & high))[1:]
        ended = np.logical_or.accumulate(np.append(self._ready, edge & begun & ~high))[1:]
        if len(rows):
            self._reset, self._ready = bool(begun[-1]), bool(ended[-1])
        return ended & edge

    def _count(self, rows: Trace, ready: np.ndarray) -> None:
        """Count rows; ready : for each, what ``_ready_in`` says."""
        counts, edge = self.counts, rows.clk == 1
        counts.cycles += rows.n_cycles
        counts.bits += compared_bits(self.model.chip, rows.known[edge])
        counts.before_reset += compared_bits(self.model.chip, rows.known[edge & ~ready])
        counts.ever_known |= from_row(self._word, np.bitwise_or.reduce(rows.known[edge], axis=0))

    def _fail(self, lines: list[str]) -> NoReturn:
        if self._waveform and self._past:
            wave_out.write(join(self._past), self._waveform)
            lines = [*lines, f"the pins up to there: {self._waveform}"]
        if self._reproduce:
            lines = [*lines, f"reproduce, with a waveform: {self._reproduce}"]
        raise Mismatch("\n".join(lines))

    def _describe(self, block: _Block, row: int, expected: int, unknown: int) -> list[str]:
        """The difference in words; the model is left just before the row's clock edge.

        unknown : mask of the output bits that had to be known and are not
        """
        rows = block.rows
        cycle = block.first_cycle + int(np.count_nonzero(rows.clk[:row]))
        outputs, known = from_row(self._word, rows.outputs[row]), from_row(self._word, rows.known[row])
        # All bits count here, the unknown ones as the opposite of what they should be.
        differences = pin_differences(
            self.model.chip, expected, outputs & ~unknown | ~expected & unknown, known | unknown
        )
        events = self._last_events(block, row)  # leaves the model before the row
        self.model.drive(rows.inputs[row : row + 1], np.zeros(1, np.uint8))
        return [
            f"mismatch at time step {rows.times[row]}, cycle {cycle}:",
            *(_pin_line(replace(pin, known=self._part(pin.pin, known))) for pin in differences),
            *(["  the reset is over: an output that is x or z is a difference"] if unknown else []),
            *(f"  {line}" for line in self.model.context()),
            *(["  last events:"] if events else []),
            *(f"    {event}" for event in events),
        ]

    def _part(self, pin: str, packed: int) -> int:
        """A pin's bits of packed outputs."""
        f = self._word[pin]
        return packed >> f.lsb & f.high

    def _last_events(self, block: _Block, row: int) -> list[str]:
        """What the model began in the block before and in this one up to the row, from running them again."""
        self.model.restore((self._previous or block).snapshot)
        pieces = [cut(block.rows, 0, row)]
        if self._previous:
            pieces.insert(0, self._previous.rows)
        events: deque[str] = deque(maxlen=EVENTS_SHOWN)
        for rows in pieces:
            for i in range(len(rows)):
                self.model.drive(rows.inputs[i : i + 1], rows.clk[i : i + 1])
                if rows.clk[i] and (begun := self.model.activity()):
                    events.append(begun)
        return list(events)


def _pin_line(pin: PinDifference) -> str:
    got = "".join(str(pin.recorded >> bit & 1) if pin.known >> bit & 1 else "x" for bit in reversed(range(pin.width)))
    return f"  {pin.pin}: expected 0b{pin.expected:0{pin.width}b}, got 0b{got}"


def _unknown_lines(memory: Memory, known: np.ndarray) -> list[str]:
    """The words that have unknown bits; no lines if all bits are known. known : their mask, of the memory's shape."""
    every = to_limbs((1 << memory.width) - 1, memory.n_limbs)
    copies = (~known & every).reshape(-1, *memory.part.shape)
    words = [
        (f"{part}[{addr:#x}]", from_limbs(unknown[addr]))
        for part, unknown in zip(memory.parts, copies, strict=True)
        for addr in np.flatnonzero(unknown.any(axis=1))
    ]
    listed = [f"  {place}: bits {bits:#x}" for place, bits in words[:WORDS_LISTED]]
    first = f"{memory.name}: {len(words)} of {len(memory.parts) * memory.depth} words have unknown bits at the end"
    return [first, *listed] if listed else []


def _memory_lines(difference: MemoryDifference) -> Iterable[str]:
    yield f"{difference.memory}: {difference.n_differing} of {difference.n_words} words differ at the end"
    for word in difference.words:
        fields = ", ".join(f"{f.name} expected {f.model}, got {f.recorded}" for f in word.fields)
        yield f"  {difference.memory}[{word.addr:#x}] ({word.view}): {fields}"
