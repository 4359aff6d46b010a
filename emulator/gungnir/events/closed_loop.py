"""Gungnir between a sender of events and a receiver of spikes, clock by clock."""

from draupnir.emulator.gungnir import clock, stretch
from draupnir.emulator.speeds.closed_loop import ClosedLoop

run = ClosedLoop(clock, stretch).run
