"""The controller: ODIN's, with three more states for the events of e-prop.

An event of e-prop has an address code that ODIN takes to the scheduler. It is one of e-prop while SPI_EPROP_EN is 1.

Source: README.md; the rest: ODIN's controller.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import position, positions
from draupnir.emulator.crossbar import controller as family
from draupnir.emulator.crossbar.controller import ADDR_MAX, NO_NEURON, NO_SYNAPSES, SYN, NeurMem, SynMem
from draupnir.emulator.crossbar.layout import R_SYN, W_SYN, WAIT
from draupnir.emulator.gungnir.layout import CHIP, LEARN_ROW_CLOCKS, NEW_EVENTS, SPI_FRACTIONS, TRACE, State
from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.bits import limb_field as take
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import controller as odin
from draupnir.emulator.odin.controller import (
    PUSH,
    Sched,
    aerin_ack,
    is_single,
    is_waiting,
    may_close,
    neur_of,
    sched_port,
)
from draupnir.emulator.odin.layout import LIF
from draupnir.emulator.resets import resetter

SIGNAL, FEEDBACK, LEARN = int(State.SIGNAL), int(State.FEEDBACK), int(State.LEARN)
WAIT_REQDN = int(State.WAIT_REQDN)
EVENT = {event.name: event for event in NEW_EVENTS}
CODE_BITS = 3  # the lower bits of an address, which tell ODIN's virtual events from the events of e-prop
CODE_SIGNAL, CODE_FEEDBACK, CODE_LEARN, CODE_SEED = (
    int(EVENT[name].pattern[-CODE_BITS:], 2) for name in ("signal", "feedback", "learn", "seed")
)
CODE_MASK = (1 << CODE_BITS) - 1
ROW_LAST = LEARN_ROW_CLOCKS - 1  # learn_cnt as the last word of a row is written


AMOUNT, MINUS, GAIN = (
    position(EVENT[event][name]) for event, name in (("signal", "amount"), ("feedback", "minus"), ("feedback", "gain"))
)
AMOUNT_BITS = EVENT["signal"]["amount"].width
BITS = position(EVENT["seed"]["bits"])
NEURON = positions(LIF)
TRACE_AT = position(TRACE)

__all__ = ["PUSH", "aerin_ack", "is_waiting", "may_close", "sched_port"]  # an event of e-prop neither pushes nor pops


# --- Event decoding ---------------------------------------------------------------------------------------------


@kernel
def code_of(aerin_addr: int) -> int:
    """The code of an e-prop event; another number for any other event."""
    is_time_or_bist = odin.is_tref(aerin_addr) or odin.is_bist(aerin_addr)
    return 0 if odin.is_synapse(aerin_addr) or is_time_or_bist else aerin_addr & CODE_MASK


@kernel
def _eprop_state(aerin_addr: int) -> int:
    """The state of an event of e-prop; WAIT for another event."""
    code = code_of(aerin_addr)
    if code in (CODE_SIGNAL, CODE_SEED):
        return SIGNAL
    if code == CODE_FEEDBACK:
        return FEEDBACK
    return LEARN if code == CODE_LEARN else WAIT


# --- State machine ----------------------------------------------------------------------------------------------


@kernel
def _after_wait(r: np.record, aerin_addr: int, sched: Sched) -> int:
    """ODIN's order; but learning waits for the scheduler, as bistability does."""
    if r.aerout_ctrl_busy == 0 and r.spi_eprop_en == 1:
        if r.spi_gate_activity_sync and r.ctrl_op_code == SPI_FRACTIONS:
            if r.ctrl_prog_event_sync:
                return W_SYN
            return R_SYN if r.ctrl_readback_event_sync else WAIT
        state_next = _eprop_state(aerin_addr) if r.aerin_req_sync else WAIT
        if state_next != WAIT and r.spi_gate_activity_sync == 0 and sched.full == 0:
            if state_next == LEARN and sched.empty == 0:
                return odin.scheduled_state(sched)
            return state_next
    return odin.next_state(r, aerin_addr, sched)


@kernel
def next_state(r: np.record, aerin_addr: int, sched: Sched) -> int:
    """The state after this clock."""
    state = r.state
    if state == WAIT:
        return _after_wait(r, aerin_addr, sched)
    if state == SIGNAL:
        return WAIT_REQDN if r.ctrl_cnt == 1 else state
    if state == FEEDBACK:
        return WAIT_REQDN if r.neur_cnt == ADDR_MAX and bit(r.ctrl_cnt, 0) == 1 else state
    if state == LEARN:
        last = is_single(aerin_addr) or r.neur_cnt == ADDR_MAX
        return WAIT_REQDN if row_ends(r) and last and r.aerout_ctrl_busy == 0 else state
    return odin.next_state(r, aerin_addr, sched)


