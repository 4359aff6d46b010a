"""Functions that run components in Amaranth's own simulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from amaranth import ClockDomain, Module
from amaranth.hdl import Elaboratable
from amaranth.lib import data
from amaranth.sim import Simulator

Bench = Callable[[Any], Awaitable[None]]
PERIOD = 1e-8  # s


def evaluate(component: Any, rows: Iterable[Mapping[str, Any]], read: Callable[[Any], Any]) -> list[Any]:
    """Return the answers of a combinational component, one for each row of inputs.

    rows : name -> level, with dots for bundles; read : a function that reads the answer in the simulator's context
    """
    answers = []

    async def bench(ctx: Any) -> None:
        for row in rows:
            for name, level in row.items():
                set_raw(ctx, attrgetter(name)(component), level)
            await ctx.delay(PERIOD)
            answers.append(read(ctx))

    simulator = Simulator(component)
    simulator.add_testbench(bench)
    simulator.run()
    return answers


def set_raw(ctx: Any, signal: Any, level: Any) -> None:
    """Set a signal; a signal with a layout may be set to an integer, which has all of its bits."""
    raw = isinstance(signal, data.View) and isinstance(level, int)
    ctx.set(signal.as_value() if raw else signal, level)


def run_clocked(component: Elaboratable, bench: Bench, domains: Iterable[str] = ("sync",), reset: bool = True) -> None:
    """Run ``bench`` to its end. The domains have one common clock, and by default they begin with a reset."""
    m = Module()
    m.submodules.dut = component
    clock_domains = [ClockDomain(name, async_reset=True) for name in domains]
    for domain in clock_domains:
        m.domains += domain

    async def after_reset(ctx: Any) -> None:
        if reset:
            for domain in clock_domains:
                ctx.set(domain.rst, 1)
            await ctx.delay(2 * PERIOD)
            for domain in clock_domains:
                ctx.set(domain.rst, 0)
        await bench(ctx)

    simulator = Simulator(m)
    for domain in clock_domains:
        simulator.add_clock(PERIOD, domain=domain.name)
    simulator.add_testbench(after_reset)
    simulator.run()
