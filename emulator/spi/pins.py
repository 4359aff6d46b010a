"""Transactions on the pins: rows for a golden model or a simulator, as an SPI master would drive them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from draupnir.emulator.buses.spi import SPI
from draupnir.emulator.declare import Chip, Pin, Word
from draupnir.emulator.spi.port import port


def rows(
    chip: Chip, transactions: Sequence[int], half: int = 2, gap: int = 0, undriven: int = 0, bits: int = 0
) -> np.ndarray:
    """(n,) int64, the packed input pins, a row a clock.

    MOSI changes as SCK falls; SCK is low before, between and after the transactions (SPI mode 0).
    half : clocks in half an SCK period; gap : clocks, beyond one, after each transaction
    undriven : the other input pins; bits : of each transaction, 1..64, if not the port's own
    """
    n_bits = bits or port(chip).bits
    levels = _bits(transactions, n_bits)
    mosi = np.repeat(levels, 2 * half, axis=1) << _lsb(chip.input_word, spi_pin(chip, "mosi"))
    sck = np.tile(np.repeat([0, 1], half), n_bits) << _lsb(chip.input_word, spi_pin(chip, "sck"))
    after = np.zeros((len(levels), 1 + gap), np.int64)
    return np.concatenate([mosi | sck, after], axis=1).ravel() | undriven


def received(chip: Chip, outputs: np.ndarray, half: int = 2, gap: int = 0) -> list[int]:
    """Return what MISO showed in each transaction, immediately before SCK rises; outputs : of the rows, packed."""
    n_bits = port(chip).bits
    miso = outputs >> _lsb(chip.output_word, spi_pin(chip, "miso")) & 1
    taken = miso.reshape(-1, 2 * half * n_bits + 1 + gap)[:, half - 1 : 2 * half * n_bits : 2 * half]
    return [int("".join(map(str, bits)), 2) for bits in taken.tolist()]


def spi_pin(chip: Chip, role: str) -> Pin:
    """A pin of the SPI, by its role."""
    return chip.buses_of(SPI, "slave")[0].pin(role)


def _lsb(word: Word, pin: Pin) -> int:
    return word[pin.name].lsb


def _bits(transactions: Sequence[int], n_bits: int) -> np.ndarray:
    """(transactions, bits) int64, the most significant bit first."""
    contents = np.array(transactions, np.uint64).reshape(-1, 1)
    return (contents >> np.arange(n_bits - 1, -1, -1, dtype=np.uint64) & np.uint64(1)).astype(np.int64)
