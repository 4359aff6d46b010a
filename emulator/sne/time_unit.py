"""The unit of the time, and the forks that give a word to several takers, each of which takes it once.

Source: evt_time_unit.sv, stream_fork_dynamic.sv, stream_fork.sv of common_cells.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, row_field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.sne.layout import CHIP, TIME_BITS, EventOp, LayerKind

IN = positions(CHIP.input_word)
TIME, SYNCH, FC = int(EventOp.TIME), int(EventOp.SYNCH), int(LayerKind.FC)
TAKERS = 5  # mapper, register, and the three sequences, the one with weights last
TO_MAPPER, TO_REGISTER, TO_AROUND, TO_ALL, TO_WEIGHTED = range(TAKERS)
ALL_TAKERS = (1 << TAKERS) - 1


@kernel
def fork_ready(waits: int, holders: int, valid: int, ready: int, everyone: int) -> int:
    """Return 1 if a fork takes its word: each taker is ready now, or has been.

    waits : 1 after the first clock of a word; holders : the takers that have the word; ready : those that are ready
    everyone : a mask of all takers
    """
    if not valid:
        return 0
    if waits:
        return int(holders | ready == everyone)
    return int(holders == 0 and ready == everyone)


@kernel
def next_holders(holders: int, valid: int, ready: int, takes: int) -> int:
    """Return the takers that have the present word after this clock; takes : 1 if the fork takes its word now"""
    if not valid:
        return holders
    return 0 if takes else holders | ready


@kernel
def takers_ready(r: np.record, valid: int, word: int, ready: int) -> int:
    """Return the takers of the time that are ready, or that this word is not for.

    ready : the takers that are ready
    """
    only_weights = row_field(r.inputs, IN.cfg_slice_i) & 3 == FC and valid == 1 and word >> TIME_BITS == SYNCH
    return ready | (ALL_TAKERS & ~(1 << TO_WEIGHTED)) if only_weights else ready


@kernel
def shows(r: np.record, valid: int, word: int, taker: int) -> int:
    """Return 1 if a word of the time is valid for a taker that has not takes it."""
    only_weights = row_field(r.inputs, IN.cfg_slice_i) & 3 == FC and word >> TIME_BITS == SYNCH
    if only_weights and taker != TO_WEIGHTED:
        return 0
    return valid & (1 - bit(r.time_fork_done, taker))


@kernel
def clock_time(r: np.record, valid: int, word: int, ready: int, takes: int) -> None:
    """Run a clock of the unit of the time.

    valid, word : the word for it; ready : the takers that are ready; takes : 1 if the fork takes the word now
    """
    if valid:
        r.time_stable = takes
        if takes and word >> TIME_BITS == TIME:
            r.global_time = word & 0x0FFFFFFF
    r.time_fork_done = next_holders(r.time_fork_done, valid, ready, takes)
    if valid:
        r.time_fork_waits = 1 - takes


@kernel
def clock_dp_fork(r: np.record, valid: int, ready: int, takes: int) -> None:
    """Run a clock of the fork to the groups and to the sequences; arguments are as for ``clock_time``"""
    r.dp_fork_done = next_holders(r.dp_fork_done, valid, ready, takes)
    if valid:
        r.dp_fork_waits = 1 - takes
