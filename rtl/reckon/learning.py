"""The state of a group's 16 post-synaptic neurons that e-prop keeps while it visits the pre-synaptic neurons.

Source: srnn.v, Learning signals; Pseudo-derivatives and regularization traces.
"""

from amaranth import Array, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import H_BITS, N_OUT, N_WEIGHTS, OUT_WEIGHTS, TRACE_BITS, U_BITS, M
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.buses import Config, EpropSweep
from draupnir.rtl.reckon.eprop_controller import GROUP_BITS
from draupnir.rtl.reckon.probability import EXCESSES

ERRORS = data.ArrayLayout(signed(U_BITS), N_OUT)
GAINS = data.ArrayLayout(signed(U_BITS + H_BITS), N_WEIGHTS)
PSUM_BITS = 28  # the width of the sum of errors times weights
FRACTION_BITS = 12  # the lowest bits of this sum, which are not in the learning signal


class Learning(wiring.Component):
    """Compute and keep the gain and the excess of each neuron, in the second of its two clocks.

    oneur_err : the output neurons' errors
    wout : the post-synaptic neuron's output weights
    neur_u : its potential; trace_rec : its recurrent trace, shifted
    gain : for each neuron, learning signal times pseudo-derivative; 0 beyond the last neuron. (The original keeps the
        two factors. They change together, but the pseudo-derivative may become 0 alone.)
    excess : for each neuron, its trace minus SPI_REGUL_F0, at least 0; it is computed only with regularisation
    no_excess : 1 if the excess is 0, or if there is no regularisation
    """

    config: In(Config())
    sweep: In(EpropSweep())
    oneur_err: In(ERRORS)
    wout: In(layout_of(OUT_WEIGHTS))
    neur_u: In(signed(U_BITS))
    trace_rec: In(TRACE_BITS)
    gain: Out(GAINS)
    excess: Out(EXCESSES)
    no_excess: Out(1)

    def __init__(self, neur_bits: int = M, n_outputs: int = N_OUT) -> None:
        super().__init__()
        self._neur_bits = neur_bits
        self._n_outputs = n_outputs

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, sweep = self.config, self.sweep
        gains = [Signal(signed(U_BITS + H_BITS), reset_less=True, name=f"gain_{n}") for n in range(N_WEIGHTS)]
        excesses = [Signal(TRACE_BITS, reset_less=True, name=f"trace_reg_{n}") for n in range(N_WEIGHTS)]
        m.d.comb += [self.gain[n].eq(gains[n]) for n in range(N_WEIGHTS)]
        m.d.comb += [self.excess[n].eq(excesses[n]) for n in range(N_WEIGHTS)]
        regularises = config.spi_regul_mode.any()
        m.d.comb += self.no_excess.eq(~(regularises & self.excess.as_value().any()))

        gain, excess = Signal(signed(U_BITS + H_BITS)), Signal(TRACE_BITS, name="excess")
        with m.If(sweep.active & sweep.post_phase):
            m.d.comb += gain.eq(self._learning_signal(m) * self._pseudo_derivative(m))
        above = (self.trace_rec - config.spi_regul_f0)[:TRACE_BITS]
        m.d.comb += excess.eq(Mux(above > self.trace_rec, 0, above))
        with m.If(sweep.e_post_lsb[0]):
            idx = sweep.e_post_lsb[1 : 1 + GROUP_BITS]
            m.d.sync += Array(gains)[idx].eq(gain)
            with m.If(regularises):
                m.d.sync += Array(excesses)[idx].eq(excess)
        return m

    def _learning_signal(self, m: Module) -> Value:
        """Return the sum of the errors, weighted and scaled; it saturates at 16 bits."""
        config, sweep = self.config, self.sweep
        psum = Signal(signed(PSUM_BITS))
        terms: list[Value] = [self.oneur_err[k] * self.wout[f"w{k}"] for k in range(self._n_outputs)]
        while len(terms) > 1:
            terms = [a + b for a, b in zip(terms[::2], terms[1::2], strict=True)]
        is_used = sweep.e_post <= config.spi_num_rec_neur[: self._neur_bits]
        with m.If(is_used & config.spi_do_eprop[:2].any()), m.If(sweep.e_post_lsb[0]):
            m.d.comb += psum.eq(terms[0])
        scaled, learning_signal = Signal(signed(PSUM_BITS + 16)), Signal(signed(U_BITS), name="learning_signal")
        greatest = (1 << (U_BITS - 1)) - 1
        m.d.comb += [
            scaled.eq(psum << config.spi_learn_sig_scale),
            learning_signal.eq(scaled[FRACTION_BITS:]),
        ]
        with m.If((scaled >> FRACTION_BITS) > greatest):
            m.d.comb += learning_signal.eq(greatest)
        with m.Elif((scaled >> FRACTION_BITS) < ~greatest):
            m.d.comb += learning_signal.eq(~greatest)
        return learning_signal

    def _pseudo_derivative(self, m: Module) -> Value:
        """Return the pseudo-derivative: that of the segment that contains the potential."""
        config = self.config
        h = Signal(signed(H_BITS))
        m.d.comb += h.eq(config.spi_h_4)
        for i in reversed(range(4)):
            with m.If(self.neur_u < getattr(config, f"spi_thr_h_{i}").as_signed()):
                m.d.comb += h.eq(getattr(config, f"spi_h_{i}"))
        return h
