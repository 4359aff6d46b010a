"""tinyODIN's top: clocks and resets, and the wiring of the blocks.

Source: tinyODIN.v; tinyODIN doc v1.0, figure 2.
"""

from amaranth import ClockDomain, Module

from draupnir.emulator.tinyodin.layout import CHIP, MAIN_DEPTH, N
from draupnir.rtl.crossbar.aer_out import CrossbarAerOut
from draupnir.rtl.crossbar.chip import MEMORIES, SIZES, CrossbarChip, check_size
from draupnir.rtl.crossbar.scheduler import CrossbarScheduler
from draupnir.rtl.crossbar.spi_slave import CrossbarSpiSlave
from draupnir.rtl.crossbar.synaptic_core import SynapseMemory
from draupnir.rtl.design import OurChip
from draupnir.rtl.tinyodin.buses import FORMATS
from draupnir.rtl.tinyodin.controller import Controller
from draupnir.rtl.tinyodin.neuron_core import NeuronCore

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
            aer_out=CrossbarAerOut(FORMATS),
            spi=CrossbarSpiSlave(FORMATS),
            controller=Controller(),
            scheduler=CrossbarScheduler(FORMATS, fifo_depth),
            synaptic_core=SynapseMemory(FORMATS, n_neurons),
            neuron_core=NeuronCore(FORMATS, n_neurons),
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
        m.d.comb += self.SCHED_FULL.eq(self.scheduler.full)


def make_tinyodin(n_neurons: int = N, fifo_depth: int = MAIN_DEPTH) -> Tinyodin:
    """The chip, or InputError for a size that there is not."""
    check_size(CHIP, "n_neurons", n_neurons, SIZES)
    check_size(CHIP, "fifo_depth", fifo_depth, DEPTHS)
    return Tinyodin(n_neurons, fifo_depth)


RTL = OurChip(
    CHIP,
    "tinyODIN",
    make_tinyodin,
    MEMORIES,
    on_boards={"icebreaker": {"fifo_depth": 64}},  # an iCE40's FIFOs are flip-flops
)
