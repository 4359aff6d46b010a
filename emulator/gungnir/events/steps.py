"""The steps of Gungnir's event level, for ``speeds/loop.py``: those of ODIN, with Gungnir's clock and events."""

from __future__ import annotations

from functools import partial

from draupnir.emulator.crossbar import events, steps
from draupnir.emulator.gungnir import clock as chip_clock
from draupnir.emulator.gungnir.events import event, workspace
from draupnir.emulator.gungnir.layout import State
from draupnir.emulator.odin.events import steps as odin
from draupnir.emulator.odin.events.statistics import Statistics
from draupnir.emulator.odin.events.steps import LONGEST_WORK, begin, can_stretch, end, flush, load, opener, stretch
from draupnir.emulator.odin.planes.record import new_planes
from draupnir.emulator.speeds.runs import counters, read_counters

__all__ = ["LONGEST_WORK", "begin", "can_stretch", "end", "flush", "load", "opener", "stretch"]
COUNTS = counters(Statistics, State)
statistics = partial(read_counters, Statistics, State)
prepare = events.preparer_of(new_planes, COUNTS, odin.may_sweep)
one_of_many = steps.one_of_many_with(steps.three_memories)
at_once = steps.at_once_of(chip_clock, event)
clock = events.counted_clock(chip_clock, workspace)
