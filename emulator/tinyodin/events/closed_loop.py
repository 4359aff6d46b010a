"""tinyODIN between a sender of events and a receiver of spikes, clock by clock."""

from draupnir.emulator.speeds.closed_loop import ClosedLoop
from draupnir.emulator.tinyodin import clock, stretch

run = ClosedLoop(clock, stretch).run
