"""The output bus, which sends the winner's label or all potentials (two bytes each); and the counts of the winners.

Source: ReckOn doc v1.0, 2.3; srnn.v, Sending classification results, Winner computation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import readout
from draupnir.emulator.reckon.controller import IDLE, SDONE, SEND, send_num
from draupnir.emulator.reckon.layout import N_OUT

CNT_WINNER_BITS = 16
SEND_CNT_BITS = 5
BYTE_BITS = 8
BYTE_MASK = 0xFF


class Out(NamedTuple):
    """The bus and its counters after this clock.

    out_req : 0 or 1; out_data : 0..255; send_cnt : the number of bytes sent
    winner : the output neuron that wins this timestep, 0..15, or -1
    clears : True if the counts of the winners become 0
    """

    out_req: int
    out_data: int
    send_cnt: int
    winner: int
    clears: bool


@kernel
def next_out(r: np.record, state_next: int) -> Out:
    """Return the bus after this clock."""
    state = r.state
    if state == IDLE:
        return Out(0, 0, 0, -1, True)
    if state == SDONE and r.infer_acc_sync:
        return Out(r.out_req, r.out_data, r.send_cnt, _winner(r), False)
    if state == SEND:
        return _send(r, state_next)
    return Out(r.out_req, r.out_data, r.send_cnt, -1, False)


@kernel
def clock(r: np.record, o: Out) -> None:
    """Rising edge of CLK."""
    r.out_req, r.out_data, r.send_cnt = o.out_req, o.out_data, o.send_cnt
    if o.winner >= 0:
        r.cnt_winner[o.winner] = wrap(r.cnt_winner[o.winner] + 1, CNT_WINNER_BITS)
    if o.clears:
        for k in range(N_OUT):
            r.cnt_winner[k] = 0


@kernel
def _winner(r: np.record) -> int:
    """Return the winner of a timestep of inference. In regression it is always output neuron 0."""
    return 0 if r.spi_regression else readout.winner(r.oneur_u, r.spi_num_out_neur)


@kernel
def _send(r: np.record, state_next: int) -> Out:
    if state_next != SEND:
        return Out(0, r.out_data, 0, -1, False)
    if r.send_cnt <= send_num(r):
        if not r.out_ack_sync and not r.out_req:
            return Out(1, _byte(r), r.send_cnt, -1, False)
        if r.out_ack_sync and r.out_req:
            return Out(0, r.out_data, wrap(r.send_cnt + 1, SEND_CNT_BITS), -1, False)
    return Out(r.out_req, r.out_data, r.send_cnt, -1, False)


@kernel
def _byte(r: np.record) -> int:
    """Return the next byte: the label, which is 0 in regression; or half of a potential."""
    if r.spi_send_label_only:
        return 0 if r.spi_regression else readout.most_wins(r.cnt_winner, r.spi_num_out_neur)
    return r.oneur_u[r.send_cnt >> 1] >> (BYTE_BITS * (r.send_cnt & 1)) & BYTE_MASK
