"""The stochastic update of the weights of a word, which two weight memories may share.

Source: srnn.v, stoch_update.
"""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.reckon.layout import N_WEIGHTS, PROB_BITS, W_BITS, WEIGHTS
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.reckon.stoch_update import LR_BITS, LearningRate, moves, new_weight, size_of

PROBS = data.ArrayLayout(PROB_BITS, N_WEIGHTS)


class UpdateRequest(wiring.Signature):
    """The updates that a weight memory asks for.

    cs, we : the answer counts only if both are 1
    prob, rnd : the numbers of each weight, see ``stoch_update``
    saturates : 1 puts the most negative number in the place of the weight's ``prob``
    lr_p, lr_r : see LearningRate
    w : the weights
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "cs": Out(1),
                "we": Out(1),
                "prob": Out(PROBS),
                "saturates": Out(N_WEIGHTS),
                "rnd": Out(PROBS),
                "lr_p": Out(LR_BITS),
                "lr_r": Out(LR_BITS),
                "w": Out(layout_of(WEIGHTS)),
            }
        )


class WordUpdate(wiring.Component):
    """The update of a word; it is combinational.

    w_lanes, w_next : the weights that are written, and their new contents
    """

    request: In(UpdateRequest())
    w_lanes: Out(N_WEIGHTS)
    w_next: Out(W_BITS * N_WEIGHTS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request = self.request
        sizes, reaches = Signal(PROBS), Signal(N_WEIGHTS, name="reaches")
        # These are two nested Ifs, so that a simulator skips most of it in most clocks.
        with m.If(request.cs), m.If(request.we):
            rate = LearningRate(m, request.lr_p, request.lr_r)
            m.d.comb += reaches.eq(Cat(rate.reaches(m, sizes[n], request.rnd[n]) for n in range(N_WEIGHTS)))
        # All else is outside of them: in an FPGA, zeros for the other clocks would cost cells.
        for n in range(N_WEIGHTS):
            saturates = request.saturates[n]
            m.d.comb += [
                sizes[n].eq(size_of(request.prob[n])),
                self.w_lanes[n].eq(saturates | moves(sizes[n], reaches[n])),
                self.w_next.word_select(n, W_BITS).eq(new_weight(request.w[f"w{n}"], request.prob[n][-1] | saturates)),
            ]
        return m
