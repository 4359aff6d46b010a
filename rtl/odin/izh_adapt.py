"""The threshold of an Izhikevich neuron, which its input or its spikes may move.

Source: izh_effective_threshold.v.
"""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.odin.layout import IZH
from draupnir.rtl.lib.views import layout_of, shape_of
from draupnir.rtl.odin.izh_input import STEP

LOWEST, HIGHEST = 1, 7  # the limits of the threshold; all arithmetic wraps modulo 16


class EffectiveThreshold(wiring.Component):
    """The present threshold, and its modifier after this step; the logic is combinational.

    threshold : thr + thrmod; it depends only on the neuron's word
    spike : 1 if the neuron spikes in this step
    n_spikes : the number of spikes in a burst that would begin now, 1..7; it counts also without a spike
    """

    neuron: In(layout_of(IZH))
    tref: In(1)
    step: In(STEP)
    spike: In(1)
    n_spikes: In(3)
    threshold: Out(shape_of(IZH["thrmod"]))
    thrmod_next: Out(shape_of(IZH["thrmod"]))
    thrleak_cnt_next: Out(shape_of(IZH["thrleak_cnt"]))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n = self.neuron
        m.d.comb += [
            self.threshold.eq(n.thr + n.thrmod),
            self.thrmod_next.eq(n.thrmod),
        ]
        leaks = self._count_leak(m)
        with m.If(n.acc_en):
            with m.If(self.tref):
                self._accommodate(m)
        with m.Elif(n.thrvar_en):
            with m.If(Mux(n.thr_sel_of, self.spike, self.step.exc)):
                self._raise(m)
            with m.Elif(~n.thr_sel_of & self.step.inh):
                with m.If(self.threshold != LOWEST):
                    m.d.comb += self.thrmod_next.eq(n.thrmod - 1)
            with m.Elif(leaks & (n.thrmod != 0)):
                m.d.comb += self.thrmod_next.eq(Mux(n.thrmod < 0, n.thrmod + 1, n.thrmod - 1))
        return m

    def _count_leak(self, m: Module) -> Signal:
        """Return 1 at every ``thrleak``-th time reference, at which the modifier may go a step towards 0."""
        n = self.neuron
        leaks = Signal()
        m.d.comb += self.thrleak_cnt_next.eq(n.thrleak_cnt)
        with m.If(n.thrvar_en & (n.thrleak != 0) & self.tref):
            m.d.comb += leaks.eq(n.thrleak_cnt == n.thrleak - 1)
            with m.If(leaks):
                m.d.comb += self.thrleak_cnt_next.eq(0)
            with m.Else():
                m.d.comb += self.thrleak_cnt_next.eq(n.thrleak_cnt + 1)
        return leaks

    def _accommodate(self, m: Module) -> None:
        """Set the modifier to the stimulation strength, limited so that thr + strength stays positive."""
        n = self.neuron
        predicted = Signal.like(self.threshold)
        m.d.comb += [predicted.eq(n.thr + n.stim_str_tmp), self.thrmod_next.eq(n.stim_str_tmp)]
        with m.If(predicted < 0):
            m.d.comb += self.thrmod_next.eq(Mux(n.stim_str_tmp < 0, LOWEST, HIGHEST) - n.thr)

    def _raise(self, m: Module) -> None:
        """Raise the modifier by 1, or by the burst's length, below the highest threshold; a long burst sets it."""
        n = self.neuron
        headroom = Signal(len(self.threshold))
        m.d.comb += headroom.eq(HIGHEST - self.threshold)
        with m.If(n.burst_incr):
            m.d.comb += self.thrmod_next.eq(Mux(headroom < self.n_spikes, HIGHEST, n.thrmod + self.n_spikes))
        with m.Elif(headroom != 0):
            m.d.comb += self.thrmod_next.eq(n.thrmod + 1)
