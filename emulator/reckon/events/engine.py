"""ReckOn at event level: the same results, cycle numbers, memories and registers as clock by clock.

While the chip works, whole phases run at once; the clock level does this, too (``stretch``). While the chip waits, the
whole handshake of a spike runs at once. All other situations run clock by clock on the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from draupnir.emulator.reckon import clock
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import chips, loop
from draupnir.emulator.reckon.events.loop import Received
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.speeds import runs
from draupnir.emulator.speeds.many_level import ManyLevel


@dataclass(frozen=True)
class EngineRun(Received):
    """The outcome of a run.

    n_swept : the number of clocks that ran at once, in stretches and in whole handshakes
    """

    n_swept: int


def run(model: Model, ops: ArrayLike, host: Host, max_cycles: int | None = None) -> EngineRun:
    """Carry out the operations of a host (see ``host.Op``).

    Parameters and errors are as in ``closed_loop.run``. If ``model.stretch`` is False, every clock runs by itself.
    """
    ran = loop.run(model, ops, host, max_cycles, whole_handshakes=True)
    return runs.check_at_rest(EngineRun(**vars(ran.received), n_swept=ran.n_swept), max_cycles)


many = ManyLevel(clock, __name__, chips.prepare, chips.run_one, chips.words, chips.COUNTS, chips.statistics)
