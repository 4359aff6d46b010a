"""Address-event buses with a four-phase handshake: REQ rises, ACK rises, REQ falls, ACK falls.

The address is valid while REQ is high.

Source: K. A. Boahen, Point-to-point connectivity between neuromorphic chips using address events, IEEE TCAS-II 47(5),
2000.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from draupnir.emulator.buses.clocks import Clocks, any_level
from draupnir.emulator.declare import BusKind, ReceivingSide, Role, Script, SendingSide, Step, Watch, WiredBus

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class SenderTiming:
    """The times at which the sender moves.

    gap : from ACK low to the next event; setup : address before REQ; req_hold : REQ after ACK
    scramble : the address is random while REQ is low, instead of the last event's
    Abuse, each with its probability an event:
    early : REQ is dropped after ``early_after`` clocks if there was no ACK by then
    change : the address becomes another event's ``change_after`` clocks after REQ
    impatient : REQ stays low for ``impatient_low`` clocks only, whatever ACK does
    """

    gap: Clocks = Clocks(0, 4)
    setup: Clocks = Clocks(0, 2)
    req_hold: Clocks = Clocks(0, 2)
    scramble: bool = True
    early: float = 0.0
    early_after: Clocks = Clocks(0, 6)
    change: float = 0.0
    change_after: Clocks = Clocks(1, 12)
    impatient: float = 0.0
    impatient_low: Clocks = Clocks(1, 1)


@dataclass(frozen=True)
class ReceiverTiming:
    """The times at which the receiver moves.

    latency : from REQ to ACK; hold : ACK after REQ is low
    Abuse:
    pulse : probability an event that ACK lasts ``pulse_clocks`` only, whatever REQ does
    glitch : clocks from one ACK without any REQ to the next, None for never; each lasts ``glitch_clocks``
    """

    latency: Clocks = Clocks(0, 3)
    hold: Clocks = Clocks(0, 2)
    pulse: float = 0.0
    pulse_clocks: Clocks = Clocks(1, 3)
    glitch: Clocks | None = None
    glitch_clocks: Clocks = Clocks(1, 3)


def send(bus: WiredBus, events: Iterator[int | None], t: SenderTiming, rng: np.random.Generator) -> Script:
    """The sender; events : addresses."""
    idle = 0
    for event in events:
        if event is None:
            yield Step({"addr": idle, "req": 0}, clocks=1)
            continue
        yield Step({"addr": event, "req": 0}, clocks=t.setup.draw(rng))
        idle = yield from _request(event, events, t, rng)
        if t.scramble:
            idle = any_level(rng, bus.payload_width)
        low = {"addr": idle, "req": 0}
        if t.impatient and rng.random() < t.impatient:
            yield Step(low, clocks=t.impatient_low.draw(rng))
            continue
        yield Step(low, ("ack", 0), owed=f"event {event:#x} sent, ACK has not become 0")
        yield Step(low, clocks=t.gap.draw(rng))


def _request(
    event: int, events: Iterator[int | None], t: SenderTiming, rng: np.random.Generator
) -> Generator[Step, bool, int]:
    """REQ from its rise to its fall; returns the address that was shown last."""
    drop_at = t.early_after.draw(rng) + 1 if t.early and rng.random() < t.early else None
    change_at = t.change_after.draw(rng) + 1 if t.change and rng.random() < t.change else None
    owed = f"event {event:#x} sent, ACK has not become 1"
    shown = event
    if change_at is not None and (drop_at is None or change_at < drop_at):
        if (yield Step({"addr": shown, "req": 1}, ("ack", 1), change_at, owed)):
            yield Step({"addr": shown, "req": 1}, clocks=t.req_hold.draw(rng))
            return shown
        other = next(events, None)
        shown = event if other is None else other
        drop_at = None if drop_at is None else drop_at - change_at
    if (yield Step({"addr": shown, "req": 1}, ("ack", 1), drop_at, owed)):
        yield Step({"addr": shown, "req": 1}, clocks=t.req_hold.draw(rng))
    return shown


def receive(bus: WiredBus, t: ReceiverTiming, rng: np.random.Generator) -> Script:
    """The receiver."""
    low, high = {"ack": 0}, {"ack": 1}
    while True:
        glitch_at = t.glitch.draw(rng) + 1 if t.glitch else None
        if not (yield Step(low, ("req", 1), glitch_at)):
            yield Step(high, clocks=t.glitch_clocks.draw(rng))
            yield Step(low, ("req", 1))
        yield Step(low, ("req", 0), t.latency.draw(rng))  # REQ falls here only where a reset takes it back
        if t.pulse and rng.random() < t.pulse:
            yield Step(high, clocks=t.pulse_clocks.draw(rng))
            continue
        yield Step(high, ("req", 0), owed="event acknowledged, REQ has not become 0")
        yield Step(high, clocks=t.hold.draw(rng))


def watch(bus: WiredBus) -> Watch:
    """An event passes where ACK rises in answer to REQ."""
    before, event = 1, None
    while True:
        levels: Mapping[str, int] = yield event
        event = levels["addr"] if levels["ack"] and levels["req"] and not before else None
        before = levels["ack"]


FOUR_PHASE = BusKind(
    "four-phase",
    "Address events, each with a request and an acknowledge that rise and fall in turn.",
    ("sender", "receiver"),
    (
        Role("addr", "sender", "Address of the event, valid while REQ is high.", width=None),
        Role("req", "sender", "Request: an event is there."),
        Role("ack", "receiver", "Acknowledge: the event has been taken."),
    ),
    payload="addr",
    clocked=False,
    strobe="ack",
    sender=SendingSide(SenderTiming, send),
    receiver=ReceivingSide(ReceiverTiming, receive),
    watch=watch,
)
