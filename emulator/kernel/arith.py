"""Arithmetic of a fixed width. *Wrap* and *saturate* are different functions with different names.

All arguments and results are int64, but for the argument of ``wide``. A width ``bits`` is 1..32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.jit import kernel


@kernel
def wrap(x: int, bits: int) -> int:
    """Return x modulo 2**bits, 0..2**bits - 1, also for a negative x."""
    return x & ((1 << bits) - 1)


@kernel
def negate(x: int, bits: int) -> int:
    """Return the two's complement of a word x, 0..2**bits - 1. The most negative value gives itself."""
    return -x & ((1 << bits) - 1)


@kernel
def is_negative(x: int, bits: int) -> bool:
    """Return the sign bit of a two's complement word x, 0..2**bits - 1."""
    return (x >> (bits - 1)) & 1 == 1


@kernel
def signed(word: int, bits: int) -> int:
    """Return the number of a two's complement word of ``bits`` bits."""
    sign = 1 << (bits - 1)
    return (word ^ sign) - sign


@kernel
def wide(x: Any) -> Any:
    """A number as kernels compute, int64; for instance an element of a narrow array."""
    return np.int64(x)


@kernel
def add_saturate(a: int, b: int, high: int) -> int:
    """Return a + b; saturates at ``high``."""
    return min(a + b, high)


@kernel
def sub_saturate(a: int, b: int) -> int:
    """Return a - b; saturates at 0."""
    return max(a - b, 0)


@kernel
def select(choice: int, a: int, b: int) -> int:
    """Return for each bit that of ``a`` where ``choice`` has a one, else that of ``b``."""
    return b ^ ((a ^ b) & choice)
