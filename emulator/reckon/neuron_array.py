"""The recurrent neurons, two at a time: what an event, or the end of a timestep, makes of a word of the memory.

The word at hand is the memory's output register; a neuron whose dirty bit is not set counts as zeros.

Source: srnn.v, Neuron array and update computation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import lfsr, lif, pair, seeds
from draupnir.emulator.reckon.controller import EVT, PROP, STEP, SUPP, Evt, traces_on
from draupnir.emulator.reckon.layout import ALPHA_ONE
from draupnir.emulator.reckon.learning import traces
from draupnir.emulator.reckon.rounding import signed

ALPHA_CONF_BITS = 32  # of SPI_ALPHA_CONF in an address
NOISE_BITS = 16
NOISE_WIDTH, NOISE_LAG = lfsr.declared("lfsr_noise_neur").width, lfsr.declared("lfsr_noise_neur").lag
TOUT_UNFOLD = lfsr.declared("lfsr_strnd_tout0").unfold
ROUND_UNFOLD = lfsr.declared("lfsr_strnd_neur_u0").unfold
RAND_MASK = (1 << ROUND_UNFOLD) - 1
TOUT_RAND_MASK = (1 << TOUT_UNFOLD) - 1


class Half(NamedTuple):
    """The write to one neuron: its state, and a mask of the bits of it that are."""

    state: int
    mask: int


NOTHING = Half(0, 0)


@kernel
def is_stepping(r: np.record) -> bool:
    """An odd count of state STEP: the timestep ends for a word."""
    return r.state == STEP and bit(r.neur_step_cnt, 0) == 1


@kernel
def dirty_half(r: np.record, e: Evt, n: int) -> int:
    """State of neuron n of the word at hand; zeros if nothing has been written since the sample began.

    Which dirty bit counts goes by the address of this clock, not by that of the word at hand.
    """
    return pair.half(r.neur_data_o, n) if r.neur_dirty[e.addr << 1 | n] else 0


@kernel
def alpha(r: np.record, addr: int) -> int:
    """Decay of the word at hand; its upper bits, too, go by the address of this clock."""
    conf = bit(r.spi_alpha_conf[addr // ALPHA_CONF_BITS], addr % ALPHA_CONF_BITS)
    return lif.alpha(pair.alpha_lsbs(pair.parameters(r.neur_data_o)), conf)


@kernel
def noise(r: np.record, n: int) -> int:
    """Noise on neuron n's potential."""
    if not r.spi_noise_en:
        return 0
    word = lfsr.upcoming(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)
    return signed(word >> (NOISE_BITS * n) & ((1 << NOISE_BITS) - 1), NOISE_BITS) >> r.spi_noise_str


@kernel
def _integrated(r: np.record, e: Evt, n: int, u: int) -> int:
    """The potential after the event whose sweep is under way."""
    w_inp, w_rec = 0, 0
    if bit(r.neur128x2_cnt, 0):
        at = (r.neur128x2_cnt & 0xE) | n
        if e.inp_event:
            w_inp = lif.scaled(r.winp_data_o[at], r.spi_fp_loc_winp)
        if e.z:
            w_rec = lif.scaled(r.wrec_data_o[at], r.spi_fp_loc_wrec)
    return lif.integrate(u, lif.synaptic_update(w_rec, w_inp), noise(r, n))


@kernel
def increased(r: np.record, inp_event: int, z: int, old: int) -> Half:
    """The traces that the neuron's own spikes increase, as input neuron and as recurrent neuron."""
    state, mask = 0, 0
    if inp_event and traces_on(r, 0):
        state |= traces.increase(pair.trace_inp(old), r.spi_fp_loc_tinp) << pair.TINP
        mask |= pair.TRACE_MASK << pair.TINP
    if z and traces_on(r, 1):
        state |= traces.increase(pair.trace_rec(old), r.spi_fp_loc_trec) << pair.TREC
        mask |= pair.TRACE_MASK << pair.TREC
    if z and traces_on(r, 2):
        state |= traces.increase_out(pair.trace_out(old), r.spi_fp_loc_tout) << pair.TOUT
        mask |= pair.TOUT_MASK << pair.TOUT
    return Half(state, mask)


@kernel
def _own(r: np.record, e: Evt, n: int, old: int) -> Half:
    """The traces of neuron n that the event in this clock increases: if it is the one that spikes."""
    if e.addr << 1 | n != r.neur256_cnt or (r.state_evt != EVT and r.state_evt != SUPP):
        return NOTHING
    return increased(r, e.inp_event, e.z if r.state_evt == EVT else 0, old)


