"""The jobs of `draupnir fuzz`: run a recipe with a new seed, and make small what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import Observed
from draupnir.emulator.state import new_memory
from draupnir.emulator.trace import from_row, to_rows
from draupnir.golden import recipes
from draupnir.golden.compare.device import ModelDevice
from draupnir.golden.compare.memories import ALL_BITS
from draupnir.golden.record import Recording
from draupnir.rtl import devices
from draupnir.tools.fuzz.compare import FuzzStimulus, first_difference
from draupnir.tools.fuzz.shrink import shrunk
from draupnir.tools.jobs import rtl
from draupnir.tools.jobs.job import PureJob

INITIAL = {"kind": "zero", "seed": 1}


def names(chip: Chip, names_of_user: Sequence[str]) -> list[str]:
    """Return the recipes to run: those that the user names, or all in which the Verilog is defined.

    Raises InputError for a name that is none, for a chip without recipes, and if the user must name some.
    """
    for name in names_of_user:
        recipes.recipe(chip, name)
    every = recipes.require_book(chip).recipes
    some = list(names_of_user) or [name for name, recipe in every.items() if not recipe.undefined]
    if not some:
        right = " ".join(f"--recipe {name}" for name in every)
        raise InputError(
            f"{chip.name}: all recipes do what the Verilog leaves undefined; right is to name some: {right}"
        )
    return some


def jobs(
    about: Mapping[str, Any], recipe_names: Sequence[str], first_seed: int, n_clocks: int | None
) -> Iterator[PureJob]:
    """Yield jobs without an end: all recipes with the first seed, then with the next one.

    about : the RTL, of ``rtl.description``
    n_clocks : the length of each run; None for that of the recipe
    """
    for seed in count(first_seed):
        for name in recipe_names:
            arguments = {"about": dict(about), "recipe": name, "seed": seed, "n_clocks": n_clocks}
            yield PureJob(f"{about['chip']} {name}, seed {seed}", f"{__name__}:fuzz", arguments)


def shrinking(job: PureJob) -> PureJob:
    """Return the job that makes the stimulus of a job small."""
    return PureJob(f"{job.name}, made small", f"{__name__}:shrink", job.arguments)


def fuzz(about: Mapping[str, Any], recipe: str, seed: int, n_clocks: int | None) -> dict[str, Any]:
    """Run a recipe on an RTL in Verilator, and the same inputs on the golden model: a job.

    Returns the number of clocks, of rows in which inputs change, and the first difference; None for no difference.
    """
    chip = rtl.declaration(about)
    recording = _recording(about, recipe, seed, n_clocks)
    trace = recording.trace
    stimulus = FuzzStimulus(chip, trace.inputs, trace.clk, recording.memories_before)
    all_bits = {name: np.full_like(words, ALL_BITS) for name, words in recording.memories_after.items()}
    run = Observed(trace.outputs, trace.known_bits, recording.memories_after, all_bits)
    first = first_difference(stimulus, run, ModelDevice(chip).run(trace, recording.memories_before))
    return {
        "clocks": stimulus.n_clocks,
        "changes": stimulus.n_changes,
        "difference": None if first is None else first.as_object(),
    }


def shrink(about: Mapping[str, Any], recipe: str, seed: int, n_clocks: int | None) -> dict[str, Any]:
    """Run a recipe that shows a difference, and make its stimulus small: a job.

    Returns the stimulus (``restored`` takes it), and its first difference.
    """
    chip = rtl.declaration(about)
    recording = _recording(about, recipe, seed, n_clocks)
    trace = recording.trace
    stimulus = FuzzStimulus(chip, trace.inputs, trace.clk, recording.memories_before)
    small, first = shrunk(stimulus, rtl.device_of(about, "verilator", INITIAL), ModelDevice(chip))
    return {
        "inputs": [f"{from_row(chip.input_word, row):x}" for row in small.inputs],
        "clk": small.clk.tolist(),
        "memories": {name: _sparse(words) for name, words in small.memories.items()},
        "clocks": small.n_clocks,
        "changes": small.n_changes,
        "difference": first.as_object(),
    }


def restored(chip: Chip, result: Mapping[str, Any]) -> FuzzStimulus:
    """Return the stimulus of a result of ``shrink``."""
    memories = {memory.name: new_memory(memory) for memory in chip.memories}
    for name, words in result["memories"].items():
        for number, limbs in words:
            memories[name].reshape(-1, len(limbs))[number] = limbs
    inputs = to_rows(chip.input_word, [int(row, 16) for row in result["inputs"]])
    return FuzzStimulus(chip, inputs, np.array(result["clk"], np.uint8), memories)


def recording_of(stimulus: FuzzStimulus, run: Observed) -> Recording:
    """Return a stimulus with the outputs that a device has made of it."""
    return Recording(stimulus.trace(run), dict(stimulus.memories), run.memories)


def _recording(about: Mapping[str, Any], recipe: str, seed: int, n_clocks: int | None) -> Recording:
    """Record the RTL under a recipe."""
    device = rtl.device_of(about, "verilator", INITIAL)
    assert isinstance(device, devices.InVerilator)
    return recipes.record_recipe(device.stepped(), rtl.declaration(about), recipe, seed, n_clocks)


def _sparse(words: np.ndarray) -> list[tuple[int, list[int]]]:
    """Number and limbs of each word that is not 0; the words of all copies are counted together."""
    rows = words.reshape(-1, words.shape[-1])
    return [(int(number), rows[number].tolist()) for number in np.flatnonzero(rows.any(axis=1))]
