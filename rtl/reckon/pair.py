"""The two hidden neurons that share a word of the memory: their state after an event or a timestep.

Source: srnn.v, Hidden neurons; Input, recurrent and output trace update.
"""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import (
    ALPHA_ONE,
    KAPPA_ONE,
    LFSRS,
    PAIR,
    TOUT_INC,
    TRACE_INC,
    U_BITS,
)
from draupnir.rtl.lib.views import shape_of
from draupnir.rtl.reckon.buses import PROG_LAYOUT, Config
from draupnir.rtl.reckon.lfsr import UnfoldedLfsr
from draupnir.rtl.reckon.rounding import decay, saturating_sum

LFSR = {lfsr.name: lfsr for lfsr in LFSRS}
ALPHA_FRACTION = ALPHA_ONE.bit_length() - 1
KAPPA_FRACTION = KAPPA_ONE.bit_length() - 1
ALPHA_BITS = ALPHA_FRACTION + 1
TRACES = ("trace_inp", "trace_rec", "trace_out")
EVENTS = data.StructLayout(dict.fromkeys(TRACES, 1))
STATE = data.StructLayout({name: shape_of(PAIR[f"{name}0"]) for name in ("neur_u", *TRACES)})


class HiddenNeuron(wiring.Component):
    """One of the two neurons; it is combinational, apart from its LFSRs.

    parity : 0 for the even neuron, 1 for the odd one

    prog : 1 if the SPI seeds an LFSR
    state : the present state
    steps : 1 in state STEP, in which the traces decay; step_writes : 1 in the clock of this state that writes, in which
        the potential decays, too
    event : the traces that an event raises; they do not decay
    integrates : 1 adds w_inp, w_rec and noise to the potential; with 0 the potential becomes 0, unless ``step_writes``
    w_inp, w_rec : the event's weights, shifted; 0 for a source that does not spike
    noise : it is added after the sum with the weights has saturated. If this addition passes an end, the result
        saturates only if the potential and the weights have the same sign; the sign of the noise does not count
    alpha, thr : decay and threshold, from the word
    state_next : the state afterwards
    spike : 1 if the potential is at least the threshold, in a clock with ``step_writes``
    """

    config: In(Config())
    prog: In(PROG_LAYOUT)
    state: In(STATE)
    steps: In(1)
    step_writes: In(1)
    event: In(EVENTS)
    integrates: In(1)
    w_inp: In(signed(U_BITS))
    w_rec: In(signed(U_BITS))
    noise: In(signed(U_BITS))
    alpha: In(ALPHA_BITS)
    thr: In(signed(U_BITS))
    state_next: Out(STATE)
    spike: Out(1)

    def __init__(self, parity: int) -> None:
        super().__init__()
        self._parity = parity

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        stochastic = config.spi_en_stoch_round
        self._alpha_rounds = stochastic & (self.alpha != ALPHA_ONE)
        self._kappa_rounds = stochastic & (config.spi_kappa != KAPPA_ONE)
        self._update_potential(m)
        self._update_trace(m, "trace_inp", TRACE_INC << config.spi_fp_loc_tinp, self.alpha)
        self._update_trace(m, "trace_rec", TRACE_INC << config.spi_fp_loc_trec, self.alpha)
        self._update_trace(m, "trace_out", TOUT_INC << config.spi_fp_loc_tout, config.spi_kappa)
        return m

    def _random(self, m: Module, name: str, advances: Signal) -> Signal:
        """Make an LFSR of this neuron, and return its bits. ``name`` also names the register with its seed."""
        lfsr = LFSR[f"lfsr_strnd_{name}{self._parity}"]
        m.submodules[lfsr.name] = unfolded = UnfoldedLfsr(lfsr)
        register, lsb = lfsr.seed
        seed = register.lower()
        m.d.comb += [
            unfolded.en.eq(self.step_writes & advances),
            unfolded.prog.eq(self.prog[seed.removeprefix("spi_")]),
            unfolded.seed.eq(getattr(self.config, seed)[lsb : lsb + lfsr.width]),
        ]
        return unfolded.rnd

    def _update_potential(self, m: Module) -> None:
        u, u_next = self.state.neur_u, self.state_next.neur_u
        rnd = self._random(m, "neur_u", self._alpha_rounds)
        m.d.comb += self.spike.eq(self.step_writes & (u >= self.thr))
        with m.If(self.integrates):
            m.d.comb += u_next.eq(self._integrate(m))
        with m.Elif(self.step_writes):
            decayed = Signal(U_BITS)
            m.d.comb += decayed.eq(decay(m, u, self.alpha, ALPHA_FRACTION, self._alpha_rounds, rnd))
            m.d.comb += u_next.eq(decayed)
            with m.If(self.spike):
                m.d.comb += u_next.eq(Mux(self.config.spi_rst_mode, 0, decayed - self.thr))

    def _integrate(self, m: Module) -> Signal:
        u, greatest = self.state.neur_u, (1 << (U_BITS - 1)) - 1
        w, total, integrated = Signal(signed(U_BITS)), Signal(signed(U_BITS)), Signal(signed(U_BITS), name="integrated")
        m.d.comb += [
            w.eq(saturating_sum(m, self.w_inp, self.w_rec)),
            total.eq(u + w + self.noise),
            integrated.eq(total),
        ]
        with m.If((u < 0) == (w < 0)):
            with m.If((total < 0) & (u >= 0)):
                m.d.comb += integrated.eq(greatest)
            with m.Elif((total >= 0) & (u < 0)):
                m.d.comb += integrated.eq(~greatest)
        return integrated

    def _update_trace(self, m: Module, name: str, increment: Signal, factor: Signal) -> None:
        """Update a trace: an event adds to it, and it saturates; without an event it decays in state STEP."""
        trace, trace_next = self.state[name], self.state_next[name]
        is_out = name == "trace_out"
        rnd = self._random(m, name.replace("trace_", "t"), self.config.spi_en_stoch_round)
        rounds, fraction_bits = (self._kappa_rounds, KAPPA_FRACTION) if is_out else (self._alpha_rounds, ALPHA_FRACTION)
        m.d.comb += trace_next.eq(trace)
        with m.If(self.event[name]):
            raised = Signal(len(trace) + 1)
            m.d.comb += [raised.eq(trace + increment), trace_next.eq(Mux(raised[-1], ~0, raised))]
        with m.Elif(self.steps):
            m.d.comb += trace_next.eq(decay(m, trace, factor, fraction_bits, rounds, rnd))
