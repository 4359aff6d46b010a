"""The neurons: ODIN's, with the learning state of LIF neurons.

Source: emulator/gungnir/README.md.
"""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from draupnir.emulator.gungnir.layout import CHIP, LIF, SIGNAL, TRACE
from draupnir.rtl.gungnir.buses import EVENTS, LEARNING_CONFIG
from draupnir.rtl.gungnir.eprop import ERROR_LAYOUT, LearningState, taught
from draupnir.rtl.lib.views import bits_of, layout_of
from draupnir.rtl.odin import neuron_core as odin

AMOUNT, MINUS, GAIN = EVENTS["signal"]["amount"], EVENTS["feedback"]["minus"], EVENTS["feedback"]["gain"]


class NeuronCore(odin.NeuronCore):
    """See ODIN's.

    learning : the registers of e-prop; own_spike : 1 if the neuron is visited by its own spike
    teaches : 1 if a write adds a learning signal and nothing else; aerin_addr : the event that has the signal
    is_feedback : 1 if the signal is the weight of a row, 0 if it is in the event
    trace : of the neuron last read, as a pre-synaptic one
    keeps_error : 1 if ``error`` is the new error of the neuron at ``control.addr``
    """

    def __init__(self, izh: bool = True, sdsp: bool = True) -> None:
        more = {
            "learning": In(LEARNING_CONFIG),
            "aerin_addr": In(CHIP.pin("AERIN_ADDR").width),
            **{name: In(1) for name in ("own_spike", "teaches", "is_feedback")},
            "trace": Out(TRACE.width),
            "keeps_error": Out(1),
            "error": Out(ERROR_LAYOUT),
        }
        super().__init__(izh=izh, sdsp=sdsp, more=more)
        self._word = data.View(layout_of(LIF), self.r_word)

    def _update(self, m: Module) -> None:
        super()._update(m)
        m.d.comb += self.trace.eq(Mux(self._word.lif_izh_sel, self._word.trace, 0))
        self._learn(m)
        self._teach(m)

    def _learn(self, m: Module) -> None:
        """Update the learning state of a LIF neuron with its potential."""
        m.submodules.learning_state = state = LearningState()
        is_on = self.learning.spi_eprop_en & ~self.gate_activity_sync & self._word.lif_izh_sel & ~self.teaches
        updated = data.View(layout_of(LIF), self._updated)
        m.d.comb += [
            state.config.eq(self.learning),
            state.neuron.eq(self.r_word),
            state.own_spike.eq(self.own_spike),
            state.tref.eq(self.event.tref),
            state.spike.eq(self.event_out.spike),
            self.error.eq(state.error),
            self.keeps_error.eq(is_on & self._writes & self.event.tref),
        ]
        with m.If(is_on):
            m.d.comb += [updated.trace.eq(state.trace), updated.signal.eq(state.signal), updated.fired.eq(state.fired)]

    def _teach(self, m: Module) -> None:
        """Add a learning signal instead of all that an event does in ODIN."""
        amount = Signal(signed(SIGNAL.width + 3))
        weight = Signal(signed(SIGNAL.width + 3))
        m.d.comb += [
            weight.eq(self._stimulus.syn_weight << bits_of(self.aerin_addr, GAIN)),
            amount.eq(bits_of(self.aerin_addr, AMOUNT).as_signed()),
        ]
        with m.If(self.is_feedback):
            m.d.comb += amount.eq(Mux(bits_of(self.aerin_addr, MINUS) == self.syn_sign, weight, -weight))
        signal = taught(m, self._word, amount)
        with m.If(self.teaches):
            m.d.comb += [self._updated.eq(self.r_word), self.event_out.spike.eq(0)]
            if self._sdsp:
                m.d.comb += m.submodules.sdsp_flags.en.eq(0)
            with m.If(self._word.eprop_en & self._word.lif_izh_sel):
                m.d.comb += data.View(layout_of(LIF), self._updated).signal.eq(signal)
