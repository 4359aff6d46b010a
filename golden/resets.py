"""The end of the first reset: up to there nothing is expected of a chip's outputs, as anything may be in it."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.model import RESET_CLOCKS
from draupnir.emulator.trace import Trace, any_bit, to_row


class FirstReset:
    """Follows rows (``draupnir.emulator.trace``) up to the end of the first reset.

    A reset begins with the first row in which a reset pin is active; one that is not asynchronous begins at a clock
    edge. It is over with the first row in which no reset pin is active any more, if at least ``RESET_CLOCKS`` clock
    edges have come since it began: a chip may take a shorter reset through flip-flops.

    begun : there was a reset; over : and it has ended
    """

    def __init__(self, chip: Chip) -> None:
        word = chip.input_word
        self.begun = self.over = False
        self._n_edges = 0  # since it began
        self._active_low = to_row(word, word.mask([pin.name for pin in chip.resets if not pin.active_level]))
        self._at_once, self._at_edge = (
            to_row(word, word.mask([pin.name for pin in chip.resets if pin.asynchronous == kind]))
            for kind in (True, False)
        )

    def feed(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """Take the next rows; for each, whether the first reset is over with it: (n,) bool."""
        over = np.full(len(clk), self.over)
        if self.over or not len(clk):
            return over
        active, edge = inputs ^ self._active_low, clk != 0
        at_once, at_edge = any_bit(active & self._at_once), any_bit(active & self._at_edge)
        begun = np.logical_or.accumulate(np.append(self.begun, at_once | at_edge & edge))
        n_edges = self._n_edges + np.cumsum(edge & begun[1:])
        n_before = n_edges - (edge & begun[1:])
        ended = begun[:-1] & ~at_once & ~at_edge & (n_before >= RESET_CLOCKS)
        over = np.logical_or.accumulate(ended)
        self.begun, self.over, self._n_edges = bool(begun[-1]), bool(over[-1]), int(n_edges[-1])
        return over


def over_at(trace: Trace) -> int:
    """The row with which the first reset is over: 0 if there is none, len(trace) if it does not end."""
    first = FirstReset(trace.chip)
    over = first.feed(trace.inputs, trace.clk)
    if not first.begun:
        return 0
    return int(np.argmax(over)) if first.over else len(trace)
