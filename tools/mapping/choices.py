"""The choices that somebody has who brings a network to a chip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """The way to a label from what the output neurons did in a sample.

    count : the neuron with most spikes; first : the neuron that spikes first
    potential : the neuron with the highest potential at the end
    majority : the neuron that has the highest potential at the end of most timesteps
    """

    COUNT = "count"
    FIRST = "first"
    POTENTIAL = "potential"
    MAJORITY = "majority"


class Ties(StrEnum):
    """The neuron that wins among equals: the one with the lowest number, or the one that reached the count first."""

    LOWEST = "lowest"
    EARLIEST = "earliest"


CLIPS, LEAKS_AT, STARTS = (1.0, 0.8, 0.65, 0.5), (0.5, 0.3, 0.7), (0, 50, 100)  # what a calibration tries


@dataclass(frozen=True)
class Choices:
    """All that mapping leaves to its user.

    decision : None for the usual one: counts, or the chip's own if the output neurons do not spike
    split_signs : on a chip whose rows have one sign, whether a source with weights of both signs becomes two
    leak_at : the potential, as a share of the threshold, at which a chip's constant leak equals the network's
    clip : the largest weight of a neuron that keeps its size, as a share of the largest; weights beyond it are cut
    start : potential at the start of a sample, in LSB, on a chip whose potentials are never negative
    """

    decision: Decision | None = None
    ties: Ties = Ties.LOWEST
    split_signs: bool = False
    leak_at: float = 0.5
    clip: float = 1.0
    start: int = 0
