"""E-prop's update of the 16 weights of a word, with regularisation.

Source: srnn.v, Input/Recurrent weight update.
"""

from amaranth import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import H_BITS, N_WEIGHTS, PROB_BITS, REGUL_ONE, TRACE_BITS, U_BITS, W_BITS, WEIGHTS
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.stoch_update import LR_BITS, stoch_update

GAINS = data.ArrayLayout(signed(U_BITS + H_BITS), N_WEIGHTS)
EXCESSES = data.ArrayLayout(TRACE_BITS, N_WEIGHTS)
SHARE_BITS = REGUL_ONE.bit_length()
SHARES = data.ArrayLayout(SHARE_BITS, N_WEIGHTS)
SIXTEENTHS = REGUL_ONE.bit_length() - 1
MOST_NEGATIVE = 1 << (PROB_BITS - 1)


def share(excess: Value, k_mul: Value) -> Value:
    """Return the share of an increase that multiplicative regularisation leaves, in sixteenths, 0..16."""
    reduction = excess >> k_mul
    return Mux(reduction[SIXTEENTHS:].any(), 0, REGUL_ONE - reduction[:SIXTEENTHS])[:SHARE_BITS]


class WeightUpdate(wiring.Component):
    """The update of a word; it is combinational.

    cs, we : the word is updated if both are 1; otherwise nothing is written
    learns : 1 if the eligibility counts; with 0 only the regularisation does
    trace : the trace of the pre-synaptic neuron
    gain : for each post-synaptic neuron, learning signal times pseudo-derivative
    share : for each, the share of an increase that is left, in sixteenths
    penalises : 1 if additive regularisation subtracts ``excess`` << ``k_p`` >> ``k_r``, of 32 bits, from each update
    lr_p, lr_r, rnd : see stoch_update; ``rnd`` has 32 bits for each weight
    clears : an update of these weights writes 0
    w_lanes, w_next : the weights that are written, and their new contents
    """

    cs: In(1)
    we: In(1)
    learns: In(1)
    trace: In(TRACE_BITS)
    gain: In(GAINS)
    share: In(SHARES)
    penalises: In(1)
    excess: In(EXCESSES)
    k_p: In(LR_BITS)
    k_r: In(LR_BITS)
    lr_p: In(LR_BITS)
    lr_r: In(LR_BITS)
    rnd: In(PROB_BITS * N_WEIGHTS)
    clears: In(N_WEIGHTS)
    w: In(layout_of(WEIGHTS))
    w_lanes: Out(N_WEIGHTS)
    w_next: Out(layout_of(WEIGHTS))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # These are two nested Ifs, so that a simulator skips all of it in most clocks.
        with m.If(self.cs), m.If(self.we):
            writes, weights = [], []
            for n in range(N_WEIGHTS):
                rnd = self.rnd.word_select(n, PROB_BITS)
                writes_n, w_next = stoch_update(m, self._prob(m, n), self.lr_p, self.lr_r, rnd, self.w[f"w{n}"])
                writes.append(writes_n)
                weights.append(Mux(self.clears[n], 0, w_next)[:W_BITS])
            m.d.comb += [self.w_lanes.eq(Cat(writes)), self.w_next.eq(Cat(weights))]
        return m

    def _prob(self, m: Module, n: int) -> Signal:
        """Return the size and direction of weight n's update.

        The sign of the product is its bit 31, although it has more bits.
        """
        gain, product = self.gain[n], Signal(PROB_BITS + SHARE_BITS)
        penalty, prob, limited = (Signal(PROB_BITS, name=name) for name in ("penalty", "prob", "limited"))
        with m.If(self.learns):
            m.d.comb += product.eq(
                (gain * self.trace)[:PROB_BITS].as_signed() * Mux(gain < 0, REGUL_ONE, self.share[n])
            )
        with m.If(self.penalises):
            m.d.comb += penalty.eq((self.excess[n] << self.k_p)[:PROB_BITS] >> self.k_r)
        m.d.comb += [
            prob.eq(product[SIXTEENTHS : SIXTEENTHS + PROB_BITS] - penalty),
            limited.eq(Mux(product[PROB_BITS - 1] & ~prob[-1], MOST_NEGATIVE, prob)),
        ]
        return limited
