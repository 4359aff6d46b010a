"""The output bus: the winner's label, or all output neurons' potentials, two bytes each; and who won how often.

Source: ReckOn doc v1.0, 2.3; srnn.v, Sending classification results, Winner computation.
"""

from __future__ import annotations

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


@kernel
def clock(r: np.record, state_next: int) -> None:
    """Rising edge."""
    state = r.state
    if state == IDLE:
        r.out_req = 0
        r.out_data = 0
        r.send_cnt = 0
        for k in range(N_OUT):
            r.cnt_winner[k] = 0
    elif state == SDONE:
        if r.infer_acc_sync:
            _count_winner(r)
    elif state == SEND:
        _send(r, state_next)


@kernel
def _count_winner(r: np.record) -> None:
    """A timestep of inference ends. In regression output neuron 0 is counted."""
    k = 0 if r.spi_regression else readout.winner(r.oneur_u, r.spi_num_out_neur)
    r.cnt_winner[k] = wrap(r.cnt_winner[k] + 1, CNT_WINNER_BITS)


@kernel
def _send(r: np.record, state_next: int) -> None:
    if state_next != SEND:
        r.out_req = 0
        r.send_cnt = 0
    elif r.send_cnt <= send_num(r):
        if not r.out_ack_sync and not r.out_req:
            r.out_req = 1
            r.out_data = _byte(r)
        elif r.out_ack_sync and r.out_req:
            r.out_req = 0
            r.send_cnt = wrap(r.send_cnt + 1, SEND_CNT_BITS)


@kernel
def _byte(r: np.record) -> int:
    """The next byte: a label, 0 in regression; or half a potential, as it is now."""
    if r.spi_send_label_only:
        return 0 if r.spi_regression else readout.most_wins(r.cnt_winner, r.spi_num_out_neur)
    return r.oneur_u[r.send_cnt >> 1] >> (BYTE_BITS * (r.send_cnt & 1)) & BYTE_MASK
