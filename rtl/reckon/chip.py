"""ReckOn's top: clocks and resets, and the wiring of the blocks.

Source: reckon.v, srnn.v.
"""

import numpy as np
from amaranth import Array, ClockDomain, Module, Signal, Value
from amaranth.hdl import ValueLike
from amaranth.lib import wiring

from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import CHIP, N_OUT, N_WEIGHTS, REGISTERS, WINP, WREC, N, State
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.lib.views import ports_of
from draupnir.rtl.reckon.aer_in import AerIn
from draupnir.rtl.reckon.aer_out import AerOut
from draupnir.rtl.reckon.controller import Controller
from draupnir.rtl.reckon.eprop import Eprop
from draupnir.rtl.reckon.event_controller import EventController
from draupnir.rtl.reckon.hidden_neurons import HiddenNeurons
from draupnir.rtl.reckon.output_neurons import OutputErrors, OutputNeurons
from draupnir.rtl.reckon.spi import SpiSlave
from draupnir.rtl.reckon.spi_sync import SpiSync

SIZES = (64, 128, 256)
OUTPUTS = (4, 8, 16)
BLOCKS = (
    "spi",
    "spi_sync",
    "controller",
    "event_controller",
    "aer_in",
    "aer_out",
    "hidden_neurons",
    "output_neurons",
    "output_errors",
    "eprop",
)
SYNCHRONISED = {
    "aerin_req": "aer_in.req",
    "sample": "controller.sample",
    "infer_acc": "controller.infer_acc",
    "out_ack": "aer_out.ack",
}
STAGES = {"sync_int": "stage0", "sync": "stage1"}
WEIGHT_LFSRS = {"winp": "inp", "wrec": "rec", "wout": "out"}
PLACES = {  # register of the golden model -> the signal that has its content, for proofs
    **{name: f"spi._{name}" for name in ("spi_cnt", "spi_addr")},
    "spi_shift_reg_in": "spi._shift_in",
    "spi_shift_reg_out": "spi._shift_out",
    **{name: f"spi_sync.spi__{part}" for name, part in (("spi_addr_out", "addr"), ("spi_data", "payload"))},
    **{name: f"spi_sync.spi__{name}" for name in ("prog", "read")},
    **{
        r.name.lower(): f"spi.{r.name.lower()}_{{i}}" if r.n_addrs > 1 else f"spi.{r.name.lower()}_0" for r in REGISTERS
    },
    "spi_ro_stage_sel": "",  # nothing reads it, and the original also writes it at an edge of RST
    "target_valid_sync_int": "controller.target_valid_sync_int",
    "target_valid_sync": "controller.timestep__target_valid",
    **{f"{pin}_{suffix}": f"{path}.{stage}" for pin, path in SYNCHRONISED.items() for suffix, stage in STAGES.items()},
    **{f"time_tick_{stage}": f"controller.time_tick_{stage}" for stage in ("sync_int", "sync", "del")},
    **{f"prog_{stage}": f"spi_sync.prog_{stage}" for stage in ("sync_int", "sync", "del")},
    **{f"read_{stage}": f"spi_sync.read_{stage}" for stage in ("sync_int", "sync")},
    "aerin_ack": "aer_in.ack",
    **{name: f"aer_in.{name}" for name in ("reg_tar", "class_label", "got_label", "target_cnt")},
    "out_req": "aer_out.req",
    "out_data": "aer_out.bus",
    "send_cnt": "aer_out.send_cnt",
    "cnt_winner": "aer_out.cnt_winner_{i}",
    "state": "controller.timestep__state",
    "timing_error": "controller._timing_error",
    "tick_cnt": "controller.tick_cnt",
    "neur_step_cnt": "controller.timestep__neur_step_cnt",
    "state_evt": "event_controller.sweep__state",
    **{name: f"event_controller.sweep__{name}" for name in ("neur256_cnt", "neur128x2_cnt", "supp_cycle")},
    "wout_cs_del": "eprop.wout_is_spikes",
    "e_pre": "eprop.sweep__e_pre",
    "e_post_msb": "eprop.eprop__group",
    "e_post_lsb": "eprop.sweep__e_post_lsb",
    "buf16_post": "eprop.sweep__post_phase",
    **dict.fromkeys(("learning_signals", "neur_h"), ""),  # their product is kept instead
    "trace_reg": "eprop.excess",
    "oneur_u": "output_neurons.oneur_u",
    "neur_data_o": "hidden_neurons.r_word",
    "wout_data_o": "eprop.weights_out.r_word",
    "winp_data_o": "eprop.weights_inp.r_word",
    "wrec_data_o": "eprop.weights_rec.r_word",
    "srnn_readback": "srnn_readback",
    **{f"lfsr_{name}": f"eprop.weights_{path}.lfsr.window" for name, path in WEIGHT_LFSRS.items()},
    "lfsr_noise_neur": "hidden_neurons.lfsr_noise_neur.window",
    "lfsr_strnd_oneur_u": "output_neurons.lfsr_strnd_oneur_u.window",
    **{
        f"lfsr_strnd_{name}{n}": f"hidden_neurons.neuron_{n}.lfsr_strnd_{name}{n}.window"
        for name in ("neur_u", "tinp", "trec", "tout")
        for n in range(2)
    },
}


