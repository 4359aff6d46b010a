"""ODIN's top: clocks and resets, and the wiring of the blocks.

Source: ODIN.v; ODIN doc v0.1, figure 2.
"""

import numpy as np
from amaranth import ClockDomain, Module, Signal
from amaranth.hdl import ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP, N_SYN, N
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.odin.aer_out import AerOut
from draupnir.rtl.odin.controller import Controller
from draupnir.rtl.odin.neuron_core import NeuronCore
from draupnir.rtl.odin.scheduler import Scheduler
from draupnir.rtl.odin.spi import SpiSlave
from draupnir.rtl.odin.synaptic_core import SynapticCore

SIZES = (64, 128, 256)


class Odin(wiring.Component):
    """The chip, with the pins that are declared for it. Its clock domains are its own.

    n_neurons : one of SIZES. With fewer than 256 both memories shrink, and sweeps over all neurons or synapses become
        as much shorter; addresses keep their formats, and the memories ignore the upper bits of a neuron's address
        (so neuron 64 + i of a 64-neuron chip is neuron i).
    izh : without it, Izhikevich neurons never change and never spike.
    bursts : without it, the chip behaves as with SPI_BURST_TIMEREF = 0.
    sdsp : without it, weights change through the SPI only, and neurons behave as with ca_en = 0.
    """

    def __init__(self, n_neurons: int = N, izh: bool = True, bursts: bool = True, sdsp: bool = True) -> None:
        directions = {"in": In, "out": Out}
        super().__init__({pin.name: directions[pin.direction](pin.width) for pin in CHIP.pins})
        self._bursts = bursts
        self.aer_out = AerOut()
        self.spi = SpiSlave()
        self.controller = Controller(n_neurons)
        self.scheduler = Scheduler(bursts)
        self.synaptic_core = SynapticCore(n_neurons, sdsp)
        self.neuron_core = NeuronCore(n_neurons, izh, sdsp)

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
        """All resets are asynchronous: a register's reset shows at once, not at the next clock."""
        rst_sync_int = Signal(reset_less=True)
        rst_sync = Signal(reset_less=True)
        self._add_domain(m, "sync", self.CLK, rst_sync)
        m.d.sync += [rst_sync_int.eq(self.RST), rst_sync.eq(rst_sync_int)]
        self._add_domain(m, "aerout", self.CLK, rst_sync | self.controller.gate_activity_sync)
        if self._bursts:
            no_bursts = self.scheduler.open_loop_sync | ~self.spi.bursts_on
            self._add_domain(m, "burst", self.CLK, rst_sync | no_bursts)
        self._add_domain(m, "sck_fall", self.SCK, self.RST, clk_edge="neg")
        sck = ClockDomain(reset_less=True, local=True)
        sck.clk = self.SCK
        m.domains.sck = sck

    def _add_domain(self, m: Module, name: str, clk: Signal, rst: ValueLike, clk_edge: str = "pos") -> None:
        domain = ClockDomain(name, clk_edge=clk_edge, async_reset=True, local=True)
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
        ]

    def _connect_memories(self, m: Module) -> None:
        controller, synaptic_core, neuron_core = self.controller, self.synaptic_core, self.neuron_core
        for core in (synaptic_core, neuron_core):
            m.d.comb += core.gate_activity_sync.eq(controller.gate_activity_sync)
        for block in (controller, self.scheduler, synaptic_core, neuron_core, self.aer_out):
            m.d.comb += block.config.eq(self.spi.config)
        for block in (controller, synaptic_core, neuron_core):
            forward(m, self.spi.access, block.spi)
        forward(m, controller.neurons, neuron_core.control)
        forward(m, controller.neurons, self.aer_out.neurons)
        forward(m, controller.synapses, synaptic_core.control)
        forward(m, controller.synapses, self.aer_out.synapses)
        m.d.comb += [
            self.spi.neur_state.eq(neuron_core.r_word),
            self.spi.synapses.eq(synaptic_core.r_word),
            self.spi.pre.eq(controller.pre),
            neuron_core.syn_sign.eq(self.spi.syn_sign),
            neuron_core.synapses.eq(synaptic_core.r_word),
            synaptic_core.pre_en.eq(controller.pre_en),
            synaptic_core.bist_ref.eq(controller.bist_ref),
            synaptic_core.v_up.eq(neuron_core.v_up),
            synaptic_core.v_down.eq(neuron_core.v_down),
        ]

    def _connect_events(self, m: Module) -> None:
        controller, scheduler, neuron_core, aer_out = self.controller, self.scheduler, self.neuron_core, self.aer_out
        connect(m, controller.push, scheduler.i)
        connect(m, scheduler.o, controller.sched)
        forward(m, controller.event, neuron_core.event)
        forward(m, neuron_core.event_out, scheduler.neuron_event)
        forward(m, neuron_core.event_out, aer_out.neuron_event)
        m.d.comb += [
            controller.sched_burst_end.eq(scheduler.burst_end),
            controller.sched_full.eq(scheduler.full),
            controller.aerout_ctrl_busy.eq(aer_out.ctrl_busy),
            scheduler.neuron_addr.eq(controller.neurons.addr),
            aer_out.monitor.eq(neuron_core.monitor),
            aer_out.syn_word.eq(self.synaptic_core.w_word),
            aer_out.sched_addr.eq(scheduler.o.payload.addr),
            aer_out.pop_neur.eq(controller.aerout_pop_neur),
        ]


def make_odin(n_neurons: int = N, izh: bool = True, bursts: bool = True, sdsp: bool = True) -> Odin:
    """The chip, or InputError for a size that there is not."""
    # Not in Odin itself, since Amaranth complains of components that are begun and never used.
    if n_neurons not in SIZES:
        raise InputError(f"odin: n_neurons {n_neurons}; must be one of {', '.join(map(str, SIZES))}")
    return Odin(n_neurons, izh, bursts, sdsp)


def kept_words(memory: str, n_neurons: int = N, **_: bool) -> np.ndarray:
    """The addresses, in the whole chip's memory, of the words that one with ``n_neurons`` has; in its own order."""
    if memory == "neurons":
        return np.arange(n_neurons)
    groups = np.arange(N * N // N_SYN).reshape(N, N // N_SYN)
    return groups[:n_neurons, : n_neurons // N_SYN].ravel()


RTL = OurChip(
    CHIP,
    "ODIN",
    make_odin,
    {"neurons": "neuron_core.neurons.words", "synapses": "synaptic_core.synapses.words"},
    kept_words,
    variants={  # one feature at a time, and all of them
        "whole": {},
        "128 neurons": {"n_neurons": 128},
        "64 neurons": {"n_neurons": 64},
        "no Izhikevich": {"izh": False},
        "no bursts": {"bursts": False},
        "no SDSP": {"sdsp": False},
        "LIF only": {"izh": False, "bursts": False},
        "smallest": {"n_neurons": 64, "izh": False, "bursts": False, "sdsp": False},
    },
    on_boards={"icebreaker": {"izh": False, "bursts": False, "sdsp": False}},
)
