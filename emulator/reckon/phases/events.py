"""Stretches of a timestep: the search for spikes, and the sweep of each over all recurrent neurons.

Two clocks of a word at a time; a lone clock is left to ``clock``. While sweep follows sweep the potentials are held
outside of the neuron memory, one number each: nobody else looks at them.
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
GROUP_WORDS = N_WEIGHTS // 2  # words of neurons that a word of weights is for


@kernel
def events(r: np.record, m: Mems, clocks: int) -> int:
    """Look for spikes and sweep each; returns the clocks, at most ``clocks``. The event controller is not in WAIT."""
    left = clocks
    while left > 0 and r.state_evt != WAIT:
        if r.state_evt == CNT:
            taken = _search(r, m, left)
        elif r.state_evt == EVT:
            taken = _sweeps(r, m, left)
        else:
            taken = _supplement(r, m.neurons, left)
        if taken == 0:
            break
        left -= taken
    return clocks - left


@kernel
def _search(r: np.record, m: Mems, clocks: int) -> int:
    """State CNT: a neuron a clock, to the first that spikes, or the last."""
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
    """State EVT: the sweep under way, as far as it goes; if it is a whole one, also those after it, while they are."""
    if bit(r.neur128x2_cnt, 0):
        return 0
    first, n_words = r.neur128x2_cnt >> 1, (r.spi_num_rec_neur >> 1) + 1
    end = min(first + (clocks >> 1), n_words if first < n_words else N_WORDS)  # beyond its end it goes on to the wrap
    if end == first:
        return 0
    whole = first == 0 and end == n_words
    _take_out(r, m, first, end)
    taken = 0
    while True:
        _sweep(r, m, first, end)
        taken += 2 * (end - first)
        if not whole or r.state_evt != CNT or taken == clocks:
            break
        taken += _search(r, m, clocks - taken)
        if r.state_evt != EVT or taken + 2 * n_words > clocks:
            break
        _put_back(m, end - 1, end)
        srams.load_pair(r, m.neurons, end - 1)
    _put_back(m, first, end)
    return taken


@kernel
def _take_out(r: np.record, m: Mems, first: int, end: int) -> None:
    """The potentials of words ``first`` to before ``end``, which are about to be written; who is not dirty has none.

    The last word stays in the memory's output register.
    """
    for addr in range(first, end):
        srams.load_pair(r, m.neurons, addr)
        even, odd = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
        if not (r.neur_dirty[2 * addr] and r.neur_dirty[2 * addr + 1]):
            even = even if r.neur_dirty[2 * addr] else 0
            odd = odd if r.neur_dirty[2 * addr + 1] else 0
            pair.put(m.neurons, addr, even, odd)
            r.neur_dirty[2 * addr], r.neur_dirty[2 * addr + 1] = 1, 1
        group, at = addr // GROUP_WORDS, 2 * (addr % GROUP_WORDS)
        m.u[group, at], m.u[group, at + 1] = pair.u(even), pair.u(odd)


@kernel
def _put_back(m: Mems, first: int, end: int) -> None:
    """The potentials of words ``first`` to before ``end``."""
    for addr in range(first, end):
        group, at = addr // GROUP_WORDS, 2 * (addr % GROUP_WORDS)
        pair.put_u(m.neurons, addr, m.u[group, at], m.u[group, at + 1])


@kernel
def _sweep(r: np.record, m: Mems, first: int, end: int) -> None:
    """Words ``first`` to before ``end`` take the event's weights; the spiking neuron's traces, if it is among them."""
    n = r.neur256_cnt
    inp_event, z = r.inp_events[n], r.neur_z[n]
    if r.wout_cs_del:
        output_neurons.integrate(r)
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
        _sweep_done(r, n, inp_event)


@outlined
def _draw_noise(r: np.record, m: Mems, first: int, end: int) -> None:
    """Noise on the neurons of words ``first`` to before ``end``."""
    for addr in range(first, end):
        group, at = addr // GROUP_WORDS, 2 * (addr % GROUP_WORDS)
        m.noise[group, at], m.noise[group, at + 1] = neuron_array.noise(r, 0), neuron_array.noise(r, 1)
        lfsr.draw(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)


@kernel
def _stimulate(r: np.record, m: Mems, group: int, inp_event: int, z: int) -> None:
    """16 potentials take the weights at hand; those that were not taken out are nobody's."""
    of_inp, of_rec, noisy = -inp_event, -z, -r.spi_noise_en  # all ones, or zeros
    for i in range(N_WEIGHTS):
        w_inp = lif.scaled(r.winp_data_o[i] & of_inp, r.spi_fp_loc_winp)
        w_rec = lif.scaled(r.wrec_data_o[i] & of_rec, r.spi_fp_loc_wrec)
        m.u[group, i] = lif.integrate(m.u[group, i], lif.synaptic_update(w_rec, w_inp), m.noise[group, i] & noisy)


@outlined
def _own_traces(r: np.record, neurons: np.ndarray, n: int, inp_event: int, z: int) -> None:
    """The traces of neuron n, which spikes."""
    even, odd = pair.half_at(neurons, n >> 1, 0), pair.half_at(neurons, n >> 1, 1)
    own = neuron_array.increased(r, inp_event, z, odd if n & 1 else even)
    if n & 1:
        odd = odd & ~own.mask | own.state
    else:
        even = even & ~own.mask | own.state
    pair.put(neurons, n >> 1, even, odd)


@kernel
def _sweep_done(r: np.record, n: int, inp_event: int) -> None:
    """The sweep is over: the trace of an input neuron beyond the recurrent ones may be left."""
    r.neur128x2_cnt = 0
    if inp_event and n > r.spi_num_rec_neur and controller.traces_on(r, 0):
        r.state_evt = SUPPLEMENT  # the spikes are still needed
    else:
        _event_done(r, n)


@kernel
def _event_done(r: np.record, n: int) -> None:
    """The event is over: to the next neuron, or to rest."""
    r.neur_z[n] = 0
    r.inp_events[n] = 0
    if n == controller.num_neur(r):
        r.state_evt = WAIT
    else:
        r.state_evt = CNT
        r.neur256_cnt = (n + 1) & NEUR_MASK


@outlined
def _supplement(r: np.record, neurons: np.ndarray, clocks: int) -> int:
    """State SUPP: nobody writes the potentials, but from now on they count, whatever the memory holds."""
    if clocks < 2 or r.supp_cycle:
        return 0
    n = r.neur256_cnt
    addr = n >> 1
    srams.load_pair(r, neurons, addr)
    even, odd = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
    pair.put(
        neurons,
        addr,
        even if r.neur_dirty[2 * addr] else even & pair.U_MASK,
        odd if r.neur_dirty[2 * addr + 1] else odd & pair.U_MASK,
    )
    r.neur_dirty[2 * addr], r.neur_dirty[2 * addr + 1] = 1, 1
    _own_traces(r, neurons, n, 1, 0)
    _event_done(r, n)
    r.supp_cycle = 1
    return 2
