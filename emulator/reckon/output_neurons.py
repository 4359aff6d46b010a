"""The output neurons on the clock: each sweep of a spike adds its weights; state STEP makes one leak in each clock.

Source: srnn.v, Output neurons.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import lfsr, lif, readout
from draupnir.emulator.reckon.controller import STEP
from draupnir.emulator.reckon.layout import N_OUT, U_BITS
from draupnir.emulator.reckon.learning import traces
from draupnir.emulator.reckon.rounding import signed

UNFOLD = lfsr.declared("lfsr_strnd_oneur_u").unfold
RAND_MASK = (1 << UNFOLD) - 1


@kernel
def clock(r: np.record) -> None:
    """Rising edge. Weights that arrive keep the neuron of this clock from leaking; its random number goes by."""
    k = r.neur_step_cnt
    if r.wout_cs_del:
        integrate(r)
    if r.state == STEP and k < N_OUT:
        leak(r, k, r.spi_num_out_neur if not r.wout_cs_del else -1)


@kernel
def integrate(r: np.record) -> None:
    """Add the weights at hand."""
    for i in range(r.spi_num_out_neur + 1):
        update = lif.scaled(r.wout_data_o[i], r.spi_fp_loc_wout)
        r.oneur_u[i] = readout.wrap_u(readout.integrate(signed(r.oneur_u[i], U_BITS), update))


@kernel
def leak(r: np.record, k: int, last: int) -> None:
    """Neuron k leaks, if it is not beyond ``last``; the random number moves on in any case."""
    en = int(traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round))
    bits = lfsr.ahead(r.lfsr_strnd_oneur_u)
    if k <= last:
        u = readout.leak(signed(r.oneur_u[k], U_BITS), r.spi_kappa, bits & RAND_MASK, en)
        r.oneur_u[k] = readout.wrap_u(u)
    if en:
        r.lfsr_strnd_oneur_u = lfsr.after(r.lfsr_strnd_oneur_u, bits, UNFOLD)


@kernel
def forget(r: np.record) -> None:
    """All potentials to 0."""
    for k in range(N_OUT):
        r.oneur_u[k] = 0


@kernel
def program(r: np.record, addr: int, word: int) -> None:
    """The SPI writes a potential, in use or not."""
    r.oneur_u[addr % N_OUT] = readout.wrap_u(word)
