"""A recorder of a design's pins. It notes their changes, not every clock, and returns rows of a trace."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from cocotb.utils import get_sim_time

from draupnir.cocotb_tests.lib.bus import Pins
from draupnir.cocotb_tests.lib.changes import Moments, PinFollower, changes
from draupnir.cocotb_tests.lib.clock import ClockEdges
from draupnir.emulator.trace import Trace, differ, new_rows

_NONE = np.zeros(0, dtype=np.int64)


class RowRecorder(Protocol):
    """A recorder of rows for a checker; absent : the chip's probes that the design does not have."""

    edges: ClockEdges
    absent: tuple[str, ...]

    def start(self) -> None:
        """Start to follow the pins."""

    def rows(self) -> Trace:
        """Return the rows since the last call."""


class Recorder:
    """Follow all pins of a chip, from ``start`` on. Call ``start`` before the clock's first edge.

    The rules are those for reading recordings (``draupnir.golden.rows``). An input that changes at the time of a clock
    edge changes after it, outputs are those before the edge, and an X on an input counts as 0.

    In the runner's wrapper (``lib.wrapper``) the recorder reads a log; there is one recorder in a simulation. In a
    design that is the simulator's top itself, Python wakes up for each change of a pin.

    followed : the object that follows the pins; None for the one that suits the top
    """

    def __init__(self, pins: Pins, edges: ClockEdges, followed: PinFollower | None = None) -> None:
        self._chip, self.edges, self.absent = pins.chip, edges, pins.absent
        self._changes = followed or changes(pins)
        inputs, outputs = new_rows(self._chip.input_word, 0), new_rows(self._chip.output_word, 0)
        self._nothing = Trace(self._chip, inputs, np.zeros(0, np.uint8), outputs, outputs, _NONE)
        self._moments = Moments(_NONE, inputs, outputs, outputs)  # The first moment belongs to the last row.
        self._end = -1  # the time up to which edges have been returned as rows
        self._is_new = True  # no edge has used the first moment

    def start(self) -> None:
        self._changes.start()

    def rows(self) -> Trace:
        """The rows since the last call, up to the last clock edge before now."""
        end = get_sim_time("step") - 1  # Pins that change now may change again at the same time.
        edges, clk = self.edges.moments(self._end, end)
        self._end = end
        self._moments = self._moments.followed_by(self._changes.take())
        return self._trace(edges, clk) if len(edges) else self._nothing

    def _trace(self, edges: np.ndarray, clk: np.ndarray) -> Trace:
        """Return a row for each edge, and one without an edge for each change of inputs but the last before an edge."""
        before_edge = np.searchsorted(self._moments.times, edges, side="left") - 1  # the moment before each edge
        moments = self._moments[: before_edge[-1] + 1]
        self._moments = self._moments[before_edge[-1] :]
        changes = np.flatnonzero(np.append(True, differ(moments.inputs[1:], moments.inputs[:-1])))
        has_edge = np.zeros(len(changes), dtype=np.bool_)  # True if an edge comes before the next change
        has_edge[np.searchsorted(changes, before_edge, side="right") - 1] = True
        has_edge[0] |= not self._is_new  # The last edge has used this moment.
        self._is_new = False
        passing = changes[~has_edge]
        places = np.searchsorted(before_edge, passing, side="left")
        return Trace(
            self._chip,
            _replace_rows(moments.inputs[before_edge], places, moments.inputs[passing]),
            _replace_rows(clk, places, 0),
            _replace_rows(moments.outputs[before_edge], places, 0),
            _replace_rows(moments.known_bits[before_edge], places, 0),
            _replace_rows(edges, places, moments.times[passing]),
        )


def _replace_rows(rows: np.ndarray, places: np.ndarray, others: np.ndarray | int) -> np.ndarray:
    """Return rows with ``others`` inserted before the rows at ``places``."""
    return np.insert(rows, places, others, axis=0) if len(places) else rows
