"""Stretches of a timestep: the search for spikes, and the sweep of each spike over all recurrent neurons.

A word takes two clocks at a time; ``clock`` runs single clocks. ``whole`` runs the sweeps that begin and end in the
stretch.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, output_neurons, pair, srams
from draupnir.emulator.reckon.controller import CNT, EVT, WAIT
from draupnir.emulator.reckon.layout import N_WEIGHTS, N
from draupnir.emulator.reckon.learning import weights
from draupnir.emulator.reckon.phases import sweep
from draupnir.emulator.reckon.phases.sweep import NEUR_MASK
from draupnir.emulator.reckon.phases.whole import whole_events
from draupnir.emulator.reckon.srams import Mems

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
            n_clocks = whole_events(r, m, n_remaining)
            if n_clocks == 0:
                n_clocks = _search(r, m, n_remaining)
        elif r.state_evt == EVT:
            n_clocks = _sweep_rest(r, m, n_remaining)
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
def _sweep_rest(r: np.record, m: Mems, clocks: int) -> int:
    """Run state EVT: the rest of the present sweep. Return the clocks."""
    if bit(r.neur128x2_cnt, 0):
        return 0
    first, n_words = r.neur128x2_cnt >> 1, (r.spi_num_rec_neur >> 1) + 1
    end = min(first + (clocks >> 1), n_words if first < n_words else N_WORDS)  # else to the wrap
    if end == first:
        return 0
    n = r.neur256_cnt
    inp_event, z = r.inp_events[n], r.neur_z[n]
    sweep.read_potentials(r, m, first, end)
    if r.wout_cs_del:
        output_neurons.integrate(r)
        r.n_synaptic_operations += r.spi_num_out_neur + 1
        r.wout_cs_del = 0
    _stimulate_rest(r, m, first, end, inp_event, z)
    if first <= n >> 1 < end:
        sweep.own_traces(r, m.neurons, n, inp_event, z)
    sweep.write_potentials(m, first, end)
    r.n_synaptic_operations += 2 * (end - first) * (inp_event + z)
    r.neur128x2_cnt = 2 * end & NEUR_MASK
    if end == n_words:
        sweep.end_sweep(r, n, inp_event)
    return 2 * (end - first)


@outlined
def _stimulate_rest(r: np.record, m: Mems, first: int, end: int, inp_event: int, z: int) -> None:
    """Add the event's weights, and noise, to words first..end - 1 in the lanes, a word of weights at a time."""
    n = r.neur256_cnt
    if r.spi_noise_en:
        sweep.draw_noise(r, m, first, end)
    for group in range(first // GROUP_WORDS, (end - 1) // GROUP_WORDS + 1):
        if group * GROUP_WORDS >= first:
            if inp_event:
                weights.load(r.winp_data_o, m.winp, n << 4 | group)
            if z:
                weights.load(r.wrec_data_o, m.wrec, n << 4 | group)
        for i in range(max(N_WEIGHTS * group, 2 * first), min(N_WEIGHTS * (group + 1), 2 * end)):
            w_inp = r.winp_data_o[i % N_WEIGHTS] if inp_event else 0
            w_rec = r.wrec_data_o[i % N_WEIGHTS] if z else 0
            sweep.stimulate(r, m.lanes[0], i, w_inp, w_rec)


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
    sweep.own_traces(r, neurons, n, 1, 0)
    sweep.end_event(r, n)
    r.supp_cycle = 1
    return 2
