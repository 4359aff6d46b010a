"""RANC's cases have the sizes of their recipes, and a recording of a plain Verilator holds with ``late_full``."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.golden import case, recipes, regress
from draupnir.golden.compare.device import ModelDevice

CHIP = chips.declaration("ranc")
LATE = Path(__file__).resolve().parents[1] / "ranc_late_full" / "congested"


@pytest.mark.parametrize("one", case.of_chip("ranc"), ids=lambda one: one.name)
def test_a_case_has_the_sizes_of_its_recipe(one: case.Case) -> None:
    assert one.parameters == chips.declaration("ranc", recipes.sizes_of(CHIP, one.name)).sizes


def test_a_recipe_without_sizes_has_the_defaults() -> None:
    assert recipes.sizes_of(chips.declaration("odin"), "lif_events") == {}


@pytest.mark.parametrize("late_full", [0, 1])
def test_a_plain_verilator_lets_a_core_see_at_once_that_a_buffer_is_read(late_full: int) -> None:
    one = case.load(LATE)
    chip = chips.declaration("ranc", {**one.parameters, "late_full": late_full})
    (outcome,) = regress.regress(ModelDevice(chip), chip, [one])
    assert outcome.holds == bool(late_full)
    assert outcome.n_mismatches == (0 if late_full else 2115)
