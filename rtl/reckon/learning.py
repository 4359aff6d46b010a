"""The state that e-prop keeps of a group's 16 post-synaptic neurons while it goes through the pre-synaptic ones.

Source: srnn.v, Learning signals; Pseudo-derivatives and regularization traces.
"""

from amaranth import Array, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import H_BITS, N_OUT, N_WEIGHTS, OUT_WEIGHTS, TRACE_BITS, U_BITS, M
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.buses import Config, EpropSweep
from draupnir.rtl.reckon.eprop_controller import GROUP_BITS
from draupnir.rtl.reckon.weight_update import EXCESSES, GAINS

ERRORS = data.ArrayLayout(signed(U_BITS), N_OUT)
PSUM_BITS = 28  # of the sum of errors times weights
FRACTION_BITS = 12  # of them, not in the learning signal


class Learning(wiring.Component):
    """Each neuron's share is taken in the second of its two clocks, and kept.

    oneur_err : the output neurons' errors
    wout : the post-synaptic neuron's output weights
    neur_u : its potential; trace_rec : its recurrent trace, shifted
    gain : learning signal times pseudo-derivative, of each neuron; 0 beyond the last neuron. (The original keeps the
        factors; they change together, but for the pseudo-derivative, which may become 0 by itself.)
    excess : how much its trace is above SPI_REGUL_F0; taken only with regularisation
    no_excess : there is none, or no regularisation
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

        gain, excess = Signal(signed(U_BITS + H_BITS)), Signal(TRACE_BITS)
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
        """Sum of the errors, weighted and scaled; saturates at 16 bits."""
        config, sweep = self.config, self.sweep
        psum = Signal(signed(PSUM_BITS))
        terms: list[Value] = [self.oneur_err[k] * self.wout[f"w{k}"] for k in range(self._n_outputs)]
        while len(terms) > 1:
            terms = [a + b for a, b in zip(terms[::2], terms[1::2], strict=True)]
        is_used = sweep.e_post <= config.spi_num_rec_neur[: self._neur_bits]
        with m.If(is_used & config.spi_do_eprop[:2].any()), m.If(sweep.e_post_lsb[0]):
            m.d.comb += psum.eq(terms[0])
        scaled, learning_signal = Signal(signed(PSUM_BITS + 16)), Signal(signed(U_BITS))
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
        """Return the pseudo-derivative of the segment in which the potential is."""
        config = self.config
        h = Signal(signed(H_BITS))
        m.d.comb += h.eq(config.spi_h_4)
        for i in reversed(range(4)):
            with m.If(self.neur_u < getattr(config, f"spi_thr_h_{i}").as_signed()):
                m.d.comb += h.eq(getattr(config, f"spi_h_{i}"))
        return h
