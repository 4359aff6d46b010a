"""The three weight memories, and the e-prop update of a word. Each weight has its own random number.

A word has 16 weights, a byte each. The chip reads a word in one clock. In the next clock it writes the updated weights
of the output register into the memory, and the output register takes the memory's old content.

Source: srnn.v, Input/Recurrent weight update, Output weight update.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.layout import (
    H_BITS,
    N_OUT,
    N_WEIGHTS,
    PROB_BITS,
    REGUL_ONE,
    U_BITS,
    W_BITS,
    WOUT_PROB_BITS,
)
from draupnir.emulator.reckon.learning import eprop

_W, _WOUT = lfsr.lfsr_of("lfsr_winp"), lfsr.lfsr_of("lfsr_wout")
WIDTH, LAG = _W.width, _W.lag
WOUT_WIDTH, WOUT_LAG = _WOUT.width, _WOUT.lag
WOUT_PROB_MASK = (1 << WOUT_PROB_BITS) - 1
BYTE_MASK = (1 << W_BITS) - 1
NO_SELF = -1
MULTIPLICATIVE, ADDITIVE = 1, 2  # bits of SPI_REGUL_MODE
OF_WINP, OF_WREC = 1, 2  # bits of SPI_REGUL_W


@kernel
def load(word: np.ndarray, memory: np.ndarray, addr: int) -> None:
    """Read a word into the memory's output register; word : (16,) int64; memory : (depth, 16) uint8."""
    for n in range(N_WEIGHTS):
        word[n] = np.int64(memory[addr, n])


@kernel
def prepare(r: np.record) -> None:
    """Compute the values that all updates of a group use, for each neuron, into the record.

    ``ls_h`` is the learning signal times the pseudo-derivative, 0 without TARGET_VALID. ``sixteenths`` are those that
    multiplicative regularisation leaves. ``add_winp`` and ``add_wrec`` are the terms of additive regularisation.
    """
    additive = r.spi_regul_mode & ADDITIVE
    multiplicative = r.spi_regul_mode & MULTIPLICATIVE and r.spi_regul_w
    for n in range(N_WEIGHTS):
        r.ls_h[n] = signed(r.learning_signals[n], U_BITS) * signed(r.neur_h[n], H_BITS) if r.target_valid_sync else 0
        r.sixteenths[n] = REGUL_ONE
        r.add_winp[n] = 0
        r.add_wrec[n] = 0
        if multiplicative:
            r.sixteenths[n] = eprop.multiplicative(r.trace_reg[n], r.spi_regul_k_mul)
        if additive and r.spi_regul_w & OF_WINP:
            r.add_winp[n] = eprop.additive(r.trace_reg[n], r.spi_regul_k_inp_p, r.spi_regul_k_inp_r)
        if additive and r.spi_regul_w & OF_WREC:
            r.add_wrec[n] = eprop.additive(r.trace_reg[n], r.spi_regul_k_rec_p, r.spi_regul_k_rec_r)


@kernel
def _next_w(word: int, ls_h: int, trace: int, sixteenths: int, additive: int, rnd: int, lr_p: int, lr_r: int) -> int:
    """Return a weight of winp or wrec after its update; -1 if it does not move. At its limits it moves, but stays."""
    prob = eprop.probability(ls_h * trace, sixteenths, additive)
    return eprop.move_weight(word, prob) if eprop.is_updated(prob, rnd, lr_p, lr_r, PROB_BITS) else -1


@outlined
def update_inp(r: np.record, trace: int, winp: np.ndarray, addr: int) -> None:
    """Update a word of winp. Call ``prepare`` before.

    trace : the trace of the pre-synaptic neuron, without its fraction; addr : 0..4095
    """
    lfsr.draw(r.lfsr_winp, WIDTH, LAG)
    p, q = r.spi_lr_p_winp, r.spi_lr_r_winp
    for n in range(N_WEIGHTS):
        w_old: int = np.int64(winp[addr, n])  # type: ignore[assignment]
        rnd = r.lfsr_winp[WIDTH + n]
        w_next = _next_w(r.winp_data_o[n], r.ls_h[n], trace, r.sixteenths[n], r.add_winp[n], rnd, p, q)
        if w_next >= 0:
            winp[addr, n] = w_next
        r.winp_data_o[n] = w_old


@outlined
def update_rec(r: np.record, trace: int, own: int, wrec: np.ndarray, addr: int) -> None:
    """Update a word of wrec. Call ``prepare`` before.

    trace, addr : as for ``update_inp``
    own : the place of the pre-synaptic neuron in the word, 0..15, whose weight becomes 0 if it moves; or NO_SELF
    """
    lfsr.draw(r.lfsr_wrec, WIDTH, LAG)
    p, q = r.spi_lr_p_wrec, r.spi_lr_r_wrec
    for n in range(N_WEIGHTS):
        w_old: int = np.int64(wrec[addr, n])  # type: ignore[assignment]
        rnd = r.lfsr_wrec[WIDTH + n]
        w_next = _next_w(r.wrec_data_o[n], r.ls_h[n], trace, r.sixteenths[n], r.add_wrec[n], rnd, p, q)
        if w_next >= 0:
            wrec[addr, n] = 0 if n == own else w_next
        r.wrec_data_o[n] = w_old


@outlined
def update_out(r: np.record, trace: int, wout: np.ndarray, addr: int) -> None:
    """Update a word of wout by ``oneur_err``.

    The random numbers of 28 bits lie side by side in the LFSR's output.

    trace : the neuron's output trace, without its fraction; addr : 0..511
    """
    lfsr.draw(r.lfsr_wout, WOUT_WIDTH, WOUT_LAG)
    bits, n_bits, word_idx = 0, 0, WOUT_WIDTH
    for k in range(N_OUT):
        if n_bits < WOUT_PROB_BITS:
            bits |= r.lfsr_wout[word_idx] << n_bits
            n_bits += lfsr.WORD
            word_idx += 1
        rnd = bits & WOUT_PROB_MASK
        bits >>= WOUT_PROB_BITS
        n_bits -= WOUT_PROB_BITS
        prob = r.oneur_err[k] * trace
        w_old: int = np.int64(wout[addr, k])  # type: ignore[assignment]
        if eprop.is_updated(prob, rnd, r.spi_lr_p_wout, r.spi_lr_r_wout, WOUT_PROB_BITS):
            wout[addr, k] = eprop.move_weight(r.wout_data_o[k], prob)
        r.wout_data_o[k] = w_old


@outlined
def skip(words: np.ndarray) -> None:
    """Advance the LFSR of winp or wrec without an update."""
    lfsr.draw(words, WIDTH, LAG)


@outlined
def skip_out(words: np.ndarray) -> None:
    """Advance the LFSR of wout without an update."""
    lfsr.draw(words, WOUT_WIDTH, WOUT_LAG)
