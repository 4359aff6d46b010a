from collections.abc import Awaitable, Callable
from typing import Any

from amaranth import ClockDomain, Module
from amaranth.sim import Simulator

from draupnir.emulator.codec import encode
from draupnir.emulator.reckon.layout import CHIP, REGISTERS, SPI_BITS, SPI_HEADER, SpiCode
from draupnir.rtl.reckon.spi import SpiSlave

HALF_SCK = 1e-8


class Master:
    """A master that drives SCK, RST and MOSI."""

    def __init__(self, ctx: Any, slave: SpiSlave, sck: ClockDomain, sck_fall: ClockDomain) -> None:
        self.ctx, self.slave, self._domains = ctx, slave, (sck, sck_fall)

    async def field(self, word: int) -> int:
        answer = 0
        for bit in format(word, f"0{SPI_BITS}b"):
            self.ctx.set(self.slave.mosi, int(bit))
            await self.ctx.delay(HALF_SCK)
            answer = answer << 1 | self.ctx.get(self.slave.miso)
            for level in (1, 0):
                self.ctx.set(self._domains[0].clk, level)
                await self.ctx.delay(HALF_SCK)
        return answer

    async def send(self, code: SpiCode, addr: int, *words: int) -> None:
        await self.field(encode(SPI_HEADER, addr=addr, num_write=len(words), code=code))
        for word in words:
            await self.field(word)

    async def reset(self) -> None:
        for level in (1, 0):
            for domain in self._domains:
                self.ctx.set(domain.rst, level)
            await self.ctx.delay(HALF_SCK)

    def config(self, name: str) -> int:
        content: int = self.ctx.get(getattr(self.slave.config, name.lower()))
        return content


def _run(bench: Callable[[Master], Awaitable[None]]) -> None:
    slave, m = SpiSlave(), Module()
    sck = ClockDomain("sck", async_reset=True)
    sck_fall = ClockDomain("sck_fall", clk_edge="neg", async_reset=True)
    sck_fall.clk = sck.clk
    m.submodules.slave = slave
    m.domains += [sck, sck_fall]

    async def with_master(ctx: Any) -> None:
        master = Master(ctx, slave, sck, sck_fall)
        await master.reset()
        await bench(master)

    simulator = Simulator(m)
    simulator.add_testbench(with_master)
    simulator.run()


def test_every_register_takes_its_declared_bits_and_a_reset_only_touches_those_that_have_one() -> None:
    async def bench(master: Master) -> None:
        contents: dict[str, int] = {}
        for r in REGISTERS:
            for i in range(r.n_addrs):
                word = 0xA5C3_5A3C ^ 0x0101_0101 * (r.addr + i)
                await master.send(SpiCode.CONFIG, r.addr + i, word)
                contents[r.name] = contents.get(r.name, 0) | (word & (1 << r.width) - 1) << r.width * i
        assert {r.name: master.config(r.name) for r in REGISTERS} == contents
        await master.reset()
        reset_contents = {r.name: contents[r.name] if r.reset is None else r.reset for r in REGISTERS}
        assert {r.name: master.config(r.name) for r in REGISTERS} == reset_contents

    _run(bench)


def test_all_words_of_a_transaction_go_to_one_register() -> None:
    async def bench(master: Master) -> None:
        kappa = CHIP.register("SPI_KAPPA")
        await master.send(SpiCode.CONFIG, kappa.addr, 1, 2, 3)
        assert master.config("SPI_KAPPA") == 3
        assert master.config("SPI_THR_H_0") == 0

    _run(bench)


def test_a_write_to_a_memory_asks_for_each_word_at_its_own_address() -> None:
    async def bench(master: Master) -> None:
        access = master.slave.access
        await master.field(encode(SPI_HEADER, addr=0x1FF, num_write=2, code=SpiCode.WREC))
        for n, word in enumerate((0xDEADBEEF, 0x12345678)):
            await master.field(word)
            assert master.ctx.get(access.prog)["wrec"] == 1
            assert master.ctx.get(access.addr) == 0x1FF + n
            assert master.ctx.get(access.payload) == word
        await master.field(0)
        assert master.ctx.get(access.prog.as_value()) == 0

    _run(bench)


def test_a_seed_is_a_register_whose_write_is_a_request_too() -> None:
    async def bench(master: Master) -> None:
        await master.send(SpiCode.CONFIG, CHIP.register("SPI_SEED_STRND_TREC").addr, 77)
        prog = master.ctx.get(master.slave.access.prog)
        assert prog["seed_strnd_trec"] == 1 and master.ctx.get(prog.as_value()).bit_count() == 1
        assert master.config("SPI_SEED_STRND_TREC") == 77

    _run(bench)


def test_words_that_are_read_go_out_as_they_are_when_their_field_begins() -> None:
    async def bench(master: Master) -> None:
        slave = master.slave
        await master.field(encode(SPI_HEADER, addr=40, num_write=2, code=SpiCode.WOUT, read=1))
        for n, word in enumerate((0x8000_0001, 0x7654_3210)):
            assert master.ctx.get(slave.access.read)["wout"] == 1
            assert master.ctx.get(slave.access.addr) == 40 + n
            master.ctx.set(slave.srnn_readback, word)
            assert await master.field(0) == word
        assert master.ctx.get(slave.access.read.as_value()) == 0

    _run(bench)
