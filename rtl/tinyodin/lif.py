"""The leaky integrate-and-fire neuron.

Source: tinyODIN doc v1.0, 3.1; lif_neuron.v.
"""

from amaranth import C, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.tinyodin.layout import LIF, SYN_BITS
from draupnir.rtl.lib.views import layout_of, shape_of


class LifNeuron(wiring.Component):
    """One update of a neuron; combinational.

    event, tref : an event, and whether that is a time reference; weight : of the synapse
    core_next : moved by the weight, saturating at both ends, or by the leakage, towards 0 and no further; 0 if the
        neuron spikes, which it does at or above ``thr``, whether or not there is an event
    """

    neuron: In(layout_of(LIF))
    event: In(1)
    tref: In(1)
    weight: In(signed(SYN_BITS))
    core_next: Out(shape_of(LIF["core"]))
    spike: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n = self.neuron
        negative = n.core < 0
        delta = Signal(signed(len(n.leak_str) + 1))
        core_sum = Signal(signed(len(n.core) + 1))
        potential = Signal.like(n.core)
        with m.If(self.event & self.tref):
            m.d.comb += delta.eq(Mux(negative, n.leak_str, -n.leak_str))
        with m.Elif(self.event):
            m.d.comb += delta.eq(self.weight)
        m.d.comb += [core_sum.eq(n.core + delta), potential.eq(core_sum)]
        with m.If(self.event & self.tref):
            with m.If((core_sum < 0) != negative):
                m.d.comb += potential.eq(0)
        with m.Elif(core_sum[-1] != core_sum[-2]):  # beyond 12 bits
            m.d.comb += potential.eq(Mux(negative, C(LIF["core"].low), C(LIF["core"].high)))
        m.d.comb += [
            self.spike.eq((potential >= 0) & (potential.as_unsigned() >= n.thr)),
            self.core_next.eq(Mux(self.spike, 0, potential)),
        ]
        return m
