"""The host of a chip that its host leads, on a simulated board. It takes its operations from a queue.

rtl/bridge/leader.py is the same in hardware.
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
    """A host that carries out operations between two clocks. A board uses it in the same way as ``EventBuses``.

    events : (operand, operation of the bridge) of the operations to do; spikes : (cycle, byte) of the received bytes
    """

    watched: int = 0

    def __post_init__(self) -> None:
        chip_buses = buses(self.chip)
        assert chip_buses.lead is not None
        self._out_req, self._out_data = chip_buses.aer_out["req"], chip_buses.aer_out["addr"]
        for pin in (chip_buses.aer_in["ack"], chip_buses.lead.ready, self._out_req):
            self.watched |= 1 << self.chip.output_word[pin.name].lsb
        self._host = HOST.require(chips.package(self.chip.name))
        codes = codes_of(self.chip, self._host.Op).tolist()
        self._ops = dict(zip(codes, self._host.Op, strict=True))
        self.forget()
        self._host.act(
            self._state, np.zeros((0, 2), np.int64), self._own.delays, 0
        )  # compile it now, not during a request

    @property
    def pins(self) -> int:
        """The input pins that the host drives, packed."""
        return int(self._state.pins)

    @property
    def _own(self) -> Any:
        """The delays for the chip's host. TIME_TICK stays high for one clock."""
        d = self.delays
        return self._host.Host(gap=d.gap, hold=d.hold, ack_delay=d.ack_delay, ack_hold=d.ack_hold)

    def set_delays(self, delays: Delays) -> None:
        """Use other delays from now on. A delay that runs keeps the clocks that have already passed."""
        elapsed = self._whole_delay() - int(self._state.wait)
        self.delays = delays
        self._state.wait = max(0, self._whole_delay() - elapsed)
        if self._acted:
            self._state.stable_for = 1  # the host looks again after this clock

    def _whole_delay(self) -> int:
        """The full length of the delay in which the host is, or which comes next; 0 if it is not in ``delays``."""
        d, phase = self.delays, int(self._state.phase)
        if phase == 0:
            return d.gap
        code = self.events[0][1]
        if code == Operation.TAKE:
            return {1: d.ack_delay, 3: d.ack_hold}.get(phase, 0)
        return d.hold if code in (Operation.SPIKE, Operation.TARGET) and phase == 1 else 0

    def at_rest(self, outputs: int) -> bool:
        """Return True, because the host acts only while the chip runs, and not while only the SPI runs."""
        return True

    def stays_at_rest(self, outputs: np.ndarray) -> bool:
        """Return True, as ``at_rest`` does."""
        return True

    def pass_by(self, clocks: int) -> None:
        """Let clocks pass in which only the SPI runs."""
        self.quiet = 0 if self.events else self.quiet + clocks

    def forget(self) -> None:
        """Discard all operations, and set all pins to 0."""
        self.events.clear()
        self._state = self._host.start(0, self._own)
        self._acted = False  # True if the host has nothing more to do before the next edge

    def must_wait(self, outputs: int, now: int) -> bool:
        """Act before the next clock. True if the clock must stop, to wait for an operation or for room for a byte."""
        while self.events and not self._acted:
            if self._has_no_room(outputs):
                return True
            self._act(outputs, now)
        return not self.events and self.more

    def step(self, outputs: int, now: int, runs_sender: bool) -> None:
        """Let one clock pass, after ``must_wait`` has acted for it, or one in which only the SPI runs."""
        if runs_sender:
            self.skip(1, outputs)
        else:
            self.pass_by(1)

    def unchanged_for(self, outputs: int, now: int) -> int:
        """The number of clocks for which the pins stay the same while the outputs stay the same."""
        return int(self._state.stable_for) if self._acted else FOREVER

    def skip(self, clocks: int, outputs: int) -> None:
        """Let ``clocks`` clocks pass. ``clocks`` must not exceed ``unchanged_for()``."""
        self.pass_by(clocks)
        if self._acted:
            self._host.skip(self._state, clocks)
        self._acted = False

    def _has_no_room(self, outputs: int) -> bool:
        """True if the present operation receives a byte, and the queue for bytes is full."""
        if self.events[0][1] != Operation.TAKE or self._state.phase != 0 or len(self.spikes) < self.spike_depth:
            return False
        return bool(self._level(self._out_req, outputs))

    def _act(self, outputs: int, now: int) -> None:
        """Continue the present operation until it is done or must wait for the next edge."""
        operand, code = self.events[0]
        op = self._ops.get(code)
        if op is None:  # the bridge ignores an unknown operation
            self.events.popleft()
            return
        ops = np.array([[op, operand & self._host.operand_range(op)[1]]], np.int64)
        self._state.op = 0
        self._host.act(self._state, ops, self._own.delays, outputs)
        if self._state.is_byte:
            self.spikes.append((now, self._level(self._out_data, outputs)))
        if self._state.op:
            self.events.popleft()
        self._acted = self._state.stable_for > 0

    def _level(self, pin: Pin, outputs: int) -> int:
        f = self.chip.output_word[pin.name]
        return outputs >> f.lsb & f.high
