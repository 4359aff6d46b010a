"""Spike-dependent synaptic plasticity: one synapse's weight after a presynaptic spike, or a bistability event.

Source: ODIN doc v0.1, 3.2; sdsp_update.v.
"""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.odin.layout import SYN_WEIGHT
from draupnir.rtl.lib.views import shape_of


class SdspUpdate(wiring.Component):
    """The update of a weight, which moves by at most 1 and stops at 0 and 7; it is combinational.

    pre : 1 if an event updates this synapse; with 0 the weight does not change
    bist_ref : 1 moves the weight away from the middle (3 falls, 4 rises); with 0 ``v_up`` and ``v_down`` decide
    v_up, v_down : the post-synaptic neuron's conditions; if both are 1 the weight rises, but not from 0
    """

    pre: In(1)
    bist_ref: In(1)
    v_up: In(1)
    v_down: In(1)
    weight: In(shape_of(SYN_WEIGHT))
    weight_next: Out(shape_of(SYN_WEIGHT))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        up, down = Signal(), Signal(name="down")
        with m.If(self.bist_ref):
            m.d.comb += [up.eq(self.weight[-1]), down.eq(~self.weight[-1])]
        with m.Else():
            m.d.comb += [up.eq(self.v_up), down.eq(self.v_down)]

        stays = (up & self.weight.all()) | (down & (self.weight == 0))
        m.d.comb += self.weight_next.eq(self.weight)
        with m.If(self.pre & ~stays):
            with m.If(up):
                m.d.comb += self.weight_next.eq(self.weight + 1)
            with m.Elif(down):
                m.d.comb += self.weight_next.eq(self.weight - 1)
        return m
