"""The recurrent neurons, two at a time: the update of a word by an event and by the end of a timestep.

The present word is in the memory's output register. A neuron whose dirty bit is 0 counts as zeros.

Source: srnn.v, Neuron array and update computation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon import lfsr, lif, pair, seeds
from draupnir.emulator.reckon.controller import EVT, PROP, STEP, SUPP, Evt, traces_on
from draupnir.emulator.reckon.layout import ALPHA_ONE
from draupnir.emulator.reckon.learning import traces

ALPHA_CONF_BITS = 32  # bits of SPI_ALPHA_CONF in an address
NOISE_BITS = 16
NOISE_WIDTH, NOISE_LAG = lfsr.lfsr_of("lfsr_noise_neur").width, lfsr.lfsr_of("lfsr_noise_neur").lag
TOUT_UNFOLD = lfsr.lfsr_of("lfsr_strnd_tout0").unfold
ROUND_UNFOLD = lfsr.lfsr_of("lfsr_strnd_neur_u0").unfold
RAND_MASK = (1 << ROUND_UNFOLD) - 1
TOUT_RAND_MASK = (1 << TOUT_UNFOLD) - 1


class Half(NamedTuple):
    """The write to one neuron: its state, and a mask of the bits that are written, HALF_BITS bits each."""

    state: int
    mask: int


NOTHING = Half(0, 0)


@kernel
def is_stepping(r: np.record) -> bool:
    """Return True at an odd count of state STEP, in which the timestep ends for a word."""
    return r.state == STEP and bit(r.neur_step_cnt, 0) == 1


@kernel
def dirty_half(r: np.record, e: Evt, n: int) -> int:
    """Return the state of neuron n, 0 or 1, of the present word; zeros if nothing was written since the sample began.

    The address of this clock selects the dirty bit, not the address of the present word.
    """
    return pair.half(r.neur_data_o, n) if r.neur_dirty[e.addr << 1 | n] else 0


@kernel
def alpha(r: np.record, addr: int) -> int:
    """Return the decay of the present word, 0..0x8fff. The address of this clock selects its upper bits."""
    conf = bit(r.spi_alpha_conf[addr // ALPHA_CONF_BITS], addr % ALPHA_CONF_BITS)
    return lif.alpha(pair.alpha_lsbs(pair.parameters(r.neur_data_o)), conf)


@kernel
def noise(r: np.record, n: int) -> int:
    """Return the signed noise on the potential of neuron n, 0 or 1."""
    if not r.spi_noise_en:
        return 0
    word = lfsr.upcoming(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)
    return signed(word >> (NOISE_BITS * n) & ((1 << NOISE_BITS) - 1), NOISE_BITS) >> r.spi_noise_str


@kernel
def _integrate(r: np.record, e: Evt, n: int, u: int) -> int:
    """Return the potential after the event of the present sweep."""
    w_inp, w_rec = 0, 0
    if bit(r.neur128x2_cnt, 0):
        weight_idx = (r.neur128x2_cnt & 0xE) | n
        if e.inp_event:
            w_inp = lif.scale(r.winp_data_o[weight_idx], r.spi_fp_loc_winp)
        if e.z:
            w_rec = lif.scale(r.wrec_data_o[weight_idx], r.spi_fp_loc_wrec)
    return lif.integrate(u, lif.synaptic_update(w_rec, w_inp), noise(r, n))


@kernel
def increase_traces(r: np.record, inp_event: int, z: int, old: int) -> Half:
    """Return the traces that the neuron's own spikes increase, as an input neuron and as a recurrent neuron."""
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
    """Return the traces of neuron n that this clock's event increases, if n is the neuron that spikes."""
    if e.addr << 1 | n != r.neur256_cnt or (r.state_evt != EVT and r.state_evt != SUPP):
        return NOTHING
    return increase_traces(r, e.inp_event, e.z if r.state_evt == EVT else 0, old)


