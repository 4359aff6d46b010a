"""tinyODIN's top: clocks and resets, and the wiring of the blocks.

Source: tinyODIN.v; tinyODIN doc v1.0, figure 2.
"""

from amaranth import ClockDomain, Module, Mux

from draupnir.emulator.errors import InputError
from draupnir.emulator.tinyodin.layout import CHIP, MAIN_DEPTH, N
from draupnir.rtl.crossbar.chip import CrossbarChip
from draupnir.rtl.design import OurChip
from draupnir.rtl.tinyodin.aer_out import AerOut
from draupnir.rtl.tinyodin.controller import Controller
from draupnir.rtl.tinyodin.neuron_core import NeuronCore
from draupnir.rtl.tinyodin.scheduler import Scheduler
from draupnir.rtl.tinyodin.spi import SpiSlave
from draupnir.rtl.tinyodin.synaptic_core import SynapticCore

SIZES = (64, 128, 256)
DEPTHS = (16, 32, 64, 128)


class Tinyodin(CrossbarChip):
    """See ``CrossbarChip``.

    n_neurons : one of SIZES. With fewer than 256 both memories shrink; addresses keep their formats, and the memories
        ignore the upper bits of a neuron's address (so neuron 64 + i of a 64-neuron chip is neuron i). How many
        neurons an event visits, SPI_MAX_NEUR says, as in the whole chip.
    fifo_depth : one of DEPTHS, events that the scheduler holds
    """

    def __init__(self, n_neurons: int = N, fifo_depth: int = MAIN_DEPTH) -> None:
        super().__init__(
            CHIP,
            aer_out=AerOut(),
            spi=SpiSlave(),
            controller=Controller(),
            scheduler=Scheduler(fifo_depth),
            synaptic_core=SynapticCore(n_neurons),
            neuron_core=NeuronCore(n_neurons),
        )

    def _make_domains(self, m: Module) -> None:
        """The original's resets are asynchronous, but come out of flip-flops: a register is reset by the very edge that
        raises its reset, and by each until it has fallen. So here they are synchronous, and look one clock ahead.
        """
        rst_sync_int, rst_sync = self._synchronise_rst(m)
        reset = rst_sync_int | rst_sync
        gate = self.controller.gate_activity_sync_int | self.controller.gate_activity_sync
        self._add_domain(m, ClockDomain("sync", local=True), self.CLK, reset)
        self._add_domain(m, ClockDomain("aerout", local=True), self.CLK, reset | gate)

    def _connect_own(self, m: Module) -> None:
        controller, scheduler, neuron_core, aer_out = self.controller, self.scheduler, self.neuron_core, self.aer_out
        from_ctrl = self.spi.config.spi_aer_src_ctrl_nneur
        m.d.comb += [
            self.SCHED_FULL.eq(scheduler.full),
            scheduler.spike.eq(neuron_core.spike),
            aer_out.event.eq(Mux(from_ctrl, controller.processed, neuron_core.spike)),
            aer_out.event_addr.eq(Mux(from_ctrl, scheduler.o.payload.addr, controller.neurons.addr)),
        ]


def make_tinyodin(n_neurons: int = N, fifo_depth: int = MAIN_DEPTH) -> Tinyodin:
    """The chip, or InputError for a size that there is not."""
    # Not in Tinyodin itself, since Amaranth complains of components that are begun and never used.
    for name, given, right in (("n_neurons", n_neurons, SIZES), ("fifo_depth", fifo_depth, DEPTHS)):
        if given not in right:
            raise InputError(f"tinyodin: {name} {given}; must be one of {', '.join(map(str, right))}")
    return Tinyodin(n_neurons, fifo_depth)


RTL = OurChip(
    CHIP,
    "tinyODIN",
    make_tinyodin,
    {"neurons": "neuron_core.neurons.words", "synapses": "synaptic_core.synapses.words"},
    on_boards={"icebreaker": {"fifo_depth": 64}},  # an iCE40's FIFOs are flip-flops
)
