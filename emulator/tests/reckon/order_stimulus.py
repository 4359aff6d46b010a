"""ReckOn with its blocks in another order, uncompiled; a number stands for all outputs and the state.

Run it as a program with an order: "backwards", or the seed of a random one.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from random import Random
from typing import TypeVar

import numpy as np

from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.reckon import clock
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import CHIP, PROG, READ
from draupnir.emulator.tests.reckon import stimulus
from draupnir.emulator.trace import pack

N_ROWS = 2000
PART = 40  # rows between two requests of the SPI
SEEDS = (1, 2, 3)
T = TypeVar("T")


def body(tree: ast.Module) -> list[ast.stmt]:
    """Return the lines of ``clock.edges`` after its docstring."""
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body[1:]


def shuffled(lines: list[T], order: str) -> list[T]:
    """Return the same lines in another order."""
    return lines[::-1] if order == "backwards" else Random(int(order)).sample(lines, len(lines))


def shuffle_edges(order: str) -> None:
    """Put the blocks of ``clock.edges`` into another order, for this process."""
    tree = ast.parse(inspect.getsource(plain(clock.edges)))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    function.body[1:] = shuffled(body(tree), order)
    exec(compile(tree, "<edges in another order>", "exec"), vars(clock))


def _request(chip: Model, rng: np.random.Generator) -> None:
    """Let the SPI request an access, in any state of the network."""
    r = chip.registers[0]
    r.spi_en_conf = rng.integers(0, 2)
    r.prog, r.read = (1 << rng.integers(0, word.width) & -int(rng.integers(0, 2)) for word in (PROG, READ))
    r.spi_addr_out, r.spi_data = rng.integers(0, 1 << 16), rng.integers(0, 1 << 32)


def digest() -> str:
    """Return a number for the outputs and states of three chips, with SPI accesses and some resets."""
    sha = hashlib.sha256()
    reset = pack(CHIP.input_word, {"RST": 1})
    for seed in SEEDS:
        chip, rng = stimulus.model(seed), np.random.default_rng(seed)
        chip.stretch = False
        inputs, clk = stimulus.rows(seed, N_ROWS)
        inputs[N_ROWS - 5 * PART : N_ROWS - 5 * PART + 4] |= reset
        for i in range(0, N_ROWS, PART):
            sha.update(chip.drive(inputs[i : i + PART], clk[i : i + PART]).tobytes())
            _request(chip, rng)
        for content in (*(chip.registers[name] for name in chip.registers.dtype.names or ()), *chip.memories.values()):
            sha.update(np.ascontiguousarray(content).tobytes())
    return sha.hexdigest()


if __name__ == "__main__":
    shuffle_edges(sys.argv[1])
    print(digest())
