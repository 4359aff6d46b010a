"""The steps of tinyODIN's event level, for ``speeds/loop.py``: those of both chips, with tinyODIN's events."""

from __future__ import annotations

from functools import partial

from draupnir.emulator.crossbar import events, steps
from draupnir.emulator.crossbar.events import CrossbarStatistics
from draupnir.emulator.crossbar.steps import LONGEST_WORK as LONGEST_WORK
from draupnir.emulator.crossbar.steps import can_stretch as can_stretch
from draupnir.emulator.crossbar.steps import opener as opener
from draupnir.emulator.crossbar.steps import stretch as stretch
from draupnir.emulator.speeds.runs import counters, read_counters
from draupnir.emulator.tinyodin import clock as chip_clock
from draupnir.emulator.tinyodin.events import event, sweep, workspace
from draupnir.emulator.tinyodin.layout import State
from draupnir.emulator.tinyodin.stretch import begin as begin
from draupnir.emulator.tinyodin.stretch import end as end

COUNTS = counters(CrossbarStatistics, State)
statistics = partial(read_counters, CrossbarStatistics, State)
prepare = events.preparer_of(sweep.new_lanes, COUNTS, lambda r: not r.spi_aer_src_ctrl_nneur)
one_of_many = steps.one_of_many_with(steps.two_memories)
at_once = steps.at_once_of(chip_clock, event)
clock = events.counted_clock(chip_clock, workspace)
load = events.loader(sweep)
flush = events.flusher(sweep)
