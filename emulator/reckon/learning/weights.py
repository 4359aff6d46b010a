"""The three weight memories: what an e-prop update makes of a word; each weight by its own random number.

A word is 16 weights, a byte each; it is read in one clock and written in the next from the memory's output register,
which then takes what the memory held.

Source: srnn.v, Input/Recurrent weight update, Output weight update.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import lfsr
from draupnir.emulator.reckon.layout import H_BITS, N_OUT, N_WEIGHTS, PROB_BITS, REGUL_ONE, U_BITS, WOUT_PROB_BITS
from draupnir.emulator.reckon.learning import eprop
from draupnir.emulator.reckon.rounding import signed

_W, _WOUT = lfsr.declared("lfsr_winp"), lfsr.declared("lfsr_wout")
WIDTH, LAG = _W.width, _W.lag
WOUT_WIDTH, WOUT_LAG = _WOUT.width, _WOUT.lag
WOUT_PROB_MASK = (1 << WOUT_PROB_BITS) - 1
NO_SELF = -1
MULTIPLICATIVE, ADDITIVE = 1, 2  # bits of SPI_REGUL_MODE
OF_WINP, OF_WREC = 1, 2  # bits of SPI_REGUL_W


@kernel
def load(word: np.ndarray, memory: np.ndarray, addr: int) -> None:
    """Read a word into the memory's output register."""
    for n in range(N_WEIGHTS):
        word[n] = np.int64(memory[addr, n])


@kernel
def prepare(r: np.record) -> None:
    """Put what a group's updates have in common into the record, a neuron each.

    ``ls_h``: learning signal times pseudo-derivative, 0 without TARGET_VALID; ``sixteenths``: what multiplicative
    regularisation leaves; ``add_winp``, ``add_wrec``: the terms of additive regularisation.
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
def _moved(word: int, ls_h: int, trace: int, sixteenths: int, additive: int, rnd: int, lr_p: int, lr_r: int) -> int:
    """A weight of winp or wrec after its update; -1 where it does not move. (It may move, and stay: at its limits.)"""
    prob = eprop.probability(ls_h * trace, sixteenths, additive)
    return eprop.moved(word, prob) if eprop.is_updated(prob, rnd, lr_p, lr_r, PROB_BITS) else -1


@outlined
def update_inp(r: np.record, trace: int, winp: np.ndarray, addr: int) -> None:
    """Update a word of winp. trace : the pre-synaptic neuron's, without its fraction. Call ``prepare`` before."""
    lfsr.draw(r.lfsr_winp, WIDTH, LAG)
    p, q = r.spi_lr_p_winp, r.spi_lr_r_winp
    for n in range(N_WEIGHTS):
        held: int = np.int64(winp[addr, n])  # type: ignore[assignment]
        rnd = r.lfsr_winp[WIDTH + n]
        moved = _moved(r.winp_data_o[n], r.ls_h[n], trace, r.sixteenths[n], r.add_winp[n], rnd, p, q)
        if moved >= 0:
            winp[addr, n] = moved
        r.winp_data_o[n] = held


@outlined
def update_rec(r: np.record, trace: int, own: int, wrec: np.ndarray, addr: int) -> None:
    """Update a word of wrec, likewise; own : place of the pre-synaptic neuron itself, whose weight becomes 0."""
    lfsr.draw(r.lfsr_wrec, WIDTH, LAG)
    p, q = r.spi_lr_p_wrec, r.spi_lr_r_wrec
    for n in range(N_WEIGHTS):
        held: int = np.int64(wrec[addr, n])  # type: ignore[assignment]
        rnd = r.lfsr_wrec[WIDTH + n]
        moved = _moved(r.wrec_data_o[n], r.ls_h[n], trace, r.sixteenths[n], r.add_wrec[n], rnd, p, q)
        if moved >= 0:
            wrec[addr, n] = 0 if n == own else moved
        r.wrec_data_o[n] = held


@outlined
def update_out(r: np.record, trace: int, wout: np.ndarray, addr: int) -> None:
    """Update a word of wout by ``oneur_err`` and the neuron's output trace, which has lost its fraction.

    The numbers of 28 bits lie side by side in the LFSR's output.
    """
    lfsr.draw(r.lfsr_wout, WOUT_WIDTH, WOUT_LAG)
    bits, n_bits, at = 0, 0, WOUT_WIDTH
    for k in range(N_OUT):
        if n_bits < WOUT_PROB_BITS:
            bits |= r.lfsr_wout[at] << n_bits
            n_bits += lfsr.WORD
            at += 1
        rnd = bits & WOUT_PROB_MASK
        bits >>= WOUT_PROB_BITS
        n_bits -= WOUT_PROB_BITS
        prob = r.oneur_err[k] * trace
        held: int = np.int64(wout[addr, k])  # type: ignore[assignment]
        if eprop.is_updated(prob, rnd, r.spi_lr_p_wout, r.spi_lr_r_wout, WOUT_PROB_BITS):
            wout[addr, k] = eprop.moved(r.wout_data_o[k], prob)
        r.wout_data_o[k] = held


@outlined
def skip(words: np.ndarray) -> None:
    """Move the LFSR of winp or wrec on without an update."""
    lfsr.draw(words, WIDTH, LAG)


@outlined
def skip_out(words: np.ndarray) -> None:
    """Likewise, of wout."""
    lfsr.draw(words, WOUT_WIDTH, WOUT_LAG)
