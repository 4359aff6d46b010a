"""Both ends of a chip's event buses in Python, one step for each clock. rtl/bridge/aer.py is the same in hardware."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Pin, Word
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.parts.handshake import FOREVER, Delays, Receiver, Sender, receive, send
from draupnir.rtl.bridge.protocol import CYCLE_BYTES, buses
from draupnir.tools.host.simulated.queues import Queues

WRAP = 1 << 8 * CYCLE_BYTES
HALF_WORD = WRAP // 2
NOTHING = np.zeros(0, np.int64)
SEND, RECEIVE = plain(send), plain(receive)  # not compiled, because they return named tuples


def number_near(low_bits: int, now: int) -> int:
    """The cycle with these low 32 bits that is nearest to ``now``."""
    return now + (low_bits - now + HALF_WORD) % WRAP - HALF_WORD


@dataclass
class EventBuses(Queues):
    """The sender and the receiver of ``draupnir.emulator.parts.handshake``, between two clocks.

    events, spikes : (cycle, addr) each
    """

    _req_before: int = 0

    def __post_init__(self) -> None:
        chip_buses = buses(self.chip)
        self._sender = Sender(0, 0, 0, self.delays.gap)  # n_sent stays 0, because a sent event leaves the queue
        self._receiver = Receiver(0, self.delays.ack_delay)
        self._in, self._out = self.chip.input_word, self.chip.output_word
        self._aer_in, self._aer_out = chip_buses.aer_in, chip_buses.aer_out

    @property
    def pins(self) -> int:
        """The input pins of both buses, packed."""
        levels = (
            (self._aer_in["addr"], self._sender.addr),
            (self._aer_in["req"], self._sender.req),
            (self._aer_out["ack"], self._receiver.ack),
        )
        return sum(level << self._in[pin.name].lsb for pin, level in levels)

    def set_delays(self, delays: Delays) -> None:
        """Use other delays from now on. A delay that runs keeps the clocks that have already passed."""
        former_delays, self.delays = self.delays, delays
        sender, receiver = self._sender, self._receiver
        elapsed = (former_delays.hold if sender.req else former_delays.gap) - sender.wait
        self._sender = sender._replace(wait=max(0, (delays.hold if sender.req else delays.gap) - elapsed))
        elapsed = (former_delays.ack_hold if receiver.ack else former_delays.ack_delay) - receiver.wait
        remaining = max(0, (delays.ack_hold if receiver.ack else delays.ack_delay) - elapsed)
        self._receiver = receiver._replace(wait=remaining)

    @property
    def watched(self) -> int:
        """The mask of the output pins at which one of the two sides reacts."""
        pins = (self._aer_in["ack"], self._aer_out["req"])
        return sum(self._out[pin.name].high << self._out[pin.name].lsb for pin in pins)

    def read_outputs(self, outputs: int) -> tuple[int, int, int]:
        """ACK of the input bus, REQ and address of the output bus, from packed output pins."""
        pins = (self._aer_in["ack"], self._aer_out["req"], self._aer_out["addr"])
        ack, req, addr = (_level(self._out, pin, outputs) for pin in pins)
        return ack, req, addr

    def must_wait(self, outputs: int, now: int) -> bool:
        """True if the chip's clock must stop: to wait for an event, or for room for a spike."""
        ack = self.read_outputs(outputs)[0]
        starved = not self._sender.req and not ack and not self.events
        return (starved and self.more) or len(self.spikes) >= self.spike_depth

    def _queued_number(self, low_bits: int, now: int) -> int:
        return number_near(low_bits, now)

    def at_rest(self, outputs: int) -> bool:
        """True if no pin moves while only the SPI runs, unless the chip itself begins."""
        return not outputs & self.watched and not self._receiver.ack and not self.events

    def stays_at_rest(self, outputs: np.ndarray) -> bool:
        """True if the chip began no handshake in the clocks with these outputs."""
        return not np.any(outputs & self.watched)

    def pass_by(self, clocks: int) -> None:
        """Let clocks pass in which nothing moves."""
        self._count_quiet(clocks, 0, 0)

    def forget(self) -> None:
        """Release REQ, and discard the queued events."""
        self.events.clear()
        self._sender = self._sender._replace(req=0, wait=self.delays.gap)

    def step(self, outputs: int, now: int, runs_sender: bool) -> None:
        """Compute the inputs of the next clock from the outputs of the last one.

        runs_sender : False if the sender waits, because only the SPI runs
        """
        ack, req, addr = self.read_outputs(outputs)
        self._count_quiet(1, ack, req)
        if runs_sender:
            self._send(ack, now)
        if len(self.spikes) < self.spike_depth:
            self._receive(req, addr, now)

    def _count_quiet(self, clocks: int, ack: int, req: int) -> None:
        moving = self._sender.req or ack or self.events or req or self._receiver.ack
        self.quiet = 0 if moving else self.quiet + clocks

    def _send(self, ack: int, now: int) -> None:
        first_event = self.events[0] if self.events else None
        queued = NOTHING if first_event is None else np.array([first_event[1]])
        sender = SEND(
            self._sender, self.delays, queued, ack, 0 if first_event is None else max(0, first_event[0] - now)
        )
        if sender.req and not self._sender.req:
            self.events.popleft()
        self._sender = sender._replace(n_sent=0)

    def _receive(self, req: int, addr: int, now: int) -> None:
        if req and not self._req_before:
            self.spikes.append((now, addr))
        self._req_before = req
        self._receiver = RECEIVE(self._receiver, self.delays, req)

    # --- Many clocks at once ---

    def unchanged_for(self, outputs: int, now: int) -> int:
        """The number of steps from clock ``now`` on that change no pin while the outputs stay the same."""
        ack, req, _ = self.read_outputs(outputs)
        if req and not self._req_before:
            return 0
        clocks = FOREVER
        if self._sender.req and ack:
            clocks = self._sender.wait
        elif self._will_send(ack):
            clocks = max(self.events[0][0] - now, self._sender.wait)
        elif not self._sender.req and not ack and self.more:
            return 0
        return clocks if req == self._receiver.ack else min(clocks, self._receiver.wait)

    def skip(self, clocks: int, outputs: int) -> None:
        """Advance by so many clocks, at most as many as ``unchanged_for`` counts."""
        ack, req, _ = self.read_outputs(outputs)
        self._count_quiet(clocks, ack, req)
        sender, receiver = self._sender, self._receiver
        if (sender.req and ack) or self._will_send(ack):
            self._sender = sender._replace(wait=max(0, sender.wait - clocks))
        if req != receiver.ack:
            self._receiver = receiver._replace(wait=receiver.wait - clocks)

    def _will_send(self, ack: int) -> bool:
        return not self._sender.req and not ack and bool(self.events)


def _level(word: Word, pin: Pin, outputs: int) -> int:
    f = word[pin.name]
    return outputs >> f.lsb & f.high
