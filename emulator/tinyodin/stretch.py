"""Stretches of clocks in which only one thing moves: those of both chips, with the visits of tinyODIN."""

from draupnir.emulator.crossbar.stretch import can_stretch_of, stretcher
from draupnir.emulator.speeds.clocks import begin as begin
from draupnir.emulator.speeds.clocks import end as end
from draupnir.emulator.tinyodin import clock, visit

can_stretch = can_stretch_of(clock, visit)
stretch = stretcher(clock, visit)
