"""The weights and their learning: the accesses of the e-prop sweep and of spikes to the weight memories.

Source: srnn.v, e-prop handling, Event controller.
"""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import (
    N_OUT,
    N_WEIGHTS,
    NEURONS,
    OUT_WEIGHTS,
    REGUL_ONE,
    SPI_BITS,
    TOUT_BITS,
    TRACE_BITS,
    WEIGHTS,
    EvtState,
    M,
    N,
)
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.buses import Config, EventSweep, MemoryControl, SramAccess, Timestep, last_neuron
from draupnir.rtl.reckon.eprop_controller import EpropController
from draupnir.rtl.reckon.learning import ERRORS, Learning
from draupnir.rtl.reckon.pair import STATE
from draupnir.rtl.reckon.probability import SHARED_GAINS, share
from draupnir.rtl.reckon.weights import GROUP_BITS, HiddenWeights, OutWeights
from draupnir.rtl.reckon.word_update import WordUpdate


class Eprop(wiring.Component):
    """Read a word of weights in one clock, and write it back, updated, in the next.

    neurons : access to the neuron memory in state EPROP; ``state`` : the pair of neurons that was read
    oneur_err : the output neurons' errors
    eprop_done : see EpropController
    looks_at_errors : 1 in a clock in which ``oneur_err`` counts
    winp, wrec, wout : the words last read
    winp_chunk, wrec_chunk, wout_chunk : 32 bits of these words, for the SPI
    wout_is_spikes : 1 if ``wout`` belongs to a neuron whose spike reaches the output neurons in this clock
    """

    config: In(Config())
    spi: In(SramAccess())
    timestep: In(Timestep())
    events: In(EventSweep())
    state: In(data.ArrayLayout(STATE, 2))
    oneur_err: In(ERRORS)
    neurons: Out(MemoryControl(NEURONS.depth))
    eprop_done: Out(1)
    looks_at_errors: Out(1)
    winp: Out(layout_of(WEIGHTS))
    wrec: Out(layout_of(WEIGHTS))
    wout: Out(layout_of(OUT_WEIGHTS))
    winp_chunk: Out(SPI_BITS)
    wrec_chunk: Out(SPI_BITS)
    wout_chunk: Out(SPI_BITS)
    wout_is_spikes: Out(1)

    def __init__(self, n_neurons: int = N, n_inputs: int = N, n_outputs: int = N_OUT) -> None:
        super().__init__()
        self._neur_bits = (n_neurons - 1).bit_length()
        self.controller = EpropController(self._neur_bits)
        self.learning = Learning(self._neur_bits, n_outputs)
        self.weights_inp = HiddenWeights("inp", n_neurons, n_inputs)
        self.weights_rec = HiddenWeights("rec", n_neurons, n_neurons, copy=int(n_inputs == n_neurons))
        self.weights_out = OutWeights(n_neurons, n_outputs)
        self._trace_inp, self._trace_rec = Signal(TRACE_BITS), Signal(TRACE_BITS)  # the pre-synaptic neuron's, shifted
        self._trace_out = Signal(TOUT_BITS)  # the post-synaptic neuron's, shifted

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in ("controller", "learning", "weights_inp", "weights_rec", "weights_out"):
            m.submodules[name] = block = getattr(self, name)
            forward(m, self.config, block.config)
        forward(m, self.timestep, self.controller.timestep)
        forward(m, self.controller.sweep, self.learning.sweep)
        for weights in (self.weights_inp, self.weights_rec, self.weights_out):
            forward(m, self.spi, weights.spi)
            m.d.comb += weights.in_eprop.eq(self.controller.sweep.active)
        m.d.comb += self.eprop_done.eq(self.controller.eprop_done)
        self._learn(m)
        self._access_neurons(m)
        self._update_hidden(m)
        self._update_out(m)
        self._share_updates(m)
        self._spike(m)
        self._show(m)
        return m

    def _learn(self, m: Module) -> None:
        config, learning, sweep = self.config, self.learning, self.controller.sweep
        pre, post = sweep.e_pre[1], sweep.e_post[0]
        states = [self.state[n] for n in range(2)]

        def state_of(is_odd: Value, name: str) -> Value:
            return Mux(is_odd, states[1][name], states[0][name])

        m.d.comb += [
            learning.oneur_err.eq(self.oneur_err),
            learning.wout.eq(self.weights_out.r_word),
            learning.neur_u.eq(state_of(post, "neur_u")),
            learning.trace_rec.eq(state_of(post, "trace_rec") >> config.spi_fp_loc_trec),
            self._trace_inp.eq(state_of(pre, "trace_inp") >> config.spi_fp_loc_tinp),
            self._trace_rec.eq(state_of(pre, "trace_rec") >> config.spi_fp_loc_trec),
            self._trace_out.eq(state_of(post, "trace_out") >> config.spi_fp_loc_tout),
        ]

    def _access_neurons(self, m: Module) -> None:
        sweep = self.controller.sweep
        last = last_neuron(self.config, self._neur_bits)
        neur, first_clock = Signal(M), Signal(name="first_clock")
        with m.If(sweep.post_phase):
            m.d.comb += [neur.eq(sweep.e_post), first_clock.eq(sweep.e_post_lsb[:2] == 0)]
        with m.Else():
            m.d.comb += [neur.eq(sweep.e_pre[1:]), first_clock.eq(sweep.e_pre[:2] == 0)]
        m.d.comb += [
            self.neurons.cs.eq((neur <= last) & self.timestep.target_valid & first_clock),
            self.neurons.addr.eq(neur[1:]),
        ]

    def _update_hidden(self, m: Module) -> None:
        """Update the weights of hidden neurons. A weight whose trace is 0 is not written, unless it is regularised."""
        config, sweep, learning = self.config, self.controller.sweep, self.learning
        n = self._neur_bits
        target_valid = self.timestep.target_valid
        gains = self._shared_gains(m)
        for i, (weights, trace, n_neur) in enumerate(
            (
                (self.weights_inp, self._trace_inp, config.spi_num_inp_neur),
                (self.weights_rec, self._trace_rec, config.spi_num_rec_neur),
            )
        ):
            writes = sweep.e_pre[0]
            skips = writes & (trace == 0) & learning.no_excess
            regularises = config.spi_regul_mode[1:].all() & config.spi_regul_w[i]
            in_range = sweep.e_pre[1:] <= n_neur[:n]
            due = in_range & (target_valid | regularises) & config.spi_do_eprop[i] & ~skips
            cs = Signal(name=f"cs_{i}")
            m.d.comb += [
                cs.eq(sweep.active & ~sweep.post_phase & due),
                weights.eprop.cs.eq(cs),
                weights.eprop.we.eq(cs & writes),
                weights.eprop.pre.eq(sweep.e_pre[1:]),
                weights.eprop.group.eq(sweep.e_post[GROUP_BITS:]),
                weights.trace.eq(trace),
                weights.gain.eq(gains),
                weights.excess.eq(learning.excess),
            ]

    def _shared_gains(self, m: Module) -> Signal:
        """Return the gains in sixteenths. Without a target they are 0, and then only the regularisation counts."""
        config, learning = self.config, self.learning
        gains = Signal(SHARED_GAINS)
        for i in range(N_WEIGHTS):
            gain, sixteenths = learning.gain[i], Signal(REGUL_ONE.bit_length(), name="sixteenths")
            with m.If(self.timestep.target_valid):
                m.d.comb += sixteenths.eq(REGUL_ONE)
                with m.If(config.spi_regul_mode[0]), m.If(config.spi_regul_w.any() & (gain >= 0)):
                    m.d.comb += sixteenths.eq(share(learning.excess[i], config.spi_regul_k_mul))
            m.d.comb += gains[i].eq(gain * sixteenths)
        return gains

    def _update_out(self, m: Module) -> None:
        config, sweep, weights = self.config, self.controller.sweep, self.weights_out
        writes, cs = sweep.e_post_lsb[0], Signal(name="cs")
        m.d.comb += self.looks_at_errors.eq(sweep.active & sweep.post_phase & writes)
        due = (sweep.e_post <= config.spi_num_rec_neur[: self._neur_bits]) & self.timestep.target_valid
        skips = writes & (self._trace_out == 0)
        m.d.comb += [
            cs.eq(sweep.active & sweep.post_phase & due & config.spi_do_eprop.any() & ~skips),
            weights.eprop.cs.eq(cs),
            weights.eprop.we.eq(cs & writes & config.spi_do_eprop[2]),
            weights.eprop.pre.eq(sweep.e_post),
            weights.trace.eq(self._trace_out),
            weights.oneur_err.eq(self.oneur_err),
        ]

    def _share_updates(self, m: Module) -> None:
        """Update the weights. Those from inputs and those to output neurons are never updated in the same clock."""
        m.submodules.update_rec = rec = WordUpdate()
        m.submodules.update_inp_out = inp_out = WordUpdate()
        forward(m, self.weights_rec.update, rec.request)
        with m.If(self.controller.sweep.post_phase):
            forward(m, self.weights_out.update, inp_out.request)
        with m.Else():
            forward(m, self.weights_inp.update, inp_out.request)
        for weights, update in ((self.weights_inp, inp_out), (self.weights_rec, rec), (self.weights_out, inp_out)):
            m.d.comb += [weights.w_lanes.eq(update.w_lanes), weights.w_next.eq(update.w_next)]

    def _spike(self, m: Module) -> None:
        """Read a spike's weights: a word every 16 clocks, the word for the output neurons before the sweep."""
        events = self.events
        cnt = events.neur128x2_cnt
        wout_cs_del = Signal(reset_less=True)
        spikes_out = Signal()
        m.d.comb += [
            spikes_out.eq((events.state == EvtState.CNT) & (events.next_state == EvtState.EVT) & events.rec_event),
            self.weights_out.sweep.cs.eq(spikes_out),
            self.weights_out.sweep.pre.eq(events.neur256_cnt),
            self.wout_is_spikes.eq(wout_cs_del),
        ]
        m.d.sync += wout_cs_del.eq(spikes_out)
        first_clock = (events.state == EvtState.EVT) & (cnt[:GROUP_BITS] == 0)
        for weights, spikes in ((self.weights_inp, events.inp_event), (self.weights_rec, events.rec_event)):
            m.d.comb += [
                weights.sweep.cs.eq(first_clock & spikes),
                weights.sweep.pre.eq(events.neur256_cnt),
                weights.sweep.group.eq(cnt[GROUP_BITS:]),
            ]

    def _show(self, m: Module) -> None:
        m.d.comb += [
            self.winp.eq(self.weights_inp.r_word),
            self.wrec.eq(self.weights_rec.r_word),
            self.wout.eq(self.weights_out.r_word),
            self.winp_chunk.eq(self.weights_inp.r_chunk),
            self.wrec_chunk.eq(self.weights_rec.r_chunk),
            self.wout_chunk.eq(self.weights_out.r_chunk),
        ]
