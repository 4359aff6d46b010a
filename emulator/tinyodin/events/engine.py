"""tinyODIN at event level: the same spikes, cycle numbers, memories and registers, without the clocks between.

The loop is that of all chips (``speeds/loop.py``); what tinyODIN takes at once: steps.py.
"""

from draupnir.emulator.speeds.events import EventLevel
from draupnir.emulator.tinyodin import clock
from draupnir.emulator.tinyodin.events import steps

level = EventLevel(clock, steps)
run, many = level.run, level.many
