"""Gungnir between a sender of events and a receiver of spikes, for commands that run events.

It is not an event level yet: it runs in stretches and clock by clock, with the same results. ``closed_loop`` also
returns the pins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.gungnir import closed_loop
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import Buses, EventRun


@dataclass(frozen=True)
class RunCounts:
    """Counts of a run: events that were sent, and spikes that found a FIFO full."""

    events: int
    dropped_spikes: int


def run(
    model: Any,
    events: np.ndarray,
    environment: Environment,
    max_cycles: int | None = None,
    not_before: np.ndarray | None = None,
    buses: Buses | None = None,
    finish: bool = True,
) -> EventRun:
    """Send events and receive spikes; see ``ClosedLoop.run`` for the arguments and for what it raises."""
    n_dropped = int(model.registers[0].n_dropped)
    ran = closed_loop.run(model, events, environment, max_cycles, not_before=not_before, buses=buses, finish=finish)
    counts = RunCounts(ran.n_sent, int(model.registers[0].n_dropped) - n_dropped)
    return EventRun(
        ran.cycles, ran.addrs, ran.first_cycle, ran.n_cycles, ran.done, ran.n_sent, ran.buses, statistics=counts
    )
