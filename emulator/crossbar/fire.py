"""The effect of an event's spikes on the scheduler and the output bus, at event level.

A spike on the output bus stops the controller's counters for as long as the receiver takes; with constant delays that
is one number, ``stall``.

Source: controller.v, scheduler.v and aer_out.v of both chips.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from draupnir.emulator.crossbar.controller import SchedPort
from draupnir.emulator.crossbar.events import Workspace
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.speeds.loop import show


def firer(scheduler: ModuleType, cells: ModuleType) -> Callable[..., int]:
    """Make the kernel for the visit of ``n`` neurons from ``first`` on; it returns the visit's clocks.

    cells : the chip's module with ``spike_of(cells, neuron)``, which is a neuron's spike as the scheduler takes it

    Of the kernel: ws : its ``fired`` has the neurons that spike, ``n_spikes`` of them
    last : the event's last neuron; its spike is left on the bus, with REQ
    pops : the event leaves the scheduler as its last neuron is written
    """

    @outlined
    def fire_spikes(
        r: np.record,
        ws: Workspace,
        counts: np.record,
        n_spikes: int,
        first: int,
        n: int,
        last: int,
        stall: int,
        pops: bool,
    ) -> int:
        stalls, elapsed = 0, 0
        for k in range(n_spikes):
            neur = ws.fired[k]
            spike_clock = 2 * (neur - first) + 1 + stalls
            scheduler.run_on(r, spike_clock - elapsed)
            port = SchedPort(0, 0, 0, int(pops and neur == last))
            scheduler.clock(r, scheduler.outputs(r), port, cells.spike_of(ws.cells, neur), neur)
            elapsed = spike_clock + 1
            counts.fifo_high_water = max(counts.fifo_high_water, n_main(r))
            r.aerout_addr = neur
            if neur == last:
                r.aerout_req = 1
                r.aerout_ctrl_busy = 1
            else:
                show(ws.bus_spikes, r.cycle + elapsed, neur)
                stalls += stall
        counts.stalls += stalls
        clocks = 2 * n + stalls
        if pops and first + n > last and elapsed < clocks:
            scheduler.run_on(r, clocks - 1 - elapsed)
            scheduler.clock(r, scheduler.outputs(r), SchedPort(0, 0, 0, 1), 0, last)
        else:
            scheduler.run_on(r, clocks - elapsed)
        return clocks

    @kernel
    def fire(
        r: np.record,
        ws: Workspace,
        counts: np.record,
        n_spikes: int,
        first: int,
        n: int,
        last: int,
        stall: int,
        pops: bool,
    ) -> int:
        if n_spikes > 0:
            return fire_spikes(r, ws, counts, n_spikes, first, n, last, stall, pops)
        if pops and first + n > last:
            scheduler.run_on(r, 2 * n - 1)
            scheduler.clock(r, scheduler.outputs(r), SchedPort(0, 0, 0, 1), 0, last)
        else:
            scheduler.run_on(r, 2 * n)
        return 2 * n

    return fire
