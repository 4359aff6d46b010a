"""Differences of output pins at one clock edge."""

from __future__ import annotations

from dataclasses import dataclass

from draupnir.emulator.declare import Chip


@dataclass(frozen=True)
class PinDifference:
    """The difference of a pin immediately before a clock edge.

    width : the number of bits
    expected : the expected level, 0..2**width - 1
    got : the level of the source, 0 in each unknown bit
    known : the mask of the bits of ``got`` that are neither X nor Z
    """

    pin: str
    width: int
    expected: int
    got: int
    known: int

    def __str__(self) -> str:
        """Return the pin and both levels."""
        expected, got_text = self.levels
        return f"{self.pin}: expected {expected}, got {got_text}"

    @property
    def levels(self) -> tuple[str, str]:
        """The expected level and that of the source: in hexadecimal, or in binary if a bit is unknown."""
        if self.known == (1 << self.width) - 1:
            return f"{self.expected:#x}", f"{self.got:#x}"
        bits = ("x" if not self.known >> i & 1 else str(self.got >> i & 1) for i in reversed(range(self.width)))
        return f"0b{self.expected:0{self.width}b}", f"0b{''.join(bits)}"


def pin_differences(chip: Chip, expected: int, got: int, known: int, must_know: int = 0) -> tuple[PinDifference, ...]:
    """Return the differences of two packed outputs.

    known : the mask of the bits of ``got`` that are neither X nor Z; the other bits do not count as different
    must_know : the mask of the bits that count as different if they are unknown
    """
    differs = (expected ^ got) & known | must_know & ~known
    return tuple(
        PinDifference(f.name, f.width, *(row >> f.lsb & f.high for row in (expected, got & known, known)))
        for f in chip.output_word
        if differs & (f.high << f.lsb)
    )
