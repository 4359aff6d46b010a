"""The rows that are made from moments are those of the slow obvious way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.cocotb_tests.lib import recorder as module
from draupnir.cocotb_tests.lib.changes import Moments
from draupnir.cocotb_tests.lib.clock import ClockEdges
from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.emulator.odin.layout import CHIP

PERIOD, FIRST_EDGE = 10, 5
Row = tuple[int, int, int, int, int]  # inputs, clk, outputs, known bits, time


def obvious(moments: list[tuple[int, int, int]], end: int) -> list[Row]:
    """Make rows from each moment and edge in turn; moments : time, inputs, outputs; the last one of a time counts."""
    final = {time: (inputs, outputs) for time, inputs, outputs in moments}
    rows: list[Row] = []
    inputs, outputs = final[0]
    waiting: int | None = 0  # the time since which the inputs have been in no row
    for time in range(1, end):
        if time >= FIRST_EDGE and (time - FIRST_EDGE) % PERIOD == 0:
            rows.append((inputs, 1, outputs, outputs, time))
            waiting = None
        new_inputs, outputs = final.get(time, (inputs, outputs))
        if new_inputs != inputs:
            if waiting is not None:
                rows.append((inputs, 0, 0, 0, waiting))
            inputs, waiting = new_inputs, time
    n = max((i + 1 for i, row in enumerate(rows) if row[1]), default=0)
    return rows[:n]


class Played:
    """A follower that returns moments up to the present time."""

    def __init__(self, moments: list[tuple[int, int, int]]) -> None:
        self.moments, self.now = moments, 0

    def start(self) -> None:
        """Do nothing."""

    def take(self) -> Moments:
        n = sum(time <= self.now for time, *_ in self.moments)
        times, inputs, outputs = np.array(self.moments[:n], dtype=np.int64).reshape(-1, 3).T
        del self.moments[:n]
        return Moments(times, inputs, outputs, outputs)


@given(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3), st.integers(0, 3))), st.sets(st.integers(1, 90)))
def test_rows_are_those_of_the_obvious_way(changes: list[tuple[int, int, int]], calls: set[int]) -> None:
    moments = [(0, 0, 0), *sorted(changes, key=lambda change: change[0])]
    expected = obvious(moments, 100)
    played = Played(list(moments))
    clock: Any = SimpleNamespace(first_edge=FIRST_EDGE, period=PERIOD)
    pins: Any = SimpleNamespace(chip=CHIP, absent=())
    recorder = Recorder(pins, ClockEdges(CHIP, {CHIP.clock.name: clock}), played)
    output: list[Row] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "get_sim_time", lambda unit: played.now)
        for played.now in sorted(calls | {100}):
            rows = recorder.rows()
            output += zip(*(column.tolist() for column in columns(rows)), strict=True)
    assert output == expected


def columns(rows: Any) -> tuple[np.ndarray, ...]:
    return rows.inputs, rows.clk, rows.outputs, rows.known_bits, rows.times
