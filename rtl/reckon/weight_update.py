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
    """Sixteenths that multiplicative regularisation leaves of an increase."""
    reduction = excess >> k_mul
    return Mux(reduction[SIXTEENTHS:].any(), 0, REGUL_ONE - reduction[:SIXTEENTHS])[:SHARE_BITS]


class WeightUpdate(wiring.Component):
    """Combinational.

    cs, we : the word is being updated if both are 1; else nothing is written
    learns : the eligibility counts; else only the regularisation
    trace : of the pre-synaptic neuron
    gain : learning signal times pseudo-derivative, of each post-synaptic neuron
    share : what is left of an increase, in sixteenths
    penalises : additive regularisation takes ``excess`` << ``k_p`` >> ``k_r``, of 32 bits, from every update
    lr_p, lr_r, rnd : see stoch_update; 32 bits of ``rnd`` for each weight
    clears : of these weights an update writes 0, whatever it is
    w_lanes, w_next : weights that are written, and what
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
        # One If in another, not one for both: a simulator then passes by all of this in most clocks.
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
        """The sign of the shared product is taken from its bit 31, though it has more bits than that."""
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
