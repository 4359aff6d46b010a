"""Whole ODIN, from one edge to the next: where the original and our RTL have its state, and what always holds of it.

The original's registers have the model's names, apart from FIFOs and memories. Our burst queues keep the same state in
another form: counters as bit planes, words in banks, and the read pointer of the queue at the output once more.
"""

from __future__ import annotations

import ast

from bitwuzla import Kind

from draupnir.emulator.crossbar.layout import SPI_BITS
from draupnir.emulator.odin import clock, scheduler
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import BURST_DEPTH, CHIP, N_PRIO, N_SYN, PTR_BITS, State
from draupnir.rtl.odin.burst_fifos import N_BANKS
from draupnir.rtl.odin.chip import RTL
from draupnir.tools.proofs.heap import UnknownRecord
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import Bits, Truth
from draupnir.tools.proofs.whole import Place, Signals, WholeChip, below, lowest_bits_are_0, steps

FIFOS = "scheduler.burst_fifos"


def _burst_clean(kernels: Kernels, record: UnknownRecord) -> Truth:
    """The model clears the burst FIFOs only once while they are held in reset."""
    not_clean = kernels.compare(ast.Eq, record["burst_clean"], 0)
    is_reset = kernels.truth(kernels.call(scheduler.are_bursts_reset, record))
    return kernels.logic.truth(Kind.OR, (not_clean, is_reset))


# --- Our burst queues


def _counter(name: str) -> Place:
    """The counter of each queue, from bit planes."""

    def counter(signals: Signals, queue: int) -> Bits:
        planes = signals(f"{FIFOS}.{name}.planes")
        return planes.logic.concat([planes.slice(N_PRIO * b + queue, 1) for b in range(PTR_BITS)])

    return counter


_write_ptr, _read_ptr = _counter("write_ptr"), _counter("read_ptr")


def _empty(signals: Signals, queue: int) -> Bits:
    nonempty = signals(f"{FIFOS}.nonempty").slice(queue, 1)
    return nonempty.logic.bits(Kind.BV_NOT, 1, (nonempty,))


def _fill_cnt(signals: Signals, queue: int) -> Bits:
    """One less than the number of words, and 0 without a word."""
    apart = _content(_write_ptr, signals, queue).apply(Kind.BV_SUB, _content(_read_ptr, signals, queue))
    one, none = (apart.logic.number(number, PTR_BITS) for number in (1, 0))
    return _empty(signals, queue).is_true().choose(none, apart.apply(Kind.BV_SUB, one))


def _word(signals: Signals, i: int) -> Bits:
    """A word of a queue: bank j modulo 19 has queues j, j + 19 and j + 38, four words each."""
    (turn, bank), slot = divmod(i // BURST_DEPTH, N_BANKS), i % BURST_DEPTH
    return signals(f"{FIFOS}.words.bank_{bank}[{turn * BURST_DEPTH + slot}]")


def _content(place: Place, signals: Signals, i: int) -> Bits:
    assert callable(place)
    return place(signals, i)


def _flags(lsb: int) -> Place:
    """The SDSP flags of a group of neurons: both kinds are one word of a memory."""
    return lambda signals, group: signals(f"neuron_core.sdsp_flags.groups[{group}]").slice(lsb, N_SYN)


def _main_empty(signals: Signals, _: int) -> Bits:
    """The queue says that it is empty one clock after the reset, which until then holds all that reads it."""
    return signals("scheduler.main_fifo.empty").apply(Kind.BV_OR, signals("rst_sync"))


OURS: dict[str, Place] = {
    "main_empty": _main_empty,
    "burst_write_ptr": _write_ptr,
    "burst_read_ptr": _read_ptr,
    "burst_empty": _empty,
    "burst_fill_cnt": _fill_cnt,
    "burst_mem": _word,
    "neur_v_up": _flags(0),
    "neur_v_down": _flags(N_SYN),
}


def _turn_exists(signals: Signals) -> Truth:
    turn = signals("scheduler.turn")
    return turn.compare(Kind.BV_ULT, turn.logic.number(N_PRIO, turn.width))


def _bursts_on(signals: Signals) -> Truth:
    timeref = signals("spi.config.spi_burst_timeref")
    return timeref.is_true().as_bits(1).equals(signals("spi.bursts_on"))


def _turn_read_ptr(signals: Signals) -> Truth:
    """The register at the output has the read pointer of the queue whose turn it is."""
    turn, ptr = signals("scheduler.turn"), signals(f"{FIFOS}.turn_read_ptr")
    logic = turn.logic
    other = (turn.equals(logic.number(queue, turn.width)).inverted() for queue in range(N_PRIO))
    same = (ptr.equals(_content(_read_ptr, signals, queue)) for queue in range(N_PRIO))
    return logic.every([logic.truth(Kind.OR, pair) for pair in zip(other, same, strict=True)])


def _turn_place(signals: Signals) -> Truth:
    """The bank and the round at the output are those of the queue whose turn it is."""
    turn, bank, turn_round = (
        signals(name).resized(8) for name in ("scheduler.turn", f"{FIFOS}.words.turn_bank", f"{FIFOS}.words.turn_round")
    )
    n_banks = turn.logic.number(N_BANKS, 8)
    place = turn_round.apply(Kind.BV_MUL, n_banks).apply(Kind.BV_ADD, bank)
    return turn.logic.every([place.equals(turn), bank.compare(Kind.BV_ULT, n_banks)])


def _empty_queues(signals: Signals) -> Truth:
    """Both pointers of a queue without a word are equal."""
    nonempty = signals(f"{FIFOS}.nonempty")
    planes = (signals(f"{FIFOS}.{name}.planes") for name in ("write_ptr", "read_ptr"))
    apart = next(planes).apply(Kind.BV_XOR, next(planes))
    holds = nonempty
    for b in range(PTR_BITS):
        holds = holds.apply(Kind.BV_OR, apart.slice(N_PRIO * b, N_PRIO))
    return holds.equals(nonempty)


WHOLE = WholeChip(
    CHIP,
    clock,
    Model.counters,
    RTL.original_registers,
    OURS,
    {"burst_clean says that the burst FIFOs are as after a reset": _burst_clean},
    {
        "the turn is one of 57 queues": _turn_exists,
        "both pointers of an empty queue are equal": _empty_queues,
        "bursts_on says that SPI_BURST_TIMEREF is not 0": _bursts_on,
        "turn_read_ptr is the read pointer at the output": _turn_read_ptr,
        "turn_bank and turn_round are the place of the turn": _turn_place,
    },
    after_reset={
        "the state is one of 13": below("state", len(State)),
        "it is the turn of one of 57 FIFOs": below("priority", N_PRIO),
        "zeros follow a byte that is read back": lowest_bits_are_0("spi_shift_reg_out", SPI_BITS - 8),
    },
)
STEPS = steps(WHOLE)
