"""What a design's pins do, recorded where they change and not clock by clock, and given as rows of a trace.

Python is woken for each change of a pin only; most pins rest most of the time.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

import cocotb
import numpy as np
from cocotb.utils import get_sim_time

from cocotb_tests.lib.bus import Pins
from cocotb_tests.lib.clock import ChipClock
from emulator.declare import Pin, Word
from emulator.trace import Trace


@dataclass
class _Levels:
    """The levels of some pins, packed, from moment to moment; the first entry holds before all edges still to come."""

    word: Word
    levels: int = 0
    known: int = 0
    moments: list[tuple[int, int, int]] = field(default_factory=list)  # time, levels, known

    def change(self, time: int, pin: Pin, bits: str) -> None:
        """A pin takes a level; of several changes in a moment the last stays."""
        lsb, mask = self.word[pin.name].lsb, self.word[pin.name].high
        level, known = parse_bits(bits)
        self.levels = self.levels & ~(mask << lsb) | level << lsb
        self.known = self.known & ~(mask << lsb) | known << lsb
        if self.moments and self.moments[-1][0] == time:
            self.moments.pop()
        self.moments.append((time, self.levels, self.known))

    def take(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Levels and known bits of all moments before the last edge, and for each edge how many of them precede it."""
        times, levels, known = np.array(self.moments, dtype=np.int64).T
        n_before = np.searchsorted(times, edges, side="left")
        del self.moments[: n_before[-1] - 1]
        return levels[: n_before[-1]], known[: n_before[-1]], n_before


class Recorder:
    """Follows all pins of a chip from ``start`` on, which is to be called before the clock's first edge.

    The rules are those by which recordings are read (``golden.rows``): an input that changes at the time of a rising
    edge changes after it, outputs are those before the edge, an X on an input counts as 0.
    """

    def __init__(self, pins: Pins, clock: ChipClock) -> None:
        self._pins, self._clock, self._chip = pins, clock, pins.chip
        self._times: list[int] = []  # of changes that are not in _inputs and _outputs yet
        self._changes: list[tuple[Pin, str]] = []
        self._inputs = _Levels(pins.chip.input_word)
        self._outputs = _Levels(pins.chip.output_word)
        self._n_edges = 0  # given as rows

    def start(self) -> None:
        for pin in (*self._chip.inputs, *self._chip.outputs):
            self._levels(pin).change(get_sim_time("step"), pin, str(self._pins[pin.name].value))
            cocotb.start_soon(self._follow(pin, self._pins[pin.name]))

    async def _follow(self, pin: Pin, handle: Any) -> NoReturn:
        times, changes, change = self._times, self._changes, handle.value_change
        while True:
            await change
            times.append(get_sim_time("step"))
            changes.append((pin, str(handle.value)))

    def _levels(self, pin: Pin) -> _Levels:
        return self._inputs if pin.direction == "in" else self._outputs

    def rows(self) -> Trace:
        """The rows since the last call, up to the last clock edge before now."""
        now = get_sim_time("step")
        n_done = bisect_left(self._times, now)  # what changes right now may change again
        for time, (pin, bits) in zip(self._times[:n_done], self._changes[:n_done], strict=True):
            self._levels(pin).change(time, pin, bits)
        del self._times[:n_done], self._changes[:n_done]
        n_edges = self._clock.cycle(now - 1)
        edges = self._clock.first_edge + self._clock.period * np.arange(self._n_edges, n_edges, dtype=np.int64)
        self._n_edges = n_edges
        return self._trace(edges)

    def _trace(self, edges: np.ndarray) -> Trace:
        """A row for each edge, and one without for each change of inputs that another follows before the next edge."""
        if not len(edges):
            none = np.zeros(0, dtype=np.int64)
            return Trace(self._chip, none, none.astype(np.uint8), none, none, none)
        moments = np.array([time for time, *_ in self._inputs.moments], dtype=np.int64)
        inputs, _, before = self._inputs.take(edges)
        outputs, known, outputs_before = self._outputs.take(edges)
        passing = np.setdiff1d(np.arange(1, len(inputs)), before - 1)  # moment 0 was applied with the last row
        at = np.searchsorted(before, passing, side="right")
        return Trace(
            self._chip,
            np.insert(inputs[before - 1], at, inputs[passing]),
            np.insert(np.ones(len(edges), dtype=np.uint8), at, 0),
            np.insert(outputs[outputs_before - 1], at, 0),
            np.insert(known[outputs_before - 1], at, 0),
            np.insert(edges, at, moments[passing]),
        )


@cache
def parse_bits(bits: str) -> tuple[int, int]:
    """Level, with 0 for each X and Z, and mask of the known bits."""
    known = "".join("1" if bit in "01" else "0" for bit in bits)
    level = "".join(bit if bit in "01" else "0" for bit in bits)
    return int(level, 2), int(known, 2)
