"""Frames of bits as an SPI carries them: the most significant bit goes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def msb_first(content: int, n_bits: int) -> list[int]:
    """The ``n_bits`` low bits of a number, the most significant first, as they go over MOSI."""
    return [content >> i & 1 for i in reversed(range(n_bits))]


def number(bits: Iterable[int]) -> int:
    """The number that bits make up which come in the most significant first, as MISO shows them."""
    content = 0
    for bit in bits:
        content = content << 1 | bit
    return content


def fields(content: int, n_bits: int, field_bits: int) -> Iterator[int]:
    """The fields of a frame of ``n_bits`` bits, in the order in which they are sent; each has ``field_bits`` bits."""
    for lsb in reversed(range(0, n_bits, field_bits)):
        yield content >> lsb & (1 << field_bits) - 1
