import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import clocks
from draupnir.rtl.fpga.clocks import ClockPlan


def test_the_oscillator_itself_needs_no_pll() -> None:
    assert clocks.plan("ecp5", 25e6, 25e6) == ClockPlan(25e6)
    assert clocks.plan("ice40", 12e6, 12e6) == ClockPlan(12e6)
    assert clocks.plan("ice40", 12e6, 3e6) == ClockPlan(3e6, None, 2)


@pytest.mark.parametrize("mhz", [5, 10, 33.3, 40, 50, 75])
def test_an_ecp5_pll_stays_within_its_limits(mhz: float) -> None:
    plan = clocks.plan("ecp5", 25e6, mhz * 1e6)
    assert plan.pll is not None and 0.9 * mhz <= plan.freq / 1e6 <= mhz + 1e-6
    reference = 25e6 / plan.pll["CLKI_DIV"]
    assert plan.freq == pytest.approx(reference * plan.pll["CLKFB_DIV"])
    assert 400e6 <= plan.freq * plan.pll["CLKOP_DIV"] <= 800e6


@pytest.mark.parametrize("mhz", [5, 8, 15, 18, 24, 30])
def test_an_ice40_pll_stays_within_its_limits(mhz: float) -> None:
    plan = clocks.plan("ice40", 12e6, mhz * 1e6)
    assert plan.pll is not None and 0.9 * mhz <= plan.freq / 1e6 <= mhz + 1e-6
    vco = 12e6 / (plan.pll["DIVR"] + 1) * (plan.pll["DIVF"] + 1)
    assert 533e6 <= vco <= 1066e6
    assert plan.freq == pytest.approx(vco / (1 << plan.pll["DIVQ"]) / (1 << plan.halvings))


def test_nothing_is_halved_that_a_pll_makes_by_itself() -> None:
    assert clocks.plan("ice40", 12e6, 18e6).halvings == 0


def test_a_frequency_that_no_pll_makes_is_refused() -> None:
    with pytest.raises(InputError, match=r"--freq 0\.2: no PLL setting makes it from 25 MHz"):
        clocks.plan("ecp5", 25e6, 0.2e6)
