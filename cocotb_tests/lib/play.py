"""Play the stimulus of a golden recipe, which reacts to the chip's outputs, on a design's pins, clock by clock.

This is slow, because Python wakes up at each clock. But it is the same stimulus with which golden cases are recorded.
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
    """Play a stimulus for ``n_cycles`` moments with a clock edge. The bench drives the clocks.

    The rows up to an edge are spread over the time since the last edge. The stimulus receives the outputs of one step
    before the edge.
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
    """Move the pins from one row to the next; previous : the last row, None to set all pins."""
    for f in pins.chip.input_word:
        level = now >> f.lsb & f.high
        if previous is None or level != previous >> f.lsb & f.high:
            pins[f.name].value = level


def _outputs(pins: Pins) -> int:
    """Return all output pins, packed; an X counts as 0, and so does a probe."""
    levels = {pin.name: parse_bits(bits(pins[pin.name]))[0] for pin in pins.chip.outputs}
    return pack(pins.chip.output_word, levels)
