"""The checker: a golden model and a design held together on every pin at every clock, and on the memories at the end.

What the input pins really did is fed to the model, in blocks; only a block that differs is looked at clock by clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import cocotb
import numpy as np

from cocotb_tests.lib import memory
from cocotb_tests.lib.aer import Owing
from cocotb_tests.lib.clock import ChipClock
from cocotb_tests.lib.recorder import Recorder
from emulator.trace import Trace
from golden import wave_out
from golden.compare import MemoryDifference, PinDifference, memory_difference, pin_differences
from golden.replay import GoldenModel
from golden.rows import cut, join

BLOCK = 16384  # clocks between two comparisons
BLOCKS_KEPT = 12  # for the waveform of a mismatch
EVENTS_SHOWN = 8


class Mismatch(AssertionError):
    """The design differs from its golden model, or owes something."""


@dataclass
class Counts:
    """What was compared.

    cycles : clocks; unknown : output pins that were X or Z at a clock, and so were left out
    """

    cycles: int = 0
    mismatches: int = 0
    unknown: int = 0


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
    reproduce : the command that shows the same again, quoted in a mismatch
    waveform : where the pins up to a mismatch are left (FST)
    """

    def __init__(
        self,
        model: GoldenModel,
        recorder: Recorder,
        clock: ChipClock,
        owing: Iterable[Owing] = (),
        reproduce: str = "",
        waveform: Path | None = None,
    ) -> None:
        self.model, self._recorder, self._clock = model, recorder, clock
        self._owing, self._reproduce, self._waveform = tuple(owing), reproduce, waveform
        self._past: deque[Trace] = deque(maxlen=BLOCKS_KEPT)
        self._previous: _Block | None = None
        self.counts = Counts()

    def start(self) -> None:
        """From now on, compare; to be called before the clock's first edge."""
        self._recorder.start()
        cocotb.start_soon(self._run())

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
        block = _Block(self.model.snapshot(), rows, self.counts.cycles)
        outputs = self.model.drive(rows.inputs, rows.clk)
        differing = np.flatnonzero((outputs ^ rows.outputs) & rows.known)
        if len(differing):
            self.counts.mismatches += 1
            row = int(differing[0])
            self._count(cut(rows, 0, row + 1))
            self._past.append(cut(rows, 0, row + 1))
            self._fail(self._describe(block, row, int(outputs[row])))
        self._count(rows)
        self._past.append(rows)
        self._previous = block

    def finish(self, memories: Mapping[str, Any]) -> None:
        """Compare what is left, and whole memories; nothing may be owed any more.

        memories : declared name -> handle of the design's array
        Raises Mismatch at the first difference.
        """
        self.compare()
        for name, handle in memories.items():
            declared = self.model.chip.memory(name)
            content, known = memory.read(handle, declared)
            difference = memory_difference(declared, self.model.memories[name] & known, content, handle._path)
            if difference.n_differing:
                self.counts.mismatches += 1
                self._fail(list(_memory_lines(difference)))
        owed = [text for side in self._owing if (text := side.owed())]
        if owed:
            self._fail(["still owed at the end:", *owed])

    def _count(self, rows: Trace) -> None:
        self.counts.cycles += rows.n_cycles
        unknown = ~rows.known[rows.clk == 1]
        for f in self.model.chip.output_word:
            self.counts.unknown += int(np.count_nonzero(unknown & f.high << f.lsb))

    def _fail(self, lines: list[str]) -> NoReturn:
        if self._waveform and self._past:
            wave_out.write(join(self._past), self._waveform)
            lines = [*lines, f"the pins up to there: {self._waveform}"]
        if self._reproduce:
            lines = [*lines, f"reproduce, with a waveform: {self._reproduce}"]
        raise Mismatch("\n".join(lines))

    def _describe(self, block: _Block, row: int, expected: int) -> list[str]:
        """The difference in words; the model is left just before the row's clock edge."""
        rows = block.rows
        cycle = block.first_cycle + int(np.count_nonzero(rows.clk[:row]))
        differences = pin_differences(self.model.chip, expected, int(rows.outputs[row]), int(rows.known[row]))
        events = self._last_events(block, row)  # leaves the model before the row
        self.model.drive(rows.inputs[row : row + 1], np.zeros(1, np.uint8))
        return [
            f"mismatch at time step {rows.times[row]}, cycle {cycle}:",
            *(_pin_line(pin) for pin in differences),
            *(f"  {line}" for line in self.model.context()),
            *(["  last events:"] if events else []),
            *(f"    {event}" for event in events),
        ]

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


def _memory_lines(difference: MemoryDifference) -> Iterable[str]:
    yield f"{difference.memory}: {difference.n_differing} of {difference.n_words} words differ at the end"
    for word in difference.words:
        fields = ", ".join(f"{f.name} expected {f.model}, got {f.recorded}" for f in word.fields)
        yield f"  {difference.memory}[{word.addr:#x}] ({word.view}): {fields}"
