"""The controller: event decoding, synchronisers, state machine, and what each state asks of the other blocks.

Nothing here is registered but the state, two counters and the synchronisers: outputs follow the pins AERIN_ADDR and the
SPI slave's CTRL_* at once, so an address that changes under way changes what is done.

Source: ODIN doc v0.1, 2.2.1; controller.v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import controller as family
from draupnir.emulator.crossbar.controller import ADDR_MAX, NEURON_ADDR, NOT_ASKED, SYN, SYNAPSE_ADDR, SchedPort
from draupnir.emulator.crossbar.layout import R_NEUR, R_SYN, W_NEUR, W_SYN, WAIT
from draupnir.emulator.kernel.bits import bit, field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin.layout import CHIP, NEUR_EVENT, SCHED_EVENT, M, State
from draupnir.emulator.resets import resetter

SCHED = positions(SCHED_EVENT)
EVENT_OUT = positions(NEUR_EVENT)
TREF, BIST, SYNAPSE, PUSH, POP_NEUR, POP_VIRT = map(int, list(State)[5:11])
WAIT_SPIDN, WAIT_REQDN = int(State.WAIT_SPIDN), int(State.WAIT_REQDN)
POP_LAST = (1 << (M + 1)) - 1  # ctrl_cnt, lower 9 bits, as the last neuron of a spike event is written
BIST_LAST = 0x3F  # ctrl_cnt, lower 6 bits, as the last word of a row is written
GROUP_FIRST_WRITE = 1  # ctrl_cnt, lower 4 bits, as the first neuron of a group of 8 is written
PRE_ALL = 0xFF


class NeurMem(NamedTuple):
    """Access to the neuron memory, and what the neuron is told."""

    cs: int
    we: int
    addr: int
    event: int
    tref: int
    virts: int
    burst_end: int


class SynMem(NamedTuple):
    """Access to the synapse memory, and which synapses of the word are updated."""

    cs: int
    we: int
    addr: int
    pre_en: int
    bist_ref: int


class Sched(NamedTuple):
    """What the scheduler shows: its next event and how full it is."""

    empty: int
    full: int
    burst_end: int
    data_out: int


# --- Event decoding ---------------------------------------------------------------------------------------------


@kernel
def is_synapse(aerin_addr: int) -> bool:
    return bit(aerin_addr, 2 * M) == 1


@kernel
def is_tref(aerin_addr: int) -> bool:
    return not is_synapse(aerin_addr) and (aerin_addr & 0x7F) == 0x7F


@kernel
def is_bist(aerin_addr: int) -> bool:
    return not is_synapse(aerin_addr) and (aerin_addr & 0x7F) == 0


@kernel
def is_single(aerin_addr: int) -> bool:
    """A time reference or bistability event for one neuron, not for all."""
    return bit(aerin_addr, M - 1) == 1


@kernel
def neur_of(aerin_addr: int) -> int:
    """Bits 15 to 8: the (pre-synaptic) neuron that the event names."""
    return (aerin_addr >> M) & ADDR_MAX


# --- State machine ----------------------------------------------------------------------------------------------

_successor = family.successor(State)


@kernel
def _after_wait(r: np.record, aerin_addr: int, sched: Sched) -> int:
    """Who comes first: a full scheduler, the input bus, the scheduler, and last a bistability event."""
    if r.aerout_ctrl_busy:
        return WAIT
    if r.spi_gate_activity_sync:
        return family.spi_state(r)
    pop = POP_VIRT if field(sched.data_out, SCHED.virts) != 0 else POP_NEUR
    if sched.full:
        return pop
    if r.aerin_req_sync and not is_bist(aerin_addr):
        if is_tref(aerin_addr):
            return TREF
        return SYNAPSE if is_synapse(aerin_addr) else PUSH
    if not sched.empty:
        return pop
    return BIST if r.aerin_req_sync else WAIT


@kernel
def next_state(r: np.record, aerin_addr: int, sched: Sched) -> int:
    """The state after this clock. Only WAIT heeds the output bus being busy; the counters stand still with it."""
    state = r.state
    cnt = r.ctrl_cnt
    if state == WAIT:
        return _after_wait(r, aerin_addr, sched)
    if state == POP_NEUR:
        return WAIT if (cnt & POP_LAST) == POP_LAST else state
    if state == TREF:
        last = cnt == 1 if is_single(aerin_addr) else r.neur_cnt == ADDR_MAX and bit(cnt, 0) == 1
        return WAIT_REQDN if last else state
    if state == BIST:
        last = cnt == BIST_LAST if is_single(aerin_addr) else r.neur_cnt == ADDR_MAX and cnt & BIST_LAST == BIST_LAST
        return WAIT_REQDN if last else state
    if state == SYNAPSE:
        return WAIT_REQDN if cnt == 1 else state
    return _successor(r)


@kernel
def is_waiting(state: int) -> bool:
    """One of the states between events, which touch no memory; WAIT_SPIDN is another, and rare."""
    return state in (WAIT, WAIT_REQDN, PUSH)


# --- What each state asks for -----------------------------------------------------------------------------------


@kernel
def neur_mem(r: np.record, aerin_addr: int, sched: Sched) -> NeurMem:
    """Neurons are read in one clock and written in the next: ``we`` on odd counts."""
    state = r.state
    odd = bit(r.ctrl_cnt, 0)
    after_first = int(r.ctrl_cnt != 0)
    if state == POP_NEUR:
        ends = int(sched.burst_end == 1 and field(sched.data_out, SCHED.addr) == r.neur_cnt)
        return NeurMem(1, odd, r.neur_cnt, 1, 0, 0, ends)
    if state == TREF:
        addr = neur_of(aerin_addr) if is_single(aerin_addr) else r.neur_cnt
        return NeurMem(1, odd, addr, 1, 1, 0, 0)
    if state == SYNAPSE:
        return NeurMem(1, after_first, aerin_addr & ADDR_MAX, 1, 0, 0, 0)
    if state == POP_VIRT:
        virts = field(sched.data_out, SCHED.virts)
        return NeurMem(1, after_first, field(sched.data_out, SCHED.addr), 1, 0, virts, 0)
    if state == W_NEUR:
        return NeurMem(1, after_first, field(r.ctrl_spi_addr, NEURON_ADDR.word), 0, 0, 0, 0)
    if state == R_NEUR:
        return NeurMem(1, 0, field(r.ctrl_spi_addr, NEURON_ADDR.word), 0, 0, 0, 0)
    return NeurMem(0, 0, 0, 0, 0, 0, 0)


@kernel
def syn_mem(r: np.record, aerin_addr: int, sched: Sched) -> SynMem:
    """Synapses are read in one clock and written in the next; a spike event reads a word for each 8 neurons."""
    state = r.state
    cnt = r.ctrl_cnt
    if state == POP_NEUR:
        first = int((cnt & 0xF) == GROUP_FIRST_WRITE)
        addr = field(sched.data_out, SCHED.addr) << SYN.pre.shift | r.neur_cnt >> 3
        return SynMem(int((r.neur_cnt & 7) == 0), first, addr, PRE_ALL * first, 0)
    if state == SYNAPSE:
        pre_en = (r.spi_sdsp_on_syn_stim << (aerin_addr & 7)) & PRE_ALL
        return SynMem(1, int(cnt != 0), (aerin_addr >> 3) & 0x1FFF, pre_en, 0)
    if state == BIST:
        row = neur_of(aerin_addr) if is_single(aerin_addr) else r.neur_cnt
        return SynMem(1, bit(cnt, 0), row << SYN.pre.shift | ((cnt >> 1) & SYN.post_group.mask), PRE_ALL, 1)
    if state == W_SYN:
        return SynMem(1, int(cnt != 0), field(r.ctrl_spi_addr, SYNAPSE_ADDR.word), 0, 0)
    if state == R_SYN:
        return SynMem(1, 0, field(r.ctrl_spi_addr, SYNAPSE_ADDR.word), 0, 0)
    return SynMem(0, 0, 0, 0, 0)


@kernel
def sched_port(r: np.record, aerin_addr: int) -> SchedPort:
    """PUSH takes any address code as a scheduler event; a pop falls on the last clock of the event popped."""
    if r.state == PUSH:
        return SchedPort((aerin_addr >> 3) & 0x1F, neur_of(aerin_addr), 1 << EVENT_OUT.spike.shift, 0)
    if r.state == POP_NEUR:
        return SchedPort(0, 0, 0, int((r.ctrl_cnt & POP_LAST) == POP_LAST))
    if r.state == POP_VIRT:
        return SchedPort(0, 0, 0, int(r.ctrl_cnt != 0))
    return NOT_ASKED


@kernel
def neur_cnt_inc(r: np.record, aerin_addr: int) -> bool:
    """Whether the neuron counter moves on at the end of this clock."""
    cnt = r.ctrl_cnt
    if r.state == POP_NEUR:
        return bit(cnt, 0) == 1
    if r.state == TREF:
        return bit(cnt, 0) == 1 and not is_single(aerin_addr)
    if r.state == BIST:
        return (cnt & BIST_LAST) == BIST_LAST and not is_single(aerin_addr)
    return False


@kernel
def aerout_pop_neur(r: np.record) -> bool:
    """CTRL_AEROUT_POP_NEUR: a spike event writes the neuron that SPI_MONITOR_NEUR_ADDR names."""
    return r.state == POP_NEUR and r.neur_cnt == r.spi_monitor_neur_addr and bit(r.ctrl_cnt, 0) == 1


@kernel
def aerin_ack(r: np.record) -> int:
    """The pin."""
    return int(r.state == WAIT_REQDN)


# --- Clock edge -------------------------------------------------------------------------------------------------


@kernel
def calm_clock(r: np.record, state_next: int, aerin_addr: int, aerin_req: int, busy: int = 0) -> None:
    """Rising edge where nothing comes from the SPI: state, counters, the input bus's synchroniser; see ``clock``."""
    family.count(r, neur_cnt_inc(r, aerin_addr), busy)
    r.state = state_next
    family.synchronise_req(r, aerin_req)


@kernel
def clock(r: np.record, state_next: int, aerin_addr: int, aerin_req: int, busy: int) -> None:
    """Rising edge: state, counters, synchronisers. The gate closes only as the controller comes to rest.

    busy : the output bus is in a transaction (AEROUT_CTRL_BUSY); the counters stand still
    """
    calm_clock(r, state_next, aerin_addr, aerin_req, busy)
    may_close = state_next == WAIT or r.spi_gate_activity_sync == 1
    r.spi_gate_activity_sync = r.spi_gate_activity_sync_int if may_close else 0
    r.spi_gate_activity_sync_int = r.spi_gate_activity
    family.synchronise_spi(r)


reset = resetter(CHIP.block("controller"))
