"""Transactions on the pins: rows for a golden model or a simulator, as an SPI master would drive them."""

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
    """(n,) int64, the packed input pins, a row a clock.

    SCK is low before, between and after the transactions; within them the pins move as ``buses.spi.levels`` says.
    half : clocks in half an SCK period; gap : clocks, beyond one, after each transaction
    undriven : the other input pins; bits : of each transaction, 1..64, if not the port's own
    """
    n_bits = bits or port(chip).bits
    shifted = shift(chip, _bits(transactions, n_bits), half)
    after = np.zeros((len(shifted), 1 + gap), np.int64)
    return np.concatenate([shifted, after], axis=1).ravel() | undriven


def shift(chip: Chip, bits: np.ndarray, half: int) -> np.ndarray:
    """Return the rows in which an SPI master shifts bits out: (n, 2 * half * n_bits) int64, the packed SCK and MOSI.

    bits : (n, n_bits) integers, 0 or 1, in the order of MOSI; half : clocks in half an SCK period
    """
    lsbs = {role: _lsb(chip.input_word, spi_pin(chip, role)) for role in ("sck", "mosi")}
    of_a_bit = [[sum(level << lsbs[role] for role, level in step.items()) for step in levels([bit])] for bit in (0, 1)]
    by_half = np.array(of_a_bit, np.int64)[bits]  # (n, n_bits, 2)
    return np.repeat(by_half.reshape(len(bits), -1), half, axis=1)


def answers(chip: Chip, outputs: np.ndarray, half: int) -> np.ndarray:
    """Return what MISO showed immediately before each rise of SCK: (n, n_bits) int64, 0 or 1.

    outputs : (n, 2 * half * n_bits), the packed output pins just before the edge of each row of ``shift``
    """
    return outputs[:, half - 1 :: 2 * half] >> _lsb(chip.output_word, spi_pin(chip, "miso")) & 1


def received(chip: Chip, outputs: np.ndarray, half: int = 2, gap: int = 0) -> list[int]:
    """Return what MISO showed in each transaction, immediately before SCK rises; outputs : of the rows, packed."""
    n_clocks = 2 * half * port(chip).bits
    by_transaction = outputs.reshape(-1, n_clocks + 1 + gap)[:, :n_clocks]
    return [number(bits) for bits in answers(chip, by_transaction, half).tolist()]


def spi_pin(chip: Chip, role: str) -> Pin:
    """A pin of the SPI, by its role."""
    return chip.buses_of(SPI, "slave")[0].pin(role)


def _lsb(word: Word, pin: Pin) -> int:
    return word[pin.name].lsb


def _bits(transactions: Sequence[int], n_bits: int) -> np.ndarray:
    """(transactions, bits) int64, the most significant bit first."""
    contents = np.array(transactions, np.uint64).reshape(-1, 1)
    return (contents >> np.arange(n_bits - 1, -1, -1, dtype=np.uint64) & np.uint64(1)).astype(np.int64)
