"""A FIFO whose reader pulls: an item leaves at each clock edge at which pull is high and empty is low.

With ``latency`` 0 the item is on the data pins at this edge (first word fall through). With ``latency`` 1 it is there
from this edge until the next pull, as with a memory that has a register at its output.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import (
    BusKind,
    BusParameter,
    ReceivingSide,
    Role,
    Script,
    SendingSide,
    Step,
    Watch,
    WiredBus,
)

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class FifoTiming:
    """The times at which items come into a FIFO outside of the chip.

    gap : clocks before each item in which the FIFO is empty
    """

    gap: Clocks = Clocks(0, 2, 0.2, 3, 10)


@dataclass(frozen=True)
class ReaderTiming:
    """The times at which a reader outside of the chip pulls.

    pause : clocks before each pull
    blind : the probability, 0..1, that a pull breaks the protocol and does not wait for an item
    """

    pause: Clocks = Clocks(0, 2, 0.2, 3, 10)
    blind: float = 0.0


def send(bus: WiredBus, items: Iterator[int | None], t: FifoTiming, rng: np.random.Generator) -> Script:
    """The script of the FIFO.

    items : words to read, 0..2**width - 1; None for a clock without a word
    """
    latency, data = bus.parameter("latency"), 0
    for item in items:
        if item is None:
            yield Step({"empty": 1, "data": data}, clocks=1)
            continue
        yield Step({"empty": 1, "data": data}, clocks=t.gap.draw(rng))
        debt = f"item {item:#x} is in the FIFO, pull has not become 1"
        yield Step({"empty": 0, "data": data if latency else item}, ("pull", 1), debt=debt)
        data = item
    yield Step({"empty": 1, "data": data}, clocks=1)


def receive(bus: WiredBus, t: ReaderTiming, rng: np.random.Generator) -> Script:
    """The script of the reader, which never ends."""
    while True:
        yield Step({"pull": 0}, clocks=t.pause.draw(rng))
        if not (t.blind and rng.random() < t.blind):
            yield Step({"pull": 0}, ("empty", 0))
        yield Step({"pull": 1}, clocks=1)


def watch(bus: WiredBus) -> Watch:
    """The monitor: an item passes at the edge of a pull, or with ``latency`` 1 at the next edge."""
    latency, pulled, item = bus.parameter("latency"), 0, None
    while True:
        levels = yield item
        pull = levels["pull"] and not levels["empty"]
        item = levels["data"] if (pulled if latency else pull) else None
        pulled = pull


FIFO_PULL = BusKind(
    "FIFO pull",
    "Items, each of which its reader pulls out of a FIFO at a clock edge.",
    ("FIFO", "reader"),
    (
        Role("data", "FIFO", "The item.", width=None),
        Role("empty", "FIFO", "There is nothing to pull.", rest=1),
        Role("pull", "reader", "The reader takes the item."),
    ),
    payload="data",
    parameters=(BusParameter("latency", 0, 1, 0, "Clock edges from the pull to the item."),),
    sender=SendingSide(FifoTiming, send),
    receiver=ReceivingSide(ReaderTiming, receive),
    watch=watch,
)
