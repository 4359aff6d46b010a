"""The integer network of ODIN and tinyODIN, computed by hand: order, FIFO, schedules, time references, bad input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import TIME_REFERENCE, CrossbarNetwork, Schedule, addresses
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin import network as odin
from draupnir.emulator.odin.layout import CHIP as ODIN
from draupnir.emulator.speeds.limits import NotAtRest
from draupnir.emulator.tinyodin import network as tinyodin
from draupnir.emulator.tinyodin.layout import CHIP as TINYODIN

BACK_TO_BACK, AT_REST = Schedule


def network(weights: dict[tuple[int, int], int], thr: list[int], **other: Any) -> CrossbarNetwork:
    """Return a network for tinyODIN without leak, with potentials 0; weights : (pre, post) -> weight."""
    n = len(thr)
    matrix = np.zeros((256, n), np.int64)
    for place, weight in weights.items():
        matrix[place] = weight
    zeros = np.zeros(n, np.int64)
    rest = {"leak": zeros, "enabled": np.ones(n, bool), "core": zeros, "closed_loop": True, **other}
    return CrossbarNetwork(matrix, np.array(thr), limits=tinyodin.LIMITS, **rest)


def for_odin(**other: Any) -> CrossbarNetwork:
    """Return a silent network of 256 neurons for ODIN."""
    zeros = np.zeros(256, np.int64)
    silent = CrossbarNetwork(np.zeros((256, 256), np.int64), zeros + 255, zeros, zeros == 0, zeros, True, odin.LIMITS)
    return replace(silent, **other)


CHAIN = network({(200, 0): 5, (0, 1): 5, (1, 2): 5, (201, 2): 2}, [5, 5, 7])


def test_one_input_at_rest_leads_to_a_whole_cascade() -> None:
    """Row 200 makes neuron 0 spike, 0 makes 1 spike, and 1 makes 2 spike, which has 2 of its 7 from row 201."""
    outcome = CHAIN.run([201, 200, 200], AT_REST)
    assert outcome.neurons.tolist() == [0, 1, 2, 0, 1]
    assert outcome.inputs.tolist() == [1, 1, 1, 2, 2]
    assert outcome.core.tolist() == [0, 0, 5]
    assert outcome.synaptic_operations == 3 * (3 + 5)


def test_the_ends_of_potentials_are_those_before_the_threshold() -> None:
    """Neuron 0 starts at 3, gets 5 and spikes, and then gets -4; neuron 1 loses 2 of 6 at the time reference."""
    net = network({(200, 0): 5, (201, 0): -4}, [8, 9], leak=np.array([0, 2]), core=np.array([3, 6]))
    outcome = net.run([200, 201, TIME_REFERENCE], AT_REST)
    assert (outcome.lowest.tolist(), outcome.highest.tolist()) == ([-4, 4], [8, 6])


def test_inputs_that_follow_back_to_back_take_turns_with_the_fifo() -> None:
    """Neuron 0's spike waits behind the second input, so the second input's spike comes before the first one's effects.

    take 200, process 200: 0 spikes; take 200, process 0's spike: 1 spikes; take 201, process 200: 0 spikes; ...
    """
    outcome = CHAIN.run([200, 200, 201], BACK_TO_BACK)
    assert outcome.neurons.tolist() == [0, 1, 0, 2, 1]
    assert outcome.inputs.tolist() == [0, 1, 2, 2, 2]


def test_a_time_reference_overtakes_what_waits() -> None:
    """At rest, neuron 1 gets 5 from neuron 0 before it loses 3; back to back, it loses them first."""
    leaky = network({(200, 0): 5, (0, 1): 5}, [5, 9], leak=np.array([0, 3]), core=np.array([0, 4]))
    at_rest, back_to_back = (leaky.run([200, TIME_REFERENCE], schedule) for schedule in (AT_REST, BACK_TO_BACK))
    assert (at_rest.neurons.tolist(), at_rest.timesteps.tolist()) == ([0, 1], [0, 0])
    assert (back_to_back.neurons.tolist(), back_to_back.core.tolist()) == ([0], [0, 6])


def test_leakage_moves_towards_0_and_not_past_it() -> None:
    leaky = network({}, [20, 20, 20], leak=np.array([3, 3, 3]), core=np.array([2, 10, -10]))
    assert leaky.run([TIME_REFERENCE], AT_REST).core.tolist() == [0, 7, -7]


def test_spikes_know_their_timestep() -> None:
    """A neuron whose potential is above its threshold at the start spikes in the first time reference."""
    eager = network({(200, 1): 5}, [5, 5], core=np.array([9, 0]))
    outcome = eager.run([TIME_REFERENCE, 200, TIME_REFERENCE, 200], AT_REST)
    assert outcome.neurons.tolist() == [0, 1, 1]
    assert outcome.inputs.tolist() == [0, 1, 3]
    assert outcome.timesteps.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("closed_loop", "n_kept"), [(True, 127), (False, 0)])
def test_a_full_fifo_drops_the_last_spikes_of_an_event(closed_loop: bool, n_kept: int) -> None:
    """The event has one of 128 places; the spikes in the FIFO become events of 200 operations each."""
    all_spike = network({(250, post): 7 for post in range(200)}, [7] * 200, closed_loop=closed_loop)
    outcome = all_spike.run([250], AT_REST)
    assert outcome.neurons.tolist() == list(range(200))
    assert outcome.dropped_spikes == (200 - 127 if closed_loop else 0)
    assert outcome.synaptic_operations == 200 * (1 + n_kept)


def test_a_disabled_neuron_falls_back_in_silence() -> None:
    outcome = network({(200, 0): 5}, [5], enabled=np.array([False])).run([200], AT_REST)
    assert (outcome.neurons.tolist(), outcome.core.tolist()) == ([], [0])


def test_a_network_that_keeps_itself_alive_is_stopped() -> None:
    alive = network({(200, 0): 5, (0, 0): 5}, [5])
    with pytest.raises(NotAtRest, match="stopped after 20,200 spike events: the network has not come to rest; most= "):
        alive.run([200], AT_REST)
    outcome = alive.run([200, 200], AT_REST, most=10)
    assert (outcome.neurons.tolist(), outcome.inputs.tolist(), outcome.done) == ([0] * 10, [0] * 10, False)


def test_where_the_delays_of_the_buses_decide_nothing_is_said() -> None:
    """The last neuron spikes at a time reference, while its spike and another input wait."""
    eager = network({(200, 0): 5}, [5], core=np.array([9]))
    with pytest.raises(
        InputError, match="input 0: neuron 0, the last one, spikes at a time reference while events wait"
    ):
        eager.run([TIME_REFERENCE, 200], BACK_TO_BACK)
    assert eager.run([TIME_REFERENCE, 200], AT_REST).neurons.tolist() == [0, 0]
    assert eager.run([TIME_REFERENCE], BACK_TO_BACK).neurons.tolist() == [0]


def test_an_inhibitory_row_of_odin_stops_at_0() -> None:
    weights = np.zeros((256, 256), np.int64)
    weights[3, 0], weights[4, 0] = -7, 6
    outcome = for_odin(weights=weights).run([4, 3, 4], AT_REST)
    assert outcome.core[0] == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thr": [5000]}, r"thr\[0\] is 5000; right is 0\.\.4095"),
        ({"weights": {(7, 0): 8}}, r"weights\[7, 0\] is 8; right is -8\.\.7"),
        ({"core": np.array([-3000])}, r"core\[0\] is -3000; right is -2048\.\.2047"),
        ({"leak": np.array([-1])}, r"leak\[0\] is -1; right is 0\.\.127"),
        ({"leak": np.array([1, 1])}, r"leak: shape \(2,\); right is \(1,\), as thr has it"),
        ({"thr": []}, r"0 neurons; right is 1\.\.256"),
    ],
)
def test_what_the_chip_cannot_hold_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        network(**{"weights": {}, "thr": [5], **change})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([3, 256], r"inputs\[1\] is 256; right is -1\.\.255"),
        ([0.5], r"inputs: float64 of shape \(1,\); right is a column of integers"),
        ([[1]], r"inputs: int64 of shape \(1, 1\); right is a column of integers"),
    ],
)
def test_an_input_that_does_not_exist_is_refused(inputs: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CHAIN.run(inputs, AT_REST)


def test_inputs_are_events_of_either_chip() -> None:
    assert addresses(ODIN, [5, TIME_REFERENCE]).tolist() == [0x0507, 0x007F]
    assert addresses(TINYODIN, [5, TIME_REFERENCE]).tolist() == [0x005, 0x1FF]


def poked(configuration: Configuration, register: str, content: int) -> Configuration:
    """Return the configuration with another content of a register with one address."""
    return replace(configuration, registers={**configuration.registers, register: (content,)})


@pytest.mark.parametrize("register", ["SPI_GATE_ACTIVITY", "SPI_AER_SRC_CTRL_nNEUR"])
@pytest.mark.parametrize(("chip", "silent"), [(odin, for_odin), (tinyodin, lambda: CHAIN)])
def test_registers_that_the_integer_network_is_not_for(
    register: str, chip: ModuleType, silent: Callable[[], CrossbarNetwork]
) -> None:
    with pytest.raises(InputError, match=f"{register} is 1; the integer network is only for 0"):
        chip.network(poked(chip.configuration(silent()), register, 1))


@pytest.mark.parametrize(
    ("bit", "message"),
    [
        (0, r"neurons\[9\] is an Izhikevich neuron; right is lif_izh_sel = 1"),
        (17, r"neurons\[9\] has synapses that learn"),
    ],
)
def test_neurons_that_the_integer_network_is_not_for(bit: int, message: str) -> None:
    configuration = odin.configuration(for_odin())
    configuration.memories["neurons"][9, 0] ^= 1 << bit
    with pytest.raises(InputError, match=message):
        odin.network(configuration)


def test_synapses_that_are_not_mapped_count_only_if_the_register_says_so() -> None:
    configuration = odin.configuration(for_odin(weights=np.full((256, 256), 3)))
    configuration.memories["synapses"][:] = 0x33333333  # weight 3, not mapped
    assert not odin.network(configuration).weights.any()
    assert (odin.network(poked(configuration, "SPI_PROPAGATE_UNMAPPED_SYN", 1)).weights == 3).all()


def test_what_odin_cannot_be_made_is_refused() -> None:
    weights = np.zeros((256, 256), np.int64)
    weights[3, :2] = -1, 1
    with pytest.raises(InputError, match=r"weights\[3\] has both signs; on ODIN a row has one"):
        odin.configuration(for_odin(weights=weights))
    with pytest.raises(InputError, match="3 neurons; on ODIN an event visits 256, of which some may be disabled"):
        odin.configuration(CHAIN)
