"""RANC's cases have the sizes of their recipes, and a recording of a plain Verilator holds with ``late_full``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.changes import changes_of
from draupnir.emulator.trace import column
from draupnir.golden import case, hexfile, recipes, regress, wave
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


@pytest.mark.parametrize("one", case.of_chip("ranc"), ids=lambda one: one.name)
def test_a_run_by_changes_has_the_pins_and_memories_of_the_original(one: case.Case) -> None:
    """The chip then leaves out all clocks in which nothing moves."""
    model = chips.model("ranc", one.parameters)()
    for name, path in one.before.items():
        model.memories[name][:] = hexfile.read(path, model.chip.memory(name))
    trace = wave.read(one.wave, model.chip)
    edges = np.flatnonzero(trace.clk)[: 2 * (trace.n_cycles // 2)]
    assert trace.clk[edges].tolist() == [*model.chip.period] * (len(edges) // 2)
    levels = model.drive_changes(changes_of(trace.inputs[edges])).part(0, len(edges))
    for pin in model.chip.outputs:
        known_bits, original, ours = (
            column(model.chip.output_word, pin.name, rows)
            for rows in (trace.known_bits[edges], trace.outputs[edges], levels)
        )
        assert known_bits.all() and np.array_equal(original, ours), pin.name
    if len(edges) == trace.n_cycles:
        for name, path in one.after.items():
            assert np.array_equal(model.memories[name], hexfile.read(path, model.chip.memory(name))), name
