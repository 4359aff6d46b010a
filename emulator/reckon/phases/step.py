"""Stretches of state STEP, the end of a timestep: all potentials and traces decay, neurons spike.

A word takes two clocks at a time; ``clock`` runs single clocks. All words of a stretch decay together, unless some of
them use no random number for their potentials.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, lfsr, lif, neuron_array, output_neurons, pair, srams
from draupnir.emulator.reckon.controller import SDONE
from draupnir.emulator.reckon.neuron_array import ROUND_UNFOLD, TOUT_UNFOLD
from draupnir.emulator.reckon.phases.words import step_together
from draupnir.emulator.reckon.srams import Mems


class Rands(NamedTuple):
    """The states of the LFSRs of potential and traces, for the even neurons of words, or for the odd ones."""

    u: int
    inp: int
    rec: int
    out: int


@kernel
def step(r: np.record, m: Mems, clocks: int) -> int:
    """Let words leak and spike, in at most ``clocks`` clocks, and return their number.

    If the last count is even, its word is only read; ``clock`` does this.
    """
    cnt, final = r.neur_step_cnt, controller.num_recout(r)
    if bit(cnt, 0) or r.neur128x2_cnt or cnt >= final:  # a count beyond its end goes on until it wraps
        return 0
    first = cnt >> 1
    end = min(first + (clocks >> 1), (final + 1) >> 1)
    if end == first:
        return 0
    output_neurons.leak_several(r, 2 * first, 2 * end)
    if not step_together(r, m.neurons, m.lanes[0], first, end):
        _step_singly(r, m.neurons, first, end)
    r.neur_step_cnt = 2 * end
    if 2 * end == final + 1:
        r.state, r.neur_step_cnt = SDONE, 0
    return 2 * (end - first)


@outlined
def _step_singly(r: np.record, neurons: np.ndarray, first: int, end: int) -> None:
    """Let words leak and spike, one after the other."""
    even = Rands(r.lfsr_strnd_neur_u0, r.lfsr_strnd_tinp0, r.lfsr_strnd_trec0, r.lfsr_strnd_tout0)
    odd = Rands(r.lfsr_strnd_neur_u1, r.lfsr_strnd_tinp1, r.lfsr_strnd_trec1, r.lfsr_strnd_tout1)
    for addr in range(first, end):
        even, odd = _step_word(r, neurons, addr, even, odd)
    r.lfsr_strnd_neur_u0, r.lfsr_strnd_tinp0, r.lfsr_strnd_trec0, r.lfsr_strnd_tout0 = even
    r.lfsr_strnd_neur_u1, r.lfsr_strnd_tinp1, r.lfsr_strnd_trec1, r.lfsr_strnd_tout1 = odd


@kernel
def _step_word(r: np.record, neurons: np.ndarray, addr: int, even: Rands, odd: Rands) -> tuple[Rands, Rands]:
    """Read a word, write its next state and its spikes, and return the states of the LFSRs after it."""
    srams.load_pair(r, neurons, addr)
    alpha, thr = neuron_array.alpha(r, addr), pair.thr(pair.parameters(r.neur_data_o))
    old0 = pair.half(r.neur_data_o, 0) if r.neur_dirty[2 * addr] else 0
    old1 = pair.half(r.neur_data_o, 1) if r.neur_dirty[2 * addr + 1] else 0
    ahead0, ahead1 = _ahead(even), _ahead(odd)
    next0 = neuron_array.step_half(r, old0, alpha, thr, ahead0.u, ahead0.inp, ahead0.rec, ahead0.out)
    next1 = neuron_array.step_half(r, old1, alpha, thr, ahead1.u, ahead1.inp, ahead1.rec, ahead1.out)
    pair.write_states(neurons, addr, next0, next1)
    spk0, spk1 = int(pair.u(old0) >= thr), int(pair.u(old1) >= thr)
    r.neur_z[2 * addr], r.neur_z[2 * addr + 1] = spk0, spk1
    r.n_recurrent_spikes += spk0 + spk1
    r.neur_dirty[2 * addr], r.neur_dirty[2 * addr + 1] = 1, 1
    return _next_states(r, even, ahead0, alpha), _next_states(r, odd, ahead1, alpha)


@kernel
def _ahead(rands: Rands) -> Rands:
    """Return the outputs of the LFSRs."""
    return Rands(lfsr.ahead(rands.u), lfsr.ahead(rands.inp), lfsr.ahead(rands.rec), lfsr.ahead(rands.out))


@kernel
def _next_states(r: np.record, rands: Rands, ahead: Rands, alpha: int) -> Rands:
    """Return the states of the LFSRs after a word. Without decay the one of the potential does not advance."""
    u, inp, rec, out = rands
    if lif.rounds(alpha, r.spi_en_stoch_round):
        u = lfsr.next_state(u, ahead.u, ROUND_UNFOLD)
    if r.spi_en_stoch_round:
        inp = lfsr.next_state(inp, ahead.inp, ROUND_UNFOLD)
        rec = lfsr.next_state(rec, ahead.rec, ROUND_UNFOLD)
        out = lfsr.next_state(out, ahead.out, TOUT_UNFOLD)
    return Rands(u, inp, rec, out)
