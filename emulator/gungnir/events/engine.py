"""Gungnir at event level: the same spikes, cycle numbers, memories and registers, without the clocks between.

The loop is that of all chips (``speeds/loop.py``); what Gungnir takes at once: steps.py.
"""

from draupnir.emulator.gungnir import clock
from draupnir.emulator.gungnir.events import steps
from draupnir.emulator.speeds.events import EventLevel

level = EventLevel(clock, steps)
run, many = level.run, level.many
