"""ODIN between a sender of events and a receiver of spikes, clock by clock."""

from draupnir.emulator.closed_loop import ClosedLoop
from draupnir.emulator.odin import clock, stretch

run = ClosedLoop(clock, stretch).run
