"""The common part of the event levels of ODIN and tinyODIN: state, counters, and a clock that is counted.

A chip's ``events/steps.py`` says what it takes at once. A spike on the output bus stops the controller's counters for
as long as the receiver takes; with constant delays that is one number, ``stall``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.crossbar import aer_out
from draupnir.emulator.crossbar.controller import synchronise_req_after
from draupnir.emulator.crossbar.layout import N
from draupnir.emulator.crossbar.model import Crossbar
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.parts import fifo
from draupnir.emulator.parts.handshake import Delays, Environment
from draupnir.emulator.speeds.loop import drive, pass_clocks
from draupnir.emulator.speeds.runs import Buses, RunInputs

NO_SWEEPS = -1


@dataclass(frozen=True)
class CrossbarStatistics:
    """The figures of a run.

    cycles : clocks by the controller's state
    stalls : clocks for which the output bus was busy
    synaptic_operations : neuron updates by spike and single-synapse events
    dropped_spikes : spikes that found a FIFO of the scheduler full: they left the chip, and stimulated nobody
    fifo_high_water : most events that the main FIFO held at once
    n_sweeps : events taken at once
    """

    cycles: dict[str, int]
    stalls: int
    synaptic_operations: int
    dropped_spikes: int
    fifo_high_water: int
    n_sweeps: int


class Workspace(NamedTuple):
    """The event level's own state.

    cells : the chip's record of its neurons and synapses side by side, in place of the memories
    fired : (256,) int64, the neurons that spike in an event, in order
    bus_spikes : the spikes that the output bus shows during an event, with their cycles
    """

    cells: np.record
    fired: np.ndarray
    bus_spikes: np.record


class Machine(NamedTuple):
    """The state that the steps take: the chip's, the level's own, counters.

    memories : the arrays of the chip's memories, the neurons and the synapses first
    stall : clocks for which one spike stops the controller's counters; NO_SWEEPS: nothing is to be taken at once
    """

    r: np.record
    memories: tuple[np.ndarray, ...]
    ws: Workspace
    counts: np.record
    stall: int


def preparer_of(
    new_cells: Callable[[], np.recarray], counts: np.dtype[Any], may_sweep: Callable[[np.record], bool]
) -> Callable[..., Any]:
    """Make a chip's ``prepare``: a ``Machine``, with an array of one record in the place of each record.

    new_cells : returns an array of one record, for ``Workspace``
    counts : ``runs.counters``; may_sweep : tells of the registers whether the configuration allows for whole events
    """

    def prepare(model: Crossbar, environment: Environment, bus_spikes: np.recarray) -> Any:
        workspace_of_arrays: Any = Workspace
        machine_of_arrays: Any = Machine
        # The configuration does not change during a run.
        blank = np.zeros(1, model.registers.dtype).view(np.recarray)
        sweeps = model.stretch and may_sweep(model.registers[0])
        stall = stall_clocks(model.registers, blank, environment.delays) if sweeps else NO_SWEEPS
        counters = np.zeros(1, dtype=counts).view(np.recarray)
        ws = workspace_of_arrays(new_cells(), np.zeros(N, np.int64), bus_spikes)
        return machine_of_arrays(model.registers, model.kernel_state()[1:], ws, counters, stall)

    return prepare


@entry
def stall_clocks(registers: np.recarray, tried: np.recarray, delays: Delays) -> int:
    """Clocks for which one spike on the output bus keeps the controller's counters still.

    NO_SWEEPS if the main FIFO is not sound. tried : registers, all 0, in which this is tried out
    """
    return aer_out.stall_clocks(tried[0], delays) if fifo.is_sound(registers[0]) else NO_SWEEPS


def loader(cells: ModuleType) -> Callable[[Machine], None]:
    """Make a chip's ``load``; cells : its module with ``load_all(cells, record, neurons, synapses)``."""

    @kernel
    def load(m: Machine) -> None:
        """Begin a piece of a run: of what the model counts for itself, only what comes from now on is the run's."""
        m.counts.dropped_spikes -= m.r.n_dropped
        if m.stall != NO_SWEEPS:
            cells.load_all(m.ws.cells, m.r, m.memories[0], m.memories[1])

    return load


def flusher(cells: ModuleType) -> Callable[[Machine], None]:
    """Make a chip's ``flush``; cells : its module with ``flush_all(cells, record, neurons, synapses)``."""

    @kernel
    def flush(m: Machine) -> None:
        """End a piece of a run; see ``load``."""
        m.counts.dropped_spikes += m.r.n_dropped
        if m.stall != NO_SWEEPS:
            cells.flush_all(m.ws.cells, m.r, m.memories[0], m.memories[1])

    return flush


def counted_clock(clock: ModuleType, workspace: ModuleType) -> Callable[..., None]:
    """Make a chip's rising edge of CLK that is counted.

    workspace : the chip's module with ``memory_clock``, for the states in which the controller does not wait
    """
    controller = clock.controller

    @kernel
    def count_clock(
        r: np.record, memories: tuple[np.ndarray, ...], ws: Workspace, counts: np.record, stall: int
    ) -> None:
        counts.cycles[r.state] += 1
        counts.stalls += r.aerout_ctrl_busy
        if controller.is_waiting(r.state):
            clock.waiting_clock(r)
        else:
            workspace.memory_clock(r, memories, ws, counts, stall != NO_SWEEPS)
        counts.fifo_high_water = max(counts.fifo_high_water, fifo.n_main(r))

    return count_clock


@kernel
def pass_event(r: np.record, pins: Any, bus: Buses, inputs: RunInputs, clocks: int, first: int) -> Buses:
    """The buses after an event that was taken at once, with their pins and AERIN_REQ's synchroniser.

    pins : the positions of the chip's input pins; clocks, first : the event's clocks, and the first cycle of them
    """
    bus, high = pass_clocks(bus, inputs, clocks, first)
    drive(r, pins, bus)
    synchronise_req_after(r, high)
    return bus
