"""ReckOn and its host, clock by clock, in compiled code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import loop
from draupnir.emulator.reckon.events.loop import Received
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.speeds import runs


@dataclass(frozen=True)
class HostedRun(Received):
    """The outcome of a run.

    rows : (n_cycles,) int64, the packed input pins in each clock; empty without ``record_rows``
    """

    rows: np.ndarray


def run(
    model: Model, ops: ArrayLike, host: Host, max_cycles: int | None = None, record_rows: bool = False
) -> HostedRun:
    """Carry out the operations of a host (see ``host.Op``).

    Both buses must be at rest. SCK, MOSI and RST keep their levels. If ``model.stretch`` is False, every clock runs by
    itself. The run ends before the first edge after the last operation; the pins then have the levels that this
    operation gives them.

    ops : (n, 2) integers, ``Op`` and operand
    host : the host's delays
    max_cycles : clocks, at most; None: a number that is enough for any normal run (``host.clock_limit``)
    record_rows : True to return the input pins of each clock

    Raises InputError for an operation that does not exist, NotAtRest if ``max_cycles`` is None and its number is not
    enough, and Stopped if the work has to stop.
    """
    ran = loop.run(model, ops, host, max_cycles, record_rows=record_rows)
    return runs.check_at_rest(HostedRun(**vars(ran.received), rows=ran.rows), max_cycles)
