"""Stretches of a timestep: the search for spikes and the sweep of each, and the timestep's end.

Two clocks of a word at a time; a lone clock is left to ``clock``.
"""

from __future__ import annotations

import numpy as np

from emulator.kernel.bits import bit
from emulator.kernel.jit import kernel
from emulator.reckon import controller, lfsr, lif, neuron_array, output_neurons, pair, srams, weights
from emulator.reckon.controller import CNT, EVT, SDONE, SUPP, WAIT
from emulator.reckon.layout import ALPHA_ONE, N_OUT, N_WEIGHTS, M
from emulator.reckon.neuron_array import ALPHA_CONF_BITS, NOISE_LAG, NOISE_WIDTH, ROUND_UNFOLD, TOUT_UNFOLD
from emulator.reckon.srams import Mems

NEUR_MASK = (1 << M) - 1


@kernel
def events(r: np.record, m: Mems, clocks: int) -> int:
    """Look for spikes and sweep each; returns the clocks, at most ``clocks``. The event controller is not in WAIT."""
    left = clocks
    while left > 0 and (r.state_evt == CNT or r.state_evt == EVT):
        taken = _search(r, m, left) if r.state_evt == CNT else _sweep(r, m, left)
        if taken == 0:
            break
        left -= taken
    return clocks - left


@kernel
def _search(r: np.record, m: Mems, clocks: int) -> int:
    """State CNT: a neuron a clock, to the first that spikes, or the last."""
    n = r.neur256_cnt
    last = controller.num_neur(r)
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


@kernel
def _sweep(r: np.record, m: Mems, clocks: int) -> int:
    """State EVT: the words of all recurrent neurons, one after the other."""
    if bit(r.neur128x2_cnt, 0):
        return 0
    n = r.neur256_cnt
    inp_event, z = r.inp_events[n], r.neur_z[n]
    final = r.spi_num_rec_neur | 1
    cnt = r.neur128x2_cnt
    taken = 0
    while taken + 2 <= clocks:
        _sweep_pair(r, m, cnt, n, inp_event, z)
        taken += 2
        if cnt + 1 == final:
            _sweep_done(r, n, inp_event)
            return taken
        cnt = (cnt + 2) & NEUR_MASK
    r.neur128x2_cnt = cnt
    return taken


@kernel
def _sweep_pair(r: np.record, m: Mems, cnt: int, n: int, inp_event: int, z: int) -> None:
    """Read a word, and write it."""
    addr = cnt >> 1
    if r.wout_cs_del:
        output_neurons.integrate(r)
        r.wout_cs_del = 0
    if cnt % N_WEIGHTS == 0:
        at = n << 4 | cnt >> 4
        if inp_event:
            weights.load(r.winp_data_o, m.winp, at)
        if z:
            weights.load(r.wrec_data_o, m.wrec, at)
    srams.load_pair(r, m.neurons, addr)
    own = addr == n >> 1
    even = _swept(r, 0, addr, cnt, inp_event, z)
    odd = _swept(r, 1, addr, cnt, inp_event, z)
    if own:
        if n & 1:
            trace = neuron_array.increased(r, inp_event, z, odd)
            odd = odd & ~trace.mask | trace.state
        else:
            trace = neuron_array.increased(r, inp_event, z, even)
            even = even & ~trace.mask | trace.state
    pair.put(m.neurons, addr, even, odd)
    r.neur_dirty[2 * addr] = 1
    r.neur_dirty[2 * addr + 1] = 1
    if r.spi_noise_en:
        lfsr.draw(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)


@kernel
def _swept(r: np.record, n: int, addr: int, cnt: int, inp_event: int, z: int) -> int:
    """Neuron n of the word at hand with the event's weights added."""
    old = pair.half(r.neur_data_o, n) if r.neur_dirty[addr << 1 | n] else 0
    at = cnt % N_WEIGHTS | n
    w_inp = lif.scaled(r.winp_data_o[at], r.spi_fp_loc_winp) if inp_event else 0
    w_rec = lif.scaled(r.wrec_data_o[at], r.spi_fp_loc_wrec) if z else 0
    u = lif.integrate(pair.u(old), lif.synaptic_update(w_rec, w_inp), neuron_array.noise(r, n))
    return old & ~pair.U_MASK | u & pair.U_MASK


