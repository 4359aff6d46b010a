"""The SPI: all registers, transfers of several words with all memories, and the network stopped or running."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from draupnir.cocotb_tests.reckon.bench import LIMIT, Bench
from draupnir.emulator.codec import from_limbs
from draupnir.emulator.reckon.layout import CHIP, SpiCode
from draupnir.emulator.reckon.port import PORT
from draupnir.golden.recipes.reckon_contents import Network

SMALL = Network(n_inp=6, n_rec=8, n_out=3)


@cocotb.test(**LIMIT)
async def test_memories_read_back(dut: Any) -> None:
    """The words of a transfer to each memory are in the memory, and another transfer reads them back."""
    async with Bench(dut, SMALL) as bench:
        await bench.write_register("SPI_EN_CONF", 1)
        for memory in CHIP.memories:
            word = memory.depth - 3
            words = [int(w) for w in bench.rng.integers(1 << 32, size=2 * memory.n_limbs)]
            await bench.write(memory.name, word * memory.n_limbs, words)
            content = bench.word(memory.name, word) | bench.word(memory.name, word + 1) << memory.width
            assert content == from_limbs(np.array(words)), memory.name
            assert await bench.read(memory.name, word * memory.n_limbs + 1, 3) == words[1:4], memory.name
        await bench.write_register("SPI_EN_CONF", 0)


@cocotb.test(**LIMIT)
async def test_transfers_need_spi_en_conf(dut: Any) -> None:
    """A write without SPI_EN_CONF does nothing."""
    async with Bench(dut, SMALL) as bench:
        old_word = bench.word("wout", 5)
        await bench.write("wout", 5 * 4, [~old_word & 0xFFFFFFFF])
        assert bench.word("wout", 5) == old_word


@cocotb.test(**LIMIT)
async def test_the_network_stands_still_in_state_config(dut: Any) -> None:
    """SPI_RDY rises after the timestep, and falls when the network runs again; until then memories are accessed."""
    async with Bench(dut, SMALL) as bench:
        await bench.begin()
        await bench.events(4)
        await bench.timestep()
        await bench.write_register("SPI_EN_CONF", 1)
        assert bench.pins["SPI_RDY"].value == 0
        await bench.tick()
        await bench.clock.cycles(60)
        assert bench.pins["SPI_RDY"].value == 1
        assert await bench.read("winp", 4, 2) == [int(limb) for limb in bench.contents["winp"][1, :2]]
        await bench.write("neurons", 2, [77 << 4])
        assert await bench.read_output_neuron(1) == int(bench.model.registers[0].oneur_u[1])
        await bench.write_register("SPI_EN_CONF", 0)
        await bench.ready()
        assert bench.pins["SPI_RDY"].value == 0
        await bench.end()


@cocotb.test(**LIMIT)
async def test_every_register_takes_any_content(dut: Any) -> None:
    """Registers get random contents during a sample, and then have them. SPI_CYCLES_PER_TICK is not written."""
    async with Bench(dut, SMALL) as bench:
        await bench.begin()
        for i in bench.rng.permutation(len(CHIP.registers)):
            register = CHIP.registers[i]
            if register.name != "SPI_CYCLES_PER_TICK":
                content = int(bench.rng.integers(1 << register.width))
                await bench.write_register(register.name, content)
                if bench.session.check:
                    assert _configuration(bench)[register.name][0] == content, register.name
            if i % 8 == 0:
                await bench.event(int(bench.rng.integers(6)))
                await bench.tick()
        await bench.clock.cycles(500)


@cocotb.test(**LIMIT)
async def test_a_register_acts_when_it_has_been_written(dut: Any) -> None:
    """Pins show when a register acts: MISO requests a target, and TIMING_ERROR_RDY and SPI_RDY change."""
    async with Bench(dut, SMALL, {"SPI_SINGLE_LABEL": 0}) as bench:
        miso, ready, frozen = (bench.pins[name] for name in ("MISO", "TIMING_ERROR_RDY", "SPI_RDY"))
        for mode in (1, 0):
            await bench.write_register("SPI_TIMING_MODE", mode)
            assert ready.value == 1 - mode  # The pin says "no error" in one mode and "ready" in the other.
        await bench.begin(TARGET_VALID=1)
        await bench.timestep()
        await bench.tick()
        await bench.clock.cycles(60)  # The chip is in state GET_TAR now.
        for level in (0, 1, 0):
            await bench.write_register("SPI_GET_TAR_REQ_OUT", level)
            assert miso.value == level
        await bench.target(1)
        await bench.ready()
        await bench.write_register("SPI_EN_CONF", 1)
        await bench.tick()
        await bench.clock.cycles(60)
        assert frozen.value == 1
        await bench.write_register("SPI_EN_CONF", 0)
        assert frozen.value == 0
        bench.set(TARGET_VALID=0)
        await bench.reset()


@cocotb.test(**LIMIT)
async def test_spikes_and_dirty_bits_can_be_written(dut: Any) -> None:
    """A write with the flags' address bit makes a neuron spike in the next timestep."""
    async with Bench(dut, SMALL) as bench:
        await bench.begin()
        await bench.timestep()
        await bench.write_register("SPI_EN_CONF", 1)
        await bench.tick()
        await bench.clock.cycles(60)
        await bench.write("neurons", PORT.place_of_flags(4), [PORT.flags(neur_z=1, neur_dirty=1)])
        await bench.write_register("SPI_EN_CONF", 0)
        await bench.ready()
        bench.lockstep.compare()
        assert bench.model.registers[0].oneur_u.any(), "the spike did not reach the output neurons"
        await bench.end()


@cocotb.test(**LIMIT)
async def test_headers_that_write_nothing_change_nothing(dut: Any) -> None:
    """Headers that read, or that write to nothing, come with one or two words of any data."""
    async with Bench(dut, SMALL) as bench:
        await bench.write_register("SPI_EN_CONF", 1)
        old_configuration = _configuration(bench)
        for _ in range(bench.length(30)):
            addr, n = int(bench.rng.integers(1 << 16)), int(bench.rng.integers(1, 3))
            code = int(bench.rng.integers(8))
            header = PORT.header(code, addr, n, read=int(code < 6))
            await bench.transfer(header, [int(w) for w in bench.rng.integers(1 << 32, size=n)])
        assert _configuration(bench) == old_configuration
        assert not any(bench.n_changed(memory.name) for memory in CHIP.memories)


@cocotb.test(**LIMIT)
async def test_odd_headers(dut: Any) -> None:
    """A header without data fields is followed by the next header; the request of a header that reads stays 1."""
    async with Bench(dut, SMALL) as bench:
        await bench.write_register("SPI_EN_CONF", 1)
        for read, kappa in ((0, 0x55), (0, 0x7F), (1, 0x2A)):
            empty = PORT.header(SpiCode.NEUR, addr=3, n=0, read=read)
            await bench.transfer(empty, [PORT.at_register("SPI_KAPPA"), kappa])
            if bench.session.check:
                assert _configuration(bench)["SPI_KAPPA"] == [kappa]
                assert bool(bench.model.registers[0].read) == bool(read)
        await bench.reset()


def _configuration(bench: Bench) -> dict[str, list[int]]:
    """Return name -> the contents of a register, of the model, which first runs all clocks up to now."""
    if bench.session.check:
        bench.lockstep.compare()
    return {r.name: np.ravel(bench.model.registers[0][r.name.lower()]).tolist() for r in CHIP.registers}
