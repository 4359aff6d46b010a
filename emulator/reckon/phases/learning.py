"""The second part of an e-prop group for all of its pre-synaptic neurons together, in lanes.

All weights of the group that may move draw their random numbers from one stretch of the LFSR's sequence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import controller, pair
from draupnir.emulator.reckon.layout import N_WEIGHTS, PROB_BITS, W_BITS
from draupnir.emulator.reckon.learning import group, weights
from draupnir.emulator.reckon.learning.eprop import REGUL_BITS
from draupnir.emulator.reckon.learning.weights import LAG, NO_SELF, WIDTH
from draupnir.emulator.reckon.phases.lanes import unsigned, word
from draupnir.emulator.reckon.phases.sweep import NEUR_MASK
from draupnir.emulator.reckon.srams import Mems

ONES = (1 << PROB_BITS) - 1
HALF = 1 << (PROB_BITS - 1)  # the magnitude of the most negative probability
SIGN_PLACE = PROB_BITS - 1 - REGUL_BITS  # bit 31 of the product, after the shift by REGUL_BITS
REGUL_MASK = (1 << REGUL_BITS) - 1
W_MAX, W_MIN = (1 << (W_BITS - 1)) - 1, -(1 << (W_BITS - 1))
SHIFT_MASK = PROB_BITS - 1
GROUP_BITS = 4
# With these masks the compiler sees that no index is negative, which would count from the end of an array.
GROUP_MASK = (1 << GROUP_BITS) - 1
STREAM_MASK = (1 << 13) - 1


@kernel
def read_traces(r: np.record, m: Mems, begin: int, end: int) -> None:
    """Copy the traces of the pre-synaptic neurons begin..end - 1, without their fractions, to the lanes.

    Without TARGET_VALID, and beyond the last neuron, the memory is not read. It shows its last word.
    """
    e = controller.evt(r)
    dirty0, dirty1 = r.neur_dirty[e.addr << 1], r.neur_dirty[e.addr << 1 | 1]
    state0, state1 = pair.half(r.neur_data_o, 0), pair.half(r.neur_data_o, 1)
    reads = r.target_valid_sync == 1 and begin <= controller.num_neur(r)
    for pre in range(begin, end):
        if reads and pre & 1 == 0:
            state0, state1 = pair.half_at(m.neurons, pre >> 1, 0), pair.half_at(m.neurons, pre >> 1, 1)
        state = state1 * dirty1 if pre & 1 else state0 * dirty0
        m.lanes[0].trace_inp[pre] = word(pair.trace_inp(state) >> r.spi_fp_loc_tinp)
        m.lanes[0].trace_rec[pre] = word(pair.trace_rec(state) >> r.spi_fp_loc_trec)


@outlined
def learn(r: np.record, m: Mems, begin: int, end: int) -> None:
    """Let the weights of the pre-synaptic neurons begin..end - 1 to the present group learn."""
    lanes, learns, i_group = m.lanes[0], group.learners(r), r.e_post_msb
    _prepare(r, lanes)
    always = int(not group.nothing_above_f0(r))
    end_inp, end_rec = min(end, learns.inp + 1), min(end, learns.rec + 1)
    if end_inp > begin:
        weights.load(r.winp_data_o, m.winp, (end_inp - 1) << GROUP_BITS | i_group)
        n = _list_learners(lanes.trace_inp, always, begin, end_inp, lanes.neurs)
        _draw(r.lfsr_winp, lanes.stream, n)
        rates = _rates(r.spi_lr_p_winp, r.spi_lr_r_winp)
        _update(m.inp_rows, i_group, NO_SELF, lanes, n, lanes.trace_inp, lanes.add_winp, rates)
    if end_rec > begin:
        weights.load(r.wrec_data_o, m.wrec, (end_rec - 1) << GROUP_BITS | i_group)
        n = _list_learners(lanes.trace_rec, always, begin, end_rec, lanes.neurs)
        _draw(r.lfsr_wrec, lanes.stream, n)
        rates = _rates(r.spi_lr_p_wrec, r.spi_lr_r_wrec)
        _update(m.rec_rows, i_group, i_group, lanes, n, lanes.trace_rec, lanes.add_wrec, rates)


@kernel
def _prepare(r: np.record, lanes: np.record) -> None:
    """Copy to the lanes what all updates of the group use."""
    weights.prepare(r)
    for n in range(N_WEIGHTS):
        lanes.ls_h[n], lanes.sixteenths[n] = word(r.ls_h[n]), word(r.sixteenths[n])
        lanes.add_winp[n], lanes.add_wrec[n] = word(r.add_winp[n]), word(r.add_wrec[n])


@outlined
def _list_learners(traces: np.ndarray, always: int, begin: int, end: int, neurs: np.ndarray) -> int:
    """List the pre-synaptic neurons whose words are updated; always : 1 if all are. Return their number."""
    n = 0
    for pre in range(begin, end):
        neurs[n] = pre
        n += int(traces[pre] != 0) | always
    return n


# --- Random numbers ---------------------------------------------------------------------------------------------


@kernel
def _draw(words: np.ndarray, stream: np.ndarray, n: int) -> None:
    """Advance the LFSR n times. All outputs are in ``stream``, 16 words each, from WIDTH on."""
    _begin(words, stream)
    _extend(stream, WIDTH + N_WEIGHTS * n)
    if n:
        _end(words, stream, N_WEIGHTS * n)


@outlined
def _begin(words: np.ndarray, stream: np.ndarray) -> None:
    for i in range(WIDTH):
        stream[i] = unsigned(words[i])


@outlined
def _end(words: np.ndarray, stream: np.ndarray, place: int) -> None:
    """Write the LFSR's state and its last output."""
    for i in range(WIDTH):
        words[i] = wide(stream[place + i])
    for i in range(N_WEIGHTS):
        words[WIDTH + i] = words[WIDTH - N_WEIGHTS + i]


