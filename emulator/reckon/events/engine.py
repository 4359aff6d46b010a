"""ReckOn at event level: the same results, cycle numbers, memories and registers, without the clocks between.

Where the chip works, its phases are taken at once, as the clock level also does where it can (``stretch``). Where it
waits, a spike that the host sends is taken whole: the handshake has no clocks of its own. Every corner that nobody
would look for is run clock by clock on the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.clock import apply_inputs, clock, outputs
from draupnir.emulator.reckon.events.closed_loop import LONGEST_PHASE, Received, given, in_pieces
from draupnir.emulator.reckon.host import OUT, SPIKE, Host, HostDelays
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.reckon.stretch import can_stretch, is_waiting, pass_clocks, stretch
from draupnir.emulator.reckon.sync import IN
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.runs import new_column, put

ANSWER = 3  # clocks until a change of AERIN_REQ shows on AERIN_ACK: two flip-flops and that of ACK


@dataclass(frozen=True)
class EngineRun(Received):
    """What came of a run.

    n_swept : of the clocks, those that were taken at once: in stretches, and whole handshakes
    """

    n_swept: int


def run(model: Model, ops: ArrayLike, host: Host, max_cycles: int | None = None) -> EngineRun:
    """Carry out the operations (see ``host.Op``), for at most ``max_cycles`` clocks; as ``closed_loop.run``.

    With ``model.stretch`` False every clock is run by itself.

    ops : (n, 2) integers, ``Op`` and operand
    Raises InputError for an operation that does not exist, and NotAtRest as ``closed_loop.run`` does.
    """
    first_cycle = int(model.registers[0].cycle)
    taken = given(model, ops, host)
    most = hosts.clock_limit(taken[4], host) if max_cycles is None else max_cycles
    columns, (n_cycles, n_swept), done = in_pieces(lambda clocks: _loop(*taken, clocks, model.stretch), 2, most)
    cycles, received = columns
    run = EngineRun(cycles, received, first_cycle, n_cycles, done, n_swept)
    return runs.check_at_rest(run, max_cycles)


@entry
def _loop(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: HostDelays,
    max_cycles: int,
    stretching: bool,
) -> tuple[np.ndarray, np.ndarray, int, int, bool, bool]:
    """A piece of a run: cycles and bytes received, clocks taken, clocks taken at once, done, ended."""
    cycles, received = new_column(), new_column()
    n_taken, n_cycles, n_swept, work, ended = 0, 0, 0, 0, False
    while work < pieces.WORK:
        if stretching and may_send(r, h):
            clocks = send(r, h, ops, delays, max_cycles - n_cycles)
            n_cycles += clocks
            n_swept += clocks
        seen = outputs(r)
        hosts.act(h, ops, delays, seen)
        if h.taken:
            cycles, received = put(cycles, n_taken, r.cycle), put(received, n_taken, field(seen, OUT.OUT_DATA))
            n_taken += 1
        if h.pins != r.inputs:
            apply_inputs(r, flat, h.pins)
        ended = h.op == len(ops) or n_cycles == max_cycles
        if ended:
            break
        clocks = stretch(r, m, min(h.still, max_cycles - n_cycles)) if stretching and can_stretch(r) else 0
        n_swept += clocks
        if clocks == 0:
            clock(r, m)
            clocks = 1
        hosts.skip(h, clocks)
        n_cycles += clocks
        work += min(clocks, LONGEST_PHASE)
    return cycles[:n_taken], received[:n_taken], n_cycles, n_swept, h.op == len(ops), ended


@kernel
def may_send(r: np.record, h: np.record) -> bool:
    """The host is before an operation, and the chip waits for it, all flip-flops settled."""
    if h.phase != 0 or not is_waiting(r) or r.spi_local_tick == 1:
        return False
    return can_stretch(r) and field(r.inputs, IN.AERIN_REQ) == 0


@kernel
def send(r: np.record, h: np.record, ops: np.ndarray, d: HostDelays, most: int) -> int:
    """Whole handshakes of the SPIKEs that are next, in at most ``most`` clocks; returns the clocks.

    Nothing else moves in the chip meanwhile, so that how long it takes to answer is known.
    """
    clocks = 0
    while h.op < len(ops) and ops[h.op, 0] == SPIKE:
        one = h.wait + ANSWER + d.hold + ANSWER
        if clocks + one > most:
            break
        hosts.show_event(h, SPIKE, ops[h.op, 1], 0)
        r.inp_events_next[ops[h.op, 1]] = 1
        clocks += one
        h.op += 1
        h.wait = d.gap
    if clocks:
        r.inputs = h.pins
        r.neur256_cnt = 0
        pass_clocks(r, clocks, False)
    return clocks
