"""Run the same inputs on an RTL and on the golden model, and say what differs first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.declare import Chip
from draupnir.emulator.observed import Observed
from draupnir.emulator.trace import Trace, any_bit, from_row, known_at_edges, new_rows, unpack
from draupnir.golden import wave_out
from draupnir.golden.compare.device import Device

Memories = Mapping[str, np.ndarray]  # name -> uint32 of the memory's shape


@dataclass(frozen=True)
class FuzzStimulus:
    """Inputs and the memories before them. Their outputs are whatever a device makes of them.

    inputs, clk : rows as in ``draupnir.emulator.trace``
    """

    chip: Chip
    inputs: np.ndarray
    clk: np.ndarray
    memories: Memories

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def n_clocks(self) -> int:
        """The number of rows with a clock edge."""
        return int(np.count_nonzero(self.clk))

    @property
    def n_changes(self) -> int:
        """The number of rows in which an input pin changes."""
        return int(np.count_nonzero(any_bit(self.inputs[1:] ^ self.inputs[:-1])))

    def trace(self, run: Observed | None = None) -> Trace:
        """Return the rows as a trace; run : the source of its outputs, None for outputs of 0 that nobody knows."""
        word = self.chip.output_word
        nothing = new_rows(word, len(self))
        outputs = nothing if run is None else run.outputs
        known_bits = nothing if run is None else known_at_edges(word, self.clk, run.absent)
        return Trace(self.chip, self.inputs, self.clk, outputs, known_bits, wave_out.schedule(self.clk))


@dataclass(frozen=True)
class FuzzDifference:
    """The first difference of two devices.

    place : the pin that differs first, or the memory that differs after the last edge
    is_pin : True for a pin
    row : the row of the difference; the last one for a memory
    clock : the number of clock edges before it
    """

    place: str
    is_pin: bool
    row: int
    clock: int

    def as_object(self) -> dict[str, Any]:
        """Return the difference for JSON."""
        return {"place": self.place, "is_pin": self.is_pin, "clock": self.clock}


def first_difference(stimulus: FuzzStimulus, one: Observed, other: Observed) -> FuzzDifference | None:
    """Return the first difference of two runs of the same stimulus: in a pin, or else in a memory; None without one."""
    chip, word = stimulus.chip, stimulus.chip.output_word
    differs = (one.outputs ^ other.outputs) & one.known_bits & other.known_bits
    for row in np.flatnonzero(any_bit(differs))[:1].tolist():
        pin = next(name for name, bits in unpack(word, from_row(word, differs[row])).items() if bits)
        return FuzzDifference(pin, True, row, int(np.count_nonzero(stimulus.clk[:row])))
    for memory in chip.memories:
        known_bits = one.memories_known[memory.name] & other.memories_known[memory.name]
        mask = to_limbs((1 << memory.width) - 1, memory.n_limbs) & known_bits
        if ((one.memories[memory.name] ^ other.memories[memory.name]) & mask).any():
            return FuzzDifference(memory.name, False, len(stimulus) - 1, stimulus.n_clocks)
    return None


def difference(stimulus: FuzzStimulus, rtl: Device, model: Device) -> FuzzDifference | None:
    """Run a stimulus on both devices, and return their first difference."""
    trace = stimulus.trace()
    return first_difference(stimulus, *(device.run(trace, stimulus.memories) for device in (rtl, model)))
