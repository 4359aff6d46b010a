"""The common part of ODIN's and tinyODIN's tops: blocks, pins, and the wires between blocks that both have.

Source: ODIN.v; tinyODIN.v.
"""

from abc import abstractmethod
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec

from amaranth import ClockDomain, Module, Signal
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.lib.views import ports_of

P = ParamSpec("P")
SIZES = (64, 128, 256)  # numbers of neurons that a chip of ours can have
MEMORIES = {"neurons": "neuron_core.neurons.words", "synapses": "synaptic_core.synapses.words"}
REGISTERS = {  # of the golden model -> the signal that has their content, for proofs
    "rst_sync_int": "rst_sync_int",
    "rst_sync": "rst_sync",
    **{name: f"spi.frames._{name}" for name in ("spi_cnt", "spi_addr")},
    "spi_shift_reg_in": "spi.frames._shift_in",
    "spi_shift_reg_out": "spi.frames._shift_out",
    **{
        f"ctrl_{name}": f"spi.frames.access__{name}"
        for name in ("readback_event", "prog_event", "op_code", "prog_data")
    },
    "ctrl_spi_addr": "spi.frames.access__addr",
    "aerin_req_sync_int": "controller.aerin_req.stage0",
    "aerin_req_sync": "controller.aerin_req.stage1",
    "spi_gate_activity_sync_int": "controller.gate_activity_sync_int",
    "spi_gate_activity_sync": "controller.gate_activity_sync",
    "ctrl_readback_event_sync_int": "controller.readback_event.stage0",
    "ctrl_readback_event_sync": "controller.readback_event.stage1",
    "ctrl_prog_event_sync_int": "controller.prog_event.stage0",
    "ctrl_prog_event_sync": "controller.prog_event.stage1",
    **{name: f"controller._{name}" for name in ("state", "ctrl_cnt", "neur_cnt")},
    "spi_open_loop_sync_int": "scheduler.open_loop.stage0",
    "spi_open_loop_sync": "scheduler.open_loop.stage1",
    **{f"main_{name}": f"scheduler.main_fifo.{name}" for name in ("write_ptr", "read_ptr", "fill_cnt", "empty")},
    "main_mem": "scheduler.main_fifo.events[{i}]",
    "synarray_rdata": "synaptic_core.r_word",
    "neur_state": "neuron_core.r_word",
    "aerout_ack_sync_int": "aer_out.ack.stage0",
    "aerout_ack_sync": "aer_out.ack.stage1",
    "aerout_ack_sync_del": "aer_out.ack_sync_del",
    **{f"aerout_{name}": f"aer_out.{name}" for name in ("addr", "req", "ctrl_busy")},
}
FIFO_REGISTERS = ("write_ptr", "read_ptr", "fill_cnt", "empty")
ORIGINAL_REGISTERS = {  # of the golden model -> the signal in the chip's own Verilog, where it has another name
    "neur_state": "neurarray_0.Qr",
    "synarray_rdata": "synarray_0.Qr",
    **{f"main_{name}": f"fifo_spike_0.{name}" for name in FIFO_REGISTERS},
    "main_mem": "fifo_spike_0.mem[{i}]",
}
BLOCKS = ("aer_out", "spi", "controller", "scheduler", "synaptic_core", "neuron_core")


class CrossbarChip(wiring.Component):
    """A chip with its declared pins, and with its own clock domains.

    blocks : a component for each of BLOCKS
    """

    def __init__(self, chip: Chip, **blocks: wiring.Component) -> None:
        super().__init__(ports_of(chip.pins))
        for name in BLOCKS:
            setattr(self, name, blocks[name])

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in BLOCKS:
            m.submodules[name] = getattr(self, name)
        self._make_domains(m)
        self._make_spi_domains(m)
        self._connect_pins(m)
        self._connect_memories(m)
        self._connect_events(m)
        self._connect_own(m)
        return m

    # --- What a chip adds

    @abstractmethod
    def _make_domains(self, m: Module) -> None:
        """Make the clock domains of CLK."""

    @abstractmethod
    def _connect_own(self, m: Module) -> None:
        """Connect the wires that the other chip does not have."""

    # --- Clock domains

    def _synchronise_rst(self, m: Module) -> tuple[Signal, Signal]:
        """Return RST after one flip-flop and after two; these have no reset."""
        rst_sync_int, rst_sync = (Signal(reset_less=True, name=name) for name in ("rst_sync_int", "rst_sync"))
        m.d.sync += [rst_sync_int.eq(self.RST), rst_sync.eq(rst_sync_int)]
        return rst_sync_int, rst_sync

    def _add_domain(self, m: Module, domain: ClockDomain, clk: Signal, rst: ValueLike) -> None:
        domain.clk = clk
        m.d.comb += domain.rst.eq(rst)
        m.domains += domain

    def _make_spi_domains(self, m: Module) -> None:
        sck_fall = ClockDomain("sck_fall", clk_edge="neg", async_reset=True, local=True)
        self._add_domain(m, sck_fall, self.SCK, self.RST)
        sck = ClockDomain(reset_less=True, local=True)
        sck.clk = self.SCK
        m.domains.sck = sck

    # --- Wires

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
        connect(m, controller.push, scheduler.i)
        connect(m, scheduler.o, controller.sched)
        forward(m, controller.event, neuron_core.event)
        forward(m, controller.neurons, aer_out.neurons)
        for block in (scheduler, aer_out):
            forward(m, neuron_core.event_out, block.neuron_event)
            m.d.comb += block.config.eq(self.spi.config)
        m.d.comb += [
            controller.sched_full.eq(scheduler.full),
            controller.aerout_ctrl_busy.eq(aer_out.ctrl_busy),
            scheduler.neuron_addr.eq(controller.neurons.addr),
            aer_out.sched_addr.eq(scheduler.o.payload.addr),
            aer_out.pop_neur.eq(controller.aerout_pop_neur),
        ]


def maker(chip: Chip, make: Callable[P, CrossbarChip], **choices: tuple[int, ...]) -> Callable[P, CrossbarChip]:
    """Return ``make`` with a check of its sizes: it raises InputError for a size that is not one of the choices."""

    # This check is not in the chip, because Amaranth warns of components that are not used.
    @wraps(make)
    def checked(*args: P.args, **sizes: P.kwargs) -> CrossbarChip:
        for name, size in signature(make).bind(*args, **sizes).arguments.items():
            if name in choices and size not in choices[name]:
                raise InputError(f"{chip.name}: {name} {size}; must be one of {', '.join(map(str, choices[name]))}")
        return make(*args, **sizes)

    return checked
