"""The probabilities with which e-prop and regularisation move the 16 weights of a word.

Source: srnn.v, Input/Recurrent weight update.
"""

from amaranth import C, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import H_BITS, N_WEIGHTS, PROB_BITS, REGUL_ONE, TRACE_BITS, U_BITS
from draupnir.rtl.reckon.stoch_update import LR_BITS
from draupnir.rtl.reckon.word_update import PROBS

SIXTEENTHS = REGUL_ONE.bit_length() - 1
SHARED_GAINS = data.ArrayLayout(signed(U_BITS + H_BITS + SIXTEENTHS), N_WEIGHTS)
EXCESSES = data.ArrayLayout(TRACE_BITS, N_WEIGHTS)


def share(excess: Value, k_mul: Value) -> Value:
    """Return the share of an increase that multiplicative regularisation leaves, in sixteenths, 0..16."""
    reduction = excess >> k_mul
    return Mux(reduction[SIXTEENTHS:].any(), 0, REGUL_ONE - reduction[:SIXTEENTHS])[: REGUL_ONE.bit_length()]


class ExcessShift:
    """The two shifts of additive regularisation, which are the same for all weights of a word.

    k_p, k_r : 0..31; an excess is shifted left by ``k_p``, wraps at 32 bits, and is shifted right by ``k_r``
    en : 0 makes all results 0

    Both shifts are one, by the difference, and a mask of the bits that are left. The excess begins TRACE_BITS places to
    the right of its own, so that the one shift is always to the left.
    """

    def __init__(self, m: Module, k_p: Value, k_r: Value, en: Value | int = 1) -> None:
        self._shift, self._mask = Signal(signed(LR_BITS + 2)), Signal(PROB_BITS)
        m.d.comb += self._shift.eq(k_p - k_r + TRACE_BITS)
        with m.If(en & (self._shift >= 0)):
            m.d.comb += self._mask.eq(C((1 << PROB_BITS) - 1, PROB_BITS) >> k_r)

    def penalty(self, excess: Value) -> Value:
        """Return an excess, shifted, in 32 bits."""
        shifted = excess << self._shift[: LR_BITS + 1]
        return shifted[TRACE_BITS : TRACE_BITS + PROB_BITS] & self._mask


class UpdateProbability(wiring.Component):
    """Compute the probabilities for a word; the component is combinational.

    cs, we : if one of them is 0, all probabilities are 0, so that a simulator has little to do
    trace : the trace of the pre-synaptic neuron
    gain : for each post-synaptic neuron, the share of learning signal times pseudo-derivative that is left, in
        sixteenths
    penalises : 1 if additive regularisation subtracts ``excess`` << ``k_p`` >> ``k_r``, of 32 bits, from each update
    prob, saturates : see UpdateRequest
    """

    cs: In(1)
    we: In(1)
    trace: In(TRACE_BITS)
    gain: In(SHARED_GAINS)
    penalises: In(1)
    excess: In(EXCESSES)
    k_p: In(LR_BITS)
    k_r: In(LR_BITS)
    prob: Out(PROBS)
    saturates: Out(N_WEIGHTS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        trace, penalises = Signal(TRACE_BITS), Signal(name="penalises")
        with m.If(self.cs & self.we):
            m.d.comb += [trace.eq(self.trace), penalises.eq(self.penalises)]
        excess_shift = ExcessShift(m, self.k_p, self.k_r, penalises)
        for n in range(N_WEIGHTS):
            product = Signal(PROB_BITS + SIXTEENTHS)
            m.d.comb += [
                product.eq(self.gain[n] * trace),
                self.prob[n].eq(product[SIXTEENTHS:] - excess_shift.penalty(self.excess[n])),
                # The sign of the product is its bit 31, although it has more bits.
                self.saturates[n].eq(product[PROB_BITS - 1] & ~self.prob[n][-1]),
            ]
        return m