class Reckon(wiring.Component):
    """The chip, with the pins that are declared for it.

    n_neurons : the number of hidden neurons, one of SIZES. With fewer than 256, the memories are smaller; addresses
        keep their formats, and the upper bits of a neuron's address, and of SPI_NUM_INP_NEUR and SPI_NUM_REC_NEUR, are
        ignored.
    n_inputs : the number of input neurons, one of SIZES, at most ``n_neurons``, because the hidden neurons' words have
        their traces; by default ``n_neurons``. With fewer, winp is smaller, and input neuron n_inputs + i is neuron i.
    n_outputs : the number of output neurons, one of OUTPUTS. With fewer than 16, wout is smaller. The potentials,
        weights and errors of missing neurons are 0; SPI_NUM_OUT_NEUR counts them all the same.
    """

    def __init__(self, n_neurons: int = N, n_inputs: int = N, n_outputs: int = N_OUT) -> None:
        super().__init__(ports_of(CHIP.pins))
        neur_bits = (n_neurons - 1).bit_length()
        self.spi = SpiSlave()
        self.spi_sync = SpiSync()
        self.controller = Controller(neur_bits)
        self.event_controller = EventController(neur_bits)
        self.aer_in = AerIn(n_inputs)
        self.aer_out = AerOut()
        self.hidden_neurons = HiddenNeurons(n_neurons)
        self.output_neurons = OutputNeurons(neur_bits, n_outputs)
        self.output_errors = OutputErrors(n_outputs)
        self.eprop = Eprop(n_neurons, n_inputs, n_outputs)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in BLOCKS:
            m.submodules[name] = getattr(self, name)
        self._make_domains(m)
        self._connect_pins(m)
        self._distribute(m)
        self._connect_events(m)
        self._connect_eprop(m)
        self._read_back(m)
        return m

    def _make_domains(self, m: Module) -> None:
        """Make the clock domains. A reset acts immediately in ``sync`` and the SPI's domains, else a clock later."""
        rst_sync_int, rst_sync = (Signal(reset_less=True, name=name) for name in ("rst_sync_int", "rst_sync"))
        m.d.sync += [rst_sync_int.eq(self.RST), rst_sync.eq(rst_sync_int)]
        self._add_domain(m, ClockDomain("sync", async_reset=True), self.CLK_EXT, rst_sync)
        self._add_domain(m, ClockDomain("srst"), self.CLK_EXT, rst_sync)
        self._add_domain(m, ClockDomain("swept"), self.CLK_EXT, rst_sync | self.controller.leaves_for_idle)
        self._add_domain(m, ClockDomain("sck", async_reset=True), self.SCK, self.RST)
        self._add_domain(m, ClockDomain("sck_fall", clk_edge="neg", async_reset=True), self.SCK, self.RST)

    def _add_domain(self, m: Module, domain: ClockDomain, clk: Signal, rst: ValueLike) -> None:
        domain.clk = clk
        m.d.comb += domain.rst.eq(rst)
        m.domains += domain

    def _connect_pins(self, m: Module) -> None:
        controller, aer_in, aer_out, step = self.controller, self.aer_in, self.aer_out, self.controller.timestep
        awaits_target = self.spi.config.spi_get_tar_req_out & (step.state == State.GET_TAR)
        m.d.comb += [
            self.spi.mosi.eq(self.MOSI),
            self.MISO.eq(self.spi.miso | awaits_target),
            aer_in.addr.eq(self.AERIN_ADDR),
            aer_in.req.eq(self.AERIN_REQ),
            aer_in.tar_en.eq(self.AERIN_TAR_EN),
            self.AERIN_ACK.eq(aer_in.ack),
            controller.sample.eq(self.SAMPLE),
            controller.time_tick.eq(self.TIME_TICK),
            controller.target_valid.eq(self.TARGET_VALID),
            controller.infer_acc.eq(self.INFER_ACC),
            self.SPI_RDY.eq(step.state == State.CONFIG),
            self.TIMING_ERROR_RDY.eq(controller.timing_error_rdy),
            self.OUT_REQ.eq(aer_out.req),
            aer_out.ack.eq(self.OUT_ACK),
            self.OUT_DATA.eq(aer_out.bus),
        ]

    def _distribute(self, m: Module) -> None:
        """Connect the signals that many blocks read: configuration, the SPI's requests, the two controllers' states."""
        config, step = self.spi.config, self.controller.timestep
        for block in (
            self.controller,
            self.event_controller,
            self.aer_in,
            self.aer_out,
            self.hidden_neurons,
            self.output_neurons,
            self.output_errors,
            self.eprop,
        ):
            forward(m, config, block.config)
        for block in (
            self.event_controller,
            self.aer_in,
            self.aer_out,
            self.hidden_neurons,
            self.output_neurons,
            self.eprop,
        ):
            forward(m, step, block.timestep)
        for block in (self.controller, self.hidden_neurons, self.eprop):
            forward(m, self.event_controller.sweep, block.events)
        m.d.comb += self.spi_sync.spi_en_conf.eq(config.spi_en_conf)
        forward(m, self.spi.access, self.spi_sync.spi)
        for block in (self.hidden_neurons, self.output_neurons, self.eprop):
            forward(m, self.spi_sync.core, block.spi)

    def _connect_events(self, m: Module) -> None:
        controller, event_controller, aer_in = self.controller, self.event_controller, self.aer_in
        hidden_neurons, output = self.hidden_neurons, self.output_neurons
        m.d.comb += [
            controller.target_done.eq(aer_in.target_done),
            controller.got_label.eq(aer_in.got_label),
            controller.send_done.eq(self.aer_out.send_done),
            event_controller.inp_event.eq(aer_in.inp_event),
            event_controller.rec_event.eq(hidden_neurons.rec_event),
            aer_in.neur256_cnt.eq(event_controller.sweep.neur256_cnt),
            aer_in.retires.eq(event_controller.retires),
            hidden_neurons.retires.eq(event_controller.retires),
            self.aer_out.oneur_u.eq(output.oneur_u),
        ]

    def _connect_eprop(self, m: Module) -> None:
        eprop, hidden_neurons, output, errors = self.eprop, self.hidden_neurons, self.output_neurons, self.output_errors
        forward(m, eprop.neurons, hidden_neurons.eprop)
        m.d.comb += [
            self.controller.eprop_done.eq(eprop.eprop_done),
            eprop.state.eq(hidden_neurons.state),
            eprop.oneur_err.eq(errors.oneur_err),
            hidden_neurons.winp.eq(eprop.winp),
            hidden_neurons.wrec.eq(eprop.wrec),
            output.weights.eq(eprop.wout),
            output.integrates.eq(eprop.wout_is_spikes),
            errors.target_valid.eq(self.controller.timestep.target_valid),
            errors.looked_at.eq(eprop.looks_at_errors),
            errors.class_label.eq(self.aer_in.class_label),
            errors.reg_tar.eq(self.aer_in.reg_tar),
            errors.oneur_u.eq(output.oneur_u),
        ]

    def _read_back(self, m: Module) -> None:
        """Keep the word that the SPI last read; no reset changes it."""
        spi = self.spi_sync.core
        srnn_readback = Signal.like(self.spi.srnn_readback, reset_less=True)
        m.d.comb += self.spi.srnn_readback.eq(srnn_readback)
        potential = Array(self.output_neurons.oneur_u)[spi.addr[:4]]
        chunks: list[tuple[Value, Value]] = [
            (spi.read.neur, self.hidden_neurons.r_chunk),
            (spi.read.oneur, potential),
            (spi.read.winp, self.eprop.winp_chunk),
            (spi.read.wrec, self.eprop.wrec_chunk),
            (spi.read.wout, self.eprop.wout_chunk),
        ]
        for reads, chunk in reversed(chunks):
            with m.If(reads):
                m.d.sync += srnn_readback.eq(chunk)