@kernel
def step_half(
    r: np.record, old: int, alpha: int, thr: int, rand_u: int, rand_inp: int, rand_rec: int, rand_out: int
) -> int:
    """A neuron's state at the end of a timestep. rand_* : what its rounding LFSRs show."""
    en = int(lif.rounds(alpha, r.spi_en_stoch_round))
    en_out = int(traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round))
    u = pair.u(old)
    leaked = lif.leak(u, alpha, rand_u & RAND_MASK, en)
    return pair.packed(
        lif.after_spike(leaked, thr, r.spi_rst_mode) if u >= thr else leaked,
        traces.decay(pair.trace_inp(old), alpha, rand_inp & RAND_MASK, en),
        traces.decay(pair.trace_rec(old), alpha, rand_rec & RAND_MASK, en),
        traces.decay_out(pair.trace_out(old), r.spi_kappa, rand_out & TOUT_RAND_MASK, en_out),
    )


@kernel
def _stepped(r: np.record, e: Evt, n: int, old: int) -> int:
    """Neuron n of the word at hand at the end of a timestep; outside of state STEP as it is."""
    if r.state != STEP:
        return old
    a, thr = alpha(r, e.addr), pair.thr(pair.parameters(r.neur_data_o))
    if n == 0:
        inp, rec = lfsr.ahead(r.lfsr_strnd_tinp0), lfsr.ahead(r.lfsr_strnd_trec0)
        return step_half(r, old, a, thr, lfsr.ahead(r.lfsr_strnd_neur_u0), inp, rec, lfsr.ahead(r.lfsr_strnd_tout0))
    inp, rec = lfsr.ahead(r.lfsr_strnd_tinp1), lfsr.ahead(r.lfsr_strnd_trec1)
    return step_half(r, old, a, thr, lfsr.ahead(r.lfsr_strnd_neur_u1), inp, rec, lfsr.ahead(r.lfsr_strnd_tout1))


@kernel
def write(r: np.record, e: Evt, n: int) -> Half:
    """Return what is written of neuron n in this clock, if the memory is written by the core."""
    old = dirty_half(r, e, n)
    stepped = _stepped(r, e, n, old)
    own = _own(r, e, n, old)
    u = 0
    if r.state_evt == EVT:
        u = _integrated(r, e, n, pair.u(old))
    elif is_stepping(r):
        u = pair.u(stepped)
    mask = own.mask
    if not r.neur_dirty[e.addr << 1 | n] or bit(r.neur_step_cnt, 0):
        mask = pair.HALF_MASK & ~pair.U_MASK
    if not r.supp_cycle:
        mask |= pair.U_MASK
    return Half(own.state | stepped & ~own.mask & ~pair.U_MASK | u & pair.U_MASK, mask)


@kernel
def spike(r: np.record, e: Evt, n: int) -> int:
    """Tell whether neuron n of the word at hand spikes at the end of this timestep."""
    return int(is_stepping(r) and pair.u(dirty_half(r, e, n)) >= pair.thr(pair.parameters(r.neur_data_o)))


class Draws(NamedTuple):
    """The random numbers that move on: the noise's, the traces' rounding, the potentials' rounding."""

    noise: bool
    traces: bool
    potentials: bool


@kernel
def draws(r: np.record, e: Evt) -> Draws:
    """Compute which are used in this clock; a word that does not decay leaves its potentials' numbers alone."""
    noise = r.spi_noise_en == 1 and r.state == PROP and bit(r.neur128x2_cnt, 0) == 1
    steps = r.spi_en_stoch_round == 1 and is_stepping(r)
    return Draws(noise, steps, steps and alpha(r, e.addr) != ALPHA_ONE)


@kernel
def clock(r: np.record, d: Draws, prog: int) -> None:
    """Rising edge: the random numbers move on. prog : what the SPI writes"""
    if d.noise:
        lfsr.draw(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)
    if d.potentials:
        r.lfsr_strnd_neur_u0 = lfsr.advanced(r.lfsr_strnd_neur_u0, ROUND_UNFOLD)
        r.lfsr_strnd_neur_u1 = lfsr.advanced(r.lfsr_strnd_neur_u1, ROUND_UNFOLD)
    if d.traces:
        r.lfsr_strnd_tinp0 = lfsr.advanced(r.lfsr_strnd_tinp0, ROUND_UNFOLD)
        r.lfsr_strnd_tinp1 = lfsr.advanced(r.lfsr_strnd_tinp1, ROUND_UNFOLD)
        r.lfsr_strnd_trec0 = lfsr.advanced(r.lfsr_strnd_trec0, ROUND_UNFOLD)
        r.lfsr_strnd_trec1 = lfsr.advanced(r.lfsr_strnd_trec1, ROUND_UNFOLD)
        r.lfsr_strnd_tout0 = lfsr.advanced(r.lfsr_strnd_tout0, TOUT_UNFOLD)
        r.lfsr_strnd_tout1 = lfsr.advanced(r.lfsr_strnd_tout1, TOUT_UNFOLD)
    if prog:
        seeds.program_neurons(r, prog)
