"""The steps of ODIN's event level, for ``speeds/loop.py``: those of ``crossbar/steps.py``, with events of ODIN.

ODIN takes spike events, all-neurons time references and bistability at once (``event.take``).
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.crossbar import events, steps
from draupnir.emulator.crossbar.steps import LONGEST_WORK as LONGEST_WORK
from draupnir.emulator.crossbar.steps import can_stretch as can_stretch
from draupnir.emulator.crossbar.steps import opener as opener
from draupnir.emulator.crossbar.steps import stretch as stretch
from draupnir.emulator.odin import clock as chip_clock
from draupnir.emulator.odin.events import event, workspace
from draupnir.emulator.odin.events.statistics import COUNTS
from draupnir.emulator.odin.events.statistics import statistics as statistics
from draupnir.emulator.odin.planes import memories
from draupnir.emulator.odin.planes.record import new_planes
from draupnir.emulator.odin.stretch import begin as begin
from draupnir.emulator.odin.stretch import end as end


def may_sweep(r: np.record) -> bool:
    """Tell whether the configuration lets an event be taken at once: the output bus shows the neurons' spikes alone."""
    return not r.spi_out_aer_monitor_en and not r.spi_aer_src_ctrl_nneur


prepare = events.preparer_of(new_planes, COUNTS, may_sweep)
one_of_many = steps.one_of_many_with(steps.two_memories)
at_once = steps.at_once_of(chip_clock, event)
clock = events.counted_clock(chip_clock, workspace)
load = events.loader(memories)
flush = events.flusher(memories)
