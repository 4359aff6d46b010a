"""ODIN at event level: the same spikes, cycle numbers, memories and registers, without the clocks between.

The loop is that of all chips (``speeds/loop.py``); what ODIN takes at once: steps.py.
"""

from draupnir.emulator.odin import clock
from draupnir.emulator.odin.events import steps
from draupnir.emulator.speeds.events import EventLevel

level = EventLevel(clock, steps)
run, many = level.run, level.many
