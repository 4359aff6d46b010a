"""The part of a chip that brings networks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import chips
from draupnir.emulator.package import Part
from draupnir.tools.mapping.answers import SampleAnswer
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Conventions
from draupnir.tools.mapping.energy import Energy
from draupnir.tools.mapping.network import SpikingNetwork
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.story import Story

Run = Callable[[NDArray[np.uint8]], SampleAnswer]
Calibratable = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Change:
    """One change of a network on a chip.

    neuron : the chip's neuron whose threshold or weight it is
    row : the row of the weight, as a ``StoryStep`` has it (on ReckOn 256 + n for recurrent neuron n), None for the
        threshold
    content : the new threshold, in LSB, or the new weight
    """

    neuron: int
    row: int | None
    content: int


@dataclass(frozen=True, eq=False)
class WeightPair:
    """Weights of a network, those that are not 0: (n,) float64 in LSB, and (n,) int64 on the chip, low..high."""

    in_float: NDArray[np.float64]
    on_chip: NDArray[np.int64]
    low: int
    high: int


@runtime_checkable
class Mapper(Protocol):
    """The way of a network to one chip. A sample is (timesteps, inputs) uint8 of 0 and 1.

    map : brings a network to the chip. Raises BrokenRules with a line for each rule that it breaks
    chip_run : returns a function that runs a sample at the chip's event level, from any thread
    integer_run : returns a function that runs a sample on the integer network of the configuration
    unrounded_run : likewise, on a network with the chip's order of events, leak and reset, but with weights so fine
        that rounding has no effect
    event_file : returns the lines of an event file, or of a file of operations, that runs a sample; the header first
    tell : returns the story of a neuron of the chip in a sample. change : a change of the configuration, or None
    potentials_at : returns the potentials of the chip's neurons after some numbers of clocks of a sample
    calibratable : name of a choice that matters on the chip -> what a calibration tries for it
    weights : returns by name the weights of a network in LSB before they are rounded, and as the chip has them
    potential_range : the ends of a potential on the chip
    energy : the energy of a synaptic operation, None if nobody has measured it
    """

    @property
    def potential_range(self) -> tuple[int, int]: ...

    @property
    def calibratable(self) -> Calibratable: ...

    @property
    def energy(self) -> Energy | None: ...

    def map(self, network: SpikingNetwork, conventions: Conventions, choices: Choices) -> Mapped: ...

    def chip_run(self, mapped: Mapped) -> Run: ...

    def integer_run(self, mapped: Mapped) -> Run: ...

    def event_file(self, mapped: Mapped, sample: NDArray[np.uint8]) -> Iterator[str]: ...

    def tell(self, mapped: Mapped, sample: NDArray[np.uint8], neuron: int, change: Change | None) -> Story: ...

    def potentials_at(self, mapped: Mapped, sample: NDArray[np.uint8], clocks: Sequence[int]) -> NDArray[np.int64]: ...

    def weights(self, mapped: Mapped) -> Mapping[str, WeightPair]: ...

    def unrounded_run(self, mapped: Mapped) -> Run: ...


def _is_mapper(part: object) -> TypeGuard[Mapper]:
    return isinstance(part, Mapper)


MAPPER: Part[Mapper] = Part(
    "mapper",
    "mapper",
    "no network is brought to it",
    _is_mapper,
    "an object with map, chip_run, integer_run, unrounded_run",
)


def mapper_of(chip: str) -> Mapper:
    """The mapper of a chip. Raises InputError for an unknown chip, and for one without a mapper."""
    return MAPPER.require(chips.package(chip))
