"""Address-event buses, four-phase: a driver for each side, and a monitor.

When the sides move, and how they misbehave, is said by ``golden.stimulus.SenderTiming`` and ``ReceiverTiming``.
"""

from __future__ import annotations

from typing import Any, NoReturn, Protocol

import cocotb
import numpy as np
from cocotb.triggers import First

from cocotb_tests.lib.bus import AerPins, level
from cocotb_tests.lib.clock import ChipClock
from golden.stimulus import ReceiverTiming, SenderTiming

PATIENCE = 100_000  # cycles that a side may be kept waiting


class Owing(Protocol):
    """Whatever can say that it still waits for the chip."""

    def overdue(self) -> str | None: ...

    def owed(self) -> str | None: ...


class AerDriver:
    """The sending side of a bus into the chip.

    patience : cycles that the chip may take to answer

    Attributes: ``n_sent`` events; ``answered_in``, cycles from REQ to ACK of the last event that was answered.
    """

    def __init__(
        self,
        pins: AerPins,
        clock: ChipClock,
        timing: SenderTiming | None = None,
        rng: np.random.Generator | None = None,
        patience: int = PATIENCE,
    ) -> None:
        self._pins, self._clock, self.patience = pins, clock, patience
        self.timing = timing or SenderTiming()
        self._rng = rng or np.random.default_rng(0)
        self._waits_for: tuple[int, int] | None = None  # event, level of ACK
        self._since = 0
        self.n_sent = 0
        self.answered_in = 0

    async def send(self, event: int) -> None:
        """One event: address, REQ, ACK, and both low again, then the gap.

        With the timing's abuse it may end before the chip has answered.
        """
        t, rng = self.timing, self._rng
        self._pins.addr.value = event
        if setup := t.setup.draw(rng):
            await self._clock.cycles(setup)
        self._pins.req.value = 1
        self.n_sent += 1
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
        self._waits_for = None

    def owed(self) -> str | None:
        """What the chip still owes to this side, or None."""
        if self._waits_for is None:
            return None
        event, wanted = self._waits_for
        return f"{self._pins.name}: event {event:#x} sent, ACK has not become {wanted} since cycle {self._since}"

    def overdue(self) -> str | None:
        """What the chip has owed for longer than ``patience``, or None."""
        return self.owed() if self._clock.cycle() - self._since > self.patience else None


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
