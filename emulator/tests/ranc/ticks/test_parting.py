"""Simulator and RTL part for a reason: a small network for each one, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from draupnir.emulator.ranc.ticks import parting
from draupnir.emulator.ranc.ticks.hardware import Hardware
from draupnir.emulator.ranc.ticks.network import PACKET, CoreGrid, CoreNetwork, empty
from draupnir.emulator.ranc.ticks.parting import OUTPUT, PartingPlace
from draupnir.emulator.ranc.ticks.semantics import Semantics
from draupnir.emulator.tests.ranc.ticks import recorded

N_AXONS, N_NEURONS = 4, 4
LEAST_PERIOD = N_NEURONS * (N_AXONS + 2) + 3
CALM = Hardware(period=10 * LEAST_PERIOD)


def quiet(packets: Sequence[tuple[int, int, int, int, int]] = ()) -> CoreNetwork:
    """Two cores whose neurons never spike, and the output bus. packets : (input tick, x, y, axon, destination tick)"""
    network = empty(CoreGrid(3, 1, N_AXONS, N_NEURONS, 2, 16), 0, output=2, n_outputs=4)
    network.is_core[:2] = True
    network.neurons["positive_threshold"], network.neurons["negative_threshold"] = 100, -100
    network.connections[:2, :, 0], network.weights[:2, :, 0] = True, 10
    network.packets = np.array([packet[1:] for packet in sorted(packets)], PACKET)
    counts = np.bincount([packet[0] for packet in packets], minlength=8)
    network.packet_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return network


def outcome(
    network: CoreNetwork, chip: Hardware = CALM, n_ticks: int = 8
) -> tuple[PartingPlace, tuple[str, ...]] | None:
    result = parting.compare(network, n_ticks, chip).parting
    return None if result is None else (result.place, result.reasons)


def test_a_network_without_a_difference_has_none() -> None:
    assert outcome(quiet([(1, 0, 0, 0, 0), (2, 1, 0, 0, 3)])) is None


def test_reset() -> None:
    """A potential falls by one in each tick; in tick 3 it equals the threshold."""
    network = quiet()
    network.reset_type = 1
    network.neurons[1, 2]["leak"], network.neurons[1, 2]["negative_threshold"] = -1, -3
    assert outcome(network) == (PartingPlace(3, 1, 2, -1, "potential", 0, -3), ("reset",))


def test_width() -> None:
    """In tick 2 the potential is 354, which is -158 in 9 bits."""
    network = quiet()
    q = network.neurons[0, 1]
    q["leak"], q["positive_threshold"], q["current_potential"] = 100, 255, 154
    assert outcome(network) == (PartingPlace(2, 0, 1, -1, "spike", 1, 0), ("width",))


def test_coincide() -> None:
    """A packet with tick 15 comes while no core is at work; it acts 16 ticks later, in tick 16 + 1."""
    network = quiet([(1, 1, 0, 0, 15)])
    chip = Hardware(period=10 * LEAST_PERIOD, input_delay=2 * LEAST_PERIOD)
    assert outcome(network, chip, 20) == (PartingPlace(17, 1, 0, -1, "potential", 0, 10), ("coincide",))


def test_travel() -> None:
    """A packet that comes to the chip just before tick 2 reaches its core after it."""
    network = quiet([(1, 1, 0, 0, 0)])
    late = Hardware(period=100, input_delay=97)
    assert outcome(network, late) == (PartingPlace(2, 1, 0, -1, "potential", 10, 0), ("travel",))


def test_missed() -> None:
    network = quiet()
    network.neurons["leak"] = 1
    assert outcome(network, Hardware(period=LEAST_PERIOD)) is None
    place, reasons = outcome(network, Hardware(period=LEAST_PERIOD - 1)) or (None, ())
    assert (place, reasons) == (PartingPlace(2, 0, 0, -1, "run", 1, 0), ("missed",))


def test_a_core_finishes_its_last_tick_although_the_period_is_shorter() -> None:
    """In a single tick nothing can be missed, whatever the period is."""
    network = quiet()
    network.neurons["leak"] = 1
    assert outcome(network, Hardware(period=3), n_ticks=1) is None


def test_repeats() -> None:
    """Two packets for output 3 in tick 1."""
    network = quiet([(1, 2, 0, 3, 0), (1, 2, 0, 3, 0)])
    assert outcome(network) == (PartingPlace(1, 2, OUTPUT, 3, "packets", 1, 2), ("repeats",))


def test_senders_of_an_output_are_named() -> None:
    network = quiet()
    for core, neuron in ((0, 1), (1, 3)):
        q = network.neurons[core, neuron]
        q["positive_threshold"], q["dx"], q["destination_axon"] = 0, 2 - core, 3
    result = parting.compare(network, 4, CALM).parting
    assert result is not None and result.place == PartingPlace(1, 2, OUTPUT, 3, "packets", 1, 2)
    assert result.senders == ((0, 1), (1, 3))


@pytest.mark.parametrize("case", ["rtl_congested", "rtl_clearing", "rtl_missed"])
def test_the_reasons_of_a_recording_explain_its_difference(case: str) -> None:
    """With the reasons alone, and nothing else of the RTL, the two part at the same place in the same way."""
    network, chip = recorded.network_of(case), recorded.hardware_of(case)
    result = parting.compare(network, recorded.facts(case)["ticks"], chip).parting
    assert result is not None and result.reasons
    only = Semantics(**dict.fromkeys(result.reasons, True))
    alone = parting.compare(network, recorded.facts(case)["ticks"], chip, only).parting
    assert alone is not None and alone.place == result.place
