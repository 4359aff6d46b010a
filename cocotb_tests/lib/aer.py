"""Address-event buses, four-phase: a driver for each side, and a monitor.

``SenderTiming`` and ``ReceiverTiming`` of ``draupnir.golden.stimulus`` say when the sides move, and how they misbehave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

import cocotb
import numpy as np
from cocotb.triggers import First

from draupnir.cocotb_tests.lib.bus import AerPins, level
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.cocotb_tests.lib.sender import Planned, WrapperSender
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming

PATIENCE = 100_000  # cycles that a side may be kept waiting


class Owing(Protocol):
    """Whatever can say that it still waits for the chip."""

    def overdue(self) -> str | None: ...

    def owed(self) -> str | None: ...


class AerDriver:
    """The sending side of a bus into the chip.

    patience : cycles that the chip may take to answer
    sender : the wrapper's, for ``send_all``; without, Python sends each event

    Attribute: ``answered_in``, cycles from REQ to ACK of the last event of ``send`` that was answered.
    """

    def __init__(
        self,
        pins: AerPins,
        clock: ChipClock,
        timing: SenderTiming | None = None,
        rng: np.random.Generator | None = None,
        patience: int = PATIENCE,
        sender: WrapperSender | None = None,
    ) -> None:
        self._pins, self._clock, self.patience = pins, clock, patience
        self._sender, self._block = sender, list[int]()
        self.timing = timing or SenderTiming()
        self._rng = rng or np.random.default_rng(0)
        self._waits_for: tuple[int | None, int] = None, 0  # event, level of ACK
        self._since = 0
        self.answered_in = 0

    async def send_all(self, events: Sequence[int]) -> None:
        """Events as ``send`` would send them, one after the other; quicker, unless the timing has abuse.

        Raises ValueError for an event that does not fit the bus.
        """
        t = self.timing
        if self._sender is None or t.early or t.change or t.impatient:
            for event in events:
                await self.send(event)
            return
        for first in range(0, len(events), self._sender.size):
            self._block = [*events[first : first + self._sender.size]]
            await self._sender.send([self._planned(event) for event in self._block])
            self._block.clear()

    def _planned(self, event: int) -> Planned:
        """Draw what ``send`` draws, in its order."""
        t, rng, n_addrs = self.timing, self._rng, 1 << len(self._pins.addr)
        if not 0 <= event < n_addrs:
            raise ValueError(f"{self._pins.name}: event {event:#x} is not within 0..{n_addrs - 1:#x}")
        setup, req_hold = t.setup.draw(rng), t.req_hold.draw(rng)
        idle = int(rng.integers(n_addrs)) if t.scramble else event
        return Planned(event, setup, req_hold, idle, t.gap.draw(rng))

    async def send(self, event: int) -> None:
        """One event: address, REQ, ACK, and both low again, then the gap.

        With the timing's abuse it may end before the chip has answered.
        """
        t, rng = self.timing, self._rng
        self._pins.addr.value = event
        if setup := t.setup.draw(rng):
            await self._clock.cycles(setup)
        self._pins.req.value = 1
        await self._acknowledged(event)
        self._pins.req.value = 0
        if t.scramble:
            self._pins.addr.value = int(rng.integers(1 << len(self._pins.addr)))
        if t.impatient and rng.random() < t.impatient:
            await self._clock.cycles(t.impatient_low.draw(rng))
            return
        await self._until(0, event)
        if gap := t.gap.draw(rng):
            await self._clock.cycles(gap)

    async def _acknowledged(self, event: int) -> None:
        """From the rise of REQ to the moment at which it should fall."""
        t, rng = self.timing, self._rng
        sent_in = self._clock.cycle()
        if t.early and rng.random() < t.early and not await self._answered_within(t.early_after.draw(rng)):
            return
        if t.change and rng.random() < t.change and not await self._answered_within(t.change_after.draw(rng)):
            self._pins.addr.value = int(rng.integers(1 << len(self._pins.addr)))
        await self._until(1, event)
        self.answered_in = self._clock.cycle() - sent_in
        if req_hold := t.req_hold.draw(rng):
            await self._clock.cycles(req_hold)

    async def _answered_within(self, cycles: int) -> bool:
        if level(self._pins.ack) != 1:
            await First(self._pins.ack.rising_edge, cocotb.start_soon(self._clock.cycles(max(1, cycles))))
        return level(self._pins.ack) == 1

    async def _until(self, wanted: int, event: int) -> None:
        self._waits_for, self._since = (event, wanted), self._clock.cycle()
        await _until(self._pins.ack, wanted)
        self._waits_for = None, 0

    def owed(self) -> str | None:
        """What the chip still owes to this side, or None."""
        event, wanted, since = self._waiting()
        if event is None:
            return None
        return f"{self._pins.name}: event {event:#x} sent, ACK has not become {wanted} since cycle {since}"

    def overdue(self) -> str | None:
        """What the chip has owed for longer than ``patience``, or None."""
        return self.owed() if self._clock.cycle() - self._waiting()[2] > self.patience else None

    def _waiting(self) -> tuple[int | None, int, int]:
        """The event for which ACK should take a level, or None; the level; the cycle from which on it should."""
        if not self._block or self._sender is None:
            return *self._waits_for, self._since
        wanted = level(self._pins.req) or 0
        left = self._block[self._sender.sent() :] if level(self._pins.ack) != wanted else []
        return left[0] if left else None, wanted, self._clock.cycle(self._sender.since())


class AerReceiver:
    """The receiving side of a bus out of the chip: acknowledges for ever, once started."""

    def __init__(
        self,
        pins: AerPins,
        clock: ChipClock,
        timing: ReceiverTiming | None = None,
        rng: np.random.Generator | None = None,
        patience: int = PATIENCE,
    ) -> None:
        self._pins, self._clock, self.patience = pins, clock, patience
        self.timing = timing or ReceiverTiming()
        self._rng = rng or np.random.default_rng(0)
        self._since: int | None = None  # cycle from which REQ should have fallen

    def start(self) -> None:
        cocotb.start_soon(self._run())
        if self.timing.glitch:
            cocotb.start_soon(self._glitches())

    async def _run(self) -> NoReturn:
        t, rng = self.timing, self._rng
        while True:
            await _until(self._pins.req, 1)
            if latency := t.latency.draw(rng):
                await self._clock.cycles(latency)
            self._pins.ack.value = 1
            if t.pulse and rng.random() < t.pulse:
                await self._clock.cycles(t.pulse_clocks.draw(rng))
            else:
                self._since = self._clock.cycle()
                await _until(self._pins.req, 0)
                self._since = None
                if hold := t.hold.draw(rng):
                    await self._clock.cycles(hold)
            self._pins.ack.value = 0
            if t.pulse:
                await self._clock.cycles(1)  # REQ may still be high: let ACK be seen low

    async def _glitches(self) -> NoReturn:
        t, rng = self.timing, self._rng
        assert t.glitch is not None
        while True:
            await self._clock.cycles(t.glitch.draw(rng) + 1)
            if level(self._pins.req) == 0 and level(self._pins.ack) == 0:
                self._pins.ack.value = 1
                await self._clock.cycles(t.glitch_clocks.draw(rng))
                self._pins.ack.value = 0

    def owed(self) -> str | None:
        """What the chip still owes to this side, or None."""
        if self._since is None:
            return None
        return f"{self._pins.name}: event acknowledged in cycle {self._since}, REQ has not become 0"

    def overdue(self) -> str | None:
        """What the chip has owed for longer than ``patience``, or None."""
        late = self._since is not None and self._clock.cycle() - self._since > self.patience
        return self.owed() if late else None


class AerMonitor:
    """Collects what passes over a bus: (cycle, address) of each acknowledge that answers a request."""

    def __init__(self, pins: AerPins, clock: ChipClock) -> None:
        self._pins, self._clock = pins, clock
        self.events: list[tuple[int, int]] = []

    def start(self) -> None:
        cocotb.start_soon(self._run())

    @property
    def addrs(self) -> list[int]:
        return [addr for _, addr in self.events]

    async def _run(self) -> NoReturn:
        acknowledged = self._pins.ack.rising_edge
        while True:
            await acknowledged
            addr = level(self._pins.addr)
            if level(self._pins.req) == 1 and addr is not None:
                self.events.append((self._clock.cycle(), addr))


async def _until(handle: Any, wanted: int) -> None:
    """Wait until a pin has a level; not at all if it has it."""
    edge = handle.rising_edge if wanted else handle.falling_edge
    while level(handle) != wanted:
        await edge
