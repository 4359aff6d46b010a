from collections.abc import Awaitable, Callable
from typing import Any

from amaranth import ClockDomain, Module
from amaranth.sim import Simulator

from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import CHIP, SPI_ADDR, SPI_BITS, SPI_DATA, SpiCmd
from draupnir.rtl.odin.spi import SpiSlave

HALF_SCK = 1e-8


class Master:
    """A master that drives SCK, RST and MOSI."""

    def __init__(self, ctx: Any, slave: SpiSlave, sck: ClockDomain, sck_fall: ClockDomain) -> None:
        self.ctx, self.slave, self._sck, self._sck_fall = ctx, slave, sck, sck_fall

    async def bits(self, word: int, n: int) -> int:
        answer = 0
        for bit in format(word, f"0{n}b"):
            self.ctx.set(self.slave.mosi, int(bit))
            self.ctx.set(self._sck.clk, 1)
            await self.ctx.delay(HALF_SCK)
            answer = answer << 1 | self.ctx.get(self.slave.miso)
            self.ctx.set(self._sck.clk, 0)
            await self.ctx.delay(HALF_SCK)
        return answer

    async def frame(self, addr: int, word: int) -> int:
        await self.bits(addr, SPI_BITS)
        return await self.bits(word, SPI_BITS)

    async def reset(self) -> None:
        for level in (1, 0):
            self.ctx.set(self._sck_fall.rst, level)
            await self.ctx.delay(HALF_SCK)

    def config(self, name: str) -> int:
        return self.ctx.get(self.slave.config)[name]


def _run(bench: Callable[[Master], Awaitable[None]]) -> None:
    slave, m = SpiSlave(), Module()
    sck = ClockDomain("sck", reset_less=True)
    sck_fall = ClockDomain("sck_fall", clk_edge="neg", async_reset=True)
    sck_fall.clk = sck.clk
    m.submodules.slave = slave
    m.domains += [sck, sck_fall]

    async def with_master(ctx: Any) -> None:
        await bench(Master(ctx, slave, sck, sck_fall))

    simulator = Simulator(m)
    simulator.add_testbench(with_master)
    simulator.run()


def test_every_register_takes_its_declared_bits_and_leaves_the_others() -> None:
    async def bench(master: Master) -> None:
        expected = {r.name.lower(): 0 for r in CHIP.registers if r.n_addrs == 1}
        for register in CHIP.registers:
            if register.n_addrs == 1:
                await master.frame(register.addr, 0xFFFFF)
                expected[register.name.lower()] = (1 << register.width) - 1
                assert {name: master.config(name) for name in expected} == expected

    _run(bench)


def test_sign_of_neuron_16_k_plus_i_is_bit_i_of_its_register_k() -> None:
    async def bench(master: Master) -> None:
        base = CHIP.register("SPI_SYN_SIGN").addr
        await master.frame(base + 3, 1 << 5)
        await master.frame(base + 15, 1 << 15)
        signs = []
        for neur in range(256):
            master.ctx.set(master.slave.pre, neur)
            await master.ctx.delay(HALF_SCK)
            if master.ctx.get(master.slave.syn_sign):
                signs.append(neur)
        assert signs == [3 * 16 + 5, 255]

    _run(bench)


def test_bursts_are_on_while_timeref_is_not_0() -> None:
    async def bench(master: Master) -> None:
        addr = CHIP.register("SPI_BURST_TIMEREF").addr
        for timeref, on in ((0, 0), (1 << 19, 1), (0, 0), (1, 1)):
            await master.frame(addr, timeref)
            assert master.ctx.get(master.slave.bursts_on) == on

    _run(bench)


def test_a_write_asks_for_its_access_at_the_last_falling_edge() -> None:
    async def bench(master: Master) -> None:
        access = master.slave.access
        await master.frame(
            encode(SPI_ADDR, addr=0x1234, cmd=SpiCmd.SYNAPSES, write=1), encode(SPI_DATA, byte=0xAB, mask=0x0F)
        )
        assert master.ctx.get(access.prog_event) == 1
        assert (master.ctx.get(access.addr), master.ctx.get(access.op_code)) == (0x1234, SpiCmd.SYNAPSES)
        assert master.ctx.get(access.prog_data.as_value()) == 0x0FAB
        await master.bits(0, 1)
        assert master.ctx.get(access.prog_event) == 0

    _run(bench)


def test_a_read_asks_for_its_access_and_sends_the_byte_last() -> None:
    async def bench(master: Master) -> None:
        ctx, slave = master.ctx, master.slave
        ctx.set(slave.neur_state, 0x77_66_55_44_33_22_11_00)
        await master.bits(encode(SPI_ADDR, addr=0x0505, cmd=SpiCmd.NEURONS, read=1), SPI_BITS)
        assert ctx.get(slave.access.readback_event) == 1
        assert await master.bits(0, SPI_BITS) & 0xFF == 0x55
        assert ctx.get(slave.access.readback_event) == 0

    _run(bench)


def test_a_reset_in_mid_frame_begins_a_new_frame_and_keeps_the_registers() -> None:
    async def bench(master: Master) -> None:
        await master.frame(CHIP.register("SPI_OPEN_LOOP").addr, 1)
        await master.bits(0x3FF, 10)
        await master.reset()
        assert master.config("spi_open_loop") == 1
        await master.frame(CHIP.register("SPI_MONITOR_NEUR_ADDR").addr, 0x5C)
        assert master.config("spi_monitor_neur_addr") == 0x5C

    _run(bench)


def test_a_short_frame_shifts_the_following_ones() -> None:
    async def bench(master: Master) -> None:
        await master.bits(0, 39)
        await master.frame(CHIP.register("SPI_OPEN_LOOP").addr, 1)
        assert master.config("spi_open_loop") == 0

    _run(bench)
