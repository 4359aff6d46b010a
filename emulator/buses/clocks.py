"""The random numbers that the sides of a bus draw: numbers of clocks for their timing, and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from draupnir.emulator.declare import INTEGER_BITS

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Clocks:
    """A number of clocks, drawn anew each time: lo..hi, or, with probability ``rare``, rare_lo..rare_hi."""

    lo: int
    hi: int
    rare: float = 0.0
    rare_lo: int = 0
    rare_hi: int = 0

    def draw(self, rng: np.random.Generator) -> int:
        if self.rare and rng.random() < self.rare:
            return int(rng.integers(self.rare_lo, self.rare_hi + 1))
        return self.lo if self.lo == self.hi else int(rng.integers(self.lo, self.hi + 1))


def any_level(rng: np.random.Generator, width: int) -> int:
    """A level of so many bits, 1 or more, each of which may be 0 or 1."""
    if width <= INTEGER_BITS:
        return int(rng.integers(1 << width))
    return int.from_bytes(rng.bytes(-(-width // 8)), "little") & (1 << width) - 1
