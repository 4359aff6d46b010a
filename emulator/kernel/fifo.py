"""Bookkeeping of a FIFO whose fill count leaves out the first word, and whose ``empty`` is a flip-flop of its own.

Source: fifo.v of ODIN and of tinyODIN.
"""

from __future__ import annotations

from emulator.kernel.arith import wrap
from emulator.kernel.jit import kernel


@kernel
def fill_next(fill_cnt: int, empty: int, push: bool, pop: bool, bits: int) -> int:
    """Words beyond the first, a count of ``bits`` bits: the first word into an empty FIFO is not counted."""
    if push and not pop and not empty:
        return wrap(fill_cnt + 1, bits)
    if pop and not push and fill_cnt != 0:
        return fill_cnt - 1
    return fill_cnt


@kernel
def empty_next(fill_cnt: int, empty: int, push: bool, pop: bool) -> int:
    """1 if no word is left after this clock's push and pop."""
    if push:
        return 0
    return int(fill_cnt == 0) if pop else empty
