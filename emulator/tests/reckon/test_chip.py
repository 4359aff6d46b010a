"""The chip as a whole: clocks and stretches, snapshots, resets, and its descriptions in words."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.reckon.chip import WIRES, Model
from draupnir.emulator.reckon.layout import CHIP, State
from draupnir.emulator.reckon.lfsrs import LFSRS
from draupnir.emulator.tests.reckon.naive import sequence
from draupnir.emulator.tests.reckon.stimulus import digest, model, rows
from draupnir.emulator.trace import pack

ROOT = Path(__file__).resolve().parents[3]
SEEDS = range(8)
LONG = [x for x in LFSRS if x.words]


@pytest.mark.parametrize("seed", SEEDS)
def test_stretches_are_the_same_as_clocks(seed: int) -> None:
    inputs, clk = rows(seed, 8000)
    at_once, one_by_one = model(seed), model(seed)
    one_by_one.stretch = False
    assert at_once.drive(inputs, clk).tolist() == one_by_one.drive(inputs, clk).tolist()
    differences = state.diff(at_once.snapshot(), one_by_one.snapshot())
    wires = [reg.name for reg in WIRES]  # The model computes them when it needs them.
    assert [line for line in differences if line.split("[")[0] not in wires] == []
    assert state.out_of_range(CHIP, at_once.registers) == []


def test_the_stimulus_visits_all_states() -> None:
    states = set()
    for seed in SEEDS:
        chip = model(seed)
        inputs, clk = rows(seed, 8000)
        for i in range(0, len(inputs), 7):
            chip.drive(inputs[i : i + 7], clk[i : i + 7])
            states.add(State(int(chip.registers[0].state)))
            assert chip.context()
    assert states >= set(State) - {State.CONFIG, State.SDONE}


@pytest.mark.parametrize("n", [0, 1, 777, 3001, 5555])
def test_a_snapshot_at_any_moment_has_the_same_future(n: int) -> None:
    inputs, clk = rows(5, 7000)
    first, second = model(5), Model(seed=9)
    first.drive(inputs[:n], clk[:n])
    second.restore(first.snapshot())
    assert np.array_equal(first.drive(inputs[n:], clk[n:]), second.drive(inputs[n:], clk[n:]))
    assert state.diff(first.snapshot(), second.snapshot()) == []


@pytest.mark.parametrize("n", [0, 40, 1111, 3000])
def test_a_reset_at_any_moment_puts_every_register_to_its_reset_value(n: int) -> None:
    chip = model(3)
    inputs, clk = rows(3, 3000)
    chip.drive(inputs[:n], clk[:n])
    chip.drive(np.full(4, pack(CHIP.input_word, {"RST": 1})), np.ones(4, np.uint8))
    long = {x.name for x in LONG}
    for reg in state.registers(CHIP):
        if reg.reset is not None and reg.name not in long:
            assert (np.atleast_1d(chip.registers[0][reg.name]) == reg.reset).all(), reg.name


@pytest.mark.parametrize("x", LONG, ids=lambda x: x.name)
def test_random_numbers_begin_with_their_reset_value(x) -> None:  # type: ignore[no-untyped-def]
    chip = Model()
    chip.reset()
    words = chip.registers[0][x.name]
    output = int(words[0]) ^ int(words[x.width - x.lag])
    assert output == sum(bit << i for i, bit in enumerate(islice(sequence(x, x.reset), 32)))


def test_activity_names_the_state_that_a_clock_enters() -> None:
    chip = model(1)
    chip.registers[0].sample_sync = chip.registers[0].time_tick_sync = 1
    chip.step(pack(CHIP.input_word, {"SAMPLE": 1}))
    assert "PROP" in (chip.activity() or "")
    chip.step(pack(CHIP.input_word, {"SAMPLE": 1}))
    assert chip.activity() is None


def test_the_model_gives_the_same_bits_interpreted() -> None:
    """Interpreted, NumPy checks every index."""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    env["PYTHONWARNINGS"] = "error::RuntimeWarning"  # An overflow, with which NumPy would go on, is then an error.
    command = [sys.executable, "-m", "draupnir.emulator.tests.reckon.stimulus"]
    process = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == digest()


def test_another_stimulus_gives_another_digest() -> None:
    assert digest(699) != digest()
