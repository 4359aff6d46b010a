"""The ways of packets through the grid."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.ranc.bench import LIMIT, Bench


@cocotb.test(**LIMIT)
async def test_a_packet_reaches_every_core_and_the_output(dut: Any) -> None:
    async with Bench(dut) as bench:
        for place in range(bench.sizes.n_routers):
            await bench.send(place, axon=1)
        assert bench.outputs == [1]
        for core in range(bench.sizes.n_cores):
            assert bench.spikes(core) == [0b10], core


@cocotb.test(**LIMIT)
async def test_a_neuron_of_every_core_reaches_the_output(dut: Any) -> None:
    """The potential of each neuron 0 is at its threshold."""
    async with Bench(dut) as bench:
        neurons = {}
        for core in range(bench.sizes.n_cores):
            target = bench.distance(bench.sizes.output, origin=bench.place(core))
            neurons[core, 0] = {"axon": core % bench.sizes.n_axons, "negative_threshold": -1, **target}
        bench.set_neurons(neurons)
        await bench.tick()
        expected = [core % bench.sizes.n_axons for core in range(bench.sizes.n_cores)]
        assert sorted(bench.outputs) == sorted(axon % (1 << bench.sizes.output_width) for axon in expected)


@cocotb.test(**LIMIT)
async def test_packets_that_leave_the_grid_block_their_direction(dut: Any) -> None:
    """They stay in the last router of the row. As soon as its buffer is full, a packet for this router stays, too."""
    async with Bench(dut) as bench:
        s = bench.sizes
        for _ in range(s.depth):
            await bench.send_to(dx=s.n_x)
        await bench.send(s.n_x - 1, axon=1)
        assert bench.outputs == []
        assert all(bench.spikes(core) == [] for core in range(s.n_cores))
