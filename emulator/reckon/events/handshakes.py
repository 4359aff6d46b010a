"""Whole handshakes on ReckOn's input bus, at once, while the chip waits for spikes of its host."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.host import SPIKE, HostDelays
from draupnir.emulator.reckon.stretch import can_stretch, is_waiting, pass_clocks
from draupnir.emulator.reckon.sync import IN

ANSWER = 3  # clocks from a change of AERIN_REQ to that of AERIN_ACK: two flip-flops, and the one of ACK


@kernel
def may_send(r: np.record, h: np.record) -> bool:
    """Return True if the host is about to begin an operation, and the chip waits for it with all flip-flops stable."""
    if h.phase != 0 or not is_waiting(r) or r.spi_local_tick == 1:
        return False
    return can_stretch(r) and field(r.inputs, IN.AERIN_REQ) == 0


@kernel
def send(r: np.record, h: np.record, ops: np.ndarray, d: HostDelays, max_clocks: int) -> int:
    """Run whole handshakes for the next operations that are SPIKEs, and return the number of clocks.

    Nothing else moves in the chip in this time, so the delay of its answers is known.

    max_clocks : clocks, at most
    """
    clocks = 0
    while h.op < len(ops) and ops[h.op, 0] == SPIKE:
        spike_clocks = h.wait + ANSWER + d.hold + ANSWER
        if clocks + spike_clocks > max_clocks:
            break
        hosts.show_event(h, SPIKE, ops[h.op, 1], 0)
        r.inp_events_next[ops[h.op, 1]] = 1
        clocks += spike_clocks
        h.op += 1
        h.wait = d.gap
    if clocks:
        r.inputs = h.pins
        r.neur256_cnt = 0
        pass_clocks(r, clocks, False)
    return clocks
