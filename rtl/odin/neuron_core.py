"""The neurons: their memory, one LIF and one Izhikevich update that they share, and the SDSP flags.

Source: ODIN doc v0.1, 3.1 and 3.3; neuron_core.v.
"""

from collections.abc import Mapping

from amaranth import Array, Module, Mux, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Member, Out
from amaranth.utils import exact_log2

from draupnir.emulator.odin.layout import (
    IZH,
    LIF,
    MONITOR,
    N_SYN,
    M,
    N,
)
from draupnir.rtl.crossbar.neuron_core import NeuronMemory
from draupnir.rtl.lib.views import layout_of, state_span
from draupnir.rtl.odin.buses import FORMATS
from draupnir.rtl.odin.izh import IzhNeuron
from draupnir.rtl.odin.lif import LifNeuron
from draupnir.rtl.odin.stimulus import STIMULUS


class SdspFlags(wiring.Component):
    """Two flags for each neuron. One neuron's are written at a time, and eight are read in the same clock; no reset.

    v_up_next, v_down_next : the flags that are written for neuron ``addr`` if ``en`` is 1
    v_up, v_down : the flags of the eight neurons in the group of this neuron
    """

    en: In(1)
    addr: In(M)
    v_up_next: In(1)
    v_down_next: In(1)
    v_up: Out(N_SYN)
    v_down: Out(N_SYN)

    def __init__(self, n_neurons: int = N) -> None:
        super().__init__()
        self._n_groups = n_neurons // N_SYN

    def elaborate(self, platform: object) -> Module:
        m = Module()
        flags = data.StructLayout({"v_up": N_SYN, "v_down": N_SYN})
        m.submodules.groups = groups = memory.Memory(shape=flags, depth=self._n_groups, init=[])
        write = groups.write_port()
        read = groups.read_port(domain="comb")
        idx, group = self.addr[: exact_log2(N_SYN)], self.addr[exact_log2(N_SYN) :]
        own = Signal(N_SYN)
        m.d.comb += [
            own.eq(1 << idx),
            read.addr.eq(group),
            self.v_up.eq(read.data.v_up),
            self.v_down.eq(read.data.v_down),
            write.addr.eq(group),
            write.en.eq(self.en),
            write.data.v_up.eq(Mux(self.v_up_next, self.v_up | own, self.v_up & ~own)),
            write.data.v_down.eq(Mux(self.v_down_next, self.v_down | own, self.v_down & ~own)),
        ]
        return m


class NeuronCore(NeuronMemory):
    """See ``NeuronMemory``.

    syn_sign : the pre-synaptic neuron's sign
    monitor : the neuron after the update, for the output bus
    v_up, v_down : the SDSP flags of the eight neurons in the group of the addressed neuron

    more : the ports of a chip that has more
    """

    def __init__(
        self, n_neurons: int = N, izh: bool = True, sdsp: bool = True, more: Mapping[str, Member] | None = None
    ) -> None:
        others = {
            "config": In(FORMATS.config),
            "syn_sign": In(1),
            "monitor": Out(layout_of(MONITOR)),
            "v_up": Out(N_SYN),
            "v_down": Out(N_SYN),
            **(more or {}),
        }
        super().__init__(FORMATS, n_neurons, others)
        self._izh = izh
        self._sdsp = sdsp
        self._stimulus = Signal(STIMULUS)

    def _update(self, m: Module) -> None:
        self._decode_stimulus(m)
        self._apply_model(m)
        m.d.comb += self.monitor.event.eq(self.event_out.spike)
        if self._sdsp:
            self._connect_flags(m)

    def _decode_stimulus(self, m: Module) -> None:
        """Decode the stimulus from the event, and from the synapse if the event is not virtual."""
        event, stimulus, virts = self.event, self._stimulus, self.event.virts
        idx = self.control.addr[: exact_log2(N_SYN)]
        weight = Array(self.synapses[f"syn_weight{i}"] for i in range(N_SYN))[idx]
        mapped = Array(self.synapses[f"mapping{i}"] for i in range(N_SYN))[idx] | self.config.spi_propagate_unmapped_syn
        tref, sign = Signal(), Signal(name="sign")
        with m.If(virts.as_value() != 0):
            m.d.comb += [tref.eq(virts.leak), sign.eq(virts.sign), stimulus.syn_weight.eq(virts.weight)]
        with m.Else():
            m.d.comb += [tref.eq(event.tref), sign.eq(self.syn_sign), stimulus.syn_weight.eq(Mux(mapped, weight, 0))]
        m.d.comb += [
            stimulus.tref.eq(event.event & tref),
            stimulus.exc.eq(event.event & ~tref & ~sign),
            stimulus.inh.eq(event.event & ~tref & sign),
            stimulus.burst_end.eq(event.burst_end),
        ]

    def _apply_model(self, m: Module) -> None:
        """Update the neuron by the model that its word selects; without an Izhikevich neuron, such words do not change.

        A model sees a neuron only in the clock that writes it, so that its logic does not move in other clocks.
        """
        m.submodules.lif_neuron = lif = LifNeuron(self._sdsp)
        word = data.View(layout_of(LIF), self.r_word)
        is_lif = word.lif_izh_sel
        with m.If(self._writes & is_lif):
            m.d.comb += [lif.neuron.eq(self.r_word), lif.stimulus.eq(self._stimulus)]
        m.d.comb += self._updated.eq(self.r_word)
        may_spike = self._writes & ~word.neur_disable
        with m.If(is_lif):
            m.d.comb += [
                self._updated[slice(*state_span(LIF))].eq(lif.state_next),
                self.event_out.spike.eq(may_spike & lif.spike),
                self.monitor.v_mem.eq(lif.state_next.core),
                self.monitor.calcium.eq(lif.state_next.calcium),
                self.monitor.v_up.eq(lif.v_up),
                self.monitor.v_down.eq(lif.v_down),
            ]
        if not self._izh:
            return
        m.submodules.izh_neuron = izh = IzhNeuron(self._sdsp)
        with m.If(self._writes & ~is_lif):
            m.d.comb += [izh.neuron.eq(self.r_word), izh.stimulus.eq(self._stimulus)]
        with m.If(~is_lif):
            m.d.comb += [
                self._updated[slice(*state_span(IZH))].eq(izh.state_next),
                self.event_out.spike.eq(may_spike & izh.event.spike),
                self.event_out.spk_ref.eq(izh.event.spk_ref),
                self.event_out.isi_ref.eq(izh.event.isi_ref),
                self.monitor.v_mem.eq(izh.state_next.core.as_unsigned()),
                self.monitor.reson_sign.eq(izh.state_next.reson_sign),
                self.monitor.calcium.eq(izh.state_next.calcium),
                self.monitor.v_up.eq(izh.v_up),
                self.monitor.v_down.eq(izh.v_down),
            ]

    def _connect_flags(self, m: Module) -> None:
        m.submodules.sdsp_flags = flags = SdspFlags(self._n_neurons)
        m.d.comb += [
            flags.en.eq(self._writes),
            flags.addr.eq(self.control.addr),
            flags.v_up_next.eq(self.monitor.v_up),
            flags.v_down_next.eq(self.monitor.v_down),
            self.v_up.eq(flags.v_up),
            self.v_down.eq(flags.v_down),
        ]
