"""ODIN between a sender of events and a receiver of spikes: what a run has at either speed.

Its pins, the state of both sides where one run ends and the next begins, what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emulator.errors import InputError
from emulator.handshake import Environment, Receiver, Sender
from emulator.kernel.bits import field, placed
from emulator.kernel.jit import entry, kernel
from emulator.odin.chip import Model
from emulator.odin.clock import IN
from emulator.odin.controller import WAIT, aerin_ack
from emulator.odin.layout import N_PRIO

DRIVEN = placed(IN.AERIN_ADDR.mask, IN.AERIN_ADDR) | placed(1, IN.AERIN_REQ) | placed(1, IN.AEROUT_ACK)
FIRST = 1024  # first length of an array whose length only the run will tell; doubled when full


class Buses(NamedTuple):
    """Both buses between two clocks: the sender, the receiver, and AEROUT_REQ as it was seen last."""

    sender: Sender
    receiver: Receiver
    req: int


@dataclass(frozen=True)
class Run:
    """What came of a run.

    cycles, addrs : (n,) int64, the first clock before whose edge AEROUT_REQ is seen high, and AEROUT_ADDR there; cycles
    count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all events were sent, and the chip came to rest if that was asked for; False: ``max_cycles`` came first
    n_sent : events whose REQ has been dropped
    buses : for a next run, which is to be given the events from ``n_sent`` on
    """

    cycles: np.ndarray
    addrs: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    n_sent: int
    buses: Buses


def limits(events: np.ndarray, not_before: np.ndarray | None) -> np.ndarray:
    """``not_before`` as kernels take it: empty for None. Raises InputError if there is not one for each event."""
    if not_before is None:
        return np.zeros(0, np.int64)
    if len(not_before) != len(events):
        raise InputError(f"not_before: {len(not_before)} cycles for {len(events)} events; right is one for each")
    return np.ascontiguousarray(not_before, dtype=np.int64)


def at_rest_before(model: Model, environment: Environment) -> Buses:
    """Both buses at rest, as after a run that was done; the sender's gap begins with the first clock."""
    addr = int(field(int(model.registers[0].inputs), IN.AERIN_ADDR))
    return Buses(Sender(0, addr, 0, environment.gap), Receiver(0, environment.ack_delay), 0)


def after(left: Buses) -> tuple[int, Buses]:
    """Events sent, and the buses as the next run takes them, which counts its own events."""
    (req, addr, n_sent, wait), receiver, req_before = left
    return int(n_sent), Buses(Sender(int(req), int(addr), 0, int(wait)), Receiver(*map(int, receiver)), int(req_before))


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
    buses_at_rest = aerin_ack(r) == 0 and r.aerout_req == 0 and receiver.ack == 0
    return not finish or (buses_at_rest and at_rest(r))


@entry
def new_column() -> np.ndarray:
    """An array that ``put`` fills."""
    return np.empty(FIRST, np.int64)


@entry
def put(array: np.ndarray, index: int, element: int) -> np.ndarray:
    """The array with the element at its end, or a longer copy of it if it was full."""
    if index == len(array):
        longer = np.empty(2 * index, dtype=np.int64)
        longer[:index] = array
        array = longer
    array[index] = element
    return array


@kernel
def pins(undriven: int, sender: Sender, receiver: Receiver) -> int:
    """The packed input pins."""
    return (
        undriven
        | placed(sender.addr, IN.AERIN_ADDR)
        | placed(sender.req, IN.AERIN_REQ)
        | placed(receiver.ack, IN.AEROUT_ACK)
    )
