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
    """The times at which the sender moves, in clocks.

    gap : from ACK low to the next event
    setup : from the address to the rise of REQ
    req_hold : from ACK high to the fall of REQ
    scramble : True if the address is random while REQ is low, False if the last event's address stays

    Three options break the protocol. Each is the probability, 0..1, that it happens to an event:
    early : REQ falls after ``early_after`` clocks if ACK is still low
    change : the address becomes the next event's ``change_after`` clocks after the rise of REQ
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
    """The times at which the receiver moves, in clocks.

    latency : from REQ high to the rise of ACK
    hold : from REQ low to the fall of ACK

    Two options break the protocol:
    pulse : the probability, 0..1, that ACK lasts for ``pulse_clocks`` only, whatever REQ does
    glitch : the time from one ACK without any REQ to the next; None for never. Each lasts for ``glitch_clocks``.
    """

    latency: Clocks = Clocks(0, 3)
    hold: Clocks = Clocks(0, 2)
    pulse: float = 0.0
    pulse_clocks: Clocks = Clocks(1, 3)
    glitch: Clocks | None = None
    glitch_clocks: Clocks = Clocks(1, 3)


def send(bus: WiredBus, events: Iterator[int | None], t: SenderTiming, rng: np.random.Generator) -> Script:
    """The script of a sender.

    events : addresses, 0..2**width - 1; None for a clock without an event
    """
    idle = 0
    for event in events:
        if event is None:
            yield Step({"addr": idle, "req": 0}, clocks=1)
            continue
        if setup := t.setup.draw(rng):
            yield Step({"addr": event, "req": 0}, clocks=setup)
        idle = yield from _request(event, events, t, rng)
        if t.scramble:
            idle = any_level(rng, bus.payload_width)
        low = {"addr": idle, "req": 0}
        if t.impatient and rng.random() < t.impatient:
            yield Step(low, clocks=t.impatient_low.draw(rng))
            continue
        yield Step(low, ("ack", 0), debt=f"event {event:#x} sent, ACK has not become 0")
        if gap := t.gap.draw(rng):
            yield Step(low, clocks=gap)


def _request(
    event: int, events: Iterator[int | None], t: SenderTiming, rng: np.random.Generator
) -> Generator[Step, bool, int]:
    """Drive REQ from its rise to its fall, and return the address that is then on the pins."""
    drop_at = t.early_after.draw(rng) + 1 if t.early and rng.random() < t.early else None
    change_at = t.change_after.draw(rng) + 1 if t.change and rng.random() < t.change else None
    debt = f"event {event:#x} sent, ACK has not become 1"
    addr = event
    if change_at is not None and (drop_at is None or change_at < drop_at):
        if (yield Step({"addr": addr, "req": 1}, ("ack", 1), change_at, debt)):
            yield Step({"addr": addr, "req": 1}, clocks=t.req_hold.draw(rng))
            return addr
        next_event = next(events, None)
        addr = event if next_event is None else next_event
        drop_at = None if drop_at is None else drop_at - change_at
    if (yield Step({"addr": addr, "req": 1}, ("ack", 1), drop_at, debt)) and (req_hold := t.req_hold.draw(rng)):
        yield Step({"addr": addr, "req": 1}, clocks=req_hold)
    return addr


def receive(bus: WiredBus, t: ReceiverTiming, rng: np.random.Generator) -> Script:
    """The script of a receiver, which never ends."""
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
        yield Step(high, ("req", 0), debt="event acknowledged, REQ has not become 0")
        yield Step(high, clocks=t.hold.draw(rng))


def watch(bus: WiredBus) -> Watch:
    """The monitor: an event passes when ACK rises while REQ is high."""
    previous_ack, event = 1, None
    while True:
        levels: Mapping[str, int] = yield event
        event = levels["addr"] if levels["ack"] and levels["req"] and not previous_ack else None
        previous_ack = levels["ack"]


FOUR_PHASE = BusKind(
    "four-phase",
    "Address events, each with a request and an acknowledge that rise and fall in turn.",
    ("sender", "receiver"),
    (
        Role("addr", "sender", "Address of the event, valid while REQ is high.", width=None),
        Role("req", "sender", "Request: there is an event."),
        Role("ack", "receiver", "Acknowledge: the receiver has the event."),
    ),
    payload="addr",
    clocked=False,
    strobe="ack",
    sender=SendingSide(SenderTiming, send),
    receiver=ReceivingSide(ReceiverTiming, receive),
    watch=watch,
)
