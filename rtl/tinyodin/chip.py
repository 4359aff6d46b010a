"""tinyODIN's top: clocks and resets, and the wiring of the blocks.

Source: tinyODIN.v; tinyODIN doc v1.0, figure 2.
"""

from amaranth import ClockDomain, Module

from draupnir.emulator.tinyodin.layout import CHIP, MAIN_DEPTH, N
from draupnir.rtl.crossbar.aer_out import CrossbarAerOut
from draupnir.rtl.crossbar.chip import MEMORIES, ORIGINAL_REGISTERS, REGISTERS, SIZES, CrossbarChip, maker
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

    n_neurons : the number of neurons, one of SIZES. With fewer than 256, both memories are smaller. Addresses keep
        their formats, and the memories ignore the upper bits of a neuron's address, so neuron 64 + i of a 64-neuron
        chip is neuron i. SPI_MAX_NEUR says how many neurons an event visits, as in the whole chip.
    fifo_depth : the number of events that the scheduler holds, one of DEPTHS
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
        """Make the clock domains.

        The original's resets are asynchronous, but come from flip-flops: the edge that raises a reset already resets
        its registers, and so does each edge until it has fallen. So here they are synchronous, and one clock earlier.
        """
        rst_sync_int, rst_sync = self._synchronise_rst(m)
        reset = rst_sync_int | rst_sync
        gate = self.controller.gate_activity_sync_int | self.controller.gate_activity_sync
        self._add_domain(m, ClockDomain("sync", local=True), self.CLK, reset)
        self._add_domain(m, ClockDomain("aerout", local=True), self.CLK, reset | gate)

    def _connect_own(self, m: Module) -> None:
        m.d.comb += self.SCHED_FULL.eq(self.scheduler.full)


RTL = OurChip(
    CHIP,
    "tinyODIN",
    maker(CHIP, Tinyodin, n_neurons=SIZES, fifo_depth=DEPTHS),
    MEMORIES,
    on_boards={"icebreaker": {"fifo_depth": 64}},  # an iCE40's FIFOs are flip-flops
    registers={**REGISTERS, **{reg.name.lower(): f"spi.config.{reg.name.lower()}" for reg in CHIP.registers}},
    original_registers=ORIGINAL_REGISTERS,
)
