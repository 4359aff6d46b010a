"""The start of the random numbers: after a reset, and from the seed registers.

Source: srnn.v, the LFSRs' rst_val and seed.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.layout import CHIP, PROG
from draupnir.emulator.reckon.lfsr import in_time, lfsr_of, order
from draupnir.emulator.reckon.lfsrs import LFSRS
from draupnir.emulator.resets import resetter

PROGS = positions(PROG)
WINP, WREC, WOUT, NOISE = map(lfsr_of, ("lfsr_winp", "lfsr_wrec", "lfsr_wout", "lfsr_noise_neur"))
WINP_ORDER, WOUT_ORDER, NOISE_ORDER = order("lfsr_winp"), order("lfsr_wout"), order("lfsr_noise_neur")
NEUR_ORDER, ONEUR_ORDER = order("lfsr_strnd_neur_u0"), order("lfsr_strnd_oneur_u")
WINP_LAG, WOUT_LAG, NOISE_LAG = WINP.lag, WOUT.lag, NOISE.lag
WINP_WIDTH, WOUT_WIDTH, NOISE_WIDTH = WINP.width, WOUT.width, NOISE.width
HALF = lfsr_of("lfsr_strnd_neur_u1").seed[1]  # bit in which the odd neuron's seed begins
AFTER_RESET = np.array([x.in_time(x.reset) for x in LFSRS])
I_WINP, I_WREC, I_WOUT, I_NOISE = (LFSRS.index(x) for x in (WINP, WREC, WOUT, NOISE))
_reset_short = resetter(CHIP.block("lfsr"), lambda reg: not reg.shape)


@outlined
def reset(r: np.record) -> None:
    """Reset all LFSRs."""
    lfsr.fill(r.lfsr_winp, AFTER_RESET[I_WINP], WINP_WIDTH, WINP_LAG)
    lfsr.fill(r.lfsr_wrec, AFTER_RESET[I_WREC], WINP_WIDTH, WINP_LAG)
    lfsr.fill(r.lfsr_wout, AFTER_RESET[I_WOUT], WOUT_WIDTH, WOUT_LAG)
    lfsr.fill(r.lfsr_noise_neur, AFTER_RESET[I_NOISE], NOISE_WIDTH, NOISE_LAG)
    _reset_short(r)


# --- Seeds whose registers the SPI has just written, bit by bit into the flip-flops -------------------------------


@outlined
def program(r: np.record, prog: int) -> None:
    """Seed all LFSRs whose bit in ``prog`` is 1."""
    program_winp(r, prog)
    program_wrec(r, prog)
    program_wout(r, prog)
    program_neurons(r, prog)
    program_oneur(r, prog)


@outlined
def program_winp(r: np.record, prog: int) -> None:
    """Seed the LFSR of the input weights."""
    if field(prog, PROGS.seed_inp):
        lfsr.fill(r.lfsr_winp, in_time(r.spi_seed_inp, WINP_ORDER), WINP_WIDTH, WINP_LAG)


@outlined
def program_wrec(r: np.record, prog: int) -> None:
    """Seed the LFSR of the recurrent weights."""
    if field(prog, PROGS.seed_rec):
        lfsr.fill(r.lfsr_wrec, in_time(r.spi_seed_rec, WINP_ORDER), WINP_WIDTH, WINP_LAG)


@outlined
def program_wout(r: np.record, prog: int) -> None:
    """Seed the LFSR of the output weights."""
    if field(prog, PROGS.seed_out):
        lfsr.fill(r.lfsr_wout, in_time(r.spi_seed_out, WOUT_ORDER), WOUT_WIDTH, WOUT_LAG)


@outlined
def program_oneur(r: np.record, prog: int) -> None:
    """Seed the LFSR for the output neurons' rounding."""
    if field(prog, PROGS.seed_strnd_oneur):
        r.lfsr_strnd_oneur_u = in_time(r.spi_seed_strnd_oneur, ONEUR_ORDER)


@outlined
def program_neurons(r: np.record, prog: int) -> None:
    """Seed the LFSRs of the noise, and those for the rounding of potentials and traces."""
    if field(prog, PROGS.seed_noise_neur):
        lfsr.fill(r.lfsr_noise_neur, in_time(r.spi_seed_noise_neur, NOISE_ORDER), NOISE_WIDTH, NOISE_LAG)
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
