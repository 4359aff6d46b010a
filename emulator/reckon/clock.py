"""One clock of ReckOn: the blocks, wired together.

First every wire is computed from the state before the edge; then each block takes its edge, in an order in which nobody
reads what has already moved. The two domains meet nowhere else: RST and SCK act between clock edges.

Source: reckon.v, srnn.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import aer_in, controller, neuron_array, out, output_neurons, seeds, spi, srams, sync
from draupnir.emulator.reckon.controller import CNT, CONFIG, EPROP, EVT, GET_TAR, IDLE, PROP, STEP, SUPP, WAIT, Evt
from draupnir.emulator.reckon.layout import CHIP, PROG, SPI_NEUR_ADDR, SPI_NEUR_FLAGS, M, N
from draupnir.emulator.reckon.learning import group
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.reckon.sync import IN

OUT = positions(CHIP.output_word)
PROGS = positions(PROG)
NEUR_ADDR = positions(SPI_NEUR_ADDR)
FLAGS = positions(SPI_NEUR_FLAGS)
NEUR_MASK = (1 << M) - 1


@outlined
def apply_inputs(r: np.record, flat: np.ndarray, inputs: int) -> None:
    """Set the input pins, all at once; an edge of SCK or RST acts immediately.

    What an SCK edge takes (MOSI, RST) is the new level of the pin. flat : the record as one array
    """
    before = r.inputs
    r.inputs = inputs
    sck_before, sck = field(before, IN.SCK), field(inputs, IN.SCK)
    rst = field(inputs, IN.RST)
    if sck > sck_before:
        spi.sck_rise(r, flat, field(inputs, IN.MOSI))
    if rst and (field(before, IN.RST) == 0 or sck != sck_before):
        spi.reset(r)
    elif sck < sck_before:
        spi.sck_fall(r)


@kernel
def outputs(r: np.record) -> int:
    """The output pins, packed; every one is a register, or decoded from the states and the configuration alone."""
    ready = r.state == IDLE or (r.state == PROP and r.state_evt == WAIT)
    awaited = int(r.state == GET_TAR) & r.spi_get_tar_req_out
    return (
        placed(spi.miso(r) | awaited, OUT.MISO)
        | placed(r.aerin_ack, OUT.AERIN_ACK)
        | placed(int(r.state == CONFIG), OUT.SPI_RDY)
        | placed(r.timing_error if r.spi_timing_mode else int(ready), OUT.TIMING_ERROR_RDY)
        | placed(r.out_req, OUT.OUT_REQ)
        | placed(r.out_data, OUT.OUT_DATA)
    )


@kernel
def clock(r: np.record, m: Mems) -> None:
    """Rising edge of CLK."""
    tick = controller.time_tick(r)
    a = aer_in.aer(r)
    state_next = controller.next_state(r, tick, a.target_done)
    e = controller.evt(r)
    evt_next = controller.next_evt(r, e, state_next)
    p = group.wires(r, e)
    prog = sync.prog_new(r)
    begins = int(r.state_evt == CNT and evt_next == EVT) & e.z
    forget = r.state != IDLE and state_next == IDLE
    spk0 = neuron_array.spike(r, e, 0)
    spk1 = neuron_array.spike(r, e, 1)
    access = srams.neurons_access(r, e, p, prog)
    even = neuron_array.write(r, e, 0) if access.core_we else neuron_array.NOTHING
    odd = neuron_array.write(r, e, 1) if access.core_we else neuron_array.NOTHING
    alpha_one = neuron_array.is_alpha_one(r, e)

    if r.read_sync:
        srams.readback(r)
    out.clock(r, state_next)
    if r.state == EPROP and r.e_post_lsb & 1:
        group.errors(r)
    srams.clock_winp(r, m.winp, e, p, prog)
    srams.clock_wrec(r, m.wrec, e, p, prog)
    if r.e_post_lsb & 1:
        group.keep(r, e)
    output_neurons.clock(r)
    srams.clock_wout(r, m.wout, p, prog, begins)
    r.wout_cs_del = begins
    srams.clock_neurons(r, m.neurons, access, even, odd)
    neuron_array.advance(r, alpha_one)
    aer_in.clock(r, a, tick, state_next)
    _spikes(r, e, evt_next, spk0, spk1, tick == 0 and not (a.aerin_new == 1 and a.addr == r.neur256_cnt))
    if prog:
        _program(r, prog)
    if forget:
        _forget(r)
    controller.clock(r, tick, state_next, evt_next)
    sync.clock(r)
    _resets(r)
    r.cycle += 1


@kernel
def _spikes(r: np.record, e: Evt, evt_next: int, spk0: int, spk1: int, clears_input: bool) -> None:
    """A sweep that ends has used up its neuron's spikes; state STEP finds the next ones, a word every two clocks."""
    sweeping = r.state_evt == EVT or r.state_evt == SUPP
    if e.cs and e.we and sweeping and evt_next in (CNT, WAIT):
        r.neur_z[r.neur256_cnt] = 0
        if clears_input:
            r.inp_events[r.neur256_cnt] = 0
    if r.state == STEP:
        r.neur_z[r.neur_step_cnt & ~1] = spk0
        r.neur_z[r.neur_step_cnt | 1] = spk1


@outlined
def _program(r: np.record, prog: int) -> None:
    """What the SPI writes to flip-flops: an output neuron, a neuron's spike and dirty bits, seeds."""
    addr = r.spi_addr_out
    if field(prog, PROGS.neur) and field(addr, NEUR_ADDR.flags):
        r.neur_z[addr & NEUR_MASK] = field(r.spi_data, FLAGS.neur_z)
        r.neur_dirty[addr & NEUR_MASK] = field(r.spi_data, FLAGS.neur_dirty)
    if field(prog, PROGS.oneur):
        output_neurons.program(r, addr, r.spi_data)
    seeds.program(r, prog)


@kernel
def _forget(r: np.record) -> None:
    """A sample ends, or the core is reset: spikes, potentials and, by the dirty bits, the neurons' state."""
    aer_in.forget(r)
    output_neurons.forget(r)
    for i in range(N):
        r.neur_z[i] = 0
        r.neur_dirty[i] = 0


@outlined
def _reset(r: np.record, held: int) -> None:
    """The core's reset; held : it was up before this edge, so that what only a clock resets is reset too."""
    sync.reset(r)
    controller.reset(r)
    r.aerin_ack = 0
    if held:
        _forget(r)
        seeds.reset(r)


@kernel
def _resets(r: np.record) -> None:
    """RST through its two flip-flops; most of the core is reset by the edge that raises the second, too."""
    held = r.rst_sync
    r.rst_sync = r.rst_sync_int
    r.rst_sync_int = field(r.inputs, IN.RST)
    if held or r.rst_sync:
        _reset(r, held)
