"""SNE's engine between a sender of words and a receiver of events, clock by clock, in compiled code.

Both clocks rise together. The run ends when all words have been taken and the engine is at rest, or when the engine
waits for ever. In both cases it has come back to a state that it was in before, while no word passed and no memory was
written; so it goes round for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import set_row_field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.sne import bus_side, clock
from draupnir.emulator.sne.layout import CHIP, GROUPS
from draupnir.emulator.sne.memories import Memories
from draupnir.emulator.speeds import limits, whole

IN = positions(CHIP.input_word)
BOTH = CHIP.period[0]
LOOK = 16  # clocks between two comparisons of the state; it may go round in one clock, or in two
PIECE = 1 << 16  # clocks that run at once
N_SENT, GAP_LEFT, PAUSE_LEFT = range(3)  # the state of both sides: words that were taken, clocks that each still waits


@dataclass(frozen=True)
class StreamSides:
    """A sender and a receiver with constant delays in clocks, 0 or more.

    gap : from a word that is taken until the next one is offered
    pause : from the clock in which an event is offered until it is taken
    """

    gap: int = 0
    pause: int = 0


@dataclass(frozen=True)
class StreamRun:
    """The outcome of a run.

    received : (n,) int64, the words of the events that came out, in order
    cycles : (n,) int64, the clock before whose edge each of them is taken, counted from the model's first clock
    n_cycles : the clocks of the run; n_sent : the words that the engine has taken
    done : True if all words are taken and the engine is at rest
    is_stuck : True if the engine takes no further word, however long one waits
    rows : (n_cycles, n_words) int64, the packed input pins in each clock; empty without ``record_rows``
    """

    received: np.ndarray
    cycles: np.ndarray
    n_cycles: int
    n_sent: int
    done: bool
    is_stuck: bool
    rows: np.ndarray


def run(
    model: Any,
    words: np.ndarray,
    sides: StreamSides,
    max_cycles: int | None = None,
    record_rows: bool = False,
) -> StreamRun:
    """Send words and receive events until the engine is at rest or stuck, or for ``max_cycles`` clocks.

    All other pins keep their levels.

    words : (n,) int64, 0..2**32 - 1
    max_cycles : clocks, at most; None: a number that is enough for any normal run (``limits.clock_limit``)

    Raises Stopped if the work has to stop.
    """
    words = np.ascontiguousarray(words, np.int64)
    limit = limits.clock_limit(len(words), gap=sides.gap, ack=sides.pause) if max_cycles is None else max_cycles
    state, outcome = np.zeros(3, np.int64), False

    def piece(clocks: int) -> whole.WorkPiece:
        nonlocal outcome
        n = min(clocks, PIECE)
        columns = np.zeros(n, np.int64), np.zeros(n, np.int64)
        rows = np.zeros((n if record_rows else 0, len(CHIP.input_word.row)), np.int64)
        flat = np.asarray(model.registers).view(np.int64)
        buffers = flat, np.zeros_like(flat), np.zeros(GROUPS, np.int64)
        n_cycles, n_events, outcome = _converse(
            model.registers[0], model.memory_arrays(), words, (sides.gap, sides.pause), state, columns, rows, buffers
        )
        return whole.WorkPiece([*(c[:n_events] for c in columns), rows[:n_cycles]], n_cycles, outcome)

    pieces = whole.collect(piece, limit)
    n_sent = int(state[N_SENT])
    events, cycles, rows = pieces.columns
    done = bool(outcome) and n_sent == len(words)
    return StreamRun(events, cycles, pieces.n_cycles, n_sent, done, bool(outcome) and not done, rows)


@entry
def _converse(
    r: np.record,
    m: Memories,
    words: np.ndarray,
    delays: tuple[int, int],
    state: np.ndarray,
    columns: tuple[np.ndarray, np.ndarray],
    rows: np.ndarray,
    buffers: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[int, int, bool]:
    """Run as many clocks as a column has elements, or until nothing moves any more.

    delays : gap and pause; state : see ``N_SENT``
    columns : the events that come out, and their clocks, as many as there are; rows : empty if none is recorded
    buffers : the record as (n,) int64; room for a copy of it; (16,), room for the events of the groups

    Returns the number of clocks and of events, and True if nothing moves.
    """
    (events, cycles), (flat, previous, spikes) = columns, buffers
    n_events, n_quiet = 0, 0
    for i in range(len(events)):
        offers = state[N_SENT] < len(words) and state[GAP_LEFT] == 0
        takes = state[PAUSE_LEFT] == 0
        set_row_field(r.inputs, IN.dst_valid, int(offers))
        if offers:
            set_row_field(r.inputs, IN.dst_evt, words[state[N_SENT]])
        set_row_field(r.inputs, IN.src_ready, int(takes))
        if len(rows):
            rows[i] = r.inputs
        valid, event = bus_side.src(r)
        is_sent, cycle = offers and bus_side.dst_ready(r) == 1, r.cycle
        if is_sent or valid or state[GAP_LEFT] or _writes(r):
            n_quiet = 0
        clock.clock(r, m, BOTH, spikes)
        n_quiet += 1
        if valid and takes:
            events[n_events], cycles[n_events] = event, cycle
            n_events += 1
        _move_sides(state, delays, is_sent, valid == 1, takes)
        if i % LOOK == LOOK - 1:
            if n_quiet > LOOK and _is_same(r, flat, previous):
                return i + 1, n_events, True
            previous[:] = flat
    return len(events), n_events, False


@kernel
def _writes(r: np.record) -> bool:
    """Return True if this clock may write a memory."""
    return (r.seq_wr_en | r.opt_wr_en | r.opt_row_done & r.opt_col_done | r.fc_wr_en | r.kernel_wr_en) != 0


@kernel
def _move_sides(state: np.ndarray, delays: tuple[int, int], is_sent: bool, valid: bool, takes: bool) -> None:
    """Run a clock of both sides; is_sent : a word is taken; valid : an event is offered; takes : it is taken"""
    if is_sent:
        state[N_SENT] += 1
        state[GAP_LEFT] = delays[0]
    elif state[GAP_LEFT]:
        state[GAP_LEFT] -= 1
    if valid:
        state[PAUSE_LEFT] = delays[1] if takes else state[PAUSE_LEFT] - 1


@kernel
def _is_same(r: np.record, flat: np.ndarray, previous: np.ndarray) -> bool:
    """Return True if ``LOOK`` clocks have changed no register but the count of the clocks."""
    cycle: int = r.cycle
    r.cycle, differ = cycle - LOOK, 0
    for i in range(len(flat)):
        differ |= flat[i] ^ previous[i]
    r.cycle = cycle
    return differ == 0
