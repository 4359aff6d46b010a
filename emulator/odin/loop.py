"""ODIN between a sender of events and a receiver of spikes: its pins, and when a run ends, at either level."""

from __future__ import annotations

import numpy as np

from emulator.handshake import Environment, Receiver, Sender
from emulator.kernel.bits import field, placed
from emulator.kernel.jit import kernel
from emulator.odin.chip import Model
from emulator.odin.clock import IN
from emulator.odin.controller import WAIT, aerin_ack
from emulator.odin.layout import N_PRIO
from emulator.runs import Buses
from emulator.runs import at_rest as buses_at_rest

DRIVEN = placed(IN.AERIN_ADDR.mask, IN.AERIN_ADDR) | placed(1, IN.AERIN_REQ) | placed(1, IN.AEROUT_ACK)


def buses_before(model: Model, environment: Environment) -> Buses:
    """Both buses at rest, with the address that the model sees."""
    return buses_at_rest(int(field(int(model.registers[0].inputs), IN.AERIN_ADDR)), environment)


@kernel
def at_rest(r: np.record) -> bool:
    """Nothing queued, nothing under way; the pins must be at rest too."""
    for prio in range(N_PRIO):
        if r.burst_empty[prio] == 0:
            return False
    idle = r.state == WAIT and r.main_empty == 1 and r.aerout_ctrl_busy == 0
    return idle and r.aerin_req_sync == 0 and r.aerin_req_sync_int == 0


@kernel
def is_done(r: np.record, sender: Sender, receiver: Receiver, events: np.ndarray, finish: bool) -> bool:
    """Whether a run ends here; finish : only when all is at rest."""
    if sender.n_sent < len(events):
        return False
    pins_at_rest = aerin_ack(r) == 0 and r.aerout_req == 0 and receiver.ack == 0
    return not finish or (pins_at_rest and at_rest(r))


@kernel
def pins(undriven: int, sender: Sender, receiver: Receiver) -> int:
    """The packed input pins."""
    return (
        undriven
        | placed(sender.addr, IN.AERIN_ADDR)
        | placed(sender.req, IN.AERIN_REQ)
        | placed(receiver.ack, IN.AEROUT_ACK)
    )
