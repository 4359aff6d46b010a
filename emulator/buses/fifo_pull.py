"""A FIFO whose reader pulls: an item leaves at each clock edge at which pull is high and empty is low.

The item is on the data pins at that very edge (``latency`` 0, as where the first word falls through), or from that edge
on until the next pull (``latency`` 1, as from a memory with a registered output).
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
    """The times at which items come into a FIFO outside of the chip: ``gap`` clocks of emptiness before each."""

    gap: Clocks = Clocks(0, 2, 0.2, 3, 10)


@dataclass(frozen=True)
class ReaderTiming:
    """The times at which a reader outside of the chip pulls.

    pause : clocks before each pull
    Abuse: blind : probability a pull that it does not wait until there is something
    """

    pause: Clocks = Clocks(0, 2, 0.2, 3, 10)
    blind: float = 0.0


def send(bus: WiredBus, items: Iterator[int | None], t: FifoTiming, rng: np.random.Generator) -> Script:
    """The FIFO; items : what is read from it."""
    latency, shown = bus.parameter("latency"), 0
    for item in items:
        if item is None:
            yield Step({"empty": 1, "data": shown}, clocks=1)
            continue
        yield Step({"empty": 1, "data": shown}, clocks=t.gap.draw(rng))
        owed = f"item {item:#x} is in the FIFO, pull has not become 1"
        yield Step({"empty": 0, "data": shown if latency else item}, ("pull", 1), owed=owed)
        shown = item
    yield Step({"empty": 1, "data": shown}, clocks=1)


def receive(bus: WiredBus, t: ReaderTiming, rng: np.random.Generator) -> Script:
    """The reader."""
    while True:
        yield Step({"pull": 0}, clocks=t.pause.draw(rng))
        if not (t.blind and rng.random() < t.blind):
            yield Step({"pull": 0}, ("empty", 0))
        yield Step({"pull": 1}, clocks=1)


def watch(bus: WiredBus) -> Watch:
    """An item passes at the edge of a pull, or at the next edge, which finds it on the pins."""
    latency, pulled, item = bus.parameter("latency"), 0, None
    while True:
        levels = yield item
        taken = levels["pull"] and not levels["empty"]
        item = levels["data"] if (pulled if latency else taken) else None
        pulled = taken


FIFO_PULL = BusKind(
    "FIFO pull",
    "Items, each of which its reader pulls out of a FIFO at a clock edge.",
    ("FIFO", "reader"),
    (
        Role("data", "FIFO", "The item.", width=None),
        Role("empty", "FIFO", "There is nothing to pull.", rest=1),
        Role("pull", "reader", "The item is taken."),
    ),
    payload="data",
    parameters=(BusParameter("latency", 0, 1, 0, "Clock edges from the pull to the item."),),
    sender=SendingSide(FifoTiming, send),
    receiver=ReceivingSide(ReaderTiming, receive),
    watch=watch,
)
