"""One clock of tinyODIN: the blocks, wired together.

First every wire is computed from the state before the edge; then each block takes its edge, reading only its own
registers and those wires. The two domains meet nowhere else: RST and SCK act between clock edges.

Source: tinyODIN.v.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar import aer_out, spi_slave, synaptic_core
from draupnir.emulator.crossbar.clock import input_setter, resets
from draupnir.emulator.crossbar.controller import at_rest as at_rest
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.resets import resetter
from draupnir.emulator.tinyodin import controller, neuron_core, scheduler, spi
from draupnir.emulator.tinyodin.controller import POP_NEUR, Sched
from draupnir.emulator.tinyodin.layout import CHIP

IN = spi.IN
OUT = positions(CHIP.output_word)
apply_inputs = input_setter(spi)
reset_aer_out = resetter(CHIP.block("aer_out"))  # by RST, and for as long as the gate is closed


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


@outlined
def clock(r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Rising edge of CLK."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    sched = scheduler.outputs(r)
    state_next = controller.next_state(r, aerin_addr, sched)
    neur = controller.neur_mem(r, aerin_addr, sched)
    syn = controller.syn_mem(r, sched)
    processed = r.state == POP_NEUR and state_next != POP_NEUR
    from_ctrl = r.spi_aer_src_ctrl_nneur

    spike = neuron_core.clock(r, neurons, neur)
    synaptic_core.clock(r, synapses, syn, synaptic_core.programmed(r) if syn.we else 0)
    event = processed if from_ctrl else spike == 1
    event_addr = field(sched.data_out, scheduler.SCHED.addr) if from_ctrl else neur.addr
    _edge(r, sched, state_next, spike, neur.addr, event, event_addr)


@outlined
def waiting_clock(r: np.record) -> None:
    """Rising edge of CLK in a state in which the controller accesses no memory (``controller.is_waiting``)."""
    sched = scheduler.outputs(r)
    state_next = controller.next_state(r, field(r.inputs, IN.AERIN_ADDR), sched)
    _edge(r, sched, state_next, 0, 0, False, 0)


@kernel
def _edge(
    r: np.record, sched: Sched, state_next: int, spike: int, neur_addr: int, event: bool, event_addr: int
) -> None:
    """The edge of all that is no memory; spike : the neuron written spikes; event : there is one to send."""
    aerin_addr = field(r.inputs, IN.AERIN_ADDR)
    port = controller.sched_port(r, aerin_addr)
    gate = r.spi_gate_activity_sync
    busy = r.aerout_ctrl_busy

    aer_out.clock(r, event, event_addr, field(r.inputs, IN.AEROUT_ACK))
    scheduler.clock(r, sched, port, spike, neur_addr)
    controller.clock(r, state_next, aerin_addr, field(r.inputs, IN.AERIN_REQ), busy)
    rst = resets(r, field(r.inputs, IN.RST))
    if rst:
        controller.reset(r)
        scheduler.reset(r)
    if rst or gate or r.spi_gate_activity_sync:
        reset_aer_out(r)
    r.cycle += 1
