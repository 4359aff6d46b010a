"""ReckOn at event level: the same results, cycle numbers, memories and registers, without the clocks between.

Where the chip works, its phases are taken at once, as the clock level also does where it can (``stretch``). Where it
waits, a spike that the host sends is taken whole: the handshake has no clocks of its own. Every corner that nobody
would look for is run clock by clock on the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import loop
from draupnir.emulator.reckon.events.loop import Received
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.speeds import runs


@dataclass(frozen=True)
class EngineRun(Received):
    """The outcome of a run.

    n_swept : of the clocks, those that were taken at once: in stretches, and whole handshakes
    """

    n_swept: int


def run(model: Model, ops: ArrayLike, host: Host, max_cycles: int | None = None) -> EngineRun:
    """Carry out the operations (see ``host.Op``), for at most ``max_cycles`` clocks; as ``closed_loop.run``.

    With ``model.stretch`` False every clock is run by itself.

    ops : (n, 2) integers, ``Op`` and operand
    Raises InputError for an operation that does not exist, and NotAtRest as ``closed_loop.run`` does.
    """
    ran = loop.run(model, ops, host, max_cycles, whole_handshakes=True)
    return runs.check_at_rest(EngineRun(**vars(ran.received), n_swept=ran.n_swept), max_cycles)