# --- What each state asks for -----------------------------------------------------------------------------------


@kernel
def row_of(r: np.record, aerin_addr: int) -> int:
    """The row of a learn event."""
    return neur_of(aerin_addr) if is_single(aerin_addr) else r.neur_cnt


@kernel
def trace(r: np.record) -> int:
    """The trace of the neuron last read; 0 for an Izhikevich neuron, which has none."""
    return take(r.neur_state, TRACE_AT) * take(r.neur_state, NEURON.lif_izh_sel)


@kernel
def row_ends(r: np.record) -> bool:
    """Tell whether this is the last count of a row: the second one if the neuron has no trace."""
    return r.learn_cnt == ROW_LAST or (r.learn_cnt == 1 and trace(r) == 0)


@kernel
def neur_mem(r: np.record, aerin_addr: int, sched: Sched) -> NeurMem:
    """ODIN's accesses, and those that add a learning signal; a learn event reads the neuron of its row."""
    if r.state == SIGNAL:
        if code_of(aerin_addr) == CODE_SEED:
            return NO_NEURON
        return NeurMem(1, int(r.ctrl_cnt != 0), neur_of(aerin_addr), 0, 0, 0)
    if r.state == FEEDBACK:
        return NeurMem(1, bit(r.ctrl_cnt, 0), r.neur_cnt, 0, 0, 0)
    if r.state == LEARN:
        return NeurMem(int(r.learn_cnt == 0), 0, row_of(r, aerin_addr), 0, 0, 0)
    return odin.neur_mem(r, aerin_addr, sched)


@kernel
def syn_mem(r: np.record, aerin_addr: int, sched: Sched) -> SynMem:
    """ODIN's accesses, and those of feedback and of learning, which reads in one clock and writes in the next."""
    if r.state == FEEDBACK:
        return family.row_access(r, 0, neur_of(aerin_addr))
    if r.state == LEARN:
        place = r.learn_cnt - 2
        if place < 0:
            return NO_SYNAPSES
        writes = bit(place, 0) == 1 and r.aerout_ctrl_busy == 0
        return SynMem(1, int(writes), row_of(r, aerin_addr) << SYN.pre.shift | place >> 1)
    return odin.syn_mem(r, aerin_addr, sched)


@kernel
def reaches_fractions(r: np.record) -> bool:
    """Tell whether the SPI asks for the fractions: an access to the synapses is then one to them."""
    return (r.state == W_SYN or r.state == R_SYN) and r.ctrl_op_code == SPI_FRACTIONS


@kernel
def amount(r: np.record, aerin_addr: int, weight: int, inhibitory: int) -> int:
    """The learning signal that this clock adds to the neuron; weight, inhibitory : of its synapse in the row."""
    if r.state == SIGNAL:
        return signed(field(aerin_addr, AMOUNT), AMOUNT_BITS)
    shifted = weight << field(aerin_addr, GAIN)
    return shifted if field(aerin_addr, MINUS) == inhibitory else -shifted


@kernel
def teaches(r: np.record) -> bool:
    """Tell whether a neuron that is written gets a learning signal and nothing else."""
    return r.state == SIGNAL or r.state == FEEDBACK


@kernel
def seeds(r: np.record, aerin_addr: int) -> bool:
    """Tell whether this clock starts the random numbers."""
    return r.state == SIGNAL and code_of(aerin_addr) == CODE_SEED and r.ctrl_cnt == 1


@kernel
def neur_cnt_inc(r: np.record, aerin_addr: int) -> bool:
    """Tell whether the neuron counter moves on at the end of this clock."""
    if r.state == FEEDBACK:
        return bit(r.ctrl_cnt, 0) == 1
    if r.state == LEARN:
        return row_ends(r) and not is_single(aerin_addr)
    return odin.neur_cnt_inc(r, aerin_addr)


@kernel
def learn_cnt_next(r: np.record) -> int:
    """The count of the row after this clock; it stands still while the output bus is busy, as all counters do."""
    if r.state != LEARN:
        return 0
    if r.aerout_ctrl_busy:
        return r.learn_cnt
    return 0 if row_ends(r) else r.learn_cnt + 1


reset = resetter(CHIP.block("controller"))
