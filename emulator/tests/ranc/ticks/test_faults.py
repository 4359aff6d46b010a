"""A run ends with one line where RANC's simulator does something undefined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import hardware, simulator
from draupnir.emulator.ranc.ticks.network import PACKET, CoreGrid, CoreNetwork, empty


def small(n_neurons: int = 1, **fields: int) -> CoreNetwork:
    """Two cores beside the output bus; the first one spikes in each tick to the second one.

    fields : of the first core's first neuron
    """
    network = empty(CoreGrid(3, 1, 4, n_neurons, 2, 16), 1, output=2, n_outputs=2)
    network.is_core[:2] = True
    first = network.neurons[0, 0]
    first["positive_threshold"], first["dx"] = 0, 1
    for name, content in fields.items():
        first[name] = content
    return network


def with_packet(x: int, y: int, axon: int, tick: int) -> CoreNetwork:
    network = small(2, positive_threshold=9)
    network.packets = np.array([(x, y, axon, tick)], PACKET)
    network.packet_starts = np.array([0, 0, 1], np.int64)
    return network


FAULTS = [
    (small(dx=-1), "tick 1: core (0, 0) neuron 0 sends a packet out of the grid"),
    (small(dx=2, destination_axon=-1), "neuron 0 sends to an output that the output bus lacks"),
    (small(destination_axon=-1), "has a negative destination axon, for which"),
    (small(destination_tick=-2), "has a negative destination tick, for which"),
    (small(reset_mode=2), "passes a threshold with a reset mode that the simulator refuses; right is 0 or 1"),
    (with_packet(-1, 0, 0, 0), "tick 1: input packet 0 of tick 1 sends a packet out of the grid"),
    (with_packet(2, 0, 3, 0), "tick 1: input packet 0 of tick 1 sends to an output that the output bus lacks"),
]


@pytest.mark.parametrize(("network", "message"), FAULTS)
def test_a_fault_has_one_line(network: CoreNetwork, message: str) -> None:
    with pytest.raises(InputError) as error:
        simulator.simulate(network, 5)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_fault_that_no_spike_reaches_is_none() -> None:
    run = simulator.simulate(small(dx=-1, reset_mode=7, positive_threshold=1, negative_threshold=-1), 5)
    assert run.counts["spikes"] == 0


def test_a_negative_tick_counts_back_as_long_as_the_word_exists() -> None:
    """In tick 2 the present word is 1, so tick -2 is word 0, which comes again 15 ticks later."""
    network = small(destination_tick=-2, positive_threshold=2, leak=1, reset_potential=-100, negative_threshold=-200)
    network.connections[1, 0, 0] = True
    network.weights[1, 0, 0] = 5
    network.neurons[1, 0]["dx"] = 1  # to the output bus, and not to itself
    run = simulator.simulate(network, 20, record_neurons=True)
    assert run.spikes is not None
    assert np.argwhere(run.spikes).tolist() == [[1, 0, 0], [16, 1, 0]]


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (small(2, dx=-1), "core (0, 0) neuron 0: sends out of the grid"),
        (small(2, destination_tick=-1), "core (0, 0) neuron 0: tick is -1; the hardware has 4 bits: 0..15"),
        (small(2, leak=256), "core (0, 0) neuron 0: leak is 256; the hardware has 9 bits: -256..255"),
        (with_packet(1, 0, -1, 0), "input packet 0: axon is -1; the hardware has 2 bits: 0..3"),
        (with_packet(-1, 0, 0, 0), "input packet 0 goes out of the grid"),
    ],
)
def test_what_no_hardware_can_have_is_refused(network: CoreNetwork, message: str) -> None:
    with pytest.raises(InputError) as error:
        hardware.run(network, 5)
    assert message in str(error.value)


def test_an_output_file_with_a_mistake_is_refused(tmp_path: Path) -> None:
    (tmp_path / "output.txt").write_text("0 1 \n0 2 \n")
    with pytest.raises(InputError, match=r"output.txt, line 2: right are 2 bits, each 0 or 1"):
        simulator.read_output(tmp_path / "output.txt", 2)
    with pytest.raises(InputError, match="No such file"):
        simulator.read_output(tmp_path / "none.txt", 2)
