"""Gungnir's SPI slave: RST gives each register of learning that has a reset value this value, and keeps the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from amaranth import ClockDomain, Module
from amaranth.sim import Simulator

from draupnir.emulator.gungnir.layout import LEARNING_REGISTERS
from draupnir.emulator.odin.layout import SPI_BITS
from draupnir.rtl.gungnir import spi

HALF_SCK = 1e-8


def after_writes_and_reset() -> dict[str, int]:
    """The registers of learning after all of their bits were written with 1, and then RST came."""
    slave, m = spi.SpiSlave(), Module()
    edges = {"sck_fall": "neg", "sck_reset": "pos"}
    domains = [ClockDomain(name, clk_edge=edge, async_reset=True) for name, edge in edges.items()]
    sck = ClockDomain("sck", reset_less=True)
    for domain in domains:
        domain.clk = sck.clk
    m.submodules.slave = slave
    m.domains += [sck, *domains]
    registers: dict[str, int] = {}

    async def bench(ctx: Any) -> None:
        for register in LEARNING_REGISTERS:
            frame = register.addr << SPI_BITS | register.high
            for i in reversed(range(2 * SPI_BITS)):
                ctx.set(slave.mosi, frame >> i & 1)
                for level in (1, 0):
                    ctx.set(sck.clk, level)
                    await ctx.delay(HALF_SCK)
            assert ctx.get(slave.learning)[register.name.lower()] == register.high
        for level in (1, 0):
            for domain in domains:
                ctx.set(domain.rst, level)
            await ctx.delay(HALF_SCK)
        registers.update({r.name.lower(): ctx.get(slave.learning)[r.name.lower()] for r in LEARNING_REGISTERS})

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return registers


@pytest.mark.parametrize("resets", [{}, {"SPI_LEARN_SHIFT": 0}, {"SPI_TRACE_INCR": 5, "SPI_PSEUDO_SHIFT": 0}])
def test_a_reset_value_in_the_declaration_is_one_in_the_rtl(
    resets: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registers are those of the declaration, some of them with reset values such as another learning rule has."""
    registers = tuple(replace(r, reset=resets.get(r.name, r.reset)) for r in LEARNING_REGISTERS)
    monkeypatch.setattr(spi, "LEARNING_REGISTERS", registers)
    expected = {r.name.lower(): r.high if r.reset is None else r.reset for r in registers}
    assert after_writes_and_reset() == expected
