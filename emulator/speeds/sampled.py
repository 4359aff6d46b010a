"""A golden model row by row, in compiled code that takes its registers and limbs of its memories after each row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.jit import entry, module_of
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.speeds import pieces


class SampledLimbs(NamedTuple):
    """The limbs that are taken of a memory.

    limbs : (n,) uint32, a view of all limbs; places : (m,) int64, the places of those that are taken, perhaps none
    """

    limbs: np.ndarray
    places: np.ndarray


class SampleColumns(NamedTuple):
    """The columns that a run fills; all are 0 before.

    out : what ``ClockLevel.drive`` returns
    states : (n, width) int64, the model's record and then the limbs, after each row
    """

    out: np.ndarray
    states: np.ndarray


def run(
    model: ClockLevel,
    row_loop: RowLoop,
    inputs: np.ndarray,
    clk: np.ndarray,
    columns: SampleColumns,
    memories: Sequence[SampledLimbs],
) -> None:
    """Run rows, at most some thousands at once, because no signal is handled before the end.

    row_loop : that of the model; inputs, clk : as for ``ClockLevel.drive``
    memories : all memories of the chip, in the order in which their limbs are taken, so that the machine code does not
        depend on what is taken
    """
    sample = _sampling(type(model).__module__, row_loop.loop)
    flat = np.asarray(model.registers).view(np.int64)
    # A chip without a memory gets one without limbs, because compiled code does not read an empty tuple.
    some = memories or (SampledLimbs(np.zeros(0, np.uint32), np.zeros(0, np.int64)),)
    limbs, places = tuple(memory.limbs for memory in some), tuple(memory.places for memory in some)
    try:
        sample(inputs, clk, *columns, flat, limbs, places, row_loop.first_args, row_loop.last_args)
    except SystemError as error:
        raise pieces.raised_by_signal(error) from None


@cache
def _sampling(module: str, loop: Callable[..., None]) -> Callable[..., None]:
    """Return the compiled function for a loop over rows; module : the name of that of the model"""
    rows = module_of(sys.modules[module], f"{module}.rows", loop=loop)

    @entry
    def sample(
        inputs: np.ndarray,
        clk: np.ndarray,
        out: np.ndarray,
        states: np.ndarray,
        flat: np.ndarray,
        limbs: tuple[np.ndarray, ...],
        places: tuple[np.ndarray, ...],
        first_args: tuple[Any, ...],
        last_args: tuple[Any, ...],
    ) -> None:
        n_registers = len(flat)
        for i in range(len(inputs)):
            rows.loop(*first_args, inputs[i : i + 1], clk[i : i + 1], out[i : i + 1], *last_args)
            for k in range(n_registers):
                states[i, k] = flat[k]
            n = n_registers
            for k in range(len(limbs)):
                for place in places[k]:
                    states[i, n] = limbs[k][place]
                    n += 1

    return sample
