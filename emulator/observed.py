"""The behaviour of a chip, or of a device that should be that chip, under rows of input pins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Observed:
    """The outputs of a run, and the memories after it.

    outputs : rows as in ``Trace``: the output pins immediately before each row's clock edges, 0 for a row without one
    known_bits : rows as ``outputs``: the mask of the output bits that are neither X nor Z
    memories : name -> uint32 of ``Memory.shape``, after the last row; unknown bits are 0
    memories_known : name -> the mask of the known bits; Icarus gives whole hexadecimal digits only
    absent : the names of the chip's probes that the source does not have
    """

    outputs: np.ndarray
    known_bits: np.ndarray
    memories: dict[str, np.ndarray]
    memories_known: dict[str, np.ndarray]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemoryMoment:
    """The memories after a row.

    memories : name -> uint32 of ``Memory.shape``; a later row may change the arrays in place
    known_bits : name -> the mask of the known bits; None if all bits are known
    """

    memories: Mapping[str, np.ndarray]
    known_bits: Mapping[str, np.ndarray] | None = None
