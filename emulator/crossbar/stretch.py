"""Stretches of clocks in which only one thing moves, run without looking at the rest of the chip.

Clock by clock the model computes everything; most of the time all but a little of it stands still. Here that is
recognised, and the little is run on: an idle chip, or the neurons that an event visits, two clocks each, up to the next
spike. It is the same state, by the same leaf functions, only quicker.

A chip's ``visit.py`` says how an event visits neurons:

* ``can_visit(record)``: True if an event is about to read the next of the neurons that it visits
* ``last_neuron(record)``: the last neuron that it visits; its clocks also end the event
* ``visit(record, neurons, synapses, first, last)``: visits neurons from ``first`` on, and returns the one at which it
  stops: the first that spikes, or ``last``
* ``is_undisturbed(record)``: True if the output bus is at rest, and nothing comes from RST or the SPI
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from draupnir.emulator.crossbar.controller import is_quiet, synchronise_req_for
from draupnir.emulator.crossbar.layout import WAIT
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined


def can_stretch_of(clock: ModuleType, visit: ModuleType) -> Callable[[np.record], bool]:
    """Make a chip's ``can_stretch``; both are the chip's modules."""
    scheduler = clock.scheduler

    @kernel
    def can_stretch(r: np.record) -> bool:
        """Tell whether a stretch begins here; the inputs are those of the coming clock."""
        if r.aerout_ctrl_busy:
            return False
        if r.state == WAIT:
            begins = is_quiet(r, field(r.inputs, clock.IN.AERIN_REQ)) and scheduler.outputs(r).empty == 1
        else:
            begins = visit.can_visit(r)
        return begins and field(r.inputs, clock.IN.AEROUT_ACK) == 0 and visit.is_undisturbed(r)

    return can_stretch


def stretcher(clock: ModuleType, visit: ModuleType) -> Callable[..., int]:
    """Make a chip's ``stretch``; both are the chip's modules."""
    scheduler = clock.scheduler

    @outlined
    def stretch(r: np.record, neurons: np.ndarray, synapses: np.ndarray, clocks: int) -> int:
        """Run on for at most ``clocks`` clocks with the inputs as they are; returns how many, perhaps none.

        Call it only where ``can_stretch``. The output pins stay as they are.
        """
        elapsed = scheduler.unchanged_for(r, clocks)
        if r.state != WAIT:
            first = r.neur_cnt
            n = visit.visit(r, neurons, synapses, first, min(visit.last_neuron(r), first + elapsed // 2))
            r.neur_cnt = n
            r.ctrl_cnt = 2 * n
            elapsed = 2 * (n - first)
        scheduler.run_on(r, elapsed)
        synchronise_req_for(r, field(r.inputs, clock.IN.AERIN_REQ), elapsed)
        r.cycle += elapsed
        return elapsed

    return stretch
