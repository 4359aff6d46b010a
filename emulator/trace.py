"""What the pins did, row by row: the common form of recordings, stimuli and simulator runs.

A row is a moment at which inputs are applied. In each row, in this order: the inputs change to the row's values
(an SCK or RST edge acts at once); then, if the row's ``clk`` is 1, the outputs are taken, and the clock rises.
So a stimulus that changes nothing faster than the clock has one row a clock, and SCK may toggle several times
between two clocks in rows whose ``clk`` is 0. Pins are packed as the chip's ``input_word`` and ``output_word`` say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import Chip, Word


@dataclass(frozen=True)
class Trace:
    """Pins over time.

    inputs : (n,) int64, input pins packed
    clk : (n,) uint8, 1 where a rising clock edge ends the row
    outputs : (n,) int64, output pins packed, as they are immediately before the row's clock edge (0 if it has none)
    known : (n,) int64, mask of the output bits that the recording knows (neither X nor Z)
    times : (n,) int64, time of the row's clock edge in the recording's unit, or of the change where clk is 0
    """

    chip: Chip
    inputs: np.ndarray
    clk: np.ndarray
    outputs: np.ndarray
    known: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def n_cycles(self) -> int:
        return int(np.count_nonzero(self.clk))


def pack(word: Word, pins: dict[str, int]) -> int:
    """Pins by name into a packed row; pins not named are 0."""
    packed = 0
    for name, level in pins.items():
        f = word[name]
        if not 0 <= level <= f.high:
            raise ValueError(f"pin {name}: {level} is not within 0..{f.high}")
        packed |= level << f.lsb
    return packed


def unpack(word: Word, packed: int) -> dict[str, int]:
    """A packed row as pins by name."""
    return {f.name: packed >> f.lsb & f.high for f in word}


def column(word: Word, name: str, packed: np.ndarray) -> np.ndarray:
    """One pin of many packed rows."""
    f = word[name]
    return packed >> f.lsb & f.high
