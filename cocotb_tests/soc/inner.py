"""A recorder of a chip inside a design: the levels at each clock of the bus become rows of the chip's own pins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.emulator.declare import Chip, PinWord
from draupnir.emulator.trace import Trace, column, differ, new_rows, only

OF_CHIP = "chip_"  # how the name of a probe begins; after it comes the name of the chip's pin


@dataclass
class _PinLevels:
    """The levels of the chip's pins before edges of the bus's clock: rows of a trace, and (n,) int64 for the rest."""

    clk: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    known_bits: np.ndarray
    times: np.ndarray

    def __getitem__(self, selection: slice | np.ndarray) -> _PinLevels:
        return _PinLevels(*(getattr(self, name)[selection] for name in self.__dataclass_fields__))

    def followed_by(self, later: _PinLevels) -> _PinLevels:
        pairs = ((getattr(self, name), getattr(later, name)) for name in self.__dataclass_fields__)
        return _PinLevels(*(np.concatenate(pair) for pair in pairs))


class InnerRecorder:
    """Follow the pins of a chip that is a part of the design, and whose clock is a flip-flop of the bus's clock.

    outer : the recorder of the design, whose probes are the chip's pins
    listener : a function that receives all rows

    The chip's clock rises at an edge of the bus's clock if it is 0 before this edge, and 1 before the next one. The
    chip's pins before the first of the two edges are then those that its clock samples.
    """

    absent: tuple[str, ...] = ()

    def __init__(self, outer: Recorder, outer_chip: Chip, chip: Chip, listener: Callable[[Trace], None]) -> None:
        self._listener = listener
        self._outer, self._outer_word, self._chip = outer, outer_chip.output_word, chip
        self.edges = outer.edges
        self._last_levels: _PinLevels | None = None  # the last levels; the next ones tell whether the clock rises

    def start(self) -> None:
        self._outer.start()

    def rows(self) -> Trace:
        """Return the rows since the last call, up to the last but one edge of the bus's clock."""
        outer = self._outer.rows()
        at_edges = outer.clk != 0
        levels = _PinLevels(
            self._column(self._chip.clock.name, outer.outputs)[at_edges],
            self._pack(self._chip.input_word, outer.outputs)[at_edges],
            self._pack(self._chip.output_word, outer.outputs)[at_edges],
            self._pack(self._chip.output_word, outer.known_bits)[at_edges],
            outer.times[at_edges],
        )
        if self._last_levels is not None:
            levels = self._last_levels.followed_by(levels)
        self._last_levels = levels[-1:]
        trace = self._trace(levels)
        self._listener(trace)
        return trace

    def _trace(self, levels: _PinLevels) -> Trace:
        rises = (levels.clk[:-1] == 0) & (levels.clk[1:] == 1)
        rows = np.flatnonzero(rises | differ(levels.inputs[:-1], levels.inputs[1:]))
        of_rows, clk = levels[rows], rises[rows]
        return Trace(
            self._chip,
            of_rows.inputs,
            clk.astype(np.uint8),
            only(of_rows.outputs, clk),
            only(of_rows.known_bits, clk),
            of_rows.times,
        )

    def _column(self, pin: str, rows: np.ndarray) -> np.ndarray:
        return column(self._outer_word, f"{OF_CHIP}{pin}", rows)

    def _pack(self, word: PinWord, rows: np.ndarray) -> np.ndarray:
        """Return the pins of a word, taken out of rows of probes. The pins must fit one integer."""
        packed_pins = new_rows(word, len(rows))
        for f in word:
            packed_pins |= self._column(f.name, rows) << f.lsb
        return packed_pins
