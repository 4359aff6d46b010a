"""One clock of tinyODIN: the blocks, wired together.

First every wire is computed from the state before the edge; then each block takes its edge, reading only its own
registers and those wires. The two domains meet nowhere else: RST and SCK act between clock edges.

Source: tinyODIN.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.parts import spi_slave
from draupnir.emulator.tinyodin import aer_out, controller, neuron_core, scheduler, spi, synaptic_core
from draupnir.emulator.tinyodin.controller import POP_NEUR
from draupnir.emulator.tinyodin.layout import CHIP

IN = positions(CHIP.input_word)
OUT = positions(CHIP.output_word)


@outlined
def apply_inputs(r: np.record, inputs: int) -> None:
    """Set the input pins, all at once; an edge of SCK or RST acts immediately.

    What an SCK edge takes (MOSI, RST) is the new level of the pin.
    """
    before = r.inputs
    r.inputs = inputs
    sck_before, sck = field(before, IN.SCK), field(inputs, IN.SCK)
    rst = field(inputs, IN.RST)
    if sck > sck_before:
        spi.sck_rise(r, field(inputs, IN.MOSI))
    if rst and (field(before, IN.RST) == 0 or sck < sck_before):
        spi_slave.reset(r)
    elif sck < sck_before:
        spi.sck_fall(r)


@kernel
def outputs(r: np.record) -> int:
    """The output pins, packed; every one is a register, or decoded from the controller's state or a counter alone."""
    return (
        placed(spi_slave.miso(r), OUT.MISO)
        | placed(controller.aerin_ack(r), OUT.AERIN_ACK)
        | placed(r.aerout_addr, OUT.AEROUT_ADDR)
        | placed(r.aerout_req, OUT.AEROUT_REQ)
        | placed(int(r.main_fill_cnt == scheduler.FILL_FULL), OUT.SCHED_FULL)
    )


@kernel
def at_rest(r: np.record) -> bool:
    """Nothing queued, nothing under way; the pins may still be moving."""
    idle = r.state == controller.WAIT and r.main_empty == 1 and r.aerout_ctrl_busy == 0
    return idle and r.aerin_req_sync == 0 and r.aerin_req_sync_int == 0


@outlined
def clock(r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Rising edge of CLK."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    state_next = controller.next_state(r, aerin_addr, sched)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, sched)
    port = controller.sched_port(r, aerin_addr)
    from_ctrl = r.spi_aer_src_ctrl_nneur
    processed = r.state == POP_NEUR and state_next != POP_NEUR
    gate = r.spi_gate_activity_sync
    busy = r.aerout_ctrl_busy

    spike = neuron_core.clock(r, neurons, neur)
    synaptic_core.clock(r, synapses, syn)
    event = processed if from_ctrl else spike == 1
    event_addr = field(sched.data_out, scheduler.SCHED.addr) if from_ctrl else neur.addr
    aer_out.clock(r, event, event_addr, field(r.inputs, IN.AEROUT_ACK))
    scheduler.clock(r, sched, port, spike, neur.addr)
    controller.clock(r, state_next, aerin_addr, field(r.inputs, IN.AERIN_REQ), busy)
    _resets(r, gate)
    r.cycle += 1


@outlined
def waiting_clock(r: np.record) -> None:
    """Rising edge of CLK in a state in which the controller accesses no memory (``controller.is_waiting``)."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    state_next = controller.next_state(r, aerin_addr, sched)
    port = controller.sched_port(r, aerin_addr)
    gate = r.spi_gate_activity_sync
    busy = r.aerout_ctrl_busy

    aer_out.clock(r, False, 0, field(r.inputs, IN.AEROUT_ACK))
    scheduler.clock(r, sched, port, 0, 0)
    controller.clock(r, state_next, aerin_addr, field(r.inputs, IN.AERIN_REQ), busy)
    _resets(r, gate)
    r.cycle += 1


@kernel
def _resets(r: np.record, gate: int) -> None:
    """Asynchronous resets: a block is reset by the edge that raises its reset, as by every edge until it has fallen.

    gate : spi_gate_activity_sync before the edge
    """
    rst_before = r.rst_sync
    r.rst_sync = r.rst_sync_int
    r.rst_sync_int = field(r.inputs, IN.RST)
    rst = rst_before == 1 or r.rst_sync == 1
    if rst:
        controller.reset(r)
        scheduler.reset(r)
    if rst or gate or r.spi_gate_activity_sync:
        aer_out.reset(r)
