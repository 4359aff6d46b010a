"""The three weight memories: what an e-prop update makes of a word; each weight by its own random number.

A word is 16 weights, a byte each; it is read in one clock and written in the next from the memory's output register.

Source: srnn.v, Input/Recurrent weight update, Output weight update.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emulator.kernel.jit import kernel, outlined
from emulator.reckon import eprop, lfsr
from emulator.reckon.layout import H_BITS, N_OUT, N_WEIGHTS, PROB_BITS, U_BITS, WOUT_PROB_BITS
from emulator.reckon.rounding import signed

LAG = lfsr.declared("lfsr_winp").lag
WOUT_LAG = lfsr.declared("lfsr_wout").lag
WOUT_WORDS = lfsr.declared("lfsr_wout").unfold // lfsr.WORD
WOUT_PROB_MASK = (1 << WOUT_PROB_BITS) - 1
NO_SELF = -1


class Rule(NamedTuple):
    """How the weights of one memory are updated.

    trace : pre-synaptic trace without its fraction, 0 where there is no target
    regul : the additive term counts, and the word is updated for its sake
    add_p, add_r : shifts of the additive term; mul : multiplicative term is on, k_mul its shift
    lr_p, lr_r : shifts of the probability
    own : place of the pre-synaptic neuron itself in the word, or NO_SELF
    """

    trace: int
    target: int
    regul: int
    add: int
    add_p: int
    add_r: int
    mul: int
    k_mul: int
    lr_p: int
    lr_r: int
    own: int


@outlined
def update(
    r: np.record, rule: Rule, word: np.ndarray, words: np.ndarray, pos: int, memory: np.ndarray, addr: int
) -> int:
    """Update a word of winp or wrec; ``word``, its output register, then holds what the memory held.

    words, pos : the memory's LFSR; returns its next pos
    """
    for n in range(N_WEIGHTS):
        rnd = lfsr.upcoming(words, pos, LAG)
        words[pos] = rnd
        pos = lfsr.following(words, pos)
        h = signed(r.neur_h[n], H_BITS)
        e, additive, sixteenths = 0, 0, eprop.REGUL_ONE
        if rule.target:
            e = signed(r.learning_signals[n], U_BITS) * rule.trace * h
        if rule.add:
            additive = eprop.additive(r.trace_reg[n], rule.add_p, rule.add_r)
        if rule.mul:
            sixteenths = eprop.multiplicative(r.trace_reg[n], rule.k_mul)
        prob = eprop.probability(e, sixteenths, additive)
        en = (rule.target and h != 0) or rule.regul
        content: int = np.int64(memory[addr, n])  # type: ignore[assignment]
        if en and eprop.is_updated(prob, rnd, rule.lr_p, rule.lr_r, PROB_BITS):
            memory[addr, n] = 0 if n == rule.own else eprop.moved(word[n], prob)
        word[n] = content
    return pos


@outlined
def update_out(r: np.record, trace: int, wout: np.ndarray, addr: int) -> None:
    """Update a word of wout by the errors and the neuron's output trace, which has lost its fraction.

    The numbers of 28 bits lie side by side in the LFSR's output.
    """
    pos = r.lfsr_wout_pos
    bits, n_bits = 0, 0
    for k in range(N_OUT):
        if n_bits < WOUT_PROB_BITS:
            word = lfsr.upcoming(r.lfsr_wout, pos, WOUT_LAG)
            r.lfsr_wout[pos] = word
            pos = lfsr.following(r.lfsr_wout, pos)
            bits |= word << n_bits
            n_bits += lfsr.WORD
        rnd = bits & WOUT_PROB_MASK
        bits >>= WOUT_PROB_BITS
        n_bits -= WOUT_PROB_BITS
        prob = r.oneur_err[k] * trace
        content: int = np.int64(wout[addr, k])  # type: ignore[assignment]
        if eprop.is_updated(prob, rnd, r.spi_lr_p_wout, r.spi_lr_r_wout, WOUT_PROB_BITS):
            wout[addr, k] = eprop.moved(r.wout_data_o[k], prob)
        r.wout_data_o[k] = content
    r.lfsr_wout_pos = pos


@kernel
def load(word: np.ndarray, memory: np.ndarray, addr: int) -> None:
    """Read a word into the memory's output register."""
    for n in range(N_WEIGHTS):
        word[n] = np.int64(memory[addr, n])


@outlined
def skip(words: np.ndarray, pos: int) -> int:
    """Move the LFSR of winp or wrec on without an update; returns its next pos."""
    for _ in range(N_WEIGHTS):
        words[pos] = lfsr.upcoming(words, pos, LAG)
        pos = lfsr.following(words, pos)
    return pos


@outlined
def skip_out(words: np.ndarray, pos: int) -> int:
    """Likewise, of wout."""
    for _ in range(WOUT_WORDS):
        words[pos] = lfsr.upcoming(words, pos, WOUT_LAG)
        pos = lfsr.following(words, pos)
    return pos
