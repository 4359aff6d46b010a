"""The host of a chip that is led, in Python, a step a clock, as rtl/bridge/leader.py has it in hardware."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Pin
from draupnir.emulator.parts.handshake import FOREVER
from draupnir.rtl.bridge.protocol import Operation, buses
from draupnir.tools.host.simulated.queues import Queues


@dataclass
class LedBuses(Queues):
    """What carries out operations between two clocks; to a board, as ``EventBuses``.

    events : (operand, operation) that are not yet done; spikes : (cycle, byte) taken
    """

    watched: int = 0
    pins: int = 0
    _phase: int = 0
    _waited: int = 0
    _taken: int = 0
    _blocked: bool = False
    _left: int = 0  # clocks of the delay that runs in this one, 0 without

    def __post_init__(self) -> None:
        found = buses(self.chip)
        lead = found.lead
        assert lead is not None
        self._aer_in, self._aer_out, self._lead = found.aer_in, found.aer_out, lead
        for pin in (self._aer_in["ack"], lead.ready, self._aer_out["req"]):
            self.watched |= 1 << self.chip.output_word[pin.name].lsb

    def at_rest(self, outputs: int) -> bool:
        """The SPI is nothing to who leads: it acts only while the chip runs."""
        return True

    def stays_at_rest(self, outputs: np.ndarray) -> bool:
        return True

    def pass_by(self, clocks: int) -> None:
        """Clocks in which only the SPI runs."""
        self.quiet = 0 if self.events else self.quiet + clocks

    def forget(self) -> None:
        self.events.clear()
        self.pins = self._phase = self._waited = self._taken = 0
        self._blocked = False

    def must_wait(self, outputs: int, now: int) -> bool:
        """Act before the next clock; whether that must stand still, for an operation, or for room for a byte."""
        while self.events and not self._blocked:
            if not self._act(outputs, now):
                return True
        return not self.events and self.more

    def step(self, outputs: int, now: int, sending: bool) -> None:
        """A clock for which ``must_wait`` has acted passes; or one in which only the SPI runs."""
        if sending:
            self.skip(1, outputs)
        else:
            self.pass_by(1)

    def unchanged_for(self, outputs: int, now: int) -> int:
        """Clocks for which the pins stay as they are while the outputs do."""
        if not self.events:
            return FOREVER
        return self._left or FOREVER

    def skip(self, clocks: int, outputs: int) -> None:
        """As many clocks pass, of those that ``unchanged_for`` counts."""
        self.pass_by(clocks)
        if self._left:
            self._waited += clocks
        self._blocked, self._left = False, 0

    # --- Operations: a step of the first one; False if it has no room for a byte ---

    def _act(self, outputs: int, now: int) -> bool:
        operand, code = self.events[0]
        if code in (Operation.SPIKE, Operation.TARGET):
            self._send(operand, code, self._seen(self._aer_in["ack"], outputs))
        elif code == Operation.TICK:
            self._tick(operand, self._seen(self._lead.ready, outputs))
        elif code == Operation.TAKE:
            return self._take(operand, outputs, now)
        elif code == Operation.WAIT:
            if self._passed(operand):
                self._done()
        else:
            self._set(self._lead.levels[code - Operation.SET], operand & 1)
            self._done()
        return True

    def _seen(self, pin: Pin, outputs: int) -> int:
        f = self.chip.output_word[pin.name]
        return outputs >> f.lsb & f.high

    def _set(self, pin: Pin, level: int) -> None:
        f = self.chip.input_word[pin.name]
        self.pins = self.pins & ~(f.high << f.lsb) | (level & f.high) << f.lsb

    def _done(self) -> None:
        self.events.popleft()
        self._phase = self._waited = self._taken = 0

    def _go(self, phase: int) -> None:
        self._phase, self._waited = phase, 0

    def _passed(self, delay: int) -> bool:
        """Whether a delay has passed; else it blocks."""
        self._left = delay - self._waited
        self._blocked = self._left > 0
        return not self._blocked

    def _send(self, addr: int, code: int, ack: int) -> None:
        if self._phase == 0:
            if self._passed(self.delays.gap):
                self._set(self._aer_in["addr"], addr)
                self._set(self._lead.target, code == Operation.TARGET)
                self._set(self._aer_in["req"], 1)
                self._go(1)
        elif self._phase == 1:
            if not ack:
                self._blocked = True
            elif self._passed(self.delays.hold):
                self._set(self._aer_in["req"], 0)
                self._go(2)
        elif ack:
            self._blocked = True
        else:
            self._set(self._lead.target, 0)
            self._done()

    def _tick(self, awaits_ready: int, ready: int) -> None:
        if self._phase == 0:
            if self._passed(self.delays.gap):
                self._set(self._lead.tick, 1)
                self._go(1)
                self._blocked, self._left = True, 1
        elif self._phase == 1:
            self._set(self._lead.tick, 0)
            self._go(2)
            if not awaits_ready & 1:
                self._done()
        elif ready == (self._phase == 2):
            self._blocked = True
        elif self._phase == 2:
            self._go(3)
        else:
            self._done()

    def _take(self, n_bytes: int, outputs: int, now: int) -> bool:
        req = self._seen(self._aer_out["req"], outputs)
        if self._phase == 0:
            if not req:
                self._blocked = True
            elif len(self.spikes) >= self.spike_depth:
                return False
            else:
                self.spikes.append((now, self._seen(self._aer_out["addr"], outputs)))
                self._taken += 1
                self._go(1)
        elif self._phase == 1:
            if self._passed(self.delays.ack_delay):
                self._set(self._aer_out["ack"], 1)
                self._go(2)
        elif self._phase == 2:
            if req:
                self._blocked = True
            else:
                self._go(3)
        elif self._passed(self.delays.ack_hold):
            self._set(self._aer_out["ack"], 0)
            if self._taken == n_bytes:
                self._done()
            else:
                self._go(0)
                self._blocked, self._left = True, 1
        return True