@kernel
def _sweep_done(r: np.record, n: int, inp_event: int) -> None:
    """The event is over: to the next neuron, to the trace of an input neuron beyond the recurrent ones, or to rest."""
    r.neur128x2_cnt = 0
    if inp_event and n > r.spi_num_rec_neur and controller.traces_on(r, 0):
        r.state_evt = SUPP  # the spikes are still needed
        return
    r.neur_z[n] = 0
    r.inp_events[n] = 0
    if n == controller.num_neur(r):
        r.state_evt = WAIT
    else:
        r.state_evt = CNT
        r.neur256_cnt = (n + 1) & NEUR_MASK


@kernel
def step(r: np.record, m: Mems, clocks: int) -> int:
    """State STEP: words leak and spike, one after the other; returns the clocks, at most ``clocks``."""
    if bit(r.neur_step_cnt, 0) or r.neur128x2_cnt:
        return 0
    final = controller.num_recout(r)
    cnt = r.neur_step_cnt
    taken = 0
    while taken + 2 <= clocks and cnt + 1 <= final:
        if cnt < N_OUT:
            output_neurons.leak(r, cnt, r.spi_num_out_neur)
            output_neurons.leak(r, cnt + 1, r.spi_num_out_neur)
        _step_pair(r, m.neurons, cnt >> 1)
        taken += 2
        cnt += 2
    if taken and cnt == final + 1:  # a count that begins beyond its end goes on until it wraps
        r.state = SDONE
        cnt = 0
    r.neur_step_cnt = cnt
    return taken


@kernel
def _step_pair(r: np.record, neurons: np.ndarray, addr: int) -> None:
    """Read a word, and write it with its spikes."""
    srams.load_pair(r, neurons, addr)
    parameters = pair.parameters(r.neur_data_o)
    conf = bit(r.spi_alpha_conf[addr // ALPHA_CONF_BITS], addr % ALPHA_CONF_BITS)
    alpha, thr = lif.alpha(pair.alpha_lsbs(parameters), conf), pair.thr(parameters)
    even = pair.half(r.neur_data_o, 0) if r.neur_dirty[2 * addr] else 0
    odd = pair.half(r.neur_data_o, 1) if r.neur_dirty[2 * addr + 1] else 0
    u0, u1 = lfsr.ahead(r.lfsr_strnd_neur_u0), lfsr.ahead(r.lfsr_strnd_neur_u1)
    inp0, inp1 = lfsr.ahead(r.lfsr_strnd_tinp0), lfsr.ahead(r.lfsr_strnd_tinp1)
    rec0, rec1 = lfsr.ahead(r.lfsr_strnd_trec0), lfsr.ahead(r.lfsr_strnd_trec1)
    out0, out1 = lfsr.ahead(r.lfsr_strnd_tout0), lfsr.ahead(r.lfsr_strnd_tout1)
    even_next = neuron_array.step_half(r, even, alpha, thr, u0, inp0, rec0, out0)
    odd_next = neuron_array.step_half(r, odd, alpha, thr, u1, inp1, rec1, out1)
    pair.put(neurons, addr, even_next, odd_next)
    r.neur_z[2 * addr] = int(pair.u(even) >= thr)
    r.neur_z[2 * addr + 1] = int(pair.u(odd) >= thr)
    r.neur_dirty[2 * addr] = 1
    r.neur_dirty[2 * addr + 1] = 1
    if r.spi_en_stoch_round:
        if alpha != ALPHA_ONE:
            r.lfsr_strnd_neur_u0 = lfsr.after(r.lfsr_strnd_neur_u0, u0, ROUND_UNFOLD)
            r.lfsr_strnd_neur_u1 = lfsr.after(r.lfsr_strnd_neur_u1, u1, ROUND_UNFOLD)
        r.lfsr_strnd_tinp0 = lfsr.after(r.lfsr_strnd_tinp0, inp0, ROUND_UNFOLD)
        r.lfsr_strnd_tinp1 = lfsr.after(r.lfsr_strnd_tinp1, inp1, ROUND_UNFOLD)
        r.lfsr_strnd_trec0 = lfsr.after(r.lfsr_strnd_trec0, rec0, ROUND_UNFOLD)
        r.lfsr_strnd_trec1 = lfsr.after(r.lfsr_strnd_trec1, rec1, ROUND_UNFOLD)
        r.lfsr_strnd_tout0 = lfsr.after(r.lfsr_strnd_tout0, out0, TOUT_UNFOLD)
        r.lfsr_strnd_tout1 = lfsr.after(r.lfsr_strnd_tout1, out1, TOUT_UNFOLD)
