"""The end of the first reset. Before it a chip's registers may have any content, so its outputs do not count."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.model import RESET_CLOCKS
from draupnir.emulator.trace import Trace, any_bit, to_row


class FirstReset:
    """A watch over rows (``draupnir.emulator.trace``) up to the end of the first reset.

    A reset begins with the first row in which a reset pin is active; a synchronous reset begins at a clock edge. It
    ends with the first row in which no reset pin is active, if there were at least ``RESET_CLOCKS`` clock edges since
    its beginning: a shorter reset may still be on its way through flip-flops.

    begun : True after the beginning; over : True after the end
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
        """Take the next rows. Return (n,) bool: True for each row at which the first reset has ended."""
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
    """Return the row at which the first reset ends: 0 if there is no reset, len(trace) if it does not end."""
    first = FirstReset(trace.chip)
    over = first.feed(trace.inputs, trace.clk)
    if not first.begun:
        return 0
    return int(np.argmax(over)) if first.over else len(trace)
