"""Devices that can be held against a recording: an RTL in a simulator, a golden model, a chip on a board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.observed import MemoryMoment, Observed
from draupnir.emulator.trace import Trace, known_at_edges
from draupnir.golden.compare.memories import ALL_BITS, Memories
from draupnir.golden.compare.model import GoldenModel


class Device(Protocol):
    """Something that runs recordings, each from its initial state.

    n_parallel : runs that may be under way at a time, each in a thread
    is_random : registers start at random, so that nothing that shows before the first reset counts
    can_follow : ``follow`` works
    n_moments : rows to follow in one run, at most: what can be done in seconds; at least 2
    """

    @property
    def n_parallel(self) -> int: ...

    @property
    def is_random(self) -> bool: ...

    @property
    def can_follow(self) -> bool: ...

    @property
    def n_moments(self) -> int: ...

    def run(self, trace: Trace, before: Memories) -> Observed:
        """Drive a trace's inputs, from the initial state and the memories before the first row."""

    def follow(self, trace: Trace, before: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """Run so again; give the memories after each of some rows, which are ascending."""


class ModelDevice:
    """A chip's golden model as a device.

    seed : starts the registers that no reset touches at random; None starts them at 0
    stretch : False runs every clock by itself, see ``ClockLevel``
    """

    n_parallel, can_follow, n_moments = 1, True, 1 << 17

    def __init__(self, chip: Chip, seed: int | None = None, stretch: bool = True) -> None:
        self._chip, self._seed, self._stretch = chip, seed, stretch
        self.is_random = seed is not None

    def run(self, trace: Trace, before: Memories) -> Observed:
        """See ``Device``."""
        model = self._begin(before)
        outputs = model.drive(trace.inputs, trace.clk)
        masks = {name: np.full_like(content, ALL_BITS) for name, content in model.memories.items()}
        return Observed(outputs, known_at_edges(trace.chip.output_word, trace.clk), model.memories, masks)

    def follow(self, trace: Trace, before: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        """See ``Device``."""
        model = self._begin(before)
        first = 0
        for row in rows:
            model.drive(trace.inputs[first : row + 1], trace.clk[first : row + 1])
            first = row + 1
            yield MemoryMoment(model.memories)

    def _begin(self, before: Memories) -> GoldenModel:
        return loaded_model(self._chip, before, self._seed, self._stretch)


def loaded_model(
    chip: Chip, memories: Mapping[str, np.ndarray], seed: int | None = None, stretch: bool = True
) -> GoldenModel:
    """The chip's golden model in its initial state, with memories in which something is already."""
    model: GoldenModel = chips.model(chip.name, chip.sizes)(seed)
    model.stretch = stretch
    for name, content in memories.items():
        model.memories[name][:] = content
    return model
