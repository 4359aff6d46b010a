"""The scheduler: a main FIFO for events, and 57 burst FIFOs that a rotating priority visits one after another.

A burst's spike number k goes into the burst FIFO k (isi_ref + 1) places ahead of the one whose turn it is. The turn
moves on every SPI_BURST_TIMEREF + 1 clocks, whether or not its FIFO has been emptied; what is left waits a round.

The burst FIFOs have 4 words, but 5-bit pointers and 'full' at 32 (fifo.v): their fifth push since reset, up to the
32nd, falls outside and is lost. What is read back there is undefined in the Verilog: Icarus reads X; here, as in
Verilator and in a netlist whose read multiplexer has 4 inputs, the pointer's lower bits count, so an old word
comes back. Both are counted.

Source: ODIN paper, III.C; scheduler.v, fifo.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import scheduler as family
from draupnir.emulator.crossbar.controller import SchedPort
from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.odin.controller import Sched
from draupnir.emulator.odin.layout import BURST_DEPTH, BURST_WORD, CHIP, N_PRIO, NEUR_EVENT, PTR_BITS, SCHED_EVENT
from draupnir.emulator.parts import fifo
from draupnir.emulator.resets import reset_checker, resetter

SCHED = positions(SCHED_EVENT)
_main_clock = family.fifo_clock(SCHED_EVENT, PTR_BITS)
BURST = positions(BURST_WORD)
EVENT_OUT = positions(NEUR_EVENT)
FILL_FULL = (1 << PTR_BITS) - 1
CNT_BITS, PRIORITY_BITS = (
    next(reg.width for reg in CHIP.block("burst_fifos").regs if reg.name == name)
    for name in ("priority_cnt", "priority")
)


@kernel
def rst_priority(r: np.record) -> bool:
    """1 while burst FIFOs and priority are in reset: by RST, in open loop, or with SPI_BURST_TIMEREF = 0."""
    return r.rst_sync == 1 or r.spi_open_loop_sync == 1 or r.spi_burst_timeref == 0


@kernel
def _burst_word(r: np.record, prio: int) -> int:
    ptr = r.burst_read_ptr[prio]
    return r.burst_mem[prio * BURST_DEPTH + ptr % BURST_DEPTH]


@kernel
def outputs(r: np.record) -> Sched:
    """The next event: the burst FIFO whose turn it is goes before the main FIFO."""
    prio = r.priority
    if prio >= N_PRIO:  # nobody's turn: 0s are shifted in, and 0 is not empty
        return Sched(0, int(r.main_fill_cnt == FILL_FULL), 0, 0)
    if r.burst_empty[prio]:
        return Sched(r.main_empty, int(r.main_fill_cnt == FILL_FULL), 0, r.main_mem[r.main_read_ptr])
    word = _burst_word(r, prio)
    return Sched(0, int(r.main_fill_cnt == FILL_FULL), field(word, BURST.last), field(word, BURST.addr))


# --- The FIFOs (fifo.v) -----------------------------------------------------------------------------------------


@kernel
def _clock_burst(r: np.record, prio: int, push: bool, pop: bool, word: int) -> None:
    fill_cnt, empty = r.burst_fill_cnt[prio], r.burst_empty[prio]
    if push:
        ptr = r.burst_write_ptr[prio]
        if ptr < BURST_DEPTH:
            r.burst_mem[prio * BURST_DEPTH + ptr] = word
        else:
            r.n_burst_lost += 1
        r.burst_write_ptr[prio] = wrap(ptr + 1, PTR_BITS)
    if pop:
        if r.burst_read_ptr[prio] >= BURST_DEPTH:
            r.n_burst_undefined += 1
        r.burst_read_ptr[prio] = wrap(r.burst_read_ptr[prio] + 1, PTR_BITS)
    r.burst_fill_cnt[prio] = fifo.fill_next(fill_cnt, empty, push, pop, PTR_BITS)
    r.burst_empty[prio] = fifo.empty_next(fill_cnt, empty, push, pop)


# --- Clock edge -------------------------------------------------------------------------------------------------


@outlined
def _push_burst(r: np.record, prio: int, neur_event: int, neurmem_addr: int) -> None:
    """Spread a burst's further spikes; the order does not matter, since no two meet in one FIFO."""
    spk_ref = field(neur_event, EVENT_OUT.spk_ref)
    distance = field(neur_event, EVENT_OUT.isi_ref) + 1
    for k in range(1, spk_ref + 1):
        ahead = (prio + k * distance) % N_PRIO
        if r.burst_fill_cnt[ahead] != FILL_FULL:
            last = int(k == spk_ref)
            _clock_burst(r, ahead, True, False, last << BURST.last.shift | neurmem_addr << BURST.addr.shift)
        else:
            r.n_dropped += 1


