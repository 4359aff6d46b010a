"""Bookkeeping of a FIFO whose fill count leaves out the first word, and whose ``empty`` is a flip-flop of its own.

ODIN and tinyODIN also have the main FIFO of their schedulers in common, whose registers begin with ``main_``.

Source: fifo.v of ODIN and of tinyODIN.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel


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


@kernel
def clock_main(r: np.record, push: bool, pop: bool, word: int, bits: int) -> None:
    """One clock of the main FIFO; bits : of its pointers. Pushing a full one, or popping an empty one, is not asked."""
    fill_cnt, empty = r.main_fill_cnt, r.main_empty
    if push:
        r.main_mem[r.main_write_ptr] = word
        r.main_write_ptr = wrap(r.main_write_ptr + 1, bits)
    if pop:
        r.main_read_ptr = wrap(r.main_read_ptr + 1, bits)
    r.main_fill_cnt = fill_next(fill_cnt, empty, push, pop, bits)
    r.main_empty = empty_next(fill_cnt, empty, push, pop)


@kernel
def n_main(r: np.record) -> int:
    """Events in the main FIFO."""
    return 0 if r.main_empty else r.main_fill_cnt + 1
