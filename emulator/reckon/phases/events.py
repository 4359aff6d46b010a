"""Stretches of a timestep: the search for spikes, and the sweep of each spike over all recurrent neurons.

A word takes two clocks at a time; ``clock`` runs single clocks. While one sweep follows the other, the potentials are
outside of the neuron memory, one number each, because nothing else reads them.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, lfsr, lif, neuron_array, output_neurons, pair, srams
from draupnir.emulator.reckon.controller import CNT, EVT, WAIT
from draupnir.emulator.reckon.controller import SUPP as SUPPLEMENT
from draupnir.emulator.reckon.layout import N_WEIGHTS, M, N
from draupnir.emulator.reckon.learning import weights
from draupnir.emulator.reckon.neuron_array import NOISE_LAG, NOISE_WIDTH
from draupnir.emulator.reckon.srams import Mems

NEUR_MASK = (1 << M) - 1
N_WORDS = N // 2
GROUP_WORDS = N_WEIGHTS // 2  # words of neurons for one word of weights


@kernel
def events(r: np.record, m: Mems, clocks: int) -> int:
    """Look for spikes and sweep each, in at most ``clocks`` clocks, and return their number.

    The event controller must not be in WAIT.
    """
    n_remaining = clocks
    while n_remaining > 0 and r.state_evt != WAIT:
        if r.state_evt == CNT:
            n_clocks = _search(r, m, n_remaining)
        elif r.state_evt == EVT:
            n_clocks = _sweeps(r, m, n_remaining)
        else:
            n_clocks = _supplement(r, m.neurons, n_remaining)
        if n_clocks == 0:
            break
        n_remaining -= n_clocks
    return clocks - n_remaining


@kernel
def _search(r: np.record, m: Mems, clocks: int) -> int:
    """Run state CNT: one neuron in each clock, up to the first that spikes, or the last. Return the clocks."""
    n = r.neur256_cnt
    last = controller.num_neur(r)
    r.supp_cycle = 0
    for i in range(clocks):
        if r.neur_z[n] | r.inp_events[n]:
            if r.neur_z[n]:
                weights.load(r.wout_data_o, m.wout, n)
                r.wout_cs_del = 1
            r.neur256_cnt = n
            r.state_evt = EVT
            return i + 1
        if n == last:
            r.neur256_cnt = n
            r.state_evt = WAIT
            return i + 1
        n = (n + 1) & NEUR_MASK
    r.neur256_cnt = n
    return clocks


# --- Sweeps -----------------------------------------------------------------------------------------------------


@kernel
def _sweeps(r: np.record, m: Mems, clocks: int) -> int:
    """Run state EVT: the rest of the present sweep; after a complete sweep also the next complete ones.

    Returns the clocks.
    """
    if bit(r.neur128x2_cnt, 0):
        return 0
    first, n_words = r.neur128x2_cnt >> 1, (r.spi_num_rec_neur >> 1) + 1
    end = min(first + (clocks >> 1), n_words if first < n_words else N_WORDS)  # else to the wrap
    if end == first:
        return 0
    is_complete = first == 0 and end == n_words
    _read_potentials(r, m, first, end)
    n_clocks = 0
    while True:
        _sweep(r, m, first, end)
        n_clocks += 2 * (end - first)
        if not is_complete or r.state_evt != CNT or n_clocks == clocks:
            break
        n_clocks += _search(r, m, clocks - n_clocks)
        if r.state_evt != EVT or n_clocks + 2 * n_words > clocks:
            break
        _write_potentials(m, end - 1, end)
        srams.load_pair(r, m.neurons, end - 1)
    _write_potentials(m, first, end)
    return n_clocks


@kernel
def _read_potentials(r: np.record, m: Mems, first: int, end: int) -> None:
    """Copy the potentials of words first..end - 1, which are about to be written, to ``m.u``.

    A neuron that is not dirty has potential 0. The last word stays in the memory's output register.
    """
    for addr in range(first, end):
        srams.load_pair(r, m.neurons, addr)
        even, odd = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
        if not (r.neur_dirty[2 * addr] and r.neur_dirty[2 * addr + 1]):
            even = even if r.neur_dirty[2 * addr] else 0
            odd = odd if r.neur_dirty[2 * addr + 1] else 0
            pair.write_states(m.neurons, addr, even, odd)
            r.neur_dirty[2 * addr], r.neur_dirty[2 * addr + 1] = 1, 1
        group, idx = addr // GROUP_WORDS, 2 * (addr % GROUP_WORDS)
        m.u[group, idx], m.u[group, idx + 1] = pair.u(even), pair.u(odd)


@kernel
def _write_potentials(m: Mems, first: int, end: int) -> None:
    """Write the potentials of words first..end - 1 back to the neuron memory."""
    for addr in range(first, end):
        group, idx = addr // GROUP_WORDS, 2 * (addr % GROUP_WORDS)
        pair.write_potentials(m.neurons, addr, m.u[group, idx], m.u[group, idx + 1])


@kernel
def _sweep(r: np.record, m: Mems, first: int, end: int) -> None:
    """Add the event's weights to words first..end - 1, and increase the traces of the neuron that spikes, if there."""
    n = r.neur256_cnt
    inp_event, z = r.inp_events[n], r.neur_z[n]
    r.n_synaptic_operations += 2 * (end - first) * (inp_event + z)
    if r.wout_cs_del:
        output_neurons.integrate(r)
        r.n_synaptic_operations += r.spi_num_out_neur + 1
        r.wout_cs_del = 0
    if r.spi_noise_en:
        _draw_noise(r, m, first, end)
    for group in range(first // GROUP_WORDS, (end - 1) // GROUP_WORDS + 1):
        if group * GROUP_WORDS >= first:
            if inp_event:
                weights.load(r.winp_data_o, m.winp, n << 4 | group)
            if z:
                weights.load(r.wrec_data_o, m.wrec, n << 4 | group)
        _stimulate(r, m, group, inp_event, z)
    if first <= n >> 1 < end:
        _own_traces(r, m.neurons, n, inp_event, z)
    r.neur128x2_cnt = 2 * end & NEUR_MASK
    if end == (r.spi_num_rec_neur >> 1) + 1:
        _end_sweep(r, n, inp_event)


@outlined
def _draw_noise(r: np.record, m: Mems, first: int, end: int) -> None:
    """Draw the noise of the neurons of words first..end - 1 into ``m.noise``."""
    for addr in range(first, end):
        group, idx = addr // GROUP_WORDS, 2 * (addr % GROUP_WORDS)
        m.noise[group, idx], m.noise[group, idx + 1] = neuron_array.noise(r, 0), neuron_array.noise(r, 1)
        lfsr.draw(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)


@kernel
def _stimulate(r: np.record, m: Mems, group: int, inp_event: int, z: int) -> None:
    """Add the present weights to 16 potentials of ``m.u``; potentials that were not copied there have no effect."""
    mask_inp, mask_rec, mask_noise = -inp_event, -z, -r.spi_noise_en  # all ones, or zeros
    for i in range(N_WEIGHTS):
        w_inp = lif.scale(r.winp_data_o[i] & mask_inp, r.spi_fp_loc_winp)
        w_rec = lif.scale(r.wrec_data_o[i] & mask_rec, r.spi_fp_loc_wrec)
        m.u[group, i] = lif.integrate(m.u[group, i], lif.synaptic_update(w_rec, w_inp), m.noise[group, i] & mask_noise)


@outlined
def _own_traces(r: np.record, neurons: np.ndarray, n: int, inp_event: int, z: int) -> None:
    """Increase the traces of neuron n, which spikes."""
    even, odd = pair.half_at(neurons, n >> 1, 0), pair.half_at(neurons, n >> 1, 1)
    own = neuron_array.increase_traces(r, inp_event, z, odd if n & 1 else even)
    if n & 1:
        odd = odd & ~own.mask | own.state
    else:
        even = even & ~own.mask | own.state
    pair.write_states(neurons, n >> 1, even, odd)


@kernel
def _end_sweep(r: np.record, n: int, inp_event: int) -> None:
    """End the sweep. The trace of an input neuron beyond the recurrent neurons may still have to be increased."""
    r.neur128x2_cnt = 0
    if inp_event and n > r.spi_num_rec_neur and controller.traces_on(r, 0):
        r.state_evt = SUPPLEMENT  # the spikes are still needed
    else:
        _end_event(r, n)


@kernel
def _end_event(r: np.record, n: int) -> None:
    """End the event: go to the next neuron, or to state WAIT."""
    r.neur_z[n] = 0
    r.inp_events[n] = 0
    if n == controller.num_neur(r):
        r.state_evt = WAIT
    else:
        r.state_evt = CNT
        r.neur256_cnt = (n + 1) & NEUR_MASK


@outlined
def _supplement(r: np.record, neurons: np.ndarray, clocks: int) -> int:
    """Run state SUPP, which writes no potentials. The neurons become dirty, so the memory's potentials now count."""
    if clocks < 2 or r.supp_cycle:
        return 0
    n = r.neur256_cnt
    addr = n >> 1
    srams.load_pair(r, neurons, addr)
    even, odd = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
    pair.write_states(
        neurons,
        addr,
        even if r.neur_dirty[2 * addr] else even & pair.U_MASK,
        odd if r.neur_dirty[2 * addr + 1] else odd & pair.U_MASK,
    )
    r.neur_dirty[2 * addr], r.neur_dirty[2 * addr + 1] = 1, 1
    _own_traces(r, neurons, n, 1, 0)
    _end_event(r, n)
    r.supp_cycle = 1
    return 2
