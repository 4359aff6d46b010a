"""The random numbers that the sides of a bus draw: numbers of clocks for the timing, and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from draupnir.emulator.declare import INTEGER_BITS

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Clocks:
    """A random number of clocks: lo..hi, or with the probability ``rare`` (0..1) rare_lo..rare_hi.

    Both ends of a range are possible.
    """

    lo: int
    hi: int
    rare: float = 0.0
    rare_lo: int = 0
    rare_hi: int = 0

    def draw(self, rng: np.random.Generator) -> int:
        """Draw one number of clocks."""
        if self.rare and rng.random() < self.rare:
            return int(rng.integers(self.rare_lo, self.rare_hi + 1))
        return self.lo if self.lo == self.hi else int(rng.integers(self.lo, self.hi + 1))


def any_level(rng: np.random.Generator, width: int) -> int:
    """Draw a level, 0..2**width - 1; width : bits, at least 1."""
    if width <= INTEGER_BITS:
        return int(rng.integers(1 << width))
    return int.from_bytes(rng.bytes(-(-width // 8)), "little") & (1 << width) - 1
