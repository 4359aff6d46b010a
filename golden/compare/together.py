"""Hold a device and a golden model together over whole arrays of pins, at the device's own speed.

Both run a block of rows, the model in a thread of its own, beside a device that lets go of Python's lock (as RTL in
Verilator does); then two arrays are compared. Only in a block that differs does anybody look at single clocks.
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
    """Anything that runs rows of pins: a simulator, a chip on a board, another model.

    Where it does not have all probes of the chip, ``absent`` names those.
    """

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray: ...


class Together:
    """A device and a model in the same state, held to each other.

    block : rows between two comparisons, at least 1

    comparison : what has been compared so far
    """

    def __init__(self, device: RowDevice, model: GoldenModel, block: int = BLOCK) -> None:
        self.device, self._block = device, block
        self.comparison = Comparison(model, getattr(device, "absent", ()))

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> FirstDifference | None:
        """Run rows (``draupnir.emulator.trace``) on both; None if all outputs are equal.

        inputs : (n,) int64, or (n, words), input pins packed; clk : (n,) uint8
        At a difference the run ends: the device has run the whole block, the model stands immediately before the clock
        edge, with the row's inputs applied.
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
                compared = comparison.compare_with(trace, snapshot, expected)
                if compared.differing:
                    return comparison.difference(compared, compared.differing[0])
                comparison.count(trace)
        return None


def hold(
    device: RowDevice, model: GoldenModel, inputs: np.ndarray, clk: np.ndarray, block: int = BLOCK
) -> FirstDifference | None:
    """Run rows on a device and a model, which must be in the same state; see ``Together.run``."""
    return Together(device, model, block).run(inputs, clk)


def _all_known(
    model: GoldenModel, inputs: np.ndarray, clk: np.ndarray, outputs: np.ndarray, absent: Collection[str]
) -> Trace:
    """The rows of a device that knows 0 and 1 only."""
    known = known_at_edges(model.chip.output_word, clk, absent)
    return Trace(model.chip, inputs, clk, outputs, known, np.zeros(len(clk), np.int64))
