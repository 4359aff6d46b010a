"""One clock of ReckOn: the blocks, wired together.

A clock has two halves. First ``wires`` computes every wire from the state before the edge. Then ``edges`` gives each
block its edge, in any order. RST and SCK act between the clock edges, in ``apply_inputs``.

Source: reckon.v, srnn.v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import bit, field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.reckon import aer_in, controller, neuron_array, out, output_neurons, seeds, spi, srams, sync
from draupnir.emulator.reckon.controller import CNT, CONFIG, EPROP, EVT, GET_TAR, IDLE, PROP, STEP, SUPP, WAIT, Evt
from draupnir.emulator.reckon.layout import CHIP, PROG, SPI_NEUR_ADDR, SPI_NEUR_FLAGS, M
from draupnir.emulator.reckon.learning import group, weights
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.reckon.sync import IN
from draupnir.emulator.resets import resetter

OUT = positions(CHIP.output_word)
PROGS = positions(PROG)
NEUR_ADDR = positions(SPI_NEUR_ADDR)
FLAGS = positions(SPI_NEUR_FLAGS)
NEUR_MASK = (1 << M) - 1
_forget_spikes = resetter(CHIP.block("neurons"), lambda reg: reg.name == "neur_z")


@outlined
def apply_inputs(r: np.record, flat: np.ndarray, inputs: int) -> None:
    """Set all input pins at once. An edge of SCK or RST acts immediately, and sees the new levels of MOSI and RST.

    flat : the record as one array
    inputs : the packed input pins
    """
    inputs_before = r.inputs
    r.inputs = inputs
    sck_before, sck = field(inputs_before, IN.SCK), field(inputs, IN.SCK)
    rst_before, rst = field(inputs_before, IN.RST), field(inputs, IN.RST)
    if sck > sck_before:
        spi.sck_rise(r, flat, field(inputs, IN.MOSI))
    elif rst > rst_before:
        spi.rst_rise(r, field(inputs, IN.MOSI))
    if rst and (rst_before == 0 or sck != sck_before):
        spi.reset(r)
    elif sck < sck_before:
        spi.sck_fall(r)


@kernel
def outputs(r: np.record) -> int:
    """Return the packed output pins. Each is a register, or a function of the states and the configuration."""
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


class Wires(NamedTuple):
    """All wires between the blocks in a clock, computed from the state before the edge.

    state, state_next : the controller's present and next state
    evt_next : the event controller's next state
    tick : 1 if a timestep begins
    begins : 1 if a sweep begins for a recurrent neuron's spike
    sweep_end : the neuron whose sweep ends, 0..255, or -1
    forgets : True if a sample ends
    prog : the SPI's write requests, a bit each; reads : 1 if the SPI reads; readback : the 32 bits that it reads
    n_operations : weights that are added to a potential in this clock
    step_neur, spk0, spk1 : in state STEP the even neuron of the present word, and the spikes of both; else -1
    """

    state: int
    state_next: int
    evt_next: int
    tick: int
    begins: int
    sweep_end: int
    forgets: bool
    prog: int
    reads: int
    readback: int
    step_neur: int
    spk0: int
    spk1: int
    aer: aer_in.Aer
    out: out.Out
    entry: group.GroupEntry
    oneur: output_neurons.OutputStep
    draws: neuron_array.Draws
    access: srams.Access
    even: neuron_array.Half
    odd: neuron_array.Half
    winp: srams.WeightAccess
    wrec: srams.WeightAccess
    wout: srams.WeightAccess
    n_operations: int


@kernel
def wires(r: np.record) -> Wires:
    """First half of a clock: compute all wires. In the record only the wires change (``chip.WIRES``)."""
    tick = controller.time_tick(r)
    aer = aer_in.aer(r)
    state_next = controller.next_state(r, tick, aer.target_done)
    e = controller.evt(r)
    evt_next = controller.next_evt(r, e, state_next)
    p = group.wires(r, e)
    prog = sync.prog_new(r)
    begins = int(r.state_evt == CNT and evt_next == EVT) & e.z
    access = srams.neurons_access(r, e, p, prog)
    if r.state == EPROP and r.e_post_lsb & 1:
        group.errors(r)
    if p.winp_we | p.wrec_we:
        weights.prepare(r)
    return Wires(
        r.state,
        state_next,
        evt_next,
        tick,
        begins,
        _sweep_end(r, e, evt_next),
        r.state != IDLE and state_next == IDLE,
        prog,
        r.read_sync,
        srams.readback(r) if r.read_sync else 0,
        r.neur_step_cnt if r.state == STEP else -1,
        neuron_array.spike(r, e, 0),
        neuron_array.spike(r, e, 1),
        aer,
        out.next_out(r, state_next),
        group.entry(r, e) if r.e_post_lsb & 1 else group.NO_ENTRY,
        output_neurons.wires(r),
        neuron_array.draws(r, e),
        access,
        neuron_array.write(r, e, 0) if access.core_we else neuron_array.NOTHING,
        neuron_array.write(r, e, 1) if access.core_we else neuron_array.NOTHING,
        srams.winp_access(r, e, p, prog),
        srams.wrec_access(r, e, p, prog),
        srams.wout_access(r, p, prog, begins),
        _operations(r, e, access),
    )


@kernel
def edges(r: np.record, m: Mems, w: Wires) -> None:
    """The edges of all blocks. Each block reads its own registers, those of the SPI, and the wires.

    So the order of the blocks has no effect. A test shuffles these lines.
    """
    out.clock(r, w.out)
    aer_in.clock(r, w.aer, w.tick, w.state, w.state_next, w.sweep_end, w.forgets)
    group.keep(r, w.entry)
    output_neurons.clock(r, w.oneur, w.prog, w.forgets)
    neuron_array.clock(r, w.draws, w.prog)
    srams.clock_winp(r, m.winp, w.winp, w.prog)
    srams.clock_wrec(r, m.wrec, w.wrec, w.prog)
    srams.clock_wout(r, m.wout, w.wout, w.prog)
    srams.clock_neurons(r, m.neurons, w.access, w.even, w.odd, _writes_flags(r, w.prog), w.forgets)
    _spikes(r, w)
    _count(r, w)
    _keep_readback(r, w)
    controller.clock(r, w.tick, w.state_next, w.evt_next, w.begins)
    sync.clock(r)


@kernel
def commit(r: np.record, m: Mems, w: Wires) -> None:
    """Second half of a clock, with the resets and the number of the clock."""
    edges(r, m, w)
    resets(r)
    r.cycle += 1


@kernel
def clock(r: np.record, m: Mems) -> None:
    """Rising edge of CLK."""
    commit(r, m, wires(r))


@kernel
def _sweep_end(r: np.record, e: Evt, evt_next: int) -> int:
    """Return the neuron whose sweep ends with this clock, so that its spikes are cleared; -1 for none."""
    sweeping = r.state_evt == EVT or r.state_evt == SUPP
    return r.neur256_cnt if e.cs and e.we and sweeping and evt_next in (CNT, WAIT) else -1


@kernel
def _writes_flags(r: np.record, prog: int) -> bool:
    """Return True if the SPI writes a neuron's spike and dirty bits."""
    return bool(field(prog, PROGS.neur) & field(r.spi_addr_out, NEUR_ADDR.flags))


