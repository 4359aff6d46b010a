"""Neurons whose spikes and potentials are worked out by hand."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.ranc.bench import LIMIT, Bench

WEIGHT, FLOOR = 5, -8


def neuron(**fields: int) -> dict[str, int]:
    """The fields of a neuron that takes axon 0, of weight WEIGHT, and a high threshold if there is no other."""
    return {"connections": 1, "weight_0": WEIGHT, "positive_threshold": 100, "negative_threshold": -100} | fields


@cocotb.test(**LIMIT)
@cocotb.parametrize(threshold=[WEIGHT, WEIGHT + 1])
async def test_a_neuron_fires_at_its_threshold(dut: Any, threshold: int) -> None:
    """A neuron with a spike for axon 0 sends a packet to output 1 if the weight reaches the threshold."""
    async with Bench(dut) as bench:
        target = bench.distance(bench.sizes.output, origin=bench.place(0))
        bench.set_neurons({(0, 1): neuron(positive_threshold=threshold, axon=1, **target)})
        await bench.send(bench.place(0), axon=0)
        await bench.tick()
        assert bench.outputs == [1] * (threshold == WEIGHT)
        assert bench.potential(0, 1) == (0 if threshold == WEIGHT else WEIGHT)


@cocotb.test(**LIMIT)
@cocotb.parametrize(mode=[0, 1])
async def test_a_reset_sets_a_potential_or_subtracts_a_threshold(dut: Any, mode: int) -> None:
    """Neuron 0 fires at 3 with a potential of 5; neuron 1 has a potential of -9, below its floor of -8."""
    neurons = {
        (0, 0): neuron(positive_threshold=3, reset_potential=2, reset_mode=mode),
        (0, 1): neuron(leak=FLOOR - 1 - WEIGHT, negative_threshold=FLOOR, reset_potential=2, reset_mode=mode),
    }
    async with Bench(dut) as bench:
        bench.set_neurons(neurons)
        await bench.send(bench.place(0), axon=0)
        await bench.tick()
        assert bench.potential(0, 0) == (WEIGHT - 3 if mode else 2)
        assert bench.potential(0, 1) == (-1 if mode else -2)


@cocotb.test(**LIMIT)
async def test_a_potential_leaks_at_each_tick_and_wraps(dut: Any) -> None:
    async with Bench(dut) as bench:
        most = (1 << bench.sizes.potential_width - 1) - 1
        lowest = {"negative_threshold": -most - 1}
        bench.set_neurons({(0, 0): neuron(current_potential=most, positive_threshold=most, leak=2, **lowest)})
        await bench.tick()
        assert bench.potential(0, 0) == -most
        await bench.tick()
        assert bench.potential(0, 0) == -most + 2
