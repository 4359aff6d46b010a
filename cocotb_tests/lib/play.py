"""A golden recipe's stimulus, which reacts to what the chip shows, played on a design's pins clock by clock.

Slow, since Python is woken at each clock; but it is the very stimulus that golden cases are recorded with.
"""

from __future__ import annotations

from cocotb.triggers import Timer

from draupnir.cocotb_tests.lib.bus import Pins, bits
from draupnir.cocotb_tests.lib.changes import parse_bits
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.golden.stimulus import Stimulus


async def play(pins: Pins, clock: ChipClock, stimulus: Stimulus, n_cycles: int) -> None:
    """Play so many clocks; to be called half a period after a rising edge, or before the first.

    Rows without a clock edge follow each other within the half period before the edge.
    """
    await clock.cycles(1)
    row, outputs = 0, 0
    for _ in range(n_cycles):
        rows = stimulus.next(outputs)
        step = max(1, clock.period // 2 // (len(rows) + 2))
        for inputs, _ in rows:
            _apply(pins, row, inputs)
            row = inputs
            await Timer(step, "step")
        outputs = _outputs(pins)
        await clock.cycles(1)


def _apply(pins: Pins, before: int, now: int) -> None:
    for f in pins.chip.input_word:
        level = now >> f.lsb & f.high
        if level != before >> f.lsb & f.high:
            pins[f.name].value = level


def _outputs(pins: Pins) -> int:
    """All output pins, packed; an X counts as 0."""
    packed = 0
    for f in pins.chip.output_word:
        packed |= parse_bits(bits(pins[f.name]))[0] << f.lsb
    return packed
