"""Devices that can be compared with a recording: an RTL in a simulator, a golden model, a chip on a board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.observed import MemoryMoment, Observed
from draupnir.emulator.trace import Trace, known_at_edges
from draupnir.golden import state
from draupnir.golden.compare.memories import ALL_BITS, Memories
from draupnir.golden.compare.model import GoldenModel


class Device(Protocol):
    """A device that runs recordings, each from its initial state.

    n_parallel : the number of runs that are possible at the same time, each in a thread
    is_random : True if registers start at random, so that outputs before the end of the first reset do not count
    can_follow : True if ``follow`` works
    n_moments : the largest number of rows to follow in one run, at least 2, so that it takes seconds

    The initial memories may also have the state of a golden case (``draupnir.golden.state``), if the device has a true
    ``takes_state``.
    """

    @property
    def n_parallel(self) -> int: ...

    @property
    def is_random(self) -> bool: ...

    @property
    def can_follow(self) -> bool: ...

    @property
    def n_moments(self) -> int: ...

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        """Run the inputs of a trace from the initial state, with these memories before the first row."""

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """Run the same again, and yield the memories after each of these rows, which are in ascending order."""


class ModelDevice:
    """A chip's golden model as a device; seed, stretch : as for ``ClockLevel``."""

    n_parallel, can_follow, n_moments, takes_state = 1, True, 1 << 17, True

    def __init__(self, chip: Chip, seed: int | None = None, stretch: bool = True) -> None:
        self._chip, self._seed, self._stretch = chip, seed, stretch
        self.is_random = seed is not None

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        """See ``Device``."""
        model = self._begin(initial_memories)
        outputs = model.drive(trace.inputs, trace.clk)
        masks = {name: np.full_like(content, ALL_BITS) for name, content in model.memories.items()}
        return Observed(outputs, known_at_edges(trace.chip.output_word, trace.clk), model.memories, masks)

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """See ``Device``."""
        model = self._begin(initial_memories)
        first = 0
        for row in rows:
            model.drive(trace.inputs[first : row + 1], trace.clk[first : row + 1])
            first = row + 1
            yield MemoryMoment(model.memories)

    def _begin(self, initial_memories: Memories) -> GoldenModel:
        return loaded_model(self._chip, initial_memories, self._seed, self._stretch)


def loaded_model(
    chip: Chip, memories: Mapping[str, np.ndarray], seed: int | None = None, stretch: bool = True
) -> GoldenModel:
    """Return the chip's golden model in its initial state, with these memories, and with the state among them."""
    model: GoldenModel = chips.model(chip.name, chip.sizes)(seed)
    model.stretch = stretch
    for name in model.memories.keys() & memories.keys():
        model.memories[name][:] = memories[name]
    state.put_into(model, memories)
    return model


class SteppedModel:
    """A golden model as a device that a stimulus drives, clock by clock (``golden.record.SteppedDevice``)."""

    def __init__(self, model: ClockLevel) -> None:
        self.model = model

    def step(self, inputs: int, edges: int) -> int:
        """Run one row of packed pins, and return the outputs immediately before its edges."""
        return self.model.step(inputs, edges)

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """Run rows; see ``ClockLevel.drive``."""
        return self.model.drive(inputs, clk)

    def read_memory(self, name: str) -> np.ndarray:
        """Return a copy of a memory."""
        content: np.ndarray = self.model.memories[name].copy()
        return content

    def write_memory(self, name: str, content: np.ndarray) -> None:
        """Overwrite a whole memory."""
        self.model.memories[name][:] = content
