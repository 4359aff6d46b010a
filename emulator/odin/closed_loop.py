"""ODIN between a sender of events and a receiver of spikes, clock by clock."""

from emulator.closed_loop import ClosedLoop
from emulator.odin import clock, stretch

run = ClosedLoop(clock, stretch).run
