"""Both ends of a chip's event buses in Python, a step a clock, as rtl/bridge/aer.py has them in hardware."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Pin, Word
from draupnir.emulator.parts.handshake import FOREVER
from draupnir.rtl.bridge.protocol import CYCLE_BYTES, buses
from draupnir.tools.host.simulated.queues import Queues

WRAP = 1 << 8 * CYCLE_BYTES
HALF_WORD = WRAP // 2


@dataclass
class EventBuses(Queues):
    """Sender and receiver between two clocks.

    events, spikes : (cycle, addr)
    """

    req: int = 0
    addr: int = 0
    ack: int = 0
    _sender_waited: int = 0
    _receiver_waited: int = 0
    _req_before: int = 0

    def __post_init__(self) -> None:
        found = buses(self.chip)
        self._in, self._out = self.chip.input_word, self.chip.output_word
        self._aer_in, self._aer_out = found.aer_in, found.aer_out

    @property
    def pins(self) -> int:
        """The input pins of both buses, packed."""
        levels = (self._aer_in["addr"], self.addr), (self._aer_in["req"], self.req), (self._aer_out["ack"], self.ack)
        return sum(level << self._in[pin.name].lsb for pin, level in levels)

    @property
    def watched(self) -> int:
        """Mask of the output pins that make either side move."""
        pins = (self._aer_in["ack"], self._aer_out["req"])
        return sum(self._out[pin.name].high << self._out[pin.name].lsb for pin in pins)

    def shown(self, outputs: int) -> tuple[int, int, int]:
        """ACK of the input bus, REQ and address of the output bus, from packed output pins."""
        pins = (self._aer_in["ack"], self._aer_out["req"], self._aer_out["addr"])
        ack, req, addr = (_level(self._out, pin, outputs) for pin in pins)
        return ack, req, addr

    def must_wait(self, outputs: int, now: int) -> bool:
        """Whether the clock must stand still: for an event that is to come, or for room for a spike."""
        ack = self.shown(outputs)[0]
        starved = not self.req and not ack and not self.events
        return (starved and self.more) or len(self.spikes) >= self.spike_depth

    def _when(self, at: int, now: int) -> int:
        """The cycle of which only ``CYCLE_BYTES`` came: the nearest to now."""
        return now + (at - now + HALF_WORD) % WRAP - HALF_WORD

    def at_rest(self, outputs: int) -> bool:
        """Whether nothing will move while only the SPI runs, unless the chip begins it."""
        return not outputs & self.watched and not self.ack and not self.events

    def stays_at_rest(self, outputs: np.ndarray) -> bool:
        """Whether the chip has begun nothing in clocks in which it showed these outputs."""
        return not np.any(outputs & self.watched)

    def pass_by(self, clocks: int) -> None:
        """Clocks at rest."""
        self._count_quiet(clocks, 0, 0)

    def forget(self) -> None:
        """Drop REQ, and the events that wait."""
        self.events.clear()
        self.req = self._sender_waited = 0

    def step(self, outputs: int, now: int, sending: bool) -> None:
        """The next clock's inputs, of the outputs that the last one left.

        sending : else the sender stands still, as while only the SPI runs
        """
        ack, req, addr = self.shown(outputs)
        self._count_quiet(1, ack, req)
        if sending:
            self._send(ack, now)
        if len(self.spikes) < self.spike_depth:
            self._receive(req, addr, now)

    def _count_quiet(self, clocks: int, ack: int, req: int) -> None:
        self.quiet = 0 if self.req or ack or self.events or req or self.ack else self.quiet + clocks

    def _send(self, ack: int, now: int) -> None:
        if self.req and ack:
            self._sender_waited += 1
            if self._sender_waited > self.delays.hold:
                self.req = self._sender_waited = 0
        elif not self.req and not ack and self.events:
            if self._sender_waited < self.delays.gap:
                self._sender_waited += 1
            elif self.events[0][0] <= now:
                self.req, self._sender_waited = 1, 0
                self.addr = self.events.popleft()[1]

    def _receive(self, req: int, addr: int, now: int) -> None:
        if req and not self._req_before:
            self.spikes.append((now, addr))
        self._req_before = req
        if req != self.ack:
            self._receiver_waited += 1
            if self._receiver_waited > (self.delays.ack_delay if req else self.delays.ack_hold):
                self.ack, self._receiver_waited = req, 0

    # --- Many clocks at once ---

    def unchanged_for(self, outputs: int, now: int) -> int:
        """Steps that would change no pin, from one at clock ``now`` on, while the outputs stay as they are."""
        ack, req, _ = self.shown(outputs)
        if req and not self._req_before:
            return 0
        clocks = FOREVER
        if self.req and ack:
            clocks = self.delays.hold - self._sender_waited
        elif not self.req and not ack and self.events:
            clocks = max(self.events[0][0] - now, self.delays.gap - self._sender_waited)
        elif not self.req and not ack and self.more:
            return 0
        if req != self.ack:
            clocks = min(clocks, (self.delays.ack_delay if req else self.delays.ack_hold) - self._receiver_waited)
        return clocks

    def skip(self, clocks: int, outputs: int) -> None:
        """As many steps, of those that ``unchanged_for`` counts."""
        ack, req, _ = self.shown(outputs)
        self._count_quiet(clocks, ack, req)
        if self.req and ack:
            self._sender_waited += clocks
        elif not self.req and not ack and self.events:
            self._sender_waited = min(self._sender_waited + clocks, self.delays.gap)
        if req != self.ack:
            self._receiver_waited += clocks


def _level(word: Word, pin: Pin, packed: int) -> int:
    f = word[pin.name]
    return packed >> f.lsb & f.high
