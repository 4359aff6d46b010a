"""Hold a device and a golden model together over whole arrays of pins, at the device's own speed.

Both run a block of rows, the model in a thread of its own, beside a device that lets go of Python's lock (as RTL in
Verilator does); then two arrays are compared. Only in a block that differs does anybody look at single clocks.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from draupnir.emulator.trace import differ, from_row
from draupnir.golden.compare import PinDifference, pin_differences

if TYPE_CHECKING:
    from draupnir.golden.replay import GoldenModel

BLOCK = 1 << 18  # rows between two comparisons


class Device(Protocol):
    """Anything that runs rows of pins: a simulator, a chip on a board, another model."""

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class FirstDifference:
    """The first clock edge before which a device shows other outputs than the model.

    row : of the rows given, the one that this edge ends; cycle : clock edges of these rows before it
    pins : what differs; ``recorded`` is the device's
    context : what the model is doing, decoded, a line each
    """

    row: int
    cycle: int
    pins: tuple[PinDifference, ...]
    context: tuple[str, ...]

    def __str__(self) -> str:
        pins = ", ".join(f"{pin.pin} expected {pin.expected:#x}, found {pin.recorded:#x}" for pin in self.pins)
        return f"clock {self.cycle}: {pins}"


def hold(
    device: Device, model: GoldenModel, inputs: np.ndarray, clk: np.ndarray, block: int = BLOCK
) -> FirstDifference | None:
    """Run rows (``draupnir.emulator.trace``) on both, which must be in the same state; None if all outputs are equal.

    inputs : (n,) or (n, n_words) int64, input pins packed; clk : (n,) uint8
    block : rows between two comparisons, at least 1
    At a difference the run ends: the device has run the whole block, the model stands immediately before the clock
    edge, with the row's inputs applied.
    """
    with ThreadPoolExecutor(1) as beside:
        for first in range(0, len(inputs), block):
            rows, edges = inputs[first : first + block], clk[first : first + block]
            before = model.snapshot()
            modelled = beside.submit(model.drive, rows, edges)
            found = device.run(rows, edges)
            expected = modelled.result()
            if not np.array_equal(found, expected):
                row = int(np.flatnonzero(differ(found, expected))[0])
                model.restore(before)
                until = edges[: row + 1].copy()
                until[row] = 0  # the inputs are there, the edge is not yet
                model.drive(rows[: row + 1], until)
                word = model.chip.output_word
                pins = pin_differences(model.chip, from_row(word, expected[row]), from_row(word, found[row]), -1)
                cycle = int(np.count_nonzero(clk[: first + row]))
                return FirstDifference(first + row, cycle, pins, tuple(model.context()))
    return None
