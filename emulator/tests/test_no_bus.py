"""The loop of a chip without a bus: levels of its pins, each for some clocks."""

from __future__ import annotations

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.speeds import no_bus
from draupnir.emulator.trace import pack

EVENTS = np.array([[1, 3], [40 << 1, 2], [3, 0], [0, 5]])  # a reset, an input of 40, an event without a clock, nothing
ROWS = [1] * 3 + [80] * 2 + [0] * 5


def test_each_event_stays_for_its_clocks() -> None:
    run = no_bus.run(chips.model("snn_accelerator")(), EVENTS, record_rows=True)
    assert run.rows.tolist() == ROWS
    assert (run.n_cycles, run.done) == (10, True)
    assert len(no_bus.run(chips.model("snn_accelerator")(), EVENTS).rows) == 0, "nobody has asked for them"


def test_the_outputs_change_at_these_cycles() -> None:
    """Cycles count from the model's first clock, and a limit ends the run. Probes are left out."""
    events = np.array([[1, 4], [126 << 1, 200]])
    model = chips.model("snn_accelerator")()
    mask = (1 << sum(pin.width for pin in model.chip.outputs)) - 1
    outputs = [model.step(pins) & mask for pins in [1] * 4 + [126 << 1] * 200]
    changes = [cycle for cycle in range(1, 204) if outputs[cycle] != outputs[cycle - 1]]
    assert len(changes) > 2
    assert no_bus.run(chips.model("snn_accelerator")(), events).cycles.tolist() == changes
    limit = changes[2]
    short = no_bus.run(chips.model("snn_accelerator")(), events, max_cycles=limit)
    assert (short.n_cycles, short.done, short.cycles.tolist()) == (limit, False, changes[:2])


def test_a_chip_with_two_edges_has_two_rows_for_each_clock() -> None:
    """RANC reads a packet from its input: ren_to_input_buffer rises at a fall of clk, and is seen before the rise."""
    sizes = grid(2, 1, (1, 0))
    word = chips.declaration("ranc", sizes).input_word
    packet, rest = (pack(word, {"input_buffer_empty": level}) for level in (0, 1))
    run = no_bus.run(chips.model("ranc", sizes)(), np.array([[packet, 1], [rest, 3]]), record_rows=True)
    assert run.rows.tolist() == [packet, packet, rest, rest, rest, rest, rest, rest]
    assert (run.n_cycles, run.done, run.cycles.tolist()) == (4, True, [1, 2])
