"""Frames of bits on an SPI: the most significant bit comes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def msb_first(content: int, n_bits: int) -> list[int]:
    """Return the ``n_bits`` low bits of a number in the order of MOSI: the most significant bit first."""
    return [content >> i & 1 for i in reversed(range(n_bits))]


def number(bits: Iterable[int]) -> int:
    """Return the number of these bits, which come in the order of MISO: the most significant bit first."""
    content = 0
    for bit in bits:
        content = content << 1 | bit
    return content


def fields(content: int, n_bits: int, field_bits: int) -> Iterator[int]:
    """Yield the fields of a frame in the order in which they are sent.

    content : the frame, 0..2**n_bits - 1
    field_bits : the bits of each field, a divisor of ``n_bits``
    """
    for lsb in reversed(range(0, n_bits, field_bits)):
        yield content >> lsb & (1 << field_bits) - 1
