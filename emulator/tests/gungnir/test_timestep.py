"""The clocks of a time step in which all synapses of Gungnir learn, with a sender and a receiver that never wait."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.crossbar.network import configured
from draupnir.emulator.gungnir.chip import Model
from draupnir.emulator.gungnir.events import closed_loop
from draupnir.emulator.gungnir.layout import CHIP, LEARN_ROW_CLOCKS, N
from draupnir.emulator.parts.handshake import Environment

EVENTS = {event.name: event for event in CHIP.events}
REGISTERS = {
    "SPI_OPEN_LOOP": (1,),
    "SPI_EPROP_EN": (1,),
    "SPI_TRACE_DECAY": (16,),
    "SPI_LEARN_SHIFT": (7,),
}
AT_ONCE = Environment(0, 0, 0, 0)
HANDSHAKE = 6  # clocks in which REQ and ACK rise and fall through the synchronisers
BOARD_HZ, MILLISECOND = 25e6, 1e-3


def clocks(addrs: list[int]) -> int:
    """Send events to a chip whose 256 neurons all have a trace and learn; return the clocks until it is at rest."""
    model = Model()
    model.reset()
    fields = {"lif_izh_sel": 1, "thr": 255, "eprop_en": 1, "trace": 200}
    neurons = {name: np.full(N, content) for name, content in fields.items()}
    configured(CHIP, REGISTERS, dict(neurons), np.full((N, N), 1 | 8)).apply(model)
    run = closed_loop.run(model, np.array(addrs), AT_ONCE)
    assert run.done
    return int(run.n_cycles)


def step(n_spikes: int, n_outputs: int) -> list[int]:
    """A time step: input spikes, the errors of the outputs to all neurons, a time reference, and all synapses learn."""
    spikes = [EVENTS["spike"].encode(pre_neur=row) for row in range(n_spikes)]
    errors = [EVENTS["feedback"].encode(neur=N - 1 - k, gain=1, minus=0) for k in range(n_outputs)]
    return [*spikes, *errors, EVENTS["tref_all"].encode(), EVENTS["learn_all"].encode()]


@pytest.mark.parametrize(("n_spikes", "n_outputs"), [(0, 0), (10, 3)])
def test_a_time_step_takes_two_clocks_a_neuron_and_event_and_then_its_rows(n_spikes: int, n_outputs: int) -> None:
    n_sweeps = n_spikes + n_outputs + 1
    learning = N * LEARN_ROW_CLOCKS + HANDSHAKE
    assert clocks(step(n_spikes, n_outputs)) == n_sweeps * (2 * N + HANDSHAKE) + learning


def test_a_time_step_of_fourteen_events_is_within_a_millisecond_at_the_clock_of_the_board() -> None:
    available = BOARD_HZ * MILLISECOND
    assert clocks(step(11, 3)) < available < clocks(step(12, 3))
