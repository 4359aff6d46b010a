"""A recorder of a design's pins: it notes where they change, not every clock, and gives rows of a trace."""

from __future__ import annotations

import numpy as np
from cocotb.utils import get_sim_time

from draupnir.cocotb_tests.lib.bus import Pins
from draupnir.cocotb_tests.lib.changes import Moments, PinFollower, changes
from draupnir.cocotb_tests.lib.clock import ClockEdges
from draupnir.emulator.trace import Trace, differ, new_rows

_NONE = np.zeros(0, dtype=np.int64)


class Recorder:
    """Follows all pins of a chip from ``start`` on, which is to be called before the clock's first edge.

    The rules are those by which recordings are read (``draupnir.golden.rows``): an input that changes at the time of
    a clock edge changes after it, outputs are those before the edge, an X on an input counts as 0.

    In the runner's wrapper (``lib.wrapper``) it reads a log, one recorder in a simulation; in a design that is the
    simulator's top itself Python is woken for each change of a pin.

    followed : who follows the pins, where it is not to be chosen by that
    """

    def __init__(self, pins: Pins, edges: ClockEdges, followed: PinFollower | None = None) -> None:
        self._chip, self.edges, self.absent = pins.chip, edges, pins.absent
        self._changes = followed or changes(pins)
        inputs, outputs = new_rows(self._chip.input_word, 0), new_rows(self._chip.output_word, 0)
        self._nothing = Trace(self._chip, inputs, np.zeros(0, np.uint8), outputs, outputs, _NONE)
        self._moments = Moments(_NONE, inputs, outputs, outputs)  # the first was applied with the last row
        self._until = -1  # the edges up to this time are given as rows

    def start(self) -> None:
        self._changes.start()

    def rows(self) -> Trace:
        """The rows since the last call, up to the last clock edge before now."""
        until = get_sim_time("step") - 1  # what changes right now may change again
        edges, clk = self.edges.between(self._until, until)
        self._until = until
        self._moments = self._moments.then(self._changes.take())
        return self._trace(edges, clk) if len(edges) else self._nothing

    def _trace(self, edges: np.ndarray, clk: np.ndarray) -> Trace:
        """A row for each edge, and one without for each change of inputs that another follows before the next edge."""
        before = np.searchsorted(self._moments.times, edges, side="left") - 1  # the moment before each edge
        moments = self._moments[: before[-1] + 1]
        self._moments = self._moments[before[-1] :]
        changed = np.flatnonzero(np.append(True, differ(moments.inputs[1:], moments.inputs[:-1])))
        seen = np.zeros(len(changed), dtype=np.bool_)  # by an edge
        seen[np.searchsorted(changed, before, side="right") - 1] = True
        seen[0] = True  # by the last edge
        passing = changed[~seen]
        at = np.searchsorted(before, passing, side="left")
        return Trace(
            self._chip,
            _with(moments.inputs[before], at, moments.inputs[passing]),
            _with(clk, at, 0),
            _with(moments.outputs[before], at, 0),
            _with(moments.known[before], at, 0),
            _with(edges, at, moments.times[passing]),
        )


def _with(rows: np.ndarray, at: np.ndarray, others: np.ndarray | int) -> np.ndarray:
    """Rows with some others before those at the given places."""
    return np.insert(rows, at, others, axis=0) if len(at) else rows
