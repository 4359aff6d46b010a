"""The levels of the pins, row by row: the common form of recordings, stimuli and simulator runs.

A row is a moment at which inputs change. Two things happen in each row, in this order:
1. The inputs change to the values of the row. An edge of SCK, or of an asynchronous reset, acts at once.
2. If ``clk`` of the row is not 0, the outputs are sampled, and then clocks have edges.

``clk`` is a mask: bit 2k stands for a rise of clock k, bit 2k + 1 for a fall. Edges that come together are in one row.
Edges that the chip does not use are in no row. So ``clk`` is 0 or 1 for a chip that uses the rise of one clock.
If no input changes faster than the clock, there is one row for each clock. SCK may change several times between two
clocks, in rows whose ``clk`` is 0.

The chip's ``input_word`` and ``output_word`` say how the pins are packed into one integer. If a packed integer has at
most 63 bits, rows are (n,) int64, the packed pins. Else rows are (n, n_words) int64: the packed pins are split into
integers of at most 63 bits (``PinWord.row``). ``to_rows``, ``from_row``, ``piece_of`` and ``words`` work for both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.declare import INTEGER_BITS, Chip, Piece, PinWord, Word
from draupnir.emulator.errors import InputError


@dataclass(frozen=True)
class Trace:
    """Pins over time.

    inputs : (n,) or (n, n_words) int64, the packed input pins
    clk : (n,) uint8, the clock edges at the end of the row
    outputs : (n,) or (n, n_words) int64, the packed output pins immediately before the row's clock edges; 0 for a row
        without one
    known_bits : as ``outputs``: the mask of the output bits that are neither X nor Z in the recording
    times : (n,) int64, the time of the row's clock edges in the recording's unit; for a row without one, the time of
        the change
    """

    chip: Chip
    inputs: np.ndarray
    clk: np.ndarray
    outputs: np.ndarray
    known_bits: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def n_cycles(self) -> int:
        """The number of rows that have a clock edge. For a chip with one clock, these are its cycles."""
        return int(np.count_nonzero(self.clk))


def pack(word: Word, pins: Mapping[str, int]) -> int:
    """Pack levels of pins, by name; all other pins are 0. Raises ValueError for a level that does not fit its pin."""
    pins_word = 0
    for name, level in pins.items():
        f = word[name]
        if not 0 <= level <= f.high:
            raise ValueError(f"pin {name}: {level} is not within 0..{f.high}")
        pins_word |= level << f.lsb
    return pins_word


def unpack(word: Word, packed_pins: int) -> dict[str, int]:
    """Return the level of each pin, by name, from the packed pins."""
    return {f.name: packed_pins >> f.lsb & f.high for f in word}


def new_rows(word: PinWord, n: int) -> np.ndarray:
    """Return new rows in which all pins are 0: (n,) or (n, n_words) int64."""
    return np.zeros(n if len(word.row) == 1 else (n, len(word.row)), np.int64)


def to_rows(word: PinWord, packed_pins: Sequence[int]) -> np.ndarray:
    """Return the rows for packed pins: (n,) or (n, n_words) int64."""
    if len(word.row) == 1:
        return np.array(packed_pins, np.int64)
    integers = [[pins >> part.lsb & ((1 << part.width) - 1) for part in word.row] for pins in packed_pins]
    return np.array(integers, np.int64).reshape(len(packed_pins), len(word.row))


def to_row(word: PinWord, packed_pins: int) -> np.ndarray:
    """Return one row, which NumPy can combine with many rows: () or (n_words,) int64."""
    row: np.ndarray = to_rows(word, [packed_pins])[0]
    return row


def from_row(word: PinWord, row: np.ndarray | int) -> int:
    """Return the packed pins of one row."""
    if len(word.row) == 1:
        return int(row)
    assert isinstance(row, np.ndarray)
    return sum(integer << part.lsb for integer, part in zip(row.tolist(), word.row, strict=True))


def words(rows: np.ndarray) -> np.ndarray:
    """Return a view of rows as (n, n_words), also if they have one word each."""
    return rows.reshape(len(rows), -1) if rows.size else rows.reshape(len(rows), 1 if rows.ndim == 1 else rows.shape[1])


def any_bit(rows: np.ndarray) -> np.ndarray:
    """Return (n,) bool: True for each row in which a bit is 1."""
    return np.asarray(rows != 0) if rows.ndim == 1 else np.asarray(rows.any(axis=1))


def differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return (n,) bool: True for each row in which ``a`` and ``b`` are different."""
    return any_bit(a ^ b)