@kernel
def _spikes(r: np.record, w: Wires) -> None:
    """Edge of the recurrent neurons' spikes. State STEP computes the next ones, one word every two clocks."""
    if w.sweep_end >= 0:
        r.neur_z[w.sweep_end] = 0
    if w.step_neur >= 0:
        r.neur_z[w.step_neur & ~1] = w.spk0
        r.neur_z[w.step_neur | 1] = w.spk1
    if _writes_flags(r, w.prog):
        r.neur_z[r.spi_addr_out & NEUR_MASK] = field(r.spi_data, FLAGS.neur_z)
    if w.forgets:
        _forget_spikes(r)


@kernel
def _operations(r: np.record, e: Evt, access: srams.Access) -> int:
    """Weights that are added to a potential in this clock, of two recurrent neurons and of the output neurons."""
    sweeps = r.state_evt == EVT and bit(r.neur128x2_cnt, 0) and access.core_we
    n = 2 * (e.inp_event + e.z) if sweeps else 0
    return n + r.spi_num_out_neur + 1 if r.wout_cs_del else n


@kernel
def _count(r: np.record, w: Wires) -> None:
    """The model's own counters."""
    r.n_synaptic_operations += w.n_operations
    if w.step_neur >= 0:
        r.n_recurrent_spikes += w.spk0 + w.spk1


@kernel
def _keep_readback(r: np.record, w: Wires) -> None:
    if w.reads:
        r.srnn_readback = w.readback


@outlined
def _reset(r: np.record, before_edge: int) -> None:
    """Reset the core.

    before_edge : 1 if the reset was already active before this edge; then the synchronous resets act, too
    """
    sync.reset(r)
    controller.reset(r)
    aer_in.reset(r)
    if before_edge:
        aer_in.forget(r)
        output_neurons.forget(r)
        srams.forget(r)
        _forget_spikes(r)
        seeds.reset(r)


@kernel
def resets(r: np.record) -> None:
    """Move RST through its two flip-flops. The edge that raises the second one already resets most of the core."""
    before_edge = r.rst_sync
    r.rst_sync = r.rst_sync_int
    r.rst_sync_int = field(r.inputs, IN.RST)
    if before_edge or r.rst_sync:
        _reset(r, before_edge)
