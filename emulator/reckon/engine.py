"""ReckOn at event level: the same results, cycle numbers, memories and registers, without the clocks between.

The chip's time goes into three phases, each taken at once where nobody can interfere: the end of a timestep
(``sweep_step``), learning (``sweep_eprop``), and the spikes of a timestep (``sweep_events``). The host, which waits for
the chip meanwhile, the buses, and every corner that nobody would look for are run clock by clock on the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emulator.kernel.bits import field
from emulator.kernel.jit import entry, kernel
from emulator.reckon import host as hosts
from emulator.reckon import sweep_eprop, sweep_events, sweep_step
from emulator.reckon.chip import Model
from emulator.reckon.clock import apply_inputs, clock, outputs
from emulator.reckon.closed_loop import n_taken, state_of
from emulator.reckon.controller import CNT, EPROP, PROP, STEP, WAIT, num_neur, num_recout
from emulator.reckon.host import OUT, Delays, Host
from emulator.reckon.srams import Mems
from emulator.reckon.sync import IN

SETTLED = 3  # clocks after which the pins have passed all flip-flops of their synchronisers


@dataclass(frozen=True)
class Run:
    """What came of a run.

    cycles, received : (n,) int64, the first clock before whose edge OUT_REQ was seen high, and OUT_DATA there; cycles
    count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all operations were carried out; False: ``max_cycles`` was reached first
    n_swept : of the clocks, those that were taken at once
    """

    cycles: np.ndarray
    received: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    n_swept: int


def run(model: Model, ops: ArrayLike, host: Host, max_cycles: int = 1 << 62) -> Run:
    """Carry out the operations (see ``host.Op``), for at most ``max_cycles`` clocks; as ``closed_loop.run``.

    ops : (n, 2) integers, ``Op`` and operand
    Raises InputError for an operation that does not exist.
    """
    operations = hosts.operations(ops)
    first_cycle = int(model.registers[0].cycle)
    cycles, received, n_cycles, n_swept, done = _loop(
        *state_of(model),
        hosts.start(int(model.registers[0].inputs), host),
        operations,
        host.delays,
        np.empty((n_taken(operations), 2), dtype=np.int64),
        max_cycles,
    )
    return Run(cycles, received, first_cycle, int(n_cycles), bool(done), int(n_swept))


@entry
def _loop(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: Delays,
    taken: np.ndarray,
    max_cycles: int,
) -> tuple[np.ndarray, np.ndarray, int, int, bool]:
    """A run: cycles and bytes received, clocks taken, clocks taken at once, done."""
    n_taken, n_cycles, n_swept = 0, 0, 0
    while True:
        seen = outputs(r)
        hosts.act(h, ops, delays, seen)
        if h.taken:
            taken[n_taken, 0], taken[n_taken, 1] = r.cycle, field(seen, OUT.OUT_DATA)
            n_taken += 1
        if h.pins != r.inputs:
            apply_inputs(r, flat, h.pins)
        if h.op == len(ops) or n_cycles == max_cycles:
            break
        clocks = 0
        if may_sweep(r):
            clocks = sweep(r, m, min(h.still, max_cycles - n_cycles))
            n_swept += clocks
        if clocks == 0:
            clock(r, m)
            clocks = 1
        hosts.skip(h, clocks)
        n_cycles += clocks
    return taken[:n_taken, 0].copy(), taken[:n_taken, 1].copy(), n_cycles, n_swept, h.op == len(ops)


@kernel
def may_sweep(r: np.record) -> bool:
    """The chip is at the first clock of a phase that can be taken at once."""
    if r.state == STEP:
        return r.neur_step_cnt == 0 and r.state_evt == WAIT and is_undisturbed(r)
    if r.state == EPROP:
        return r.e_pre == 0 and r.e_post_lsb == 0 and r.e_post_msb == 0 and r.buf16_post == 1 and is_undisturbed(r)
    return r.state == PROP and r.state_evt == CNT and is_undisturbed(r)


@kernel
def is_undisturbed(r: np.record) -> bool:
    """As long as the pins stay as they are, nothing comes through the synchronisers that a phase would notice.

    A falling TIME_TICK goes unnoticed; of the levels, state EPROP alone looks, at SAMPLE and TARGET_VALID.
    """
    tick = field(r.inputs, IN.TIME_TICK)
    ticks = r.spi_local_tick == 1 or r.time_tick_sync > r.time_tick_del or r.time_tick_sync_int > r.time_tick_sync
    aer = r.aerin_ack | r.aerin_req_sync | r.aerin_req_sync_int | field(r.inputs, IN.AERIN_REQ)
    spi = r.spi_en_conf | (r.prog_sync & ~r.prog_del) | r.read_sync | r.wout_cs_del | (r.e_post_lsb & 1)
    reset = r.rst_sync | r.rst_sync_int | field(r.inputs, IN.RST)
    return not ticks and tick <= r.time_tick_sync_int and (aer | spi | reset | r.timing_error) == 0


@kernel
def sweep(r: np.record, m: Mems, most: int) -> int:
    """Take the phase that begins now at once, if it ends within ``most`` clocks; returns its clocks, or 0."""
    clocks = 0
    last = num_neur(r)
    if r.state == STEP:
        if SETTLED - 1 <= num_recout(r) < most:
            sweep_step.sweep(r, m.neurons, num_recout(r))
            clocks = num_recout(r) + 1
    elif r.state == EPROP:
        if SETTLED <= sweep_eprop.clocks(r, last) <= most and _levels_stay(r):
            clocks = sweep_eprop.clocks(r, last)
            sweep_eprop.sweep(r, m.neurons, m.winp, m.wrec, m.wout, last)
    elif r.neur256_cnt + SETTLED <= last and sweep_events.longest(r, last) <= most:
        clocks = sweep_events.sweep(r, m.neurons, m.winp, m.wrec, m.wout, last)
    if clocks:
        _settle(r)
        r.cycle += clocks
    return clocks


@kernel
def _levels_stay(r: np.record) -> bool:
    """SAMPLE and TARGET_VALID have come through, and SAMPLE lets the phase end."""
    target, sample = field(r.inputs, IN.TARGET_VALID), field(r.inputs, IN.SAMPLE)
    settled = r.target_valid_sync_int == target and r.target_valid_sync == target
    stays = r.sample_sync_int == sample and r.sample_sync == sample
    return settled and stays and (sample == 1 or r.spi_send_per_timestep == 1)


@kernel
def _settle(r: np.record) -> None:
    """The synchronisers, and what counts while nothing happens, after at least SETTLED clocks with the same pins."""
    if r.spi_do_eprop != 0:
        r.target_valid_sync_int = r.target_valid_sync = field(r.inputs, IN.TARGET_VALID)
    r.sample_sync_int = r.sample_sync = field(r.inputs, IN.SAMPLE)
    r.infer_acc_sync_int = r.infer_acc_sync = field(r.inputs, IN.INFER_ACC)
    r.out_ack_sync_int = r.out_ack_sync = field(r.inputs, IN.OUT_ACK)
    r.time_tick_sync_int = r.time_tick_sync = r.time_tick_del = field(r.inputs, IN.TIME_TICK)
    r.tick_cnt = 1
