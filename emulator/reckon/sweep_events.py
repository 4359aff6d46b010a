"""The spikes of a timestep (event controller), all of them: each stimulates every recurrent neuron.

Source: srnn.v, Event controller.
"""

from __future__ import annotations

import numpy as np

from emulator.kernel.jit import kernel, outlined
from emulator.reckon import lfsr, lif, neuron_array, pair, readout, traces
from emulator.reckon.controller import WAIT, traces_on
from emulator.reckon.layout import N_WEIGHTS, U_BITS, N
from emulator.reckon.rounding import signed
from emulator.reckon.sweep_step import half_of, read
from emulator.reckon.weights import load

GROUPS = N // N_WEIGHTS
WORDS_PER_GROUP = N_WEIGHTS // 2


@outlined
def sweep(r: np.record, neurons: np.ndarray, winp: np.ndarray, wrec: np.ndarray, wout: np.ndarray, last: int) -> int:
    """From a clock in state_evt CNT to the one in which it waits again; returns the clocks that this takes.

    last : the last neuron that can have a spike, of input or recurrent neurons; at least neur256_cnt
    """
    clocks = 0
    supplemented = False
    for pre in range(r.neur256_cnt, last + 1):
        clocks += 1
        inp, z = r.inp_events[pre], r.neur_z[pre]
        supplemented = False
        if inp or z:
            if z:
                _to_outputs(r, wout, pre)
            clocks += _to_neurons(r, neurons, winp, wrec, pre)
            supplemented = inp == 1 and pre > r.spi_num_rec_neur and traces_on(r, 0)
            if supplemented:
                _supplement(r, neurons, pre)
                clocks += 2
            r.inp_events[pre], r.neur_z[pre] = 0, 0
    r.state_evt, r.neur256_cnt, r.supp_cycle = WAIT, last, int(supplemented)
    return clocks


@kernel
def _to_outputs(r: np.record, wout: np.ndarray, pre: int) -> None:
    """A recurrent neuron's spike reaches the output neurons."""
    load(r.wout_data_o, wout, pre)
    for k in range(r.spi_num_out_neur + 1):
        weight = lif.scaled(r.wout_data_o[k], r.spi_fp_loc_wout)
        r.oneur_u[k] = readout.wrap_u(readout.integrate(signed(r.oneur_u[k], U_BITS), weight))


@kernel
def _to_neurons(r: np.record, neurons: np.ndarray, winp: np.ndarray, wrec: np.ndarray, pre: int) -> int:
    """A spike, of the input neuron, the recurrent neuron or both, reaches the neurons; returns its clocks."""
    inp, z = r.inp_events[pre], r.neur_z[pre]
    n_words = r.spi_num_rec_neur // 2 + 1
    for addr in range(n_words):
        if addr % WORDS_PER_GROUP == 0:
            group = GROUPS * pre + addr // WORDS_PER_GROUP
            if inp:
                load(r.winp_data_o, winp, group)
            if z:
                load(r.wrec_data_o, wrec, group)
        read(r, neurons, addr)
        n = 2 * addr
        half0, half1 = half_of(r, n), half_of(r, n + 1)
        half0, half1 = _stimulated(r, half0, n, inp, z, 0), _stimulated(r, half1, n + 1, inp, z, 1)
        if r.spi_noise_en:
            lfsr.draw(r.lfsr_noise_neur, neuron_array.NOISE_WIDTH, neuron_array.NOISE_LAG)
        if n == pre & ~1:
            half0 = _traced(r, half0, inp, z) if pre == n else half0
            half1 = _traced(r, half1, inp, z) if pre == n + 1 else half1
        pair.put(neurons, addr, half0, half1)
        r.neur_dirty[n], r.neur_dirty[n + 1] = 1, 1
    return 2 * n_words


@kernel
def _stimulated(r: np.record, old: int, neur: int, inp: int, z: int, n: int) -> int:
    """A neuron after it has taken its weights and noise."""
    i = neur % N_WEIGHTS
    w_inp = lif.scaled(r.winp_data_o[i], r.spi_fp_loc_winp) if inp else 0
    w_rec = lif.scaled(r.wrec_data_o[i], r.spi_fp_loc_wrec) if z else 0
    u = lif.integrate(pair.u(old), lif.synaptic_update(w_rec, w_inp), neuron_array.noise(r, n))
    return old & ~pair.U_MASK | u & pair.U_MASK


@kernel
def _traced(r: np.record, old: int, inp: int, z: int) -> int:
    """The spiking neuron after its own traces have increased, those that learning, or SPI_FORCE_TRACES, asks for."""
    t_inp, t_rec, t_out = pair.trace_inp(old), pair.trace_rec(old), pair.trace_out(old)
    if inp and traces_on(r, 0):
        t_inp = traces.increase(t_inp, r.spi_fp_loc_tinp)
    if z and traces_on(r, 1):
        t_rec = traces.increase(t_rec, r.spi_fp_loc_trec)
    if z and traces_on(r, 2):
        t_out = traces.increase_out(t_out, r.spi_fp_loc_tout)
    return pair.packed(pair.u(old), t_inp, t_rec, t_out)


@kernel
def _supplement(r: np.record, neurons: np.ndarray, pre: int) -> None:
    """State SUPP: the trace of an input neuron without a recurrent neuron of its number.

    Nobody writes the potentials, but the word counts as dirty from now on.
    """
    addr = pre // 2
    n = 2 * addr
    read(r, neurons, addr)
    half0, half1 = half_of(r, n), half_of(r, n + 1)
    half0 = _traced(r, half0, 1, 0) if pre == n else half0
    half1 = _traced(r, half1, 1, 0) if pre == n + 1 else half1
    u0, u1 = pair.half(r.neur_data_o, 0) & pair.U_MASK, pair.half(r.neur_data_o, 1) & pair.U_MASK
    pair.put(neurons, addr, half0 & ~pair.U_MASK | u0, half1 & ~pair.U_MASK | u1)
    r.neur_dirty[n], r.neur_dirty[n + 1] = 1, 1


@kernel
def longest(r: np.record, last: int) -> int:
    """Clocks that the phase takes at most: if every neuron that is left has a spike."""
    n_words = r.spi_num_rec_neur // 2 + 1
    return (last + 1 - r.neur256_cnt) * (1 + 2 * n_words + 2)
