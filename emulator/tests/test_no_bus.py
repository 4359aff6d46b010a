"""The loop of a chip without a bus: levels of its pins, each for some clocks."""

from __future__ import annotations

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.speeds import no_bus
from draupnir.emulator.trace import pack

EVENTS = np.array([[1, 3], [40 << 1, 2], [0, 5]])  # a reset, an input of 40, nothing


def test_each_event_stays_for_its_clocks() -> None:
    run = no_bus.run(chips.model("snn_accelerator")(), EVENTS)
    assert run.rows.tolist() == [1] * 3 + [80] * 2 + [0] * 5
    assert (run.n_cycles, run.done) == (10, True)


def test_the_outputs_change_at_these_cycles() -> None:
    """Cycles count from the model's first clock, and a limit ends the run."""
    model = chips.model("snn_accelerator")()
    outputs = [model.outputs]
    for pins in [1] * 3 + [80] * 2 + [0] * 5:
        model.step(pins)
        outputs.append(model.outputs)
    changes = [cycle for cycle in range(1, 10) if outputs[cycle] != outputs[cycle - 1]]
    assert no_bus.run(chips.model("snn_accelerator")(), EVENTS).cycles.tolist() == changes
    short = no_bus.run(chips.model("snn_accelerator")(), EVENTS, max_cycles=4)
    assert (short.n_cycles, short.done, short.cycles.tolist()) == (4, False, [c for c in changes if c < 4])


def test_a_chip_with_two_edges_has_two_rows_for_each_clock() -> None:
    """In RANC a tick leads to states of the token controllers, which change at rises and are seen before falls."""
    sizes = grid(2, 1, (1, 0))
    word = chips.declaration("ranc", sizes).input_word
    tick, rest = (pack(word, {"tick": level, "input_buffer_empty": 1}) for level in (1, 0))
    run = no_bus.run(chips.model("ranc", sizes)(), np.array([[tick, 1], [rest, 3]]))
    assert run.rows.tolist() == [tick, tick, rest, rest, rest, rest, rest, rest]
    assert (run.n_cycles, run.done, run.cycles.tolist()) == (4, True, [0, 1, 2])
