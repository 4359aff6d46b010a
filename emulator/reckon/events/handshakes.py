"""Whole handshakes of ReckOn's input bus: while the chip waits, a spike of its host has no clocks of its own."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.host import SPIKE, HostDelays
from draupnir.emulator.reckon.stretch import can_stretch, is_waiting, pass_clocks
from draupnir.emulator.reckon.sync import IN

ANSWER = 3  # clocks until a change of AERIN_REQ shows on AERIN_ACK: two flip-flops and that of ACK


@kernel
def may_send(r: np.record, h: np.record) -> bool:
    """Tell whether the host is before an operation, and the chip waits for it with all flip-flops settled."""
    if h.phase != 0 or not is_waiting(r) or r.spi_local_tick == 1:
        return False
    return can_stretch(r) and field(r.inputs, IN.AERIN_REQ) == 0


@kernel
def send(r: np.record, h: np.record, ops: np.ndarray, d: HostDelays, most: int) -> int:
    """Do whole handshakes of the SPIKEs that are next, in at most ``most`` clocks; return the clocks.

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