def make_reckon(n_neurons: int = N, n_inputs: int | None = None, n_outputs: int = N_OUT) -> Reckon:
    """Return the chip; the sizes are as for ``Reckon``. Raises InputError for a size that is not possible."""
    # The check is not in Reckon, because Amaranth warns of components that are not used.
    n_inputs = n_neurons if n_inputs is None else n_inputs
    smaller = tuple(size for size in SIZES if size <= n_neurons)
    sizes = (("n_neurons", n_neurons, SIZES), ("n_inputs", n_inputs, smaller), ("n_outputs", n_outputs, OUTPUTS))
    for name, size, right in sizes:
        if size not in right:
            raise InputError(f"reckon: {name} {size}; must be one of {', '.join(map(str, right))}")
    return Reckon(n_neurons, n_inputs, n_outputs)


def kept_words(memory: str, n_neurons: int = N, n_inputs: int | None = None, n_outputs: int = N_OUT) -> np.ndarray:
    """Return the addresses, in the whole chip's memory, of the words of a chip with these sizes, in its order."""
    n_pre = {WINP.name: n_neurons if n_inputs is None else n_inputs, WREC.name: n_neurons}
    if memory in n_pre:
        n_groups = N // N_WEIGHTS
        return np.arange(N * n_groups).reshape(N, n_groups)[: n_pre[memory], : n_neurons // N_WEIGHTS].ravel()
    return np.arange(CHIP.memory(memory).depth * n_neurons // N)


RTL = OurChip(
    CHIP,
    "reckon",
    make_reckon,
    {
        "neurons": "hidden_neurons.neurons.sram.words",
        "winp": "eprop.weights_inp.memory.sram.words",
        "wrec": "eprop.weights_rec.memory.sram.words",
        "wout": "eprop.weights_out.memory.sram.words",
    },
    kept_words,
    variants={
        "whole": {},
        "64 inputs": {"n_inputs": 64},
        "8 outputs": {"n_outputs": 8},
        "4 outputs": {"n_outputs": 4},
        "128 neurons": {"n_neurons": 128},
        "64 neurons": {"n_neurons": 64},
        "smallest": {"n_neurons": 64, "n_outputs": 4},
    },
    board_freqs={"ulx3s-85f": 7.5e6},
    # Its many shifters make many wide multiplexers and full LUTs, and then its wires do not fit, although its cells do.
    synthesis_options={"ecp5": "-nowidelut"},
    small_families=("ecp5",),
    registers=PLACES,
)
