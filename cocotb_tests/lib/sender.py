"""The sending side of an address-event bus that the wrapper has: Python is woken for many events at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from draupnir.cocotb_tests.lib import memory, wrapper
from draupnir.cocotb_tests.lib.bus import control, level


class Planned(NamedTuple):
    """An event as it shall be sent: all that ``SenderTiming`` leaves open is drawn. Times in cycles.

    setup : address before REQ; req_hold : REQ after ACK; idle : address while REQ is low; gap : after ACK is low
    """

    addr: int
    setup: int
    req_hold: int
    idle: int
    gap: int


class WrapperSender:
    """The wrapper's sender of a bus (``lib.wrapper``), which moves the pins as ``AerDriver.send`` does.

    It may be busy with one block of events at a time.
    """

    size = wrapper.N_EVENTS  # events in a block, at most

    @classmethod
    def of(cls, dut: Any, bus: str) -> WrapperSender | None:
        """None if the top is no wrapper."""
        return None if control(dut, wrapper.sender_control(bus, "busy")) is None else cls(dut, bus)

    def __init__(self, dut: Any, bus: str) -> None:
        self._declared = wrapper.sender_events(bus)
        self._events, self._n, self._busy, self._sent, self._since = (
            control(dut, wrapper.sender_control(bus, name)) for name in wrapper.SENDER_CONTROLS
        )

    async def send(self, events: Sequence[Planned]) -> None:
        """A block of events, from now until the last gap is over."""
        memory.write_first(self._events, self._declared, np.array(events, np.uint32))
        self._n.value = len(events)
        self._busy.value = 1
        await self._busy.falling_edge

    def sent(self) -> int:
        """How many of the block's events have been sent; the next is in flight."""
        return level(self._sent) or 0

    def since(self) -> int:
        """The time in steps at which REQ moved last."""
        return level(self._since) or 0
