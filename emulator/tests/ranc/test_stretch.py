"""RANC's stretches, in which cores sleep: the same pins, registers and memories as edge by edge."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.changes import Changes, changes_of
from draupnir.emulator.ranc import chip as ranc_chip
from draupnir.emulator.ranc.planes import planes_of
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.state import diff
from draupnir.emulator.tests.pokes import poke, rows
from draupnir.emulator.tests.ranc.random_grids import GRIDS, digest, pair, traffic
from draupnir.emulator.trace import pack

ROOT = Path(__file__).resolve().parents[3]


def compare(first: Any, second: Any, inputs: Changes) -> int:
    """Compare both models under these inputs. Return the number of changes of the output pins."""
    changes, expected = first.drive_changes(inputs), second.drive_changes(inputs)
    assert changes.rows.tolist() == expected.rows.tolist()
    assert changes.levels.tolist() == expected.levels.tolist()
    assert diff(second.snapshot(), first.snapshot()) == []
    return len(changes.rows)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sizes", GRIDS)
def test_stretches_equal_edges(sizes: dict[str, int], seed: int) -> None:
    """Now and then more is quiet; the second run goes on from wherever the first one ends."""
    first, second, rng = pair(sizes, seed)
    n_changes = [compare(first, second, changes_of(traffic(first, rng, every))) for every in (6, 250)]
    assert sum(n_changes) > 100


@pytest.mark.parametrize("seed", range(8))
def test_after_a_poke_stretches_equal_edges(seed: int) -> None:
    """Registers and memories have any contents that are declared, also such that the chip itself never has."""
    first, second, rng = pair(GRIDS[seed % len(GRIDS)], seed)
    for _ in range(4):
        poke(first, rng, 0.3)
        second.restore(first.snapshot())
        compare(first, second, changes_of(traffic(first, rng, 60)))
        inputs, _ = rows(first, rng, 800, 10)
        compare(first, second, changes_of(inputs))


def test_a_run_in_pieces_is_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, rng = pair(GRIDS[0], 9)
    monkeypatch.setattr(ranc_chip, "N_CHANGES", 7)
    assert compare(first, second, changes_of(traffic(first, rng, 20))) > 30 * 7


def test_a_core_is_at_any_clock_where_its_edges_bring_it() -> None:
    """A run ends in each clock of two neurons once; then the registers are those of the axon at that clock."""
    first, second, _ = pair(grid(2, 1, (1, 0), n_axons=5, n_neurons=3), 2)
    tick, rest = (pack(first.chip.input_word, {"tick": level, "input_buffer_empty": 1}) for level in (1, 0))
    start = first.snapshot()
    for n in range(1, 3 * (5 + 2) + 8):
        first.restore(start)
        second.restore(start)
        compare(first, second, Changes(np.array([0, 2]), np.array([tick, rest]), 2 * n + 2))


def test_a_grid_at_rest_runs_any_number_of_clocks_at_once() -> None:
    model, n_clocks = chips.model("ranc", GRIDS[0])(), 10**15
    rest = pack(model.chip.input_word, {"input_buffer_empty": 1})
    changes = model.drive_changes(Changes(np.zeros(1, np.int64), np.array([rest]), 2 * n_clocks))
    assert model.registers[0].cycle == 2 * n_clocks
    assert changes.levels[:, 0].tolist() == [0]


def test_a_wrong_sum_of_a_sleeping_core_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison of this file finds weights that are wrong by one in the planes of one core."""
    first, second, rng = pair(GRIDS[0], 1)
    inputs = changes_of(traffic(first, rng, 60))
    right = planes_of

    def wrong(*arguments: Any) -> Any:
        planes = right(*arguments)
        planes.weights[0] += 1
        return planes

    monkeypatch.setattr(ranc_chip, "planes_of", wrong)
    with pytest.raises(AssertionError):
        compare(first, second, inputs)


def test_stretches_give_the_same_bits_interpreted() -> None:
    """Interpreted, NumPy checks every index, and an overflow is an error."""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::RuntimeWarning"}
    command = [sys.executable, "-m", "draupnir.emulator.tests.ranc.random_grids"]
    process = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == digest()
    assert digest(299) != digest()
