"""All neurons side by side: where stretches keep what they copy from the memories, and loops that the compiler can
make vector operations of.

A lane is as narrow as its numbers allow. Each loop is a function of its own, without branches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.layout import N_WEIGHTS, N
from draupnir.emulator.reckon.lif import U_MAX, U_MIN

N_WORDS = N // 2
HISTORY = lfsr.lfsr_of("lfsr_winp").width  # words before the first random number

LANES = record_type(
    [
        ("u", np.int16, (N,)),  # potentials
        ("noise", np.int64, (N,)),
        ("neurs", np.int64, (N,)),  # the neurons that spike, in ascending order
        # The even and the odd neuron of each word, while a timestep ends:
        ("pots", np.int32, (2, N_WORDS)),
        ("inps", np.int32, (2, N_WORDS)),
        ("recs", np.int32, (2, N_WORDS)),
        ("outs", np.int32, (2, N_WORDS)),
        ("spikes", np.int32, (2, N_WORDS)),
        ("rands", np.int16, (N_WORDS,)),
        ("alphas", np.int32, (N_WORDS,)),
        ("thrs", np.int32, (N_WORDS,)),
        # While the weights of a group learn:
        ("trace_inp", np.int32, (N,)),  # without their fractions
        ("trace_rec", np.int32, (N,)),
        ("ls_h", np.int32, (N_WEIGHTS,)),
        ("sixteenths", np.int32, (N_WEIGHTS,)),
        ("add_winp", np.int32, (N_WEIGHTS,)),
        ("add_wrec", np.int32, (N_WEIGHTS,)),
        ("stream", np.uint32, (HISTORY + N_WEIGHTS * N,)),  # random numbers of the weights
    ]
)


def new_lanes() -> np.recarray:
    """Return an array of one record of lanes."""
    return np.zeros(1, dtype=LANES).view(np.recarray)


@kernel
def short(x: Any) -> Any:
    """Return a number as a lane of 16 bits; wraps."""
    return np.int16(x)


@kernel
def word(x: Any) -> Any:
    """Return a number as a lane of 32 bits; wraps."""
    return np.int32(x)


@kernel
def unsigned(x: Any) -> Any:
    """Return a number as a lane of 32 bits without a sign; wraps."""
    return np.uint32(x)


@kernel
def _saturated(total: int) -> int:
    return min(max(total, U_MIN), U_MAX)


@outlined
def add_row(u: np.ndarray, row: np.ndarray, fp_loc: int, begin: int, end: int) -> None:
    """Add weights to the potentials begin..end - 1, which saturate; row : (256,) int8; fp_loc : 0..7."""
    factor = short(1 << fp_loc)
    for i in range(begin, end):
        update = short(short(row[i]) * factor)
        u[i] = short(_saturated(wide(u[i]) + wide(update)))


@outlined
def add_rows(u: np.ndarray, inp: np.ndarray, rec: np.ndarray, fp_inp: int, fp_rec: int, begin: int, end: int) -> None:
    """Add the weights of two rows to the potentials, as ``add_row``. The sum of two weights always fits."""
    factor_inp, factor_rec = short(1 << fp_inp), short(1 << fp_rec)
    for i in range(begin, end):
        update = short(short(inp[i]) * factor_inp + short(rec[i]) * factor_rec)
        u[i] = short(_saturated(wide(u[i]) + wide(update)))
