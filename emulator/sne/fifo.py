"""FIFOs between two clocks: Gray-coded pointers, two flip-flops behind each, and a spill register at the exit.

The state holds the pointers in binary. One pointer changes at a time in a Gray code, and both codes name the same
states, so nothing else differs.

Source: cdc_fifo_gray.sv, spill_register.sv of common_cells.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.sne.layout import CROSSING_LOG_DEPTHS, GROUPS, OUT_LOG_DEPTH

N_IN = len(CROSSING_LOG_DEPTHS)
OUT_MASK = (1 << OUT_LOG_DEPTH) - 1


@kernel
def has_room(wptr: int, rptr_seen: int, log_depth: int) -> int:
    """Return 1 if a FIFO takes a word: its pointers differ by less than its depth, as far as its source knows."""
    return int(wptr ^ rptr_seen != 1 << log_depth)


@kernel
def in_ready(r: np.record, k: int) -> int:
    """Return 1 if FIFO ``k`` of ``Crossing`` takes a word."""
    return has_room(r.in_wptr[k], r.in_rptr_sync[k, 1], CROSSING_LOG_DEPTHS[k])


@kernel
def in_valid(r: np.record, k: int) -> int:
    """Return 1 if FIFO ``k`` of ``Crossing`` shows a word."""
    return r.in_a_full[k] | r.in_b_full[k]


@kernel
def in_word(r: np.record, k: int) -> int:
    """Return the word at the exit of FIFO ``k`` of ``Crossing``."""
    return r.in_b_word[k] if r.in_b_full[k] else r.in_a_word[k]


@kernel
def out_ready(r: np.record) -> int:
    """Return the groups whose FIFO takes a word, group 0 in the lowest bit."""
    ready = 0
    for g in range(GROUPS):
        ready |= has_room(r.out_wptr[g], r.out_rptr_sync[g, 1], OUT_LOG_DEPTH) << g
    return ready


@kernel
def out_word(r: np.record, g: int) -> int:
    """Return the word at the exit of the FIFO of a group."""
    return r.out_b_word[g] if r.out_b_full[g] else r.out_a_word[g]


@kernel
def out_valid(r: np.record, g: int) -> int:
    """Return 1 if the FIFO of a group shows a word."""
    return r.out_a_full[g] | r.out_b_full[g]


@kernel
def _sample(sync: np.ndarray, k: int, pointer: int) -> None:
    """Shift a pointer of the other side into the two flip-flops behind it."""
    sync[k, 1] = sync[k, 0]
    sync[k, 0] = pointer


@kernel
def _spill(
    a_full: np.ndarray, a_word: np.ndarray, b_full: np.ndarray, b_word: np.ndarray, k: int, fill: bool, ready: int
) -> int:
    """Run a clock of a spill register, but for the word that fills it, and return 1 if one does.

    fill : the FIFO has a word; ready : the word at the exit is taken
    """
    fill = fill and not (a_full[k] and b_full[k])
    drain_a = a_full[k] and not b_full[k]
    if drain_a and not ready:
        b_word[k] = a_word[k]
        b_full[k] = 1
    elif b_full[k] and ready:
        b_full[k] = 0
    if fill or drain_a:
        a_full[k] = int(fill)
    return int(fill)


@outlined
def clock_in(r: np.record, bus: bool, engine: bool, push: int, word: int, pops: int) -> None:
    """Run a clock of the FIFOs from the bus to the engine.

    bus, engine : which of the two clocks rises
    push : the FIFOs that get ``word``; pops : the FIFOs whose word at the exit is taken; FIFO 0 in the lowest bit
    """
    for k in range(N_IN):
        mask = (1 << CROSSING_LOG_DEPTHS[k]) - 1
        wptr, rptr = r.in_wptr[k], r.in_rptr[k]
        if engine:
            has_word = r.in_wptr_sync[k, 1] != rptr
            if _spill(r.in_a_full, r.in_a_word, r.in_b_full, r.in_b_word, k, has_word, pops >> k & 1):
                r.in_a_word[k] = r.in_words[k, rptr & mask]
                r.in_rptr[k] = rptr + 1 & 2 * mask + 1
            _sample(r.in_wptr_sync, k, wptr)
        if bus:
            if push >> k & 1:
                r.in_words[k, wptr & mask] = word
                r.in_wptr[k] = wptr + 1 & 2 * mask + 1
            _sample(r.in_rptr_sync, k, rptr)


@kernel
def _is_quiet(r: np.record, g: int) -> bool:
    """Return True if no clock changes the FIFO of a group while nothing is written: it is empty, and both sides know.

    A word at its exit that is not taken changes nothing either, but then the register before it may still move.
    """
    pointer = r.out_wptr[g]
    differ = (r.out_rptr[g] ^ pointer) | (r.out_wptr_sync[g, 0] ^ pointer) | (r.out_wptr_sync[g, 1] ^ pointer)
    differ |= (r.out_rptr_sync[g, 0] ^ pointer) | (r.out_rptr_sync[g, 1] ^ pointer)
    return (differ | r.out_a_full[g] | r.out_b_full[g]) == 0


@outlined
def clock_out(r: np.record, bus: bool, engine: bool, push: int, words: np.ndarray, pops: int) -> None:
    """Run a clock of the FIFOs from the engine to the bus.

    bus, engine : which of the two clocks rises
    push : the groups that get their word of ``words``; pops : the groups whose word at the exit is taken
    """
    for g in range(GROUPS):
        if not (push | pops) >> g & 1 and _is_quiet(r, g):
            continue
        wptr, rptr = r.out_wptr[g], r.out_rptr[g]
        if bus:
            has_word = r.out_wptr_sync[g, 1] != rptr
            if _spill(r.out_a_full, r.out_a_word, r.out_b_full, r.out_b_word, g, has_word, pops >> g & 1):
                r.out_a_word[g] = r.out_words[g, rptr & OUT_MASK]
                r.out_rptr[g] = rptr + 1 & 2 * OUT_MASK + 1
            _sample(r.out_wptr_sync, g, wptr)
        if engine:
            if push >> g & 1:
                r.out_words[g, wptr & OUT_MASK] = words[g]
                r.out_wptr[g] = wptr + 1 & 2 * OUT_MASK + 1
            _sample(r.out_rptr_sync, g, rptr)
