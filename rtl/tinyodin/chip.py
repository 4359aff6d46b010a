"""tinyODIN's top: clocks and resets, and the wiring of the blocks.

Source: tinyODIN.v; tinyODIN doc v1.0, figure 2.
"""

from amaranth import ClockDomain, Module, Mux, Signal
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from draupnir.emulator.errors import InputError
from draupnir.emulator.tinyodin.layout import CHIP, MAIN_DEPTH, N
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.tinyodin.aer_out import AerOut
from draupnir.rtl.tinyodin.controller import Controller
from draupnir.rtl.tinyodin.neuron_core import NeuronCore
from draupnir.rtl.tinyodin.scheduler import Scheduler
from draupnir.rtl.tinyodin.spi import SpiSlave
from draupnir.rtl.tinyodin.synaptic_core import SynapticCore

SIZES = (64, 128, 256)
DEPTHS = (16, 32, 64, 128)


class Tinyodin(wiring.Component):
    """The chip, with the pins that are declared for it.

    n_neurons : one of SIZES. With fewer than 256 both memories shrink; addresses keep their formats, and the memories
        ignore the upper bits of a neuron's address (so neuron 64 + i of a 64-neuron chip is neuron i). How many
        neurons an event visits, SPI_MAX_NEUR says, as in the whole chip.
    fifo_depth : one of DEPTHS, events that the scheduler holds
    """

    def __init__(self, n_neurons: int = N, fifo_depth: int = MAIN_DEPTH) -> None:
        directions = {"in": In, "out": Out}
        super().__init__({pin.name: directions[pin.direction](pin.width) for pin in CHIP.pins})
        self.aer_out = AerOut()
        self.spi = SpiSlave()
        self.controller = Controller()
        self.scheduler = Scheduler(fifo_depth)
        self.synaptic_core = SynapticCore(n_neurons)
        self.neuron_core = NeuronCore(n_neurons)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in ("aer_out", "spi", "controller", "scheduler", "synaptic_core", "neuron_core"):
            m.submodules[name] = getattr(self, name)
        self._make_domains(m)
        self._connect_pins(m)
        self._connect_memories(m)
        self._connect_events(m)
        return m

    def _make_domains(self, m: Module) -> None:
        """The original's resets are asynchronous, but come out of flip-flops: a register is reset by the very edge that
        raises its reset, and by each until it has fallen. So here they are synchronous, and look one clock ahead.
        """
        rst_sync_int = Signal(reset_less=True)
        rst_sync = Signal(reset_less=True)
        m.d.sync += [rst_sync_int.eq(self.RST), rst_sync.eq(rst_sync_int)]
        reset = rst_sync_int | rst_sync
        gate = self.controller.gate_activity_sync_int | self.controller.gate_activity_sync
        self._add_domain(m, ClockDomain("sync"), self.CLK, reset)
        self._add_domain(m, ClockDomain("aerout"), self.CLK, reset | gate)
        self._add_domain(m, ClockDomain("sck_fall", clk_edge="neg", async_reset=True), self.SCK, self.RST)
        sck = ClockDomain(reset_less=True)
        sck.clk = self.SCK
        m.domains.sck = sck

    def _add_domain(self, m: Module, domain: ClockDomain, clk: Signal, rst: ValueLike) -> None:
        domain.clk = clk
        m.d.comb += domain.rst.eq(rst)
        m.domains += domain

    def _connect_pins(self, m: Module) -> None:
        m.d.comb += [
            self.spi.mosi.eq(self.MOSI),
            self.MISO.eq(self.spi.miso),
            self.controller.aerin_addr.eq(self.AERIN_ADDR),
            self.controller.aerin_req.eq(self.AERIN_REQ),
            self.AERIN_ACK.eq(self.controller.aerin_ack),
            self.AEROUT_ADDR.eq(self.aer_out.addr),
            self.AEROUT_REQ.eq(self.aer_out.req),
            self.aer_out.ack.eq(self.AEROUT_ACK),
            self.SCHED_FULL.eq(self.scheduler.full),
        ]

    def _connect_memories(self, m: Module) -> None:
        controller, synaptic_core, neuron_core = self.controller, self.synaptic_core, self.neuron_core
        for block in (controller, synaptic_core, neuron_core):
            forward(m, self.spi.access, block.spi)
        forward(m, controller.neurons, neuron_core.control)
        forward(m, controller.synapses, synaptic_core.control)
        m.d.comb += [
            controller.config.eq(self.spi.config),
            neuron_core.gate_activity_sync.eq(controller.gate_activity_sync),
            neuron_core.synapses.eq(synaptic_core.r_word),
            self.spi.neur_state.eq(neuron_core.r_word),
            self.spi.synapses.eq(synaptic_core.r_word),
        ]

    def _connect_events(self, m: Module) -> None:
        controller, scheduler, neuron_core, aer_out = self.controller, self.scheduler, self.neuron_core, self.aer_out
        from_ctrl = self.spi.config.spi_aer_src_ctrl_nneur
        connect(m, controller.push, scheduler.i)
        connect(m, scheduler.o, controller.sched)
        forward(m, controller.event, neuron_core.event)
        m.d.comb += [
            controller.sched_full.eq(scheduler.full),
            controller.aerout_ctrl_busy.eq(aer_out.ctrl_busy),
            scheduler.config.eq(self.spi.config),
            scheduler.spike.eq(neuron_core.spike),
            scheduler.neuron_addr.eq(controller.neurons.addr),
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
