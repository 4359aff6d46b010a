"""The effect of an event's spikes on the scheduler and the output bus, at event level.

A spike on the output bus stops the controller's counters for as long as the receiver takes; with constant delays that
is one number, ``stall``.

Source: controller.v, scheduler.v and aer_out.v of both chips.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import numpy as np

from draupnir.emulator.crossbar.controller import SchedPort
from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.speeds.loop import show


class NeuronVisit(NamedTuple):
    """The visit of some neurons, one after the other.

    first, n : the first neuron, and how many there are
    last : the event's last neuron; its spike is left on the bus, with REQ
    stall : clocks for which one spike stops the controller's counters
    pops : the event leaves the scheduler as its last neuron is written
    """

    first: int
    n: int
    last: int
    stall: int
    pops: bool


def firer(scheduler: ModuleType, cells: ModuleType) -> Callable[..., int]:
    """Make the kernel for the spikes of a visit; it returns the visit's clocks.

    cells : the chip's module with ``spike_of(cells, neuron)``, which is a neuron's spike as the scheduler takes it

    Of the kernel: ws : its ``fired`` has the neurons that spike, ``n_spikes`` of them
    """

    @kernel
    def finish(r: np.record, clocks: int, elapsed: int, v: NeuronVisit) -> None:
        """Let the rest of a visit's clocks pass in the scheduler; ``elapsed`` of them have."""
        if v.pops and v.first + v.n > v.last and elapsed < clocks:
            scheduler.run_on(r, clocks - 1 - elapsed)
            scheduler.clock(r, scheduler.outputs(r), SchedPort(0, 0, 0, 1), 0, v.last)
        else:
            scheduler.run_on(r, clocks - elapsed)

    @outlined
    def fire_spikes(r: np.record, ws: Workspace, counts: np.record, n_spikes: int, v: NeuronVisit) -> int:
        stalls, elapsed = 0, 0
        for k in range(n_spikes):
            neur = ws.fired[k]
            spike_clock = 2 * (neur - v.first) + 1 + stalls
            scheduler.run_on(r, spike_clock - elapsed)
            port = SchedPort(0, 0, 0, int(v.pops and neur == v.last))
            scheduler.clock(r, scheduler.outputs(r), port, cells.spike_of(ws.cells, neur), neur)
            elapsed = spike_clock + 1
            counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
            r.aerout_addr = neur
            if neur == v.last:
                r.aerout_req = 1
                r.aerout_ctrl_busy = 1
            else:
                show(ws.bus_spikes, r.cycle + elapsed, neur)
                stalls += v.stall
        counts.stalls += stalls
        clocks = 2 * v.n + stalls
        finish(r, clocks, elapsed, v)
        return clocks

    @kernel
    def fire(r: np.record, ws: Workspace, counts: np.record, n_spikes: int, v: NeuronVisit) -> int:
        if n_spikes > 0:
            return fire_spikes(r, ws, counts, n_spikes, v)
        finish(r, 2 * v.n, 0, v)
        return 2 * v.n

    return fire
