"""The behaviour of a chip, or of a device that should be one, under rows of pins, as far as it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Observed:
    """The outputs of a run, and the memories after it.

    outputs : rows, as in ``Trace``: the output pins immediately before each row's clock edge, 0 where it has none
    known : the mask of the output bits that were neither X nor Z, as ``outputs``
    memories : name -> uint32 of the memory's shape, after the last row; unknown bits are 0
    memories_known : name -> the mask of their known bits, from Icarus in whole hexadecimal digits
    absent : the chip's probes that the source does not have
    """

    outputs: np.ndarray
    known: np.ndarray
    memories: dict[str, np.ndarray]
    memories_known: dict[str, np.ndarray]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemoryMoment:
    """The memories after a row: name -> uint32 of the memory's shape. They may be changed in place later.

    known : the mask of their known bits; None where all are
    """

    memories: Mapping[str, np.ndarray]
    known: Mapping[str, np.ndarray] | None = None
