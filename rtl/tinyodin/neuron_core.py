"""The neurons: their memory, and one update that they share.

Source: tinyODIN doc v1.0, 3.1; neuron_core.v.
"""

from amaranth import Array, Module, Mux
from amaranth.lib import data
from amaranth.utils import exact_log2

from draupnir.emulator.tinyodin.layout import LIF, N_SYN, SYN
from draupnir.rtl.crossbar.neuron_core import NeuronMemory
from draupnir.rtl.lib.views import bits_of, layout_of
from draupnir.rtl.tinyodin.lif import LifNeuron


class NeuronCore(NeuronMemory):
    """See ``NeuronMemory``."""

    def _update(self, m: Module) -> None:
        m.submodules.lif_neuron = lif = LifNeuron()
        word = data.View(layout_of(LIF), self.r_word)
        weight = Array(self.synapses[f.name] for f in SYN)[self.control.addr[: exact_log2(N_SYN)]]
        m.d.comb += [
            lif.neuron.eq(self.r_word),
            lif.event.eq(self.event.event),
            lif.tref.eq(self.event.tref),
            lif.weight.eq(Mux(self.event.virts != 0, self.event.virts, weight)),
            self.event_out.spike.eq(self._writes & ~word.neur_disable & lif.spike),
            self._updated.eq(self.r_word),
        ]
        m.d.comb += bits_of(self._updated, LIF["core"]).eq(lif.core_next)
