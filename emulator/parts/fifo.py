"""The counters of a FIFO whose fill count does not include the first word; ``empty`` is a flip-flop of its own.

The file also has the main FIFO of the schedulers of ODIN and tinyODIN, whose registers begin with ``main_``.

Source: fifo.v of ODIN and of tinyODIN.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import wide, wrap
from draupnir.emulator.kernel.jit import kernel


@kernel
def fill_next(fill_cnt: int, empty: int, push: bool, pop: bool, bits: int) -> int:
    """Return the next fill count: the number of words beyond the first, modulo 2**bits.

    fill_cnt : 0..2**bits - 1; empty : 0 or 1
    """
    if push and not pop and not empty:
        return wrap(fill_cnt + 1, bits)
    if pop and not push and fill_cnt != 0:
        return fill_cnt - 1
    return fill_cnt


@kernel
def empty_next(fill_cnt: int, empty: int, push: bool, pop: bool) -> int:
    """Return 1 if the FIFO is empty after this clock's push and pop, else 0."""
    if push:
        return 0
    return int(fill_cnt == 0) if pop else empty


@kernel
def clock_main(r: np.record, push: bool, pop: bool, word: int, bits: int) -> None:
    """Run one clock of the main FIFO. The caller must not push into a full FIFO, or pop from an empty one.

    word : the word to push; bits : the width of the pointers
    """
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
    """Return the number of events in the main FIFO."""
    return 0 if r.main_empty else r.main_fill_cnt + 1


@kernel
def is_sound(r: np.record) -> bool:
    """Tell whether pointers and count of the main FIFO agree, as they do after a reset and from then on.

    If they do not, because somebody has changed the state from outside, a push may overwrite the word that is shown.
    """
    if r.main_empty and r.main_fill_cnt:
        return False
    beyond = wide(r.main_write_ptr) - wide(r.main_read_ptr) - n_main(r)
    return bool(beyond % len(r.main_mem) == 0)
