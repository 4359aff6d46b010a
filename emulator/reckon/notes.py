"""Notes on one neuron: what a clock does to it, and to the synapses from another neuron to it, and by which numbers.

A note is an observation and no theory. It is taken from the wires of the clock, from the registers and memories before
its edge, and from those after it.

The host of a ReckOn sends nothing over the SPI while the network runs, so there is no note of a write by the SPI.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import controller, neuron_array, pair
from draupnir.emulator.reckon.clock import Wires
from draupnir.emulator.reckon.controller import EPROP, EVT
from draupnir.emulator.reckon.layout import H_BITS, N_WEIGHTS, PROB_BITS, U_BITS, W_BITS, WOUT_PROB_BITS
from draupnir.emulator.reckon.learning import eprop, group, weights
from draupnir.emulator.reckon.lfsr import WORD
from draupnir.emulator.reckon.srams import UPDATE, Mems

NOBODY = -1
GROUP_MASK = N_WEIGHTS - 1

NOTE = np.dtype(
    (
        np.record,
        [
            (name, np.int64)
            for name in (
                *("cycle", "sample", "timestep", "state", "state_evt"),
                *("neur", "inp_event", "z", "winp", "wrec", "wout", "noise"),
                *("is_written", "forgets", "steps", "spikes", "old_state", "new_state"),
                *("keeps", "learning_signal", "neur_h", "trace_reg", "oneur_err", "target_valid", "is_turn"),
            )
        ],
    )
)
"""A note says what a clock does to the neuron.

cycle : the clock
sample, timestep : the sample since the run began, and the timestep in it, from 0; -1 before the first
state, state_evt : the states of the two controllers
neur, inp_event, z : the neuron whose spike is processed, and whether it spikes as an input and as a recurrent neuron
winp, wrec, wout, noise : the weights, signed and not shifted, and the noise that are added to the potential
is_written : 1 if the neuron is written; forgets : 1 if a sample ends; steps : 1 if the timestep ends for the neuron
spikes : 1 if it spikes
old_state, new_state : its state before and after the edge: half of a pair, or an output neuron's potential, as a word
keeps : 1 if e-prop computes the next three in this clock; else they are those that the neuron's group has had last
learning_signal, neur_h : signed; trace_reg : how much the recurrent trace is above SPI_REGUL_F0
oneur_err : the error of an output neuron, signed; target_valid : TARGET_VALID
is_turn : 1 if it is the turn of the watched synapses to learn
"""

TURN = np.dtype(
    (
        np.record,
        [
            (name, np.int64)
            for name in (
                *("learns", "is_written", "pre_trace", "ls_h", "sixteenths", "additive"),
                *("prob", "magnitude", "rnd", "moves", "is_own", "old_w", "new_w"),
            )
        ],
    )
)
"""The turn of a synapse to learn.

