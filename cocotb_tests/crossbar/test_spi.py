"""The SPI: all configuration registers, both memories, and frames while the network runs."""

from __future__ import annotations

from typing import Any

import cocotb

from draupnir.cocotb_tests.crossbar.bench import LIMIT, NEURONS, SYNAPSES, bench_here

GATED = {"SPI_GATE_ACTIVITY": 1, "SPI_OPEN_LOOP": 1}


@cocotb.test(**LIMIT)
async def test_every_register_takes_any_content(dut: Any) -> None:
    """All registers get random contents, and the network runs between the writes."""
    async with bench_here()(dut) as bench:
        await bench.rewrite_registers()


@cocotb.test(**LIMIT)
async def test_neuron_memory_reads_back(dut: Any) -> None:
    """Bytes of a neuron word that the SPI writes are in the memory, and are read back."""
    async with bench_here()(dut, GATED) as bench:
        await bench.reads_back(NEURONS, word=200)


@cocotb.test(**LIMIT)
async def test_synapse_memory_reads_back(dut: Any) -> None:
    """Bytes of a synapse word that the SPI writes are in the memory, and are read back."""
    async with bench_here()(dut, GATED) as bench:
        await bench.reads_back(SYNAPSES, word=8000)


@cocotb.test(**LIMIT)
async def test_mask_keeps_bits(dut: Any) -> None:
    """A 1 in the mask keeps the bit."""
    async with bench_here()(dut, GATED) as bench:
        await bench.write_byte(SYNAPSES, 1234, 2, 0b1010_1010)
        await bench.write_byte(SYNAPSES, 1234, 2, 0b0101_0101, mask=0b1111_0000)
        assert await bench.read_byte(SYNAPSES, 1234, 2) == 0b1010_0101


@cocotb.test(**LIMIT)
async def test_byte_beyond_a_neuron_is_nothing(dut: Any) -> None:
    """The byte after a neuron's last is not written, and reads 0."""
    async with bench_here()(dut, GATED) as bench:
        old_word, beyond = bench.word(NEURONS, 7), bench.chip.memory(NEURONS).width // 8
        await bench.write_byte(NEURONS, 7, beyond, 0xFF)
        assert await bench.read_byte(NEURONS, 7, beyond) == 0
        assert bench.word(NEURONS, 7) == old_word


@cocotb.test(**LIMIT)
async def test_memory_frames_need_the_gate(dut: Any) -> None:
    """A write frame while the network runs does nothing."""
    async with bench_here()(dut, {"SPI_OPEN_LOOP": 1}) as bench:
        old_word = bench.word(NEURONS, 9)
        await bench.write_byte(NEURONS, 9, 3, 0x55)
        await bench.aerin.send(bench.any_event())
        assert bench.word(NEURONS, 9) == old_word


@cocotb.test(**LIMIT)
async def test_odd_frames(dut: Any) -> None:
    """Frames with any 20 bits of address that address no register, and any 20 bits of data, do as the model does."""
    async with bench_here()(dut, GATED) as bench:
        await bench.odd_frames(40)