@outlined
def _extend(y: np.ndarray, end: int) -> None:
    """Compute the sequence from its first WIDTH words up to ``end``.

    A polynomial's square over GF(2) has the doubled powers, so the recurrence also holds with all lags four or eight
    times as long. Then its numbers depend on none of the last ones, and many are computed at a time.
    """
    for t in range(min(end - WIDTH, 3 * WIDTH)):
        y[t + WIDTH] = y[t] ^ y[t + WIDTH - LAG]
    for t in range(_count(min(end, 8 * WIDTH) - 4 * WIDTH)):
        y[t + 4 * WIDTH] = y[t] ^ y[t + 4 * (WIDTH - LAG)]
    for t in range(_count(end - 8 * WIDTH)):
        y[t + 8 * WIDTH] = y[t] ^ y[t + 8 * (WIDTH - LAG)]


@kernel
def _count(n: int) -> int:
    """Return a number of words, 0 if n is negative; the compiler sees that places up to it are not negative."""
    return max(n, 0) & STREAM_MASK


# --- Updates ----------------------------------------------------------------------------------------------------


@kernel
def _rates(lr_p: int, lr_r: int) -> tuple[Any, Any, Any]:
    """Return the shifts of a learning rate, and the largest magnitude that does not saturate."""
    return unsigned(lr_p & SHIFT_MASK), unsigned(lr_r & SHIFT_MASK), unsigned(ONES >> lr_p)


@kernel
def _next_w(w: Any, product: Any, sixteenths: Any, additive: Any, rnd: Any, is_own: bool, rates: Any) -> Any:
    """Return a weight after its update, as ``eprop.probability``, ``is_updated`` and ``move_weight`` say.

    product : learning signal times pseudo-derivative times trace, which fits into 32 bits
    """
    low = word(word(word(product & word(REGUL_MASK)) * sixteenths) >> word(REGUL_BITS))
    regularised = word(word(product >> word(REGUL_BITS)) * sixteenths + low)
    e = product if product < word(0) else regularised
    prob = word(e - additive)
    is_lowest = (prob >= word(0)) & (word(word(e >> word(SIGN_PLACE)) & word(1)) != word(0))
    is_negative = is_lowest | (prob < word(0))
    size = unsigned(-prob) if prob < word(0) else unsigned(prob)
    size = unsigned(HALF) if is_lowest else size
    lr_p, lr_r, limit = rates
    shifted = unsigned(ONES) if size > limit else unsigned(size << lr_p)
    moves = (size != unsigned(0)) & ((unsigned(shifted >> lr_r) >= rnd) | (size == unsigned(HALF)))
    step = word(-1) if is_negative else word(1)
    w_next = word(w + (step if moves else word(0)))
    w_next = word(W_MAX) if w_next > word(W_MAX) else w_next
    w_next = word(W_MIN) if w_next < word(W_MIN) else w_next
    return word(0) if is_own & moves else w_next


@outlined
def _update(
    rows: np.ndarray,
    i_group: int,
    own_group: int,
    lanes: np.record,
    n_updates: int,
    traces: np.ndarray,
    additive: np.ndarray,
    rates: Any,
) -> None:
    """Update the words of the pre-synaptic neurons that are listed.

    own_group : the group with the numbers of these neurons, whose own weights become 0 if they move; or NO_SELF
    """
    begin, ls_h, sixteenths, stream = N_WEIGHTS * (i_group & GROUP_MASK), lanes.ls_h, lanes.sixteenths, lanes.stream
    for k in range(n_updates):
        pre = lanes.neurs[k]
        own = word(pre & N_WEIGHTS - 1 if pre >> GROUP_BITS == own_group else NO_SELF)
        trace, row, place = traces[pre], rows[pre], WIDTH + N_WEIGHTS * (k & NEUR_MASK)
        for n in range(N_WEIGHTS):
            w, product = word(row[begin + n]), word(ls_h[n] * trace)
            rnd, is_own = stream[place + n], word(n) == own
            row[begin + n] = np.int8(_next_w(w, product, sixteenths[n], additive[n], rnd, is_own, rates))
