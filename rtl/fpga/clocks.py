"""The chip's clock on a board: the oscillator itself, or a PLL's output, halved by flip-flops if it is too fast.

Source: Lattice FPGA-TN-02200 (ECP5 sysCLOCK PLL), FPGA-TN-02052 (iCE40 sysCLOCK PLL).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from amaranth import ClockDomain, ClockSignal, Const, Instance, Module, Signal
from amaranth.hdl import Elaboratable
from amaranth.lib import io

from draupnir.emulator.errors import InputError

_ECP5_VCO = (400e6, 800e6)
_ECP5_PFD = (3.125e6, 400e6)
_ICE40_VCO = (533e6, 1066e6)
_ICE40_PFD = (10e6, 133e6)
_ICE40_OUT = (16e6, 275e6)
# The highest frequency of the phase detector for each filter range, in Hz. Source: FPGA-TN-02052; icepll.
_ICE40_FILTERS = ((17e6, 1), (26e6, 2), (44e6, 3), (66e6, 4), (101e6, 5), (133e6, 6))
_MOST_HALVINGS = 4


@dataclass(frozen=True)
class ClockPlan:
    """A plan of how a frequency is made.

    freq : the frequency of the clock in Hz
    pll : parameters of the family's PLL primitive; None without a PLL
    halvings : how many times flip-flops halve the frequency of the PLL, or of the oscillator without a PLL
    """

    freq: float
    pll: dict[str, int] | None = None
    halvings: int = 0

    def __str__(self) -> str:
        way = (
            "the board's oscillator" if self.pll is None else "PLL " + " ".join(f"{k}={v}" for k, v in self.pll.items())
        )
        return way + (f", divided by {1 << self.halvings}" if self.halvings else "")


def plan(family: str, oscillator: float, freq: float) -> ClockPlan:
    """Return the plan with the highest frequency that is not above ``freq``.

    family : "ecp5" or "ice40", whose PLLs we know; for any other family, the frequency is only halved
    oscillator, freq : frequencies in Hz

    Raises InputError if no plan gives at least 90 % of ``freq``.
    """
    if freq == oscillator:
        return ClockPlan(oscillator)
    if family == "ecp5":
        candidates = _ecp5(oscillator)
    elif family == "ice40":
        candidates = _ice40(oscillator)
    else:
        candidates = _halved(oscillator)
    below = [each for each in candidates if each.freq <= freq * (1 + 1e-9)]
    best = max(below, key=lambda each: (each.freq, each.pll is None, -each.halvings), default=None)
    if best is None or best.freq < 0.9 * freq:
        raise InputError(f"--freq {freq / 1e6:g}: no PLL setting makes it from {oscillator / 1e6:g} MHz")
    return best


def _ecp5(oscillator: float) -> Iterator[ClockPlan]:
    for ref in range(1, 129):
        if not _ECP5_PFD[0] <= oscillator / ref <= _ECP5_PFD[1]:
            continue
        for feedback in range(1, 81):
            freq = oscillator / ref * feedback
            for out in range(1, 129):
                if _ECP5_VCO[0] <= freq * out <= _ECP5_VCO[1]:
                    yield ClockPlan(freq, {"CLKI_DIV": ref, "CLKFB_DIV": feedback, "CLKOP_DIV": out})
                    break


def _halved(oscillator: float) -> Iterator[ClockPlan]:
    for halvings in range(_MOST_HALVINGS + 1):
        yield ClockPlan(oscillator / (1 << halvings), None, halvings)


def _ice40(oscillator: float) -> Iterator[ClockPlan]:
    yield from _halved(oscillator)
    for divr in range(16):
        pfd = oscillator / (divr + 1)
        if not _ICE40_PFD[0] <= pfd <= _ICE40_PFD[1]:
            continue
        filter_range = next(number for highest, number in _ICE40_FILTERS if pfd <= highest)
        for divf in range(128):
            for divq in range(1, 7):
                vco, out = pfd * (divf + 1), pfd * (divf + 1) / (1 << divq)
                if not (_ICE40_VCO[0] <= vco <= _ICE40_VCO[1] and _ICE40_OUT[0] <= out <= _ICE40_OUT[1]):
                    continue
                settings = {"DIVR": divr, "DIVF": divf, "DIVQ": divq, "FILTER_RANGE": filter_range}
                for halvings in range(_MOST_HALVINGS + 1):
                    yield ClockPlan(out / (1 << halvings), settings, halvings)


class ClockSource(Elaboratable):
    """The source of the chip's clock.

    port : the oscillator's pin
    clk : the clock; locked : 1 when the PLL has locked, and the clock is stable
    """

    def __init__(self, family: str, oscillator: float, clock_plan: ClockPlan, port: Any) -> None:
        self._family, self._oscillator, self._plan, self._port = family, oscillator, clock_plan, port
        self.clk = Signal()
        self.locked = Signal(init=1)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        clk = Signal()
        if self._plan.pll is not None and self._family == "ice40":
            m.submodules.pll = self._ice40_pll(clk)
        else:
            m.submodules.buffer = buffer = io.Buffer("i", self._port)
            if self._plan.pll is not None:
                m.submodules.pll = self._ecp5_pll(buffer.i, clk)
            else:
                m.d.comb += [clk.eq(buffer.i), self.locked.eq(1)]
        for nth in range(self._plan.halvings):
            domain = f"halving_{nth}"
            half = Signal(name=domain)
            m.domains += ClockDomain(domain, reset_less=True, local=True)
            m.d.comb += ClockSignal(domain).eq(clk)
            m.d[domain] += half.eq(~half)
            clk = half
        m.d.comb += self.clk.eq(clk)
        return m

    def _ecp5_pll(self, oscillator: Any, clk: Signal) -> Instance:
        settings = self._plan.pll or {}
        fixed = {f"p_OUTDIVIDER_MUX{x}": f"DIV{x}" for x in "ABCD"}
        off = ("PLLRST_ENA", "INTFB_WAKE", "STDBY_ENABLE", "DPHASE_SOURCE")
        zero = ("RST", "STDBY", "PHASESEL0", "PHASESEL1", "PLLWAKESYNC", "ENCLKOP")
        one = ("PHASEDIR", "PHASESTEP", "PHASELOADREG")
        return Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=f"{self._oscillator / 1e6:g}",
            a_FREQUENCY_PIN_CLKOP=f"{self._plan.freq / 1e6:g}",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_CPHASE=settings["CLKOP_DIV"] - 1,
            p_CLKOP_FPHASE=0,
            p_FEEDBK_PATH="CLKOP",
            i_CLKI=oscillator,
            i_CLKFB=clk,
            o_CLKOP=clk,
            o_LOCK=self.locked,
            **{f"p_{name}": "DISABLED" for name in off},
            **fixed,
            **{f"p_{name}": number for name, number in settings.items()},
            **{f"i_{name}": Const(0) for name in zero},
            **{f"i_{name}": Const(1) for name in one},
        )

    def _ice40_pll(self, clk: Signal) -> Instance:
        # The PLL stands at the pin: the UP5K's only PLL replaces the pad of the pin that boards use for an oscillator.
        return Instance(
            "SB_PLL40_PAD",
            p_FEEDBACK_PATH="SIMPLE",
            i_PACKAGEPIN=self._port.io,
            i_RESETB=Const(1),
            i_BYPASS=Const(0),
            o_PLLOUTGLOBAL=clk,
            o_LOCK=self.locked,
            **{f"p_{name}": Const(number, _ICE40_WIDTHS[name]) for name, number in (self._plan.pll or {}).items()},
        )


_ICE40_WIDTHS = {"DIVR": 4, "DIVF": 7, "DIVQ": 3, "FILTER_RANGE": 3}
