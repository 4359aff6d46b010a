"""The common part of a clock of ODIN and tinyODIN: pins, the edge of all that is no memory, what has not settled yet.

Source: ODIN.v; tinyODIN.v; spi_slave.v of both.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.crossbar import controller as family
from draupnir.emulator.crossbar import spi_slave
from draupnir.emulator.kernel.bits import field, placed
from draupnir.emulator.kernel.jit import kernel, outlined


def input_setter(spi: ModuleType) -> Callable[[np.record, int], None]:
    """Make a chip's ``apply_inputs``.

    spi : the chip's module with IN, the positions of its input pins; ``configure(record, addr, content)``, a write of a
    configuration register; ``reset(record)``, the reset by RST; ``readback(record)``, the byte that a read asks for
    """

    @outlined
    def apply_inputs(r: np.record, inputs: int) -> None:
        """Set the input pins, all at once; an edge of SCK or RST acts immediately.

        What an SCK edge takes (MOSI, RST) is the new level of the pin.
        """
        old_inputs = r.inputs
        r.inputs = inputs
        sck_before, sck = field(old_inputs, spi.IN.SCK), field(inputs, spi.IN.SCK)
        rst = field(inputs, spi.IN.RST)
        if sck > sck_before and spi_slave.shift_in(r, field(inputs, spi.IN.MOSI)):
            spi.configure(r, field(r.spi_addr, spi_slave.ADDR.addr), r.spi_shift_reg_in)
        if rst and (field(old_inputs, spi.IN.RST) == 0 or sck < sck_before):
            spi.reset(r)
        elif sck < sck_before:
            spi_slave.shift_out(r, spi.readback(r) if spi_slave.reads(r) else spi_slave.NO_BYTE)

    return apply_inputs


def output_pins(out: Any, controller: ModuleType) -> Callable[[np.record], int]:
    """Make the kernel that tells the output pins that both chips have, packed; out : where the chip's are.

    Every one is a register, or decoded from the controller's state alone.
    """

    @kernel
    def outputs(r: np.record) -> int:
        return (
            placed(spi_slave.miso(r), out.MISO)
            | placed(controller.aerin_ack(r), out.AERIN_ACK)
            | placed(r.aerout_addr, out.AEROUT_ADDR)
            | placed(r.aerout_req, out.AEROUT_REQ)
        )

    return outputs


def edge(spi: ModuleType, controller: ModuleType, scheduler: ModuleType, aer_out: ModuleType) -> Callable[..., None]:
    """Make a chip's edge of all that is no memory: all wires first, then each block; a cycle is over.

    Of the kernel: sched : what the scheduler shows; neur_event, neur_addr : a spike, as the scheduler takes it, and the
    neuron written; out : what the output bus is to send. What was written is all that it has to do with a memory.
    """

    @kernel
    def rising_edge(r: np.record, sched: Any, neur_event: int, neur_addr: int, out: Any) -> None:
        aerin_addr = field(r.inputs, spi.IN.AERIN_ADDR)
        state_next = controller.next_state(r, aerin_addr, sched)
        port = controller.sched_port(r, aerin_addr)
        gate = r.spi_gate_activity_sync
        busy = r.aerout_ctrl_busy

        scheduler.clock(r, sched, port, neur_event, neur_addr)
        aer_out.clock(r, out, field(r.inputs, spi.IN.AEROUT_ACK))
        moves_on, may_close = controller.neur_cnt_inc(r, aerin_addr), controller.may_close(r, state_next)
        family.clock(r, state_next, moves_on, field(r.inputs, spi.IN.AERIN_REQ), busy, may_close)
        rst = resets(r, field(r.inputs, spi.IN.RST))
        if rst:
            controller.reset(r)
            scheduler.reset(r)
        if rst or gate or r.spi_gate_activity_sync:
            aer_out.reset(r)
        r.cycle += 1

    return rising_edge


def calm_clock_of(pins: Any, controller: ModuleType, scheduler: ModuleType) -> Callable[[np.record], None]:
    """Make a chip's ``calm_clock``; pins : where the chip's input pins are; the others as for ``edge``."""

    @kernel
    def calm_clock(r: np.record) -> None:
        """``waiting_clock`` with nothing on its way from pins or SPI, and the output bus at rest (see stretch.py)."""
        aerin_addr = field(r.inputs, pins.AERIN_ADDR)
        sched = scheduler.outputs(r)
        state_next = controller.next_state(r, aerin_addr, sched)
        port = controller.sched_port(r, aerin_addr)
        if port.event_in or port.pop:
            scheduler.clock(r, sched, port, 0, 0)
        else:
            scheduler.run_on(r, 1)
        moves_on = False  # the neuron counter stands still between events
        family.calm_clock(r, state_next, moves_on, field(r.inputs, pins.AERIN_REQ), 0)
        r.cycle += 1

    return calm_clock


@kernel
def resets(r: np.record, rst: int) -> bool:
    """Rising edge of RST's synchroniser; whether this edge resets what RST resets.

    An asynchronous reset: by the edge that raises it, and by every edge until it has fallen. rst : the pin
    """
    old_rst_sync = r.rst_sync
    r.rst_sync = r.rst_sync_int
    r.rst_sync_int = rst
    return old_rst_sync == 1 or r.rst_sync == 1


@kernel
def is_settled(r: np.record, rst: int) -> bool:
    """Nothing that comes from RST or the SPI is still on its way through a flip-flop, and the gate is open.

    rst : the pin
    """
    gate = r.spi_gate_activity | r.spi_gate_activity_sync_int | r.spi_gate_activity_sync
    reset = rst | r.rst_sync_int | r.rst_sync
    read, prog, loop = r.ctrl_readback_event, r.ctrl_prog_event, r.spi_open_loop
    unlike = (read ^ r.ctrl_readback_event_sync_int) | (read ^ r.ctrl_readback_event_sync)
    unlike |= (prog ^ r.ctrl_prog_event_sync_int) | (prog ^ r.ctrl_prog_event_sync)
    unlike |= (loop ^ r.spi_open_loop_sync_int) | (loop ^ r.spi_open_loop_sync)
    return (gate | reset | unlike) == 0
