"""An RTL of the grid in Amaranth, for any sizes, as a chip with sizes offers it."""

from __future__ import annotations

from amaranth import ClockDomain, ClockSignal, Module, Mux, ResetSignal, Signal
from amaranth.hdl import Elaboratable
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.design import OurChip
from draupnir.rtl.tests import grid


class Core(Elaboratable):
    """A core with a memory. With ``write`` it adds ``amount`` to the word at ``addr``; ``word`` is the old word."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self.addr, self.amount = Signal(range(depth)), Signal(8)
        self.write, self.word, self.odd = Signal(), Signal(grid.BITS, reset_less=True), Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.mem = mem = memory.Memory(shape=grid.BITS, depth=self._depth, init=[])
        read, write = mem.read_port(domain="comb"), mem.write_port()
        m.d.comb += [read.addr.eq(self.addr), write.addr.eq(self.addr), write.en.eq(self.write)]
        m.d.comb += write.data.eq(read.data + self.amount)
        m.d.sync += self.word.eq(read.data)
        with m.If(self.write):
            m.d.sync += self.odd.eq(self.odd ^ self.amount[0])
        return m


class Grid(wiring.Component):
    """The grid's pins, and ``NX`` by ``NY`` cores."""

    def __init__(self, NX: int = 2, NY: int = 2, DEPTH: int = 8) -> None:
        declaration = grid.declare(NX=NX, NY=NY, DEPTH=DEPTH)
        self._cores = [Core(DEPTH) for _ in range(NX * NY)]
        super().__init__({pin.name: (In if pin.direction == "in" else Out)(pin.width) for pin in declaration.pins})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pins = {name: getattr(self, name) for name in self.signature.members}
        m.domains.sync = ClockDomain()
        m.d.comb += [ClockSignal().eq(pins["CLK"]), ResetSignal().eq(pins["RST"])]
        words = [core.word for core in self._cores]
        for i, core in enumerate(self._cores):
            m.submodules[f"core_{i}"] = core
            m.d.comb += [core.addr.eq(pins["ADDR"]), core.amount.eq(pins["REQUEST"][:8])]
            m.d.comb += core.write.eq(pins["REQUEST"][8] & (pins["CORE"] == i))
            m.d.comb += pins["ODD"][i].eq(core.odd)
        output = words[0]
        for i, word in enumerate(words):
            output = Mux(pins["CORE"] == i, word, output)
        m.d.comb += pins["WORD"].eq(output)
        return m


def paths(NX: int = 2, NY: int = 2, DEPTH: int = 8) -> dict[str, str]:
    """Each copy of the memory -> the path of its array."""
    return {f"sums[{i}]": f"core_{i}.mem" for i in range(NX * NY)}


RTL = OurChip(declaration=grid.declare(), top="grid", make=Grid, memories=paths)
