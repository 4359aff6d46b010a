"""The end of a timestep for all words of a stretch together, in lanes."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import lfsr, lif, pair, srams
from draupnir.emulator.reckon.layout import ALPHA_ONE, TOUT_BITS, TRACE_BITS, U_BITS
from draupnir.emulator.reckon.learning import traces
from draupnir.emulator.reckon.learning.traces import KAPPA_FRACTION
from draupnir.emulator.reckon.lif import ALPHA_FRACTION
from draupnir.emulator.reckon.neuron_array import ALPHA_CONF_BITS, ROUND_UNFOLD, TOUT_UNFOLD
from draupnir.emulator.reckon.phases.lanes import short, word
from draupnir.emulator.reckon.phases.sweep import clean

FRACTION_MASK = (1 << ALPHA_FRACTION) - 1
KAPPA_MASK = (1 << KAPPA_FRACTION) - 1


@outlined
def step_together(r: np.record, neurons: np.ndarray, lanes: np.record, first: int, end: int) -> bool:
    """Let words first..end - 1 leak and spike. Return False, with nothing done, if some potentials are not rounded."""
    if _read_parameters(r, neurons, lanes, first, end) and r.spi_en_stoch_round:
        return False
    n = end - first
    srams.load_pair(r, neurons, end - 1)
    if not pair.are_dirty(r.neur_dirty, 2 * first, 2 * end):
        clean(r, neurons, first, end)
    has_traces = _read_potentials(neurons, lanes, first, n)
    if has_traces:
        _read_traces(neurons, lanes, first, n)
        _decay_traces(r, lanes, n)
    _decay_potentials(r, lanes, n)
    if has_traces:
        _write_states(neurons, lanes, first, n)
    else:
        _write_potentials(neurons, lanes, first, n)
    r.n_recurrent_spikes += _write_spikes(r, lanes.spikes[0], lanes.spikes[1], first, n)
    if r.spi_en_stoch_round:
        _advance(r, n)
    return True


# --- In and out of the lanes ------------------------------------------------------------------------------------


@outlined
def _read_parameters(r: np.record, neurons: np.ndarray, lanes: np.record, first: int, end: int) -> bool:
    """Copy decays and thresholds. Return True if some words do not decay."""
    stay = 0
    for addr in range(first, end):
        parameters: int = np.int64(neurons[addr, 3]) >> pair.CUT3  # type: ignore[assignment]
        conf = bit(r.spi_alpha_conf[addr // ALPHA_CONF_BITS], addr % ALPHA_CONF_BITS)
        alpha = lif.alpha(pair.alpha_lsbs(parameters), conf)
        lanes.alphas[addr - first] = word(alpha)
        lanes.thrs[addr - first] = word(pair.thr(parameters))
        stay |= int(alpha == ALPHA_ONE)
    return stay == 1


@outlined
def _read_potentials(neurons: np.ndarray, lanes: np.record, first: int, n: int) -> bool:
    """Copy the potentials of n words. Return True if some of their neurons have traces."""
    even, odd, traces = lanes.pots[0], lanes.pots[1], 0
    for k in range(n):
        addr = first + k
        state0, state1 = pair.half_at(neurons, addr, 0), pair.half_at(neurons, addr, 1)
        even[k], odd[k] = word(pair.u(state0)), word(pair.u(state1))
        traces |= state0 | state1
    return traces >> U_BITS != 0


@outlined
def _read_traces(neurons: np.ndarray, lanes: np.record, first: int, n: int) -> None:
    for i in range(2):
        inps, recs, outs = lanes.inps[i], lanes.recs[i], lanes.outs[i]
        for k in range(n):
            state = pair.half_at(neurons, first + k, i)
            inps[k] = word(pair.trace_inp(state))
            recs[k] = word(pair.trace_rec(state))
            outs[k] = word(pair.trace_out(state))


@kernel
def _state(lanes: np.record, i: int, k: int) -> int:
    """Return the state of neuron i, 0 or 1, of word k."""
    return pair.pack(
        np.int64(lanes.pots[i, k]),  # type: ignore[arg-type]
        np.int64(lanes.inps[i, k]),  # type: ignore[arg-type]
        np.int64(lanes.recs[i, k]),  # type: ignore[arg-type]
        np.int64(lanes.outs[i, k]),  # type: ignore[arg-type]
    )


@outlined
def _write_states(neurons: np.ndarray, lanes: np.record, first: int, n: int) -> None:
    for k in range(n):
        pair.write_states(neurons, first + k, _state(lanes, 0, k), _state(lanes, 1, k))


@outlined
def _write_potentials(neurons: np.ndarray, lanes: np.record, first: int, n: int) -> None:
    """Write words without traces back."""
    even, odd = lanes.pots[0], lanes.pots[1]
    for k in range(n):
        u0: int = np.int64(even[k]) & pair.U_MASK  # type: ignore[assignment]
        u1: int = np.int64(odd[k]) & pair.U_MASK  # type: ignore[assignment]
        pair.write_states(neurons, first + k, u0, u1)


@outlined
def _write_spikes(r: np.record, even: np.ndarray, odd: np.ndarray, first: int, n: int) -> int:
    """Write the spikes of n words, and return their number."""
    n_spikes = word(0)
    for k in range(n):
        r.neur_z[2 * (first + k)], r.neur_z[2 * (first + k) + 1] = even[k], odd[k]
        n_spikes = word(n_spikes + even[k] + odd[k])
    return np.int64(n_spikes)  # type: ignore[return-value]


# --- Decay ------------------------------------------------------------------------------------------------------


@kernel
def _decay_potentials(r: np.record, lanes: np.record, n: int) -> None:
    """Let the potentials decay and spike. All words are rounded at random, or none."""
    for i in range(2):
        if r.spi_en_stoch_round:
            lfsr.outputs(r.lfsr_strnd_neur_u1 if i else r.lfsr_strnd_neur_u0, n, lanes.rands)
        _decay_plane_u(lanes, lanes.pots[i], lanes.spikes[i], n, r.spi_en_stoch_round, r.spi_rst_mode)


@outlined
def _decay_plane_u(lanes: np.record, pots: np.ndarray, spikes: np.ndarray, n: int, en: int, rst_mode: int) -> None:
    alphas, thrs, rands, stays, rounds = lanes.alphas, lanes.thrs, lanes.rands, word(rst_mode - 1), word(en)
    for k in range(n):
        u, thr = pots[k], thrs[k]
        product = word(u * alphas[k])
        integer = word(word(product >> word(ALPHA_FRACTION)) & word(pair.U_MASK))
        fraction = word(product & word(FRACTION_MASK))
        up = word(word(fraction >= word(rands[k])) & word(integer != word(0)) & rounds)
        leaked = word(short(word(integer + up)))
        spike = word(u >= thr)
        u_spiked = word(word(short(word(leaked - thr))) & stays)
        pots[k] = word(leaked ^ ((u_spiked ^ leaked) & word(-spike)))
        spikes[k] = spike


@kernel
def _decay_traces(r: np.record, lanes: np.record, n: int) -> None:
    """Let all traces decay, each kind with the random numbers of its own."""
    en, en_out = r.spi_en_stoch_round, int(traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round))
    for i in range(2):
        if en:
            lfsr.outputs(r.lfsr_strnd_tinp1 if i else r.lfsr_strnd_tinp0, n, lanes.rands)
        _decay_plane(lanes.inps[i], lanes.alphas, lanes.rands, n, en)
        if en:
            lfsr.outputs(r.lfsr_strnd_trec1 if i else r.lfsr_strnd_trec0, n, lanes.rands)
        _decay_plane(lanes.recs[i], lanes.alphas, lanes.rands, n, en)
        if en_out:
            lfsr.short_outputs(r.lfsr_strnd_tout1 if i else r.lfsr_strnd_tout0, n, lanes.rands)
        _decay_plane_out(lanes.outs[i], r.spi_kappa, lanes.rands, n, en_out)


@outlined
def _decay_plane(levels: np.ndarray, alphas: np.ndarray, rands: np.ndarray, n: int, en: int) -> None:
    mask, rounds = word((1 << TRACE_BITS) - 1), word(en)
    for k in range(n):
        product = word(levels[k] * alphas[k])
        integer = word(word(product >> word(ALPHA_FRACTION)) & mask)
        fraction = word(product & word(FRACTION_MASK))
        up = word(word(fraction >= word(rands[k])) & word(integer != word(0)) & rounds)
        levels[k] = word(word(integer + up) & mask)


@outlined
def _decay_plane_out(levels: np.ndarray, kappa: int, rands: np.ndarray, n: int, en: int) -> None:
    mask, rounds, factor = word((1 << TOUT_BITS) - 1), word(en), word(kappa)
    for k in range(n):
        product = word(levels[k] * factor)
        integer = word(word(product >> word(KAPPA_FRACTION)) & mask)
        fraction = word(product & word(KAPPA_MASK))
        up = word(word(fraction >= word(rands[k])) & word(integer != word(0)) & rounds)
        levels[k] = word(word(integer + up) & mask)


@kernel
def _advance(r: np.record, n: int) -> None:
    """Advance the random numbers for rounding by n words."""
    r.lfsr_strnd_neur_u0 = lfsr.advance_by(r.lfsr_strnd_neur_u0, n, ROUND_UNFOLD)
    r.lfsr_strnd_neur_u1 = lfsr.advance_by(r.lfsr_strnd_neur_u1, n, ROUND_UNFOLD)
    r.lfsr_strnd_tinp0 = lfsr.advance_by(r.lfsr_strnd_tinp0, n, ROUND_UNFOLD)
    r.lfsr_strnd_tinp1 = lfsr.advance_by(r.lfsr_strnd_tinp1, n, ROUND_UNFOLD)
    r.lfsr_strnd_trec0 = lfsr.advance_by(r.lfsr_strnd_trec0, n, ROUND_UNFOLD)
    r.lfsr_strnd_trec1 = lfsr.advance_by(r.lfsr_strnd_trec1, n, ROUND_UNFOLD)
    r.lfsr_strnd_tout0 = lfsr.advance_by(r.lfsr_strnd_tout0, n, TOUT_UNFOLD)
    r.lfsr_strnd_tout1 = lfsr.advance_by(r.lfsr_strnd_tout1, n, TOUT_UNFOLD)
