"""One event of Gungnir at once: those of ODIN, and beside them a feedback event and a learn event.

Source: README.md, as in controller.py.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar.events import Machine
from draupnir.emulator.gungnir.controller import FEEDBACK, LEARN
from draupnir.emulator.gungnir.events import learning, workspace
from draupnir.emulator.gungnir.layout import LEARN_ROW_CLOCKS, N
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import scheduler
from draupnir.emulator.odin.controller import WAIT_REQDN
from draupnir.emulator.odin.events import event as odin
from draupnir.emulator.parts.handshake import Delays, Receiver

_take_as_odin = odin.taker(workspace)


@kernel
def is_free(r: np.record, receiver: Receiver, delays: Delays) -> bool:
    """Nothing is under way but what the controller does and the turn's moving on."""
    return r.learn_cnt == 0 and odin.is_free(r, receiver, delays)


@kernel
def _is_learning(r: np.record) -> bool:
    """Tell whether this clock is one of a feedback or learn event."""
    return r.state == FEEDBACK or r.state == LEARN


@kernel
def can_take(r: np.record) -> bool:
    """Tell whether the event that begins with this clock can be taken at once if the chip ``is_free``."""
    if not _is_learning(r):
        return odin.can_take(r)
    return r.spi_eprop_en == 1 and r.ctrl_cnt == 0 and r.neur_cnt == 0


@kernel
def clocks_at_most(r: np.record, stall: int) -> int:
    """The clocks, at most, of the event that begins with this clock."""
    return N * LEARN_ROW_CLOCKS if r.state == LEARN else odin.clocks_at_most(r, stall)


@kernel
def take(m: Machine, receiver: Receiver, delays: Delays) -> tuple[Receiver, int, int]:
    """The event that begins with this clock, where ``can_take``; see ``crossbar/steps.py``."""
    r = m.r
    if not _is_learning(r):
        return _take_as_odin(m, receiver, delays)
    neurons, synapses, fractions = m.memories
    if r.state == FEEDBACK:
        clocks = learning.feedback(r, m.ws, neurons, synapses)
    else:
        clocks = learning.learn(r, m.ws, neurons, synapses, fractions, m.counts)
    scheduler.run_on(r, clocks)
    r.cycle += clocks
    r.state, r.ctrl_cnt, r.neur_cnt = WAIT_REQDN, clocks, 0
    return receiver, 0, 0
