"""Synchronisers: two flip-flops for each signal from outside of the clock domain, pins and the SPI's requests.

Source: srnn.v, Sync barriers.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import CHIP
from draupnir.emulator.resets import resetter

IN = positions(CHIP.input_word)


@kernel
def prog_new(r: np.record) -> int:
    """Return PROG_*_new, a bit each: write requests that have just passed. They are constant while SPI_EN_CONF is 0."""
    return r.prog_sync & ~r.prog_del


@kernel
def clock(r: np.record) -> None:
    """Rising edge of CLK.

    Some do not move: TARGET_VALID's without e-prop, the tick's with local ticks, the SPI's while SPI_EN_CONF is 0.
    """
    inputs = r.inputs
    if r.spi_do_eprop != 0:
        r.target_valid_sync = r.target_valid_sync_int
        r.target_valid_sync_int = field(inputs, IN.TARGET_VALID)
    r.aerin_req_sync = r.aerin_req_sync_int
    r.aerin_req_sync_int = field(inputs, IN.AERIN_REQ)
    r.sample_sync = r.sample_sync_int
    r.sample_sync_int = field(inputs, IN.SAMPLE)
    r.infer_acc_sync = r.infer_acc_sync_int
    r.infer_acc_sync_int = field(inputs, IN.INFER_ACC)
    r.out_ack_sync = r.out_ack_sync_int
    r.out_ack_sync_int = field(inputs, IN.OUT_ACK)
    if r.spi_en_conf:
        r.prog_del = r.prog_sync
        r.prog_sync = r.prog_sync_int
        r.prog_sync_int = r.prog
        r.read_sync = r.read_sync_int
        r.read_sync_int = r.read
    if not r.spi_local_tick:
        r.time_tick_del = r.time_tick_sync
        r.time_tick_sync = r.time_tick_sync_int
        r.time_tick_sync_int = field(inputs, IN.TIME_TICK)


reset = resetter(CHIP.block("sync"))