@kernel
def step_half(
    r: np.record, old: int, alpha: int, thr: int, rand_u: int, rand_inp: int, rand_rec: int, rand_out: int
) -> int:
    """Return a neuron's state at the end of a timestep; rand_* : the outputs of its LFSRs for rounding."""
    en = int(lif.rounds(alpha, r.spi_en_stoch_round))
    en_out = int(traces.rounds_out(r.spi_kappa, r.spi_en_stoch_round))
    u = pair.u(old)
    leaked = lif.leak(u, alpha, rand_u & RAND_MASK, en)
    return pair.pack(
        lif.after_spike(leaked, thr, r.spi_rst_mode) if u >= thr else leaked,
        traces.decay(pair.trace_inp(old), alpha, rand_inp & RAND_MASK, en),
        traces.decay(pair.trace_rec(old), alpha, rand_rec & RAND_MASK, en),
        traces.decay_out(pair.trace_out(old), r.spi_kappa, rand_out & TOUT_RAND_MASK, en_out),
    )


@kernel
def _step(r: np.record, e: Evt, n: int, old: int) -> int:
    """Return neuron n of the present word at the end of a timestep; outside of state STEP, its old state."""
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
    """Return the write to neuron n in this clock, if the core writes the memory."""
    old = dirty_half(r, e, n)
    step_state = _step(r, e, n, old)
    own = _own(r, e, n, old)
    u = 0
    if r.state_evt == EVT:
        u = _integrate(r, e, n, pair.u(old))
    elif is_stepping(r):
        u = pair.u(step_state)
    mask = own.mask
    if not r.neur_dirty[e.addr << 1 | n] or bit(r.neur_step_cnt, 0):
        mask = pair.HALF_MASK & ~pair.U_MASK
    if not r.supp_cycle:
        mask |= pair.U_MASK
    return Half(own.state | step_state & ~own.mask & ~pair.U_MASK | u & pair.U_MASK, mask)


@kernel
def spike(r: np.record, e: Evt, n: int) -> int:
    """Return 1 if neuron n of the present word spikes at the end of this timestep."""
    return int(is_stepping(r) and pair.u(dirty_half(r, e, n)) >= pair.thr(pair.parameters(r.neur_data_o)))


class Draws(NamedTuple):
    """True for the random numbers that advance: of the noise, of the traces' and of the potentials' rounding."""

    noise: bool
    traces: bool
    potentials: bool


@kernel
def draws(r: np.record, e: Evt) -> Draws:
    """Return the random numbers that this clock uses. A word that does not decay uses none for its potentials."""
    noise = r.spi_noise_en == 1 and r.state == PROP and bit(r.neur128x2_cnt, 0) == 1
    steps = r.spi_en_stoch_round == 1 and is_stepping(r)
    return Draws(noise, steps, steps and alpha(r, e.addr) != ALPHA_ONE)


@kernel
def clock(r: np.record, d: Draws, prog: int) -> None:
    """Rising edge of CLK: advance the random numbers; prog : the SPI's write requests, a bit each."""
    if d.noise:
        lfsr.draw(r.lfsr_noise_neur, NOISE_WIDTH, NOISE_LAG)
    if d.potentials:
        r.lfsr_strnd_neur_u0 = lfsr.advance(r.lfsr_strnd_neur_u0, ROUND_UNFOLD)
        r.lfsr_strnd_neur_u1 = lfsr.advance(r.lfsr_strnd_neur_u1, ROUND_UNFOLD)
    if d.traces:
        r.lfsr_strnd_tinp0 = lfsr.advance(r.lfsr_strnd_tinp0, ROUND_UNFOLD)
        r.lfsr_strnd_tinp1 = lfsr.advance(r.lfsr_strnd_tinp1, ROUND_UNFOLD)
        r.lfsr_strnd_trec0 = lfsr.advance(r.lfsr_strnd_trec0, ROUND_UNFOLD)
        r.lfsr_strnd_trec1 = lfsr.advance(r.lfsr_strnd_trec1, ROUND_UNFOLD)
        r.lfsr_strnd_tout0 = lfsr.advance(r.lfsr_strnd_tout0, TOUT_UNFOLD)
        r.lfsr_strnd_tout1 = lfsr.advance(r.lfsr_strnd_tout1, TOUT_UNFOLD)
    if prog:
        seeds.program_neurons(r, prog)
