"""The end of a timestep (state STEP), whole: all potentials and traces decay, neurons spike.

Source: srnn.v, Neuron array and update computation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emulator.kernel.jit import kernel, outlined
from emulator.reckon import lfsr, lif, neuron_array, pair, readout, traces
from emulator.reckon.controller import SDONE
from emulator.reckon.layout import N_OUT, U_BITS
from emulator.reckon.neuron_array import ROUND_UNFOLD, TOUT_RAND_MASK, TOUT_UNFOLD
from emulator.reckon.rounding import signed


class Rands(NamedTuple):
    """The random numbers of the words' even, or odd, neurons: states of the LFSRs of potential and traces."""

    u: int
    inp: int
    rec: int
    out: int


@outlined
def sweep(r: np.record, neurons: np.ndarray, last: int) -> None:
    """All of the phase, from its first clock; it takes ``last`` + 1 clocks.

    neurons : the neuron memory, (128, 4) uint32
    last : the neuron that it ends with; a word takes two clocks, so if that is even, the last word is only read
    """
    even = Rands(r.lfsr_strnd_neur_u0, r.lfsr_strnd_tinp0, r.lfsr_strnd_trec0, r.lfsr_strnd_tout0)
    odd = Rands(r.lfsr_strnd_neur_u1, r.lfsr_strnd_tinp1, r.lfsr_strnd_trec1, r.lfsr_strnd_tout1)
    for addr in range(last // 2 + 1):
        n = 2 * addr
        read(r, neurons, addr)
        r.neur_z[n], r.neur_z[n + 1] = 0, 0
        if n < last:
            alpha, thr = neuron_array.alpha(r, addr), pair.thr(pair.parameters(r.neur_data_o))
            old0, old1 = half_of(r, n), half_of(r, n + 1)
            ahead0, ahead1 = ahead_of(even), ahead_of(odd)
            half0, half1 = _step(r, old0, alpha, thr, ahead0), _step(r, old1, alpha, thr, ahead1)
            pair.put(neurons, addr, half0, half1)
            even, odd = advanced(r, even, ahead0, alpha), advanced(r, odd, ahead1, alpha)
            r.neur_z[n], r.neur_z[n + 1] = int(pair.u(old0) >= thr), int(pair.u(old1) >= thr)
            r.neur_dirty[n], r.neur_dirty[n + 1] = 1, 1
    r.lfsr_strnd_neur_u0, r.lfsr_strnd_tinp0, r.lfsr_strnd_trec0, r.lfsr_strnd_tout0 = even
    r.lfsr_strnd_neur_u1, r.lfsr_strnd_tinp1, r.lfsr_strnd_trec1, r.lfsr_strnd_tout1 = odd
    _outputs(r, last)
    r.state, r.neur_step_cnt = SDONE, 0


@kernel
def read(r: np.record, neurons: np.ndarray, addr: int) -> None:
    """Take a word of the neuron memory into its output register."""
    for limb in range(len(r.neur_data_o)):
        r.neur_data_o[limb] = np.int64(neurons[addr, limb])


@kernel
def half_of(r: np.record, neur: int) -> int:
    """State of a neuron, whose word was read; zeros if it is not dirty."""
    return pair.half(r.neur_data_o, neur & 1) if r.neur_dirty[neur] else 0


@kernel
def ahead_of(rands: Rands) -> Rands:
    """What the LFSRs show."""
    return Rands(lfsr.ahead(rands.u), lfsr.ahead(rands.inp), lfsr.ahead(rands.rec), lfsr.ahead(rands.out))


@kernel
def _step(r: np.record, old: int, alpha: int, thr: int, ahead: Rands) -> int:
    """A neuron at the end of the timestep."""
    return neuron_array.step_half(r, old, alpha, thr, ahead.u, ahead.inp, ahead.rec, ahead.out)


@kernel
def advanced(r: np.record, rands: Rands, ahead: Rands, alpha: int) -> Rands:
    """The random numbers after a word: a potential's stand still where nothing decays, the traces' do not."""
    u, inp, rec, out = rands
    if lif.rounds(alpha, r.spi_en_stoch_round):
        u = lfsr.after(u, ahead.u, ROUND_UNFOLD)
    if r.spi_en_stoch_round:
        inp = lfsr.after(inp, ahead.inp, ROUND_UNFOLD)
        rec = lfsr.after(rec, ahead.rec, ROUND_UNFOLD)
        out = lfsr.after(out, ahead.out, TOUT_UNFOLD)
    return Rands(u, inp, rec, out)


@kernel
def _outputs(r: np.record, last: int) -> None:
    """The output neurons decay, one a clock; 16 random numbers are drawn, however many neurons there are."""
    en = int(traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round))
    state = r.lfsr_strnd_oneur_u
    for k in range(min(last + 1, N_OUT)):
        ahead = lfsr.ahead(state)
        if k <= r.spi_num_out_neur:
            u = readout.leak(signed(r.oneur_u[k], U_BITS), r.spi_kappa, ahead & TOUT_RAND_MASK, en)
            r.oneur_u[k] = readout.wrap_u(u)
        if en:
            state = lfsr.after(state, ahead, TOUT_UNFOLD)
    r.lfsr_strnd_oneur_u = state
