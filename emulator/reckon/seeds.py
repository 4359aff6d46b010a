"""Where the random numbers begin: after a reset, and from the seed registers.

Source: srnn.v, the LFSRs' rst_val and seed.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.layout import PROG
from draupnir.emulator.reckon.lfsr import declared, in_time, order
from draupnir.emulator.reckon.lfsrs import LFSRS

PROGS = positions(PROG)
WINP, WREC, WOUT, NOISE = map(declared, ("lfsr_winp", "lfsr_wrec", "lfsr_wout", "lfsr_noise_neur"))
WINP_ORDER, WOUT_ORDER, NOISE_ORDER = order("lfsr_winp"), order("lfsr_wout"), order("lfsr_noise_neur")
NEUR_ORDER, ONEUR_ORDER = order("lfsr_strnd_neur_u0"), order("lfsr_strnd_oneur_u")
WINP_LAG, WOUT_LAG, NOISE_LAG = WINP.lag, WOUT.lag, NOISE.lag
WINP_WIDTH, WOUT_WIDTH, NOISE_WIDTH = WINP.width, WOUT.width, NOISE.width
HALF = declared("lfsr_strnd_neur_u1").seed[1]  # bit in which the odd neuron's seed begins
AFTER_RESET = np.array([x.in_time(x.reset) for x in LFSRS])
I_WINP, I_WREC, I_WOUT, I_NOISE = (LFSRS.index(x) for x in (WINP, WREC, WOUT, NOISE))
I_ONEUR_U, I_NEUR_U0, I_NEUR_U1, I_TINP0, I_TINP1, I_TREC0, I_TREC1, I_TOUT0, I_TOUT1 = range(4, len(LFSRS))


@outlined
def reset(r: np.record) -> None:
    """All LFSRs as after a reset."""
    lfsr.fill(r.lfsr_winp, AFTER_RESET[I_WINP], WINP_WIDTH, WINP_LAG)
    lfsr.fill(r.lfsr_wrec, AFTER_RESET[I_WREC], WINP_WIDTH, WINP_LAG)
    lfsr.fill(r.lfsr_wout, AFTER_RESET[I_WOUT], WOUT_WIDTH, WOUT_LAG)
    lfsr.fill(r.lfsr_noise_neur, AFTER_RESET[I_NOISE], NOISE_WIDTH, NOISE_LAG)
    r.lfsr_strnd_oneur_u = AFTER_RESET[I_ONEUR_U]
    r.lfsr_strnd_neur_u0 = AFTER_RESET[I_NEUR_U0]
    r.lfsr_strnd_neur_u1 = AFTER_RESET[I_NEUR_U1]
    r.lfsr_strnd_tinp0 = AFTER_RESET[I_TINP0]
    r.lfsr_strnd_tinp1 = AFTER_RESET[I_TINP1]
    r.lfsr_strnd_trec0 = AFTER_RESET[I_TREC0]
    r.lfsr_strnd_trec1 = AFTER_RESET[I_TREC1]
    r.lfsr_strnd_tout0 = AFTER_RESET[I_TOUT0]
    r.lfsr_strnd_tout1 = AFTER_RESET[I_TOUT1]


@outlined
def program(r: np.record, prog: int) -> None:
    """Take the seeds whose registers have just been written, bit by bit into the flip-flops."""
    if field(prog, PROGS.seed_inp):
        lfsr.fill(r.lfsr_winp, in_time(r.spi_seed_inp, WINP_ORDER), WINP_WIDTH, WINP_LAG)
    if field(prog, PROGS.seed_rec):
        lfsr.fill(r.lfsr_wrec, in_time(r.spi_seed_rec, WINP_ORDER), WINP_WIDTH, WINP_LAG)
    if field(prog, PROGS.seed_out):
        lfsr.fill(r.lfsr_wout, in_time(r.spi_seed_out, WOUT_ORDER), WOUT_WIDTH, WOUT_LAG)
    if field(prog, PROGS.seed_noise_neur):
        lfsr.fill(r.lfsr_noise_neur, in_time(r.spi_seed_noise_neur, NOISE_ORDER), NOISE_WIDTH, NOISE_LAG)
    if field(prog, PROGS.seed_strnd_oneur):
        r.lfsr_strnd_oneur_u = in_time(r.spi_seed_strnd_oneur, ONEUR_ORDER)
    if field(prog, PROGS.seed_strnd_neur):
        r.lfsr_strnd_neur_u0 = in_time(r.spi_seed_strnd_neur, NEUR_ORDER)
        r.lfsr_strnd_neur_u1 = in_time(r.spi_seed_strnd_neur >> HALF, NEUR_ORDER)
    if field(prog, PROGS.seed_strnd_tinp):
        r.lfsr_strnd_tinp0 = in_time(r.spi_seed_strnd_tinp, NEUR_ORDER)
        r.lfsr_strnd_tinp1 = in_time(r.spi_seed_strnd_tinp >> HALF, NEUR_ORDER)
    if field(prog, PROGS.seed_strnd_trec):
        r.lfsr_strnd_trec0 = in_time(r.spi_seed_strnd_trec, NEUR_ORDER)
        r.lfsr_strnd_trec1 = in_time(r.spi_seed_strnd_trec >> HALF, NEUR_ORDER)
    if field(prog, PROGS.seed_strnd_tout):
        r.lfsr_strnd_tout0 = in_time(r.spi_seed_strnd_tout, ONEUR_ORDER)
        r.lfsr_strnd_tout1 = in_time(r.spi_seed_strnd_tout >> HALF, ONEUR_ORDER)
