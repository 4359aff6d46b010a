"""The switch for stretches does not change results; without stretches, every clock runs by itself."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, DeclarationError
from draupnir.emulator.kernel.jit import kernel, plain
from draupnir.emulator.odin import clock
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import closed_loop, engine
from draupnir.emulator.odin.layout import CHIP
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.drive import driver
from draupnir.emulator.tests import duo_chip, wide_chip
from draupnir.emulator.tests.pokes import WITH_EVENTS, poked, rows
from draupnir.emulator.tests.test_after_pokes import differences

SHARES = (0.0, 0.1)  # the share of registers and words that are changed before
PAUSES = (30, 400)  # clocks between two changes of a pin
N_CLOCKS = 3000


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("chip", WITH_EVENTS)
def test_stretches_equal_clocks(chip: str, seed: int) -> None:
    stretched, by_clock, rng = poked(chip, seed, SHARES[seed % 2])
    by_clock.stretch = False
    inputs, clk = rows(stretched, rng, N_CLOCKS, PAUSES[seed // 2 % 2])
    assert stretched.drive(inputs, clk).tolist() == by_clock.drive(inputs, clk).tolist()
    assert differences(stretched.snapshot(), by_clock.snapshot(), chip) == []


@kernel
def _nothing(r: np.record) -> None:
    """Prepare nothing."""


@kernel
def _always(r: np.record) -> bool:
    return True


@kernel
def _wrong(r: np.record, neurons: np.ndarray, synapses: np.ndarray, clocks: int) -> int:
    """Do a wrong stretch, which any test would notice."""
    r.cycle += 1_000_000
    return 1


def test_without_stretches_none_is_asked_for() -> None:
    """A wrong stretch shows if stretches are on, and does not show if they are off."""
    wrong = ModuleType("wrong")
    vars(wrong).update(__file__=__file__, begin=_nothing, end=_nothing, can_stretch=_always, stretch=_wrong)
    drive: Any = plain(driver(CHIP, clock, wrong))
    for stretching, n_cycles in ((True, 3_000_000), (False, 3)):
        model = Model()
        drive(np.zeros(3, np.int64), np.ones(3, np.uint8), np.zeros(3, np.int64), stretching, *model.kernel_state())
        assert model.registers[0].cycle == n_cycles


@pytest.mark.parametrize(
    ("chip", "message"),
    [
        (duo_chip.CHIP, "this loop has one clock, of which the chip uses the rise; there are "),
        (wide_chip.wide((63,)), "this loop has at most 63 bits of pins each way; there are "),
    ],
)
def test_a_chip_with_more_than_one_clock_or_wide_pins_is_refused(chip: Chip, message: str) -> None:
    with pytest.raises(
        DeclarationError, match=f"{chip.name}: {message}.*; right is a model with its own loop over rows"
    ):
        driver(chip, clock, ModuleType("none"))


def test_a_model_without_stretches_takes_no_event_at_once() -> None:
    spike = next(event for event in CHIP.events if event.name == "spike")
    events = np.array([spike.encode(pre_neur=5)] * 2)
    sweeps = []
    for stretch in (True, False):
        model = Model(stretch=stretch)
        model.reset()
        model.registers[0].spi_open_loop = 1
        ran, slow = engine.run(model, events, Environment(), 10_000), Model(stretch=False)
        slow.reset()
        slow.registers[0].spi_open_loop = 1
        assert closed_loop.run(slow, events, Environment(), 10_000).n_cycles == ran.n_cycles
        sweeps.append(ran.statistics.n_sweeps)
    assert sweeps[0] > 0 and sweeps[1] == 0
