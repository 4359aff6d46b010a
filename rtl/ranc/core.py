"""A core without its router: token controller, CSRAM, neuron block, scheduler.

Source: Core.v, CSRAM.v.
"""

from amaranth import DomainRenamer, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.words import neuron_word
from draupnir.rtl.lib.sram import Sram
from draupnir.rtl.lib.views import layout_of
from draupnir.rtl.ranc.neuron_block import NeuronBlock
from draupnir.rtl.ranc.scheduler import Scheduler
from draupnir.rtl.ranc.token_controller import TokenController


class Core(wiring.Component):
    """A core of a grid with these sizes; ``number`` counts the cores, without the output bus.

    tick : 1 starts the core
    packet, valid, packet_next, reading : spikes for the core; see ``Router``
    full : 1 lets a neuron that fires wait
    packet_out, spike : a packet of a neuron, and 1 if it is sent at the next rise
    error : 1 if a tick has come while the core was busy
    """

    def __init__(self, s: Sizes, number: int = 0) -> None:
        self._word = neuron_word(s)
        super().__init__(
            {
                "tick": In(1),
                "packet": In(s.dy_lsb),
                "valid": In(1),
                "packet_next": In(s.dy_lsb),
                "reading": In(1),
                "full": In(1),
                "packet_out": Out(s.packet_width),
                "spike": Out(1),
                "error": Out(1),
            }
        )
        potential = self._word["current_potential"]
        written_bits = range(potential.lsb, potential.msb + 1)
        self._csram = Sram(s.n_neurons, self._word.width, written_bits=written_bits, copy=number)
        self._token_controller = TokenController(s, number)
        self._scheduler = Scheduler(s)
        self._neuron_block = NeuronBlock(s)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.csram = DomainRenamer("fall")(self._csram)
        m.submodules.token_controller = controller = self._token_controller
        m.submodules.scheduler = scheduler = self._scheduler
        m.submodules.neuron_block = self._neuron_block
        self._connect_neuron(m)
        m.d.comb += [
            controller.tick.eq(self.tick),
            controller.spikes.eq(scheduler.spikes),
            controller.full.eq(self.full),
            scheduler.set.eq(controller.scheduler_set),
            scheduler.clear.eq(controller.scheduler_clr),
            scheduler.read.eq(controller.busy),
            scheduler.packet.eq(self.packet),
            scheduler.valid.eq(self.valid),
            scheduler.packet_next.eq(self.packet_next),
            scheduler.reading.eq(self.reading),
            self.packet_out.eq(self._csram.r_word),
            self.spike.eq(controller.spike_out),
            self.error.eq(controller.error),
        ]
        return m

    def _connect_neuron(self, m: Module) -> None:
        """Connect the neuron's word with what reads and writes it. A write writes the word that was read before."""
        controller, block, csram = self._token_controller, self._neuron_block, self._csram
        layout = layout_of(self._word)
        word_next = data.View(layout, csram.w_word)
        m.d.comb += [
            csram.control.cs.eq(1),
            csram.control.we.eq(controller.csram_write),
            csram.control.addr.eq(controller.csram_addr),
            block.neuron.eq(data.View(layout, csram.r_word)),
            csram.w_word.eq(csram.r_word),
            word_next.current_potential.eq(block.potential),
            controller.synapses.eq(block.neuron.connections),
            controller.fires.eq(block.spike),
            block.instruction.eq(controller.instruction),
            block.en.eq(controller.reg_en),
            block.first.eq(controller.next_neuron),
            block.no_weight.eq(controller.write_current_potential),
        ]
