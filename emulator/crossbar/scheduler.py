"""The main FIFO of both schedulers: events that come in, and the network's own spikes.

tinyODIN's scheduler is nothing else; ODIN's has burst FIFOs beside it.

Source: scheduler.v and fifo.v of both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.crossbar.controller import SchedPort
from draupnir.emulator.declare import Word
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts import fifo


class MainFifo(NamedTuple):
    """The main FIFO's outputs: how full it is, and its next event."""

    empty: int
    full: int
    data_out: int


def fifo_outputs(ptr_bits: int) -> Callable[[np.record], MainFifo]:
    """Make the kernel that tells what the main FIFO shows; ptr_bits : of its pointers."""
    fill_full = (1 << ptr_bits) - 1

    @kernel
    def outputs(r: np.record) -> MainFifo:
        return MainFifo(r.main_empty, int(r.main_fill_cnt == fill_full), r.main_mem[r.main_read_ptr])

    return outputs


@kernel
def pushes(r: np.record, port: SchedPort, spike: bool) -> tuple[bool, bool]:
    """Tell whether the controller pushes an event, and whether the neuron being written pushes its spike.

    The two never come together, since no neuron is written in state PUSH.
    """
    return port.event_in != 0, spike and r.spi_open_loop_sync == 0


def fifo_clock(sched_event: Word, ptr_bits: int) -> Callable[..., None]:
    """Make the rising edge of the main FIFO. sched_event : its word; ptr_bits : of its pointers

    Of the kernel: sched : what the scheduler shows in this clock, of which it reads ``full``: a full FIFO drops what is
    pushed; from_ctrl, from_neuron : see ``pushes``; neurmem_addr : the neuron written; pop : an event leaves the FIFO
    """
    event = positions(sched_event)

    @kernel
    def clock(
        r: np.record, sched: Any, port: SchedPort, from_ctrl: bool, from_neuron: bool, neurmem_addr: int, pop: bool
    ) -> None:
        arrives = from_ctrl or from_neuron
        push = arrives and sched.full == 0
        r.n_dropped += int(arrives and not push)
        if push or pop:
            virts, addr = (port.virts, port.addr) if from_ctrl else (0, neurmem_addr)
            fifo.clock_main(r, push, pop, virts << event.virts.shift | addr << event.addr.shift, ptr_bits)

    return clock


@kernel
def synchronise_open_loop(r: np.record) -> None:
    """Rising edge of SPI_OPEN_LOOP's synchroniser."""
    r.spi_open_loop_sync = r.spi_open_loop_sync_int
    r.spi_open_loop_sync_int = r.spi_open_loop


# --- A scheduler that is nothing but the main FIFO --------------------------------------------------------------


@kernel
def unchanged_for(r: np.record, clocks: int) -> int:
    """Return all ``clocks``: the outputs stay as they are for any number if nothing is pushed or popped."""
    return clocks


@kernel
def run_on(r: np.record, clocks: int) -> None:
    """Clocks in which nothing is pushed or popped: nothing moves."""