learns : 1 if the configuration and TARGET_VALID let it learn; is_written : 1 if its word is written
pre_trace : the trace of the pre-synaptic neuron, without its fraction
ls_h, sixteenths, additive : learning signal times pseudo-derivative, and the regularisation; 0 for an output weight
prob, magnitude, rnd : the probability, signed; its magnitude after the shifts; the random number
moves : 1 if the weight moves by one, or becomes 0; is_own : 1 for the weight of a neuron to itself
old_w, new_w : the weight before and after the edge, signed
"""
N_TURNS = 2  # of winp and of wrec; an output neuron has only the first, of wout


class Watched(NamedTuple):
    """The neuron that is watched, and the pre-synaptic neuron of its synapses.

    neuron : a recurrent neuron, 0..255, or NOBODY; out : else an output neuron, 0..15
    pre : 0..255, or NOBODY
    """

    neuron: int
    out: int
    pre: int


@kernel
def begin(r: np.record, m: Mems, w: Wires, who: Watched, note: np.record, turns: np.ndarray) -> bool:
    """Note what is seen before the edge of a clock. Return True if the clock is worth a note.

    turns : (N_TURNS,) records of type TURN
    """
    is_written, is_turn = _is_written(r, w, who), _is_turn(r, who)
    keeps = w.entry.has_signal and group.post_of(r) == who.neuron
    if not (is_written or is_turn or keeps):
        return False
    note.cycle, note.state, note.state_evt = r.cycle, r.state, r.state_evt
    note.neur, note.inp_event, note.z = r.neur256_cnt, r.inp_events[r.neur256_cnt], r.neur_z[r.neur256_cnt]
    note.is_written, note.forgets, note.is_turn = int(is_written), int(w.forgets), int(is_turn)
    note.keeps, note.target_valid = int(keeps), r.target_valid_sync
    note.old_state = state_of(r, m, who)
    if who.neuron == NOBODY:
        _begin_output(r, w, who, note)
    else:
        _begin_recurrent(r, w, who, note)
    if is_turn and who.neuron == NOBODY:
        _begin_wout(r, m, w, who, turns[0])
    elif is_turn:
        _begin_turns(r, m, w, who, turns)
    return True


@kernel
def end(r: np.record, m: Mems, who: Watched, note: np.record, turns: np.ndarray) -> None:
    """Note what is seen after the edge; the arguments are those of ``begin``."""
    note.new_state = state_of(r, m, who)
    if note.is_turn and who.neuron == NOBODY:
        turns[0].new_w = signed(np.int64(m.wout[who.pre, who.out]), W_BITS)  # type: ignore[arg-type]
        turns[0].rnd = _wout_random(r.lfsr_wout, who.out)
        _decide(turns[0], r.spi_lr_p_wout, r.spi_lr_r_wout, WOUT_PROB_BITS)
    elif note.is_turn:
        addr, n = _word_of(who), who.neuron & GROUP_MASK
        turns[0].new_w = signed(np.int64(m.winp[addr, n]), W_BITS)  # type: ignore[arg-type]
        turns[1].new_w = signed(np.int64(m.wrec[addr, n]), W_BITS)  # type: ignore[arg-type]
        turns[0].rnd, turns[1].rnd = r.lfsr_winp[weights.WIDTH + n], r.lfsr_wrec[weights.WIDTH + n]
        _decide(turns[0], r.spi_lr_p_winp, r.spi_lr_r_winp, PROB_BITS)
        _decide(turns[1], r.spi_lr_p_wrec, r.spi_lr_r_wrec, PROB_BITS)


@kernel
def state_of(r: np.record, m: Mems, who: Watched) -> int:
    """Return the state of the neuron that counts: a half of a pair, or the potential of an output neuron as a word.

    A recurrent neuron whose dirty bit is 0 counts as zeros.
    """
    if who.neuron == NOBODY:
        return r.oneur_u[who.out]
    return pair.half_at(m.neurons, who.neuron >> 1, who.neuron & 1) if r.neur_dirty[who.neuron] else 0


# --- Potentials ---------------------------------------------------------------------------------------------------


@kernel
def _is_written(r: np.record, w: Wires, who: Watched) -> bool:
    if w.forgets:
        return True
    if who.neuron == NOBODY:
        return (w.oneur.integrates and who.out <= r.spi_num_out_neur) or _leaks(w, who)
    return w.access.core_we == 1 and w.access.addr == who.neuron >> 1


@kernel
def _leaks(w: Wires, who: Watched) -> bool:
    return w.oneur.leaks and w.oneur.k == who.out and who.out <= w.oneur.last


@kernel
def _begin_output(r: np.record, w: Wires, who: Watched, note: np.record) -> None:
    note.steps, note.spikes = int(_leaks(w, who)), 0
    note.winp, note.wrec, note.noise = 0, 0, 0
    note.learning_signal, note.neur_h, note.trace_reg = 0, 0, 0
    note.wout = signed(r.wout_data_o[who.out], W_BITS) if w.oneur.integrates else 0
    note.oneur_err = r.oneur_err[who.out]


@kernel
def _begin_recurrent(r: np.record, w: Wires, who: Watched, note: np.record) -> None:
    odd = who.neuron & 1
    note.winp, note.wrec, note.wout, note.noise, note.oneur_err = 0, 0, 0, 0, 0
    if r.state_evt == EVT:
        note.noise = neuron_array.noise(r, odd)
        place = (r.neur128x2_cnt & ~1 | odd) & GROUP_MASK
        if bit(r.neur128x2_cnt, 0):
            note.winp = signed(r.winp_data_o[place], W_BITS) if note.inp_event else 0
            note.wrec = signed(r.wrec_data_o[place], W_BITS) if note.z else 0
    note.steps = int(note.is_written == 1 and neuron_array.is_stepping(r))
    note.spikes = note.steps * (w.spk1 if odd else w.spk0)
    _note_learning(r, w, who.neuron & GROUP_MASK, note)


@kernel
def _note_learning(r: np.record, w: Wires, n: int, note: np.record) -> None:
    """Note the numbers that e-prop computes for neuron n of the group, or those that it computed before."""
    signal, neur_h, note.trace_reg = r.learning_signals[n], r.neur_h[n], r.trace_reg[n]
    if note.keeps:
        signal, neur_h, note.trace_reg = w.entry.learning_signal, w.entry.neur_h, w.entry.trace_reg
    note.learning_signal, note.neur_h = signed(signal, U_BITS), signed(neur_h, H_BITS)


# --- Synapses -----------------------------------------------------------------------------------------------------


@kernel
def _is_turn(r: np.record, who: Watched) -> bool:
    """Return True in the clock in which the word with the watched synapses is written, if it is written."""
    if who.pre == NOBODY or r.state != EPROP:
        return False
    if who.neuron == NOBODY:
        return r.buf16_post == 1 and r.e_post_lsb & 1 == 1 and group.post_of(r) == who.pre
    return r.buf16_post == 0 and r.e_pre == who.pre << 1 | 1 and r.e_post_msb == who.neuron // N_WEIGHTS


@kernel
def _word_of(who: Watched) -> int:
    """Return the word of winp and of wrec that has the synapse."""
    return who.pre * N_WEIGHTS + who.neuron // N_WEIGHTS


@kernel
def _begin_turns(r: np.record, m: Mems, w: Wires, who: Watched, turns: np.ndarray) -> None:
    p, learns = group.wires(r, controller.evt(r)), group.learners(r)
    addr, n = _word_of(who), who.neuron & GROUP_MASK
    turns[0].learns, turns[1].learns = int(who.pre <= learns.inp), int(who.pre <= learns.rec)
    turns[0].is_written, turns[1].is_written = int(w.winp.kind == UPDATE), int(w.wrec.kind == UPDATE)
    turns[0].pre_trace, turns[1].pre_trace = p.trace_inp, p.trace_rec
    turns[0].old_w = signed(np.int64(m.winp[addr, n]), W_BITS)  # type: ignore[arg-type]
    turns[1].old_w = signed(np.int64(m.wrec[addr, n]), W_BITS)  # type: ignore[arg-type]
    turns[0].is_own, turns[1].is_own = 0, int(w.wrec.own == n)
    turns[0].additive, turns[1].additive = r.add_winp[n], r.add_wrec[n]
    for k in range(N_TURNS):
        _weigh(turns[k], r.ls_h[n], r.sixteenths[n])


@kernel
def _weigh(turn: np.record, ls_h: int, sixteenths: int) -> None:
    """Note the probability. Where no word is written, its terms are not computed, and count as 0."""
    if turn.is_written:
        turn.ls_h, turn.sixteenths = ls_h, sixteenths
        turn.prob = eprop.probability(ls_h * turn.pre_trace, sixteenths, turn.additive)
    else:
        turn.ls_h, turn.sixteenths, turn.additive, turn.prob = 0, 0, 0, 0


@kernel
def _begin_wout(r: np.record, m: Mems, w: Wires, who: Watched, turn: np.record) -> None:
    p = group.wires(r, controller.evt(r))
    turn.learns = int(who.pre <= group.learners(r).out and bit(r.spi_do_eprop, controller.OUTPUT) == 1)
    turn.is_written, turn.pre_trace, turn.is_own = int(w.wout.kind == UPDATE), p.trace_out, 0
    turn.old_w = signed(np.int64(m.wout[who.pre, who.out]), W_BITS)  # type: ignore[arg-type]
    turn.ls_h, turn.sixteenths, turn.additive = 0, 0, 0
    turn.prob = r.oneur_err[who.out] * turn.pre_trace


@kernel
def _decide(turn: np.record, lr_p: int, lr_r: int, bits: int) -> None:
    """Note whether the weight moves, if its word is written."""
    turn.magnitude = eprop.magnitude(turn.prob, lr_p, lr_r, bits)
    turn.moves = int(turn.is_written == 1 and eprop.is_updated(turn.prob, turn.rnd, lr_p, lr_r, bits))


@kernel
def _wout_random(words: np.ndarray, k: int) -> int:
    """Return the random number of output weight k; the numbers lie side by side in the LFSR's output."""
    i, shift = divmod(WOUT_PROB_BITS * k, WORD)
    i += weights.WOUT_WIDTH
    above = words[i + 1] << (WORD - shift) if shift + WOUT_PROB_BITS > WORD else 0
    return (words[i] >> shift | above) & weights.WOUT_PROB_MASK
