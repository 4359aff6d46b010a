"""The leaky integrate-and-fire neuron.

Source: ODIN doc v0.1, 3.3.2; lif_neuron.v, lif_neuron_state.v.
"""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.odin.layout import LIF
from draupnir.rtl.lib.views import layout_of, state_of
from draupnir.rtl.odin.calcium import Calcium
from draupnir.rtl.odin.stimulus import STIMULUS


class LifNeuron(wiring.Component):
    """One update of a neuron; it is combinational.

    ``core`` moves by the weight or the leakage, and saturates at 0 and 255. At or above ``thr`` the neuron spikes, and
    ``core`` becomes 0. This comparison takes place at each update, also without a stimulus.
    """

    neuron: In(layout_of(LIF))
    stimulus: In(STIMULUS)
    state_next: Out(state_of(LIF))
    spike: Out(1)
    v_up: Out(1)
    v_down: Out(1)

    def __init__(self, sdsp: bool = True) -> None:
        super().__init__()
        self._sdsp = sdsp

    def elaborate(self, platform: object) -> Module:
        m = Module()
        n, top = self.neuron, LIF["core"].high
        # All cases are computed together, because the synapse's sign, which selects one, is known late in a clock.
        leaked, excited, inhibited = (
            Signal(signed(len(n.core) + 2), name=way) for way in ("leaked", "excited", "inhibited")
        )
        potential = Signal.like(n.core)
        core_next = Signal.like(n.core)
        m.d.comb += [
            leaked.eq(n.core - Mux(n.leak_en, n.leak_str, 0)),
            excited.eq(n.core + self.stimulus.syn_weight),
            inhibited.eq(n.core - self.stimulus.syn_weight),
            potential.eq(n.core),
        ]
        with m.If(self.stimulus.tref):
            m.d.comb += potential.eq(Mux(leaked < 0, 0, leaked))
        with m.Elif(self.stimulus.inh):
            m.d.comb += potential.eq(Mux(inhibited < 0, 0, inhibited))
        with m.Elif(self.stimulus.exc):
            m.d.comb += potential.eq(Mux(excited > top, top, excited))

        m.d.comb += [
            self.spike.eq(potential >= n.thr),
            self.state_next.core.eq(core_next),
            core_next.eq(Mux(self.spike, 0, potential)),
        ]
        if self._sdsp:
            self._connect_calcium(m, core_next)
        else:
            m.d.comb += [self.state_next.calcium.eq(n.calcium), self.state_next.caleak_cnt.eq(n.caleak_cnt)]
        return m

    def _connect_calcium(self, m: Module, core_next: Signal) -> None:
        m.submodules.calcium = calcium = Calcium(LIF)
        m.d.comb += [
            calcium.neuron.eq(self.neuron),
            calcium.tref.eq(self.stimulus.tref),
            calcium.n_spikes.eq(self.spike),
            calcium.core_high.eq(core_next >= self.neuron.thetamem),
            calcium.core_low.eq(core_next < self.neuron.thetamem),
            self.state_next.calcium.eq(calcium.calcium_next),
            self.state_next.caleak_cnt.eq(calcium.caleak_cnt_next),
            self.v_up.eq(calcium.v_up),
            self.v_down.eq(calcium.v_down),
        ]
