"""The calcium variable, a neuron's recent activity, and the conditions under which its synapses learn.

Source: ODIN doc v0.1, 3.3.1; lif_calcium.v, izh_calcium.v (they differ in ``n_spikes`` and in the potential only).
"""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.declare import Word
from draupnir.rtl.lib.views import layout_of, shape_of


class Calcium(wiring.Component):
    """One step of calcium; it is combinational.

    neuron : the neuron's word
    tref : 1 for a time reference; calcium loses 1 at every ``caleak``-th of these, and stops at 0
    n_spikes : the gain of calcium, which stops at 7; 0 without a spike. A spike and a leak in one step cancel out
    core_high, core_low : 1 if the next potential is at or above, or below ``thetamem``; both are 0 if it is negative
    """

    def __init__(self, word: Word) -> None:
        calcium, caleak_cnt = shape_of(word["calcium"]), shape_of(word["caleak_cnt"])
        super().__init__(
            {
                "neuron": In(layout_of(word)),
                "tref": In(1),
                "n_spikes": In(calcium),
                "core_high": In(1),
                "core_low": In(1),
                "calcium_next": Out(calcium),
                "caleak_cnt_next": Out(caleak_cnt),
                "v_up": Out(1),
                "v_down": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n = self.neuron
        leaks = Signal()
        m.d.comb += [self.caleak_cnt_next.eq(n.caleak_cnt), self.calcium_next.eq(n.calcium)]
        with m.If(n.ca_en & (n.caleak != 0) & self.tref):
            m.d.comb += leaks.eq(n.caleak_cnt == n.caleak - 1)
            with m.If(leaks):
                m.d.comb += self.caleak_cnt_next.eq(0)
            with m.Else():
                m.d.comb += self.caleak_cnt_next.eq(n.caleak_cnt + 1)

        top = (1 << len(n.calcium)) - 1
        risen = Signal(len(n.calcium) + 1)
        m.d.comb += risen.eq(n.calcium + self.n_spikes)
        spikes = self.n_spikes != 0
        with m.If(n.ca_en & spikes & ~leaks):
            with m.If(risen > top):
                m.d.comb += self.calcium_next.eq(top)
            with m.Else():
                m.d.comb += self.calcium_next.eq(risen)
        with m.Elif(leaks & ~spikes & (n.calcium != 0)):
            m.d.comb += self.calcium_next.eq(n.calcium - 1)

        learns = n.ca_en & (n.ca_theta1 <= self.calcium_next)
        m.d.comb += [
            self.v_up.eq(learns & self.core_high & (self.calcium_next < n.ca_theta3)),
            self.v_down.eq(learns & self.core_low & (self.calcium_next < n.ca_theta2)),
        ]
        return m
