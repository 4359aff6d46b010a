"""Streams with valid and ready: an item passes at each clock edge at which both are high.

Once valid is high, valid and the payload stay until the item has passed. Ready may wait for valid, but valid never
waits for ready. Source: AMBA 4 AXI4-Stream Protocol Specification, ARM IHI 0051A, 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from draupnir.emulator.buses.clocks import Clocks, any_level
from draupnir.emulator.declare import BusKind, ReceivingSide, Role, Script, SendingSide, Step, Watch, WiredBus

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class StreamSenderTiming:
    """The times at which the sender moves, in clocks.

    gap : the time without an item before each item
    scramble : True if the payload is random while valid is low, False if the last item stays

    Two options break the protocol. Each is the probability, 0..1, that it happens to an item:
    withdraw : valid falls after ``withdraw_after`` clocks without ready, and the item is lost
    change : the payload becomes the next item after ``change_after`` clocks without ready
    """

    gap: Clocks = Clocks(0, 2, 0.2, 3, 10)
    scramble: bool = True
    withdraw: float = 0.0
    withdraw_after: Clocks = Clocks(0, 3)
    change: float = 0.0
    change_after: Clocks = Clocks(0, 3)


@dataclass(frozen=True)
class StreamReceiverTiming:
    """The times at which the receiver moves, in clocks.

    pause : the time before each item in which ready is low (backpressure)
    patient : the probability, 0..1, that ready then waits until valid is high

    One option breaks the protocol:
    withdraw : the probability, 0..1, that ready falls again after ``withdraw_after`` clocks without an item, for
        ``pause`` clocks
    """

    pause: Clocks = Clocks(0, 2, 0.2, 3, 10)
    patient: float = 0.3
    withdraw: float = 0.0
    withdraw_after: Clocks = Clocks(0, 3)


def send(bus: WiredBus, items: Iterator[int | None], t: StreamSenderTiming, rng: np.random.Generator) -> Script:
    """The script of a sender.

    items : payloads, 0..2**width - 1; None for a clock without an item
    """
    idle = 0
    for item in items:
        if item is None:
            yield Step({"valid": 0, "payload": idle}, clocks=1)
            continue
        yield Step({"valid": 0, "payload": idle}, clocks=t.gap.draw(rng))
        withdraw_at = t.withdraw_after.draw(rng) + 1 if t.withdraw and rng.random() < t.withdraw else None
        change_at = t.change_after.draw(rng) + 1 if t.change and rng.random() < t.change else None
        debt, idle = f"item {item:#x} offered, ready has not become 1", item
        if withdraw_at is not None:
            yield Step({"valid": 1, "payload": item}, ("ready", 1), withdraw_at, debt)
        elif change_at is None:
            yield Step({"valid": 1, "payload": item}, ("ready", 1), debt=debt)
        elif not (yield Step({"valid": 1, "payload": item}, ("ready", 1), change_at, debt)):
            next_item = next(items, None)
            idle = item if next_item is None else next_item
            yield Step({"valid": 1, "payload": idle}, ("ready", 1), debt=debt)
        if t.scramble:
            idle = any_level(rng, bus.payload_width)
    yield Step({"valid": 0, "payload": idle}, clocks=1)


def receive(bus: WiredBus, t: StreamReceiverTiming, rng: np.random.Generator) -> Script:
    """The script of a receiver, which never ends."""
    while True:
        yield Step({"ready": 0}, clocks=t.pause.draw(rng))
        if t.patient and rng.random() < t.patient:
            yield Step({"ready": 0}, ("valid", 1))
        withdraw_at = t.withdraw_after.draw(rng) + 1 if t.withdraw and rng.random() < t.withdraw else None
        yield Step({"ready": 1}, ("valid", 1), withdraw_at)


def watch(bus: WiredBus) -> Watch:
    """The monitor: an item passes at each edge at which valid and ready are high."""
    item = None
    while True:
        levels = yield item
        item = levels["payload"] if levels["valid"] and levels["ready"] else None


STREAM = BusKind(
    "stream",
    "Items, each of which passes at a clock edge at which valid and ready are high.",
    ("sender", "receiver"),
    (
        Role("valid", "sender", "There is an item."),
        Role("ready", "receiver", "The receiver can take an item."),
        Role("payload", "sender", "The item, valid while ``valid`` is high.", width=None),
    ),
    payload="payload",
    sender=SendingSide(StreamSenderTiming, send),
    receiver=ReceivingSide(StreamReceiverTiming, receive),
    watch=watch,
)
