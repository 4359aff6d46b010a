"""Streams with valid and ready: an item passes at each clock edge at which both are high.

Once valid is high it stays, and the payload with it, until the item has passed; ready may wait for valid, but valid
never waits for ready. Source: AMBA 4 AXI4-Stream Protocol Specification, ARM IHI 0051A, 2.2.
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
    """The times at which the sender moves.

    gap : clocks without an item before each; scramble : the payload is random while valid is low, instead of the last
    Abuse, each with its probability an item:
    withdraw : valid falls, and the item is lost, after ``withdraw_after`` clocks without ready
    change : the payload becomes the next item's after ``change_after`` clocks without ready
    """

    gap: Clocks = Clocks(0, 2, 0.2, 3, 10)
    scramble: bool = True
    withdraw: float = 0.0
    withdraw_after: Clocks = Clocks(0, 3)
    change: float = 0.0
    change_after: Clocks = Clocks(0, 3)


@dataclass(frozen=True)
class StreamReceiverTiming:
    """The times at which the receiver moves.

    pause : clocks of backpressure, ready low, before each item
    patient : probability an item that ready then waits until valid is high
    Abuse, with its probability an item:
    withdraw : ready falls again, for ``pause``, after ``withdraw_after`` clocks without an item
    """

    pause: Clocks = Clocks(0, 2, 0.2, 3, 10)
    patient: float = 0.3
    withdraw: float = 0.0
    withdraw_after: Clocks = Clocks(0, 3)


def send(bus: WiredBus, items: Iterator[int | None], t: StreamSenderTiming, rng: np.random.Generator) -> Script:
    """The sender; items : payloads."""
    idle = 0
    for item in items:
        if item is None:
            yield Step({"valid": 0, "payload": idle}, clocks=1)
            continue
        yield Step({"valid": 0, "payload": idle}, clocks=t.gap.draw(rng))
        withdrawn = t.withdraw_after.draw(rng) + 1 if t.withdraw and rng.random() < t.withdraw else None
        changed = t.change_after.draw(rng) + 1 if t.change and rng.random() < t.change else None
        owed, idle = f"item {item:#x} offered, ready has not become 1", item
        if withdrawn is not None:
            yield Step({"valid": 1, "payload": item}, ("ready", 1), withdrawn, owed)
        elif changed is None:
            yield Step({"valid": 1, "payload": item}, ("ready", 1), owed=owed)
        elif not (yield Step({"valid": 1, "payload": item}, ("ready", 1), changed, owed)):
            other = next(items, None)
            idle = item if other is None else other
            yield Step({"valid": 1, "payload": idle}, ("ready", 1), owed=owed)
        if t.scramble:
            idle = any_level(rng, bus.payload_width)
    yield Step({"valid": 0, "payload": idle}, clocks=1)


def receive(bus: WiredBus, t: StreamReceiverTiming, rng: np.random.Generator) -> Script:
    """The receiver."""
    while True:
        yield Step({"ready": 0}, clocks=t.pause.draw(rng))
        if t.patient and rng.random() < t.patient:
            yield Step({"ready": 0}, ("valid", 1))
        withdrawn = t.withdraw_after.draw(rng) + 1 if t.withdraw and rng.random() < t.withdraw else None
        yield Step({"ready": 1}, ("valid", 1), withdrawn)


def watch(bus: WiredBus) -> Watch:
    """An item passes at each edge at which valid and ready are high."""
    item = None
    while True:
        levels = yield item
        item = levels["payload"] if levels["valid"] and levels["ready"] else None


STREAM = BusKind(
    "stream",
    "Items, each of which passes at a clock edge at which valid and ready are high.",
    ("sender", "receiver"),
    (
        Role("valid", "sender", "An item is there."),
        Role("ready", "receiver", "An item can be taken."),
        Role("payload", "sender", "The item, valid while ``valid`` is high.", width=None),
    ),
    payload="payload",
    sender=SendingSide(StreamSenderTiming, send),
    receiver=ReceivingSide(StreamReceiverTiming, receive),
    watch=watch,
)