@outlined
def _push_to_all(r: np.record, neurmem_addr: int) -> None:
    """Push into all FIFOs: with a turn past N_PRIO the requests, which are active low, are 0s that are shifted in."""
    for prio in range(N_PRIO):
        if r.burst_fill_cnt[prio] != FILL_FULL:
            _clock_burst(r, prio, True, False, neurmem_addr << BURST.addr.shift)


@kernel
def _clock_priority(r: np.record) -> None:
    if r.priority_cnt == r.spi_burst_timeref:
        r.priority_cnt = 0
        r.priority = 0 if r.priority == N_PRIO - 1 else wrap(r.priority + 1, PRIORITY_BITS)
    else:
        r.priority_cnt = wrap(r.priority_cnt + 1, CNT_BITS)


@kernel
def _to_move(r: np.record) -> int:
    """Clocks until the turn moves, the one that moves it included."""
    return wrap(r.spi_burst_timeref - r.priority_cnt, CNT_BITS) + 1


@kernel
def is_orderly(r: np.record) -> bool:
    """It is some FIFO's turn; and what is held in reset has its reset values."""
    return r.burst_clean == 1 if rst_priority(r) else r.priority < N_PRIO


@kernel
def unchanged_for(r: np.record, clocks: int, distance: int = N_PRIO) -> int:
    """Return for how many of the next clocks the ``outputs`` stay if nothing is popped or changes from outside.

    clocks : how many are asked about; the result is not above it
    distance : how far ahead of the turn a word may be pushed meanwhile, at the least; N_PRIO: none is pushed
    """
    if not is_orderly(r):
        return 0
    if rst_priority(r):
        return clocks
    prio, unchanged = r.priority, _to_move(r)
    if r.burst_empty[prio] == 0:
        return min(clocks, unchanged)
    for ahead in range(1, N_PRIO):
        prio = 0 if prio == N_PRIO - 1 else prio + 1
        if unchanged >= clocks or r.burst_empty[prio] == 0 or ahead == distance:
            return min(clocks, unchanged)
        unchanged += r.spi_burst_timeref + 1
    return clocks


@kernel
def run_on(r: np.record, clocks: int) -> None:
    """Clocks, perhaps none, in which nothing is pushed or popped and nothing changes from outside: the turn moves."""
    if clocks == 0 or rst_priority(r):
        return
    r.burst_clean = 0
    to_move = _to_move(r)
    if clocks < to_move:
        r.priority_cnt = wrap(r.priority_cnt + clocks, CNT_BITS)
        return
    period = r.spi_burst_timeref + 1
    r.priority = (r.priority + 1 + (clocks - to_move) // period) % N_PRIO
    r.priority_cnt = (clocks - to_move) % period


@kernel
def clock(r: np.record, sched: Sched, port: SchedPort, neur_event: int, neurmem_addr: int) -> None:
    """Rising edge. Pushes the controller's event, or the spike of the neuron being written; pops if asked to.

    sched : the scheduler's outputs in this clock; neur_event : NEUR_EVENT word; neurmem_addr : the neuron written
    """
    in_reset = rst_priority(r)
    prio = r.priority
    turn = prio < N_PRIO
    burst_pops = port.pop == 1 and turn and r.burst_empty[prio] == 0
    main_pops = port.pop == 1 and turn and r.burst_empty[prio] == 1 and r.main_empty == 0
    from_ctrl, from_neuron = family.pushes(r, port, field(neur_event, EVENT_OUT.spike) == 1)
    _main_clock(r, sched, port, from_ctrl, from_neuron, neurmem_addr, main_pops)
    if burst_pops:
        _clock_burst(r, prio, False, True, 0)
    if prio > N_PRIO and not in_reset:  # at N_PRIO itself the requests are rotated by nothing, as at 0
        _push_to_all(r, neurmem_addr)
    elif from_neuron and not from_ctrl and not in_reset:
        _push_burst(r, prio, neur_event, neurmem_addr)
    if not in_reset:
        r.burst_clean = 0
        _clock_priority(r)
    family.synchronise_open_loop(r)


reset = resetter(CHIP.block("scheduler"))  # synchroniser and main FIFO; the FIFO's words stay
reset_bursts = resetter(CHIP.block("burst_fifos"))  # priority and burst FIFOs; the FIFOs' words stay
are_bursts_reset = reset_checker(CHIP.block("burst_fifos"))


@kernel
def begin(r: np.record) -> None:
    """Find out anew whether priority and burst FIFOs are as after a reset: anybody may have changed them."""
    r.burst_clean = int(are_bursts_reset(r))


@outlined
def reset_priority(r: np.record) -> None:
    """Reset priority and burst FIFOs."""
    if r.burst_clean:  # nothing moves while the reset is held: do not clear 57 FIFOs at every clock
        return
    r.burst_clean = 1
    reset_bursts(r)
