import re
from typing import Any

from amaranth import ClockDomain, Module
from amaranth.back import verilog
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.lib.power_up import reset_signal
from draupnir.rtl.tests.simulate import run_clocked


class Register(wiring.Component):
    """A register with a reset, and one that is reset to 0."""

    i: In(4)
    o: Out(4)
    zero: Out(4)

    def __init__(self, own_domain: bool) -> None:
        super().__init__()
        self._own_domain = own_domain

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self._own_domain:
            m.domains += ClockDomain("sync", async_reset=True)
        register, zero = reset_signal(4, 9, "register"), reset_signal(4, 0, "cleared")
        m.d.sync += [register.eq(self.i), zero.eq(self.i)]
        m.d.comb += [self.o.eq(register), self.zero.eq(zero)]
        return m


def test_a_reset_sets_it() -> None:
    dut = Register(own_domain=False)

    async def bench(ctx: Any) -> None:
        assert ctx.get(dut.o) == 9

    run_clocked(dut, bench)


def test_in_verilog_nothing_sets_it_before() -> None:
    dut = Register(own_domain=True)
    text = verilog.convert(dut, emit_src=False)
    starts = re.findall(r"reg \[3:0\] (\w+) = 4'h(\w);", text)
    assert sorted(starts) == [("o", "x"), ("zero", "0")]
