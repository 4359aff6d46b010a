"""The host of a chip that is led, between two clocks of a simulated board: the chip's own host, fed from a queue.

rtl/bridge/leader.py does the same in hardware.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Pin
from draupnir.emulator.parts.handshake import FOREVER, Delays
from draupnir.emulator.speeds.levels import HOST
from draupnir.rtl.bridge.protocol import Operation, buses
from draupnir.tools.host.led import codes_of
from draupnir.tools.host.simulated.queues import Queues


@dataclass
class LedBuses(Queues):
    """Carries out operations between two clocks; for a board it is as ``EventBuses``.

    events : (operand, operation of the bridge) that are not yet done; spikes : (cycle, byte) received
    """

    watched: int = 0

    def __post_init__(self) -> None:
        found = buses(self.chip)
        assert found.lead is not None
        self._out_req, self._out_data = found.aer_out["req"], found.aer_out["addr"]
        for pin in (found.aer_in["ack"], found.lead.ready, self._out_req):
            self.watched |= 1 << self.chip.output_word[pin.name].lsb
        self._host = HOST.needed(chips.package(self.chip.name))
        codes = codes_of(self.chip, self._host.Op).tolist()
        self._ops = dict(zip(codes, self._host.Op, strict=True))
        self.forget()
        self._host.act(self._state, np.zeros((0, 2), np.int64), self._own.delays, 0)  # it is compiled here, not later

    @property
    def pins(self) -> int:
        """The input pins that the host holds, packed."""
        return int(self._state.pins)

    @property
    def _own(self) -> Any:
        """The delays as the chip's host has them; TIME_TICK stays up for one clock."""
        d = self.delays
        return self._host.Host(gap=d.gap, hold=d.hold, ack_delay=d.ack_delay, ack_hold=d.ack_hold)

    def set_delays(self, delays: Delays) -> None:
        """Take other delays from now on; of a delay that runs, the clocks that have passed count."""
        elapsed = self._running() - int(self._state.wait)
        self.delays = delays
        self._state.wait = max(0, self._running() - elapsed)
        if self._acted:
            self._state.still = 1  # the host looks again after this clock

    def _running(self) -> int:
        """The whole of the delay that the host is in or before, 0 where it is none of ``delays``."""
        d, phase = self.delays, int(self._state.phase)
        if phase == 0:
            return d.gap
        code = self.events[0][1]
        if code == Operation.TAKE:
            return {1: d.ack_delay, 3: d.ack_hold}.get(phase, 0)
        return d.hold if code in (Operation.SPIKE, Operation.TARGET) and phase == 1 else 0

    def at_rest(self, outputs: int) -> bool:
        """Return True: the SPI does not concern the host, which acts only while the chip runs."""
        return True

    def stays_at_rest(self, outputs: np.ndarray) -> bool:
        """Return True, as ``at_rest``."""
        return True

    def pass_by(self, clocks: int) -> None:
        """Let clocks pass in which only the SPI runs."""
        self.quiet = 0 if self.events else self.quiet + clocks

    def forget(self) -> None:
        """Drop all operations, and let all pins be 0."""
        self.events.clear()
        self._state = self._host.start(0, self._own)
        self._acted = False  # whether the host has done all that it does before the next edge

    def must_wait(self, outputs: int, now: int) -> bool:
        """Act before the next clock; tell whether it must stand still, for an operation or for room for a byte."""
        while self.events and not self._acted:
            if self._has_no_room(outputs):
                return True
            self._act(outputs, now)
        return not self.events and self.more

    def step(self, outputs: int, now: int, sending: bool) -> None:
        """Let a clock pass for which ``must_wait`` has acted, or one in which only the SPI runs."""
        if sending:
            self.skip(1, outputs)
        else:
            self.pass_by(1)

    def unchanged_for(self, outputs: int, now: int) -> int:
        """Return the clocks for which the pins stay as they are while the outputs do."""
        return int(self._state.still) if self._acted else FOREVER

    def skip(self, clocks: int, outputs: int) -> None:
        """Let ``clocks`` clocks pass, at most ``unchanged_for``."""
        self.pass_by(clocks)
        if self._acted:
            self._host.skip(self._state, clocks)
        self._acted = False

    def _has_no_room(self, outputs: int) -> bool:
        """Tell whether the operation at hand would receive a byte, and the queue is full."""
        if self.events[0][1] != Operation.TAKE or self._state.phase != 0 or len(self.spikes) < self.spike_depth:
            return False
        return bool(self._level(self._out_req, outputs))

    def _act(self, outputs: int, now: int) -> None:
        """Go on with the operation at hand until it is done, or must wait for the next edge."""
        operand, code = self.events[0]
        op = self._ops.get(code)
        if op is None:  # the bridge passes over an operation that there is not
            self.events.popleft()
            return
        ops = np.array([[op, operand & self._host.operand_range(op)[1]]], np.int64)
        self._state.op = 0
        self._host.act(self._state, ops, self._own.delays, outputs)
        if self._state.taken:
            self.spikes.append((now, self._level(self._out_data, outputs)))
        if self._state.op:
            self.events.popleft()
        self._acted = self._state.still > 0

    def _level(self, pin: Pin, outputs: int) -> int:
        f = self.chip.output_word[pin.name]
        return outputs >> f.lsb & f.high
