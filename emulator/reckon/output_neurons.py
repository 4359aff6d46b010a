"""The output neurons, clock by clock. A sweep of a spike adds its weights; in state STEP a neuron leaks in each clock.

Source: srnn.v, Output neurons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.arith import signed, wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import lfsr, lif, readout, seeds
from draupnir.emulator.reckon.controller import STEP
from draupnir.emulator.reckon.layout import CHIP, N_OUT, PROG, U_BITS
from draupnir.emulator.reckon.learning import traces
from draupnir.emulator.resets import resetter

PROGS = positions(PROG)
UNFOLD = lfsr.lfsr_of("lfsr_strnd_oneur_u").unfold
RAND_MASK = (1 << UNFOLD) - 1


class OutputStep(NamedTuple):
    """The output neurons' step in this clock.

    integrates : True if the present weights are added; ``oneur_sum`` has the sums
    leaks : True if neuron ``k`` leaks; if k is beyond ``last``, it only uses up its random number
    """

    integrates: bool
    leaks: bool
    k: int
    last: int


@kernel
def wires(r: np.record) -> OutputStep:
    """Return the step of this clock. If weights are added, the neuron of this clock does not leak."""
    k, arrive = r.neur_step_cnt, r.wout_cs_del == 1
    if arrive:
        _add(r)
    return OutputStep(arrive, r.state == STEP and k < N_OUT, k, -1 if arrive else r.spi_num_out_neur)


@kernel
def clock(r: np.record, s: OutputStep, prog: int, forgets: bool) -> None:
    """Rising edge of CLK; prog : the SPI's write requests, a bit each; forgets : True if a sample ends."""
    if s.integrates:
        _write_sums(r)
    if s.leaks:
        leak(r, s.k, s.last)
    if prog:
        seeds.program_oneur(r, prog)
    if field(prog, PROGS.oneur):
        r.oneur_u[r.spi_addr_out % N_OUT] = readout.wrap_u(r.spi_data)
    if forgets:
        forget(r)


@kernel
def integrate(r: np.record) -> None:
    """Add the present weights to the potentials."""
    _add(r)
    _write_sums(r)


@kernel
def add_word(r: np.record, wout: np.ndarray, addr: int) -> None:
    """Add a word of weights to the potentials; wout : (512, 16) uint8."""
    for i in range(r.spi_num_out_neur + 1):
        r.oneur_sum[i] = _sum(r, i, wide(wout[addr, i]))
        r.oneur_u[i] = r.oneur_sum[i]


@kernel
def _sum(r: np.record, i: int, weight: int) -> int:
    """Return the sum of a potential and a weight byte."""
    update = lif.scale(weight, r.spi_fp_loc_wout)
    return readout.wrap_u(readout.integrate(signed(r.oneur_u[i], U_BITS), update))


@kernel
def _add(r: np.record) -> None:
    """Compute the sums of the potentials and the present weights."""
    for i in range(r.spi_num_out_neur + 1):
        r.oneur_sum[i] = _sum(r, i, r.wout_data_o[i])


@kernel
def _write_sums(r: np.record) -> None:
    """Write the sums to the potentials in use."""
    for i in range(r.spi_num_out_neur + 1):
        r.oneur_u[i] = r.oneur_sum[i]


@kernel
def leak(r: np.record, k: int, last: int) -> None:
    """Let neuron k leak, if it is not beyond ``last``. The random number advances in any case."""
    en = int(traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round))
    bits = lfsr.ahead(r.lfsr_strnd_oneur_u)
    if k <= last:
        u = readout.leak(signed(r.oneur_u[k], U_BITS), r.spi_kappa, bits & RAND_MASK, en)
        r.oneur_u[k] = readout.wrap_u(u)
    if en:
        r.lfsr_strnd_oneur_u = lfsr.next_state(r.lfsr_strnd_oneur_u, bits, UNFOLD)


@kernel
def leak_several(r: np.record, begin: int, end: int) -> None:
    """Let the output neurons of the counts begin..end - 1 of state STEP leak. There are N_OUT."""
    end = min(end, N_OUT)
    last = r.spi_num_out_neur
    for k in range(begin, min(end, last + 1)):
        leak(r, k, last)
    n_unused = end - max(begin, last + 1)
    if n_unused > 0 and traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round):
        r.lfsr_strnd_oneur_u = lfsr.advance_by(r.lfsr_strnd_oneur_u, n_unused, UNFOLD)


forget = resetter(CHIP.block("neurons"), lambda reg: reg.name == "oneur_u")  # all potentials to 0
