"""ReckOn and its host, clock by clock, at compiled speed."""

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

    rows : (n_cycles,) int64, the packed input pins in each clock, if they were asked for, else empty
    """

    rows: np.ndarray


def run(
    model: Model, ops: ArrayLike, host: Host, max_cycles: int | None = None, record_rows: bool = False
) -> HostedRun:
    """Carry out the operations (see ``host.Op``), for at most ``max_cycles`` clocks.

    ops : (n, 2) integers, ``Op`` and operand
    max_cycles : None: as many as should do (``host.clock_limit``); NotAtRest is raised if they do not
    With ``model.stretch`` False every clock is run by itself.
    Both buses must be at rest; SCK, MOSI and RST stay as they are. The run ends before the first edge at which nothing
    is left to do; what the last operation did to the pins is done.
    Raises InputError for an operation that does not exist.
    """
    ran = loop.run(model, ops, host, max_cycles, record_rows=record_rows)
    return runs.check_at_rest(HostedRun(**vars(ran.received), rows=ran.rows), max_cycles)