def only(rows: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the rows at which ``mask``, (n,) bool, is True; all others are 0."""
    return np.where(mask if rows.ndim == 1 else mask[:, None], rows, 0)


def piece_of(rows: np.ndarray, piece: Piece) -> np.ndarray:
    """Return a piece of a pin in each row: (n,) int64."""
    integers = rows[:, piece.word] if np.ndim(rows) == 2 else rows
    bits: np.ndarray = integers >> piece.shift & ((1 << piece.width) - 1)
    return bits


def in_step(chip: Chip, n: int) -> np.ndarray:
    """Return ``clk`` of ``n`` rows in which all clocks run in step: (n,) uint8, the edges of a period in turn."""
    return np.resize(np.array(chip.period, np.uint8), n)


def column(word: PinWord, name: str, rows: np.ndarray) -> np.ndarray:
    """Return a pin of at most 63 bits in each row: (n,) int64. Raises ValueError for a wider pin."""
    pieces = word.pieces_of(name)
    if len(pieces) != 1:
        raise ValueError(f"pin {name}: {word[name].width} bits; a column has at most {INTEGER_BITS}")
    return piece_of(rows, pieces[0])


def count_bits(word: PinWord, masks: np.ndarray) -> dict[str, int]:
    """Return, for each pin, how many of its bits are 1 in all these rows together; only pins with at least one."""
    counts = dict.fromkeys((f.name for f in word), 0)
    for piece in word.pieces:
        counts[piece.pin] += int(np.bitwise_count(piece_of(masks, piece)).sum())
    return {pin: n for pin, n in counts.items() if n}


def known_at_edges(word: PinWord, clk: np.ndarray, absent: Collection[str] = ()) -> np.ndarray:
    """Return the mask of known bits of a source without X and Z: all bits, in each row that has a clock edge.

    absent : the pins and probes that the source does not have; their bits are not known
    """
    all_bits = to_row(word, ((1 << word.width) - 1) & ~word.mask(absent))
    return only(np.broadcast_to(all_bits, (len(clk), *all_bits.shape)), clk != 0)


def first_levels(chip: Chip, clk: np.ndarray) -> dict[str, int]:
    """Return the level of each clock before these rows, by pin.

    It is 1 if the clock's first edge is a fall, 0 if that is a rise; without an edge it is the clock's idle level.
    """
    levels = {}
    for clock in chip.clocks:
        of_clock = clk & (clock.rise | clock.fall)
        edges = of_clock[of_clock != 0]
        levels[clock.pin.name] = int(edges[0] == clock.fall) if len(edges) else clock.idle
    return levels


def check_edges(chip: Chip, clk: np.ndarray, levels: Mapping[str, int]) -> dict[str, int]:
    """Return the level of each clock after these rows; levels : those before them, by pin.

    A clock of which the chip uses one edge returns to its idle level by itself. Raises InputError for an edge that the
    chip does not use, and for an impossible edge, such as a rise of a clock that is high.
    """
    levels_after = dict(levels)
    used_edges = sum(clock.rise | clock.fall for clock in chip.clocks)
    for row in np.flatnonzero(clk & ~np.uint8(used_edges))[:1]:
        raise InputError(f"{chip.name}: row {row} has clock edges {clk[row]:#x}; the chip uses {used_edges:#x} only")
    for clock in chip.clocks:
        if clock.rise and clock.fall:
            both_edges = clock.rise | clock.fall
            rows = np.flatnonzero(clk & both_edges)
            edges = clk[rows] & both_edges
            previous_edges = np.append(clock.rise if levels[clock.pin.name] else clock.fall, edges[:-1])
            for wrong in rows[(edges == previous_edges) | (edges == both_edges)][:1]:
                raise InputError(f"{chip.name}: {clock.pin.name} rises and falls in turn; row {wrong} repeats an edge")
            levels_after[clock.pin.name] = int(edges[-1] == clock.rise) if len(edges) else levels[clock.pin.name]
    return levels_after
