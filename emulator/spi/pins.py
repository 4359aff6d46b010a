"""SPI transactions as rows of pins, for a golden model or a simulator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from draupnir.emulator.buses.spi import SPI, levels
from draupnir.emulator.declare import Chip, Pin, Word
from draupnir.emulator.spi.frames import number
from draupnir.emulator.spi.port import port


def rows(
    chip: Chip, transactions: Sequence[int], half: int = 2, gap: int = 0, undriven: int = 0, bits: int = 0
) -> np.ndarray:
    """Return the packed input pins, one row for each clock: (n,) int64.

    In a transaction the pins move as ``buses.spi.levels`` says. SCK is low before, between and after the transactions.

    transactions : the bits of each, 0..2**bits - 1
    half : the clocks of half an SCK period, at least 1
    gap : the clocks after each transaction in addition to the one that is always there, at least 0
    undriven : the levels of all other input pins, packed
    bits : the length of each transaction, 1..64; 0 for the length that the chip's port has
    """
    n_bits = bits or port(chip).bits
    clocks = shift(chip, _bits(transactions, n_bits), half)
    pause = np.zeros((len(clocks), 1 + gap), np.int64)
    return np.concatenate([clocks, pause], axis=1).ravel() | undriven


def shift(chip: Chip, bits: np.ndarray, half: int) -> np.ndarray:
    """Return the rows in which an SPI master shifts bits out: (n, 2 * half * n_bits) int64, the packed SCK and MOSI.

    bits : (n, n_bits) integers, 0 or 1, in the order of MOSI
    half : the clocks of half an SCK period, at least 1
    """
    lsbs = {role: _lsb(chip.input_word, spi_pin(chip, role)) for role in ("sck", "mosi")}
    of_a_bit = [[sum(level << lsbs[role] for role, level in step.items()) for step in levels([bit])] for bit in (0, 1)]
    by_half = np.array(of_a_bit, np.int64)[bits]  # (n, n_bits, 2)
    return np.repeat(by_half.reshape(len(bits), -1), half, axis=1)


def answers(chip: Chip, outputs: np.ndarray, half: int) -> np.ndarray:
    """Return the level of MISO immediately before each rise of SCK: (n, n_bits) int64, 0 or 1.

    outputs : (n, 2 * half * n_bits) int64, the packed output pins immediately before the edge of each row of ``shift``
    half : the clocks of half an SCK period, at least 1
    """
    return outputs[:, half - 1 :: 2 * half] >> _lsb(chip.output_word, spi_pin(chip, "miso")) & 1


def miso_words(chip: Chip, outputs: np.ndarray, half: int = 2, gap: int = 0) -> list[int]:
    """Return the bits of MISO in each transaction, immediately before each rise of SCK, as one number.

    outputs : (n,) int64, the packed output pins of the rows that ``rows`` returns, with the same ``half`` and ``gap``
    """
    n_clocks = 2 * half * port(chip).bits
    by_transaction = outputs.reshape(-1, n_clocks + 1 + gap)[:, :n_clocks]
    return [number(bits) for bits in answers(chip, by_transaction, half).tolist()]


def spi_pin(chip: Chip, role: str) -> Pin:
    """Return the pin of the SPI that has this role."""
    return chip.buses_of(SPI, "slave")[0].pin(role)


def _lsb(word: Word, pin: Pin) -> int:
    return word[pin.name].lsb


def _bits(transactions: Sequence[int], n_bits: int) -> np.ndarray:
    """Return (transactions, bits) int64, the most significant bit first."""
    contents = np.array(transactions, np.uint64).reshape(-1, 1)
    return (contents >> np.arange(n_bits - 1, -1, -1, dtype=np.uint64) & np.uint64(1)).astype(np.int64)
