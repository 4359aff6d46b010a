"""ReckOn's clock has two halves, so the order of the blocks at an edge does not matter."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.reckon import clock
from draupnir.emulator.tests.reckon import order_stimulus

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("order", ["backwards", "1", "2"])
def test_blocks_in_another_order_give_the_same_bits(order: str) -> None:
    """Return the number of an uncompiled run with another order, in a process of its own."""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", order_stimulus.__name__, order]
    process = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == order_stimulus.digest()


def test_every_block_takes_its_edge_once() -> None:
    """The function ``edges`` consists of calls of one block each, so that all of it is shuffled."""
    tree = ast.parse(inspect.getsource(plain(clock.edges)))
    calls = [ast.unparse(line) for line in order_stimulus.body(tree)]
    assert len(calls) == len({call.partition("(")[0] for call in calls}) >= 13
    assert all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) for line in order_stimulus.body(tree))


def test_orders_differ() -> None:
    orders = [order_stimulus.shuffled([*range(13)], order) for order in ("backwards", "1", "2")]
    assert len({tuple(order) for order in [*orders, range(13)]}) == 4
    assert Random(1).random() != Random(2).random()
