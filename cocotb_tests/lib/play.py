"""A golden recipe's stimulus, which reacts to what the chip shows, played on a design's pins clock by clock.

Slow, since Python is woken at each clock; but it is the very stimulus that golden cases are recorded with.
"""

from __future__ import annotations

from itertools import islice

from cocotb.triggers import Timer
from cocotb.utils import get_sim_time

from draupnir.cocotb_tests.lib.bus import Pins, bits
from draupnir.cocotb_tests.lib.changes import parse_bits
from draupnir.cocotb_tests.lib.clock import ClockEdges
from draupnir.emulator.trace import pack
from draupnir.golden.stimulus import Stimulus


async def play(pins: Pins, edges: ClockEdges, stimulus: Stimulus, n_cycles: int) -> None:
    """Play until so many moments with a clock edge are over; the clocks are those of the bench.

    The rows that end with an edge are spread over the time since the edge before; outputs are those one step before it.
    """
    stimulus.along(clk for _, clk in edges.ahead())
    outputs, now = 0, get_sim_time("step")
    row: int | None = None
    for moment, _ in islice(edges.ahead(), n_cycles):
        rows = stimulus.next(outputs)
        step = (moment - now) // (len(rows) + 1)
        assert step, f"{len(rows)} rows in {moment - now} steps of the simulator's time: its time unit is too coarse"
        for inputs, _ in rows:
            await Timer(step, "step")
            _apply(pins, row, inputs)
            row = inputs
        if wait := moment - 1 - get_sim_time("step"):
            await Timer(wait, "step")
        outputs = _outputs(pins)
        await Timer(1, "step")
        now = moment


def _apply(pins: Pins, previous: int | None, now: int) -> None:
    """Move the pins from one row to the next; previous : None: all of them, wherever they are."""
    for f in pins.chip.input_word:
        level = now >> f.lsb & f.high
        if previous is None or level != previous >> f.lsb & f.high:
            pins[f.name].value = level


def _outputs(pins: Pins) -> int:
    """All output pins, packed; an X counts as 0, and so does a probe."""
    levels = {pin.name: parse_bits(bits(pins[pin.name]))[0] for pin in pins.chip.outputs}
    return pack(pins.chip.output_word, levels)
