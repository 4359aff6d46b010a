"""Compare a device with a golden model over whole arrays of pins, at the device's own speed.

Both run a block of rows, and then two arrays are compared. The model runs in a thread of its own, at the same time as a
device that releases Python's global lock (RTL in Verilator does). Single clocks are compared only in a block that
differs.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from draupnir.emulator.trace import Trace, known_at_edges
from draupnir.golden.compare.comparison import Comparison
from draupnir.golden.compare.difference import FirstDifference
from draupnir.golden.compare.model import GoldenModel

BLOCK = 1 << 18  # rows between two comparisons


class RowDevice(Protocol):
    """A device that runs rows of pins: a simulator, a chip on a board, another model.

    absent : the names of the chip's probes that the device does not have
    """

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray: ...


class Together:
    """A comparison of a device with a model, which start in the same state.

    block : the number of rows between two comparisons, at least 1

    comparison : the comparison so far
    """

    def __init__(self, device: RowDevice, model: GoldenModel, block: int = BLOCK) -> None:
        self.device, self._block = device, block
        self.comparison = Comparison(model, getattr(device, "absent", ()))

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> FirstDifference | None:
        """Run rows (``draupnir.emulator.trace``) on both, and return the first difference, or None.

        inputs : (n,) or (n, n_words) int64, the packed input pins
        clk : (n,) uint8, clock edges

        A difference ends the run. The device has then run the whole block; the model is immediately before the clock
        edge, and has the row's inputs.
        """
        comparison, model = self.comparison, self.comparison.model
        with ThreadPoolExecutor(1) as beside:
            for first in range(0, len(inputs), self._block):
                rows, edges = inputs[first : first + self._block], clk[first : first + self._block]
                snapshot = model.snapshot()
                modelled = beside.submit(model.drive, rows, edges)
                outputs = self.device.run(rows, edges)
                trace, expected = _all_known(model, rows, edges, outputs, comparison.ignored), modelled.result()
                if np.array_equal(outputs, expected):
                    comparison.equal(trace, snapshot)
                    continue
                comparison_result = comparison.compare_with(trace, snapshot, expected)
                if comparison_result.wrong_rows:
                    return comparison.difference(comparison_result, comparison_result.wrong_rows[0])
                comparison.count(trace)
        return None


def hold(
    device: RowDevice, model: GoldenModel, inputs: np.ndarray, clk: np.ndarray, block: int = BLOCK
) -> FirstDifference | None:
    """Run rows on a device and a model in the same state, and return the first difference; see ``Together.run``."""
    return Together(device, model, block).run(inputs, clk)


def _all_known(
    model: GoldenModel, inputs: np.ndarray, clk: np.ndarray, outputs: np.ndarray, absent: Collection[str]
) -> Trace:
    """Return the rows of a device that knows only 0 and 1."""
    known_bits = known_at_edges(model.chip.output_word, clk, absent)
    return Trace(model.chip, inputs, clk, outputs, known_bits, np.zeros(len(clk), np.int64))
