"""Arithmetic of a given width. *Wrap* and *saturate* are different functions with different names.

All arguments and results are int64, but for the argument of ``wide``; a width is 1..32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.jit import kernel


@kernel
def wrap(x: int, bits: int) -> int:
    """x modulo 2**bits: 0..2**bits - 1, also for negative x."""
    return x & ((1 << bits) - 1)


@kernel
def negate(x: int, bits: int) -> int:
    """Two's complement of an unsigned word; of the most negative value it is that value itself."""
    return -x & ((1 << bits) - 1)


@kernel
def is_negative(x: int, bits: int) -> bool:
    """Sign bit of a two's complement word."""
    return (x >> (bits - 1)) & 1 == 1


@kernel
def signed(word: int, bits: int) -> int:
    """The number that a two's complement word of ``bits`` bits stands for."""
    sign = 1 << (bits - 1)
    return (word ^ sign) - sign


@kernel
def wide(x: Any) -> Any:
    """A number as kernels compute, int64; for instance an element of a narrow array."""
    return np.int64(x)


@kernel
def add_saturate(a: int, b: int, high: int) -> int:
    """a + b, at most ``high``."""
    return min(a + b, high)


@kernel
def sub_saturate(a: int, b: int) -> int:
    """a - b, at least 0."""
    return max(a - b, 0)
