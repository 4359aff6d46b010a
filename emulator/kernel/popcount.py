"""The number of ones in an integer: one machine instruction where it is compiled, plain Python where it is not."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic, overload


def popcount(x: int) -> int:
    """Return the number of ones in x, 0..2**63 - 1."""
    return int(x).bit_count()


@intrinsic
def _instruction(_context: Any, x: Any) -> Any:
    """The instruction itself, which LLVM calls ctpop."""

    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


machine_instruction: Any = _instruction  # Numba gives it no types


@overload(popcount, inline="always")
def _compiled(x: Any) -> Any:
    """Give the compiler the instruction in place of ``popcount``."""

    def instruction(x: Any) -> int:
        n_ones: int = machine_instruction(x)
        return n_ones

    return instruction
