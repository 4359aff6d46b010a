"""The SPI: every configuration register, both memories, and frames while the network runs."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.odin.bench import LIMIT, Bench
from draupnir.emulator.odin.layout import NEURONS, SYNAPSES

GATED = {"SPI_GATE_ACTIVITY": 1, "SPI_OPEN_LOOP": 1}


@cocotb.test(**LIMIT)
async def test_every_register_takes_any_content(dut: Any) -> None:
    """All registers rewritten at random with the network running between them."""
    async with Bench(dut) as bench:
        await bench.rewrite_registers()


@cocotb.test(**LIMIT)
async def test_neuron_memory_reads_back(dut: Any) -> None:
    """Bytes of a neuron word written through SPI are found in the memory and read back."""
    async with Bench(dut, GATED) as bench:
        await bench.reads_back(NEURONS.name, word=200)


@cocotb.test(**LIMIT)
async def test_synapse_memory_reads_back(dut: Any) -> None:
    """Bytes of a synapse word written through SPI are found in the memory and read back."""
    async with Bench(dut, GATED) as bench:
        await bench.reads_back(SYNAPSES.name, word=8000)


@cocotb.test(**LIMIT)
async def test_mask_keeps_bits(dut: Any) -> None:
    """A 1 in the mask keeps the bit."""
    async with Bench(dut, GATED) as bench:
        await bench.write_byte("synapses", 1234, 2, 0b1010_1010)
        await bench.write_byte("synapses", 1234, 2, 0b0101_0101, mask=0b1111_0000)
        assert await bench.read_byte("synapses", 1234, 2) == 0b1010_0101


@cocotb.test(**LIMIT)
async def test_byte_beyond_a_neuron_is_nothing(dut: Any) -> None:
    """Byte 16 of a neuron is not written, and reads 0."""
    async with Bench(dut, GATED) as bench:
        before = bench.word("neurons", 7)
        await bench.write_byte("neurons", 7, 16, 0xFF)
        assert await bench.read_byte("neurons", 7, 16) == 0
        assert bench.word("neurons", 7) == before


@cocotb.test(**LIMIT)
async def test_memory_frames_need_the_gate(dut: Any) -> None:
    """A write frame while the network runs does nothing."""
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}) as bench:
        before = bench.word("neurons", 9)
        await bench.write_byte("neurons", 9, 9, 0x55)
        await bench.aerin.send(bench.any_event())
        assert bench.word("neurons", 9) == before


@cocotb.test(**LIMIT)
async def test_odd_frames(dut: Any) -> None:
    """Any 20 bits of address that name no register, with any 20 bits of data."""
    async with Bench(dut, GATED) as bench:
        await bench.odd_frames(40)
