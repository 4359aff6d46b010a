"""The levels of the pins, row by row: the common form of recordings, stimuli and simulator runs.

A row is a moment at which inputs are applied. In each row, in this order: the inputs change to the row's values
(an SCK or RST edge acts at once); then, if the row's ``clk`` is not 0, the outputs are taken, and clocks have edges.
Bit 2 k of ``clk`` tells that clock k of the chip rises, bit 2 k + 1 that it falls; edges that come together are in one
row, and edges that the chip does not use in none. So ``clk`` is 0 or 1 for a chip whose one clock is used as it rises.
So a stimulus that changes nothing faster than the clock has one row a clock, and SCK may toggle several times
between two clocks in rows whose ``clk`` is 0.

Pins are packed into one integer as the chip's ``input_word`` and ``output_word`` say. Where that has at most 63 bits,
rows are (n,) int64, the packed pins. Else they are (n, n_words) int64, each row the packed pins cut into integers of at
most 63 bits (``PinWord.row``). ``to_rows``, ``from_row``, ``piece_of`` and ``words`` hide the difference.
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

    inputs : (n,) or (n, n_words) int64, input pins packed
    clk : (n,) uint8, the clock edges that end the row
    outputs : (n,) or (n, n_words) int64, output pins packed, as they are immediately before the row's clock edge (0 if
        it has none)
    known : as outputs, mask of the output bits that the recording knows (neither X nor Z)
    times : (n,) int64, time of the row's clock edges in the recording's unit, or of the change where clk is 0
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
        """The rows that clock edges end: moments with an edge, for one clock its cycles."""
        return int(np.count_nonzero(self.clk))


def pack(word: Word, pins: Mapping[str, int]) -> int:
    """Pins by name, packed; pins not named are 0."""
    packed = 0
    for name, level in pins.items():
        f = word[name]
        if not 0 <= level <= f.high:
            raise ValueError(f"pin {name}: {level} is not within 0..{f.high}")
        packed |= level << f.lsb
    return packed


def unpack(word: Word, packed: int) -> dict[str, int]:
    """Packed pins by name."""
    return {f.name: packed >> f.lsb & f.high for f in word}


def new_rows(word: PinWord, n: int) -> np.ndarray:
    """Rows in which all pins are 0: (n,) or (n, n_words) int64."""
    return np.zeros(n if len(word.row) == 1 else (n, len(word.row)), np.int64)


def to_rows(word: PinWord, packed: Sequence[int]) -> np.ndarray:
    """Rows from packed pins: (n,) or (n, n_words) int64."""
    if len(word.row) == 1:
        return np.array(packed, np.int64)
    cut = [[pins >> part.lsb & ((1 << part.width) - 1) for part in word.row] for pins in packed]
    return np.array(cut, np.int64).reshape(len(packed), len(word.row))


def to_row(word: PinWord, packed: int) -> np.ndarray:
    """One row, which NumPy's operators combine with many: () or (n_words,) int64."""
    row: np.ndarray = to_rows(word, [packed])[0]
    return row


def from_row(word: PinWord, row: np.ndarray | int) -> int:
    """The packed pins of one row."""
    if len(word.row) == 1:
        return int(row)
    assert isinstance(row, np.ndarray)
    return sum(integer << part.lsb for integer, part in zip(row.tolist(), word.row, strict=True))


def words(rows: np.ndarray) -> np.ndarray:
    """Rows as (n, n_words), also where they have one word each; the same memory."""
    return rows.reshape(len(rows), -1) if rows.size else rows.reshape(len(rows), 1 if rows.ndim == 1 else rows.shape[1])


def any_bit(rows: np.ndarray) -> np.ndarray:
    """Return for each row whether a bit of it is 1: (n,) bool."""
    return np.asarray(rows != 0) if rows.ndim == 1 else np.asarray(rows.any(axis=1))


def differ(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each of equally many rows whether the two are different: (n,) bool."""
    return any_bit(some ^ others)


def only(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The rows where ``chosen``, (n,) bool, is true, and 0 elsewhere."""
    return np.where(chosen if rows.ndim == 1 else chosen[:, None], rows, 0)


def piece_of(rows: np.ndarray, at: Piece) -> np.ndarray:
    """A piece of a pin in many rows: (n,) int64."""
    integers = rows[:, at.word] if np.ndim(rows) == 2 else rows
    bits: np.ndarray = integers >> at.shift & ((1 << at.width) - 1)
    return bits


def column(word: PinWord, name: str, rows: np.ndarray) -> np.ndarray:
    """One pin, of at most 63 bits, of many rows: (n,) int64. Raises ValueError for a wider one."""
    pieces = word.pieces_of(name)
    if len(pieces) != 1:
        raise ValueError(f"pin {name}: {word[name].width} bits; a column has at most {INTEGER_BITS}")
    return piece_of(rows, pieces[0])


def count_bits(word: PinWord, masks: np.ndarray) -> dict[str, int]:
    """Return how many bits of each pin are 1 in all these rows together; pins without any are left out."""
    counts = dict.fromkeys((f.name for f in word), 0)
    for piece in word.pieces:
        counts[piece.pin] += int(np.bitwise_count(piece_of(masks, piece)).sum())
    return {pin: n for pin, n in counts.items() if n}


def known_at_edges(word: PinWord, clk: np.ndarray, absent: Collection[str] = ()) -> np.ndarray:
    """The mask of known bits of what shows 0 and 1 only: all of them in each row that has a clock edge.

    absent : what is not shown at all
    """
    all_bits = to_row(word, ((1 << word.width) - 1) & ~word.mask(absent))
    return only(np.broadcast_to(all_bits, (len(clk), *all_bits.shape)), clk != 0)


def first_levels(chip: Chip, clk: np.ndarray) -> dict[str, int]:
    """The level of each clock, by pin, before these rows: high where the first edge is a fall, else as it rests."""
    levels = {}
    for clock in chip.clocks:
        of_clock = clk & (clock.rise | clock.fall)
        edges = of_clock[of_clock != 0]
        levels[clock.pin.name] = int(edges[0] == clock.fall) if len(edges) else clock.idle
    return levels


def check_edges(chip: Chip, clk: np.ndarray, levels: Mapping[str, int]) -> dict[str, int]:
    """The level of each clock after these rows, from those before; a clock with one used edge goes back by itself.

    Raises InputError for an edge that the chip does not use, or that cannot be: a clock that is high cannot rise.
    """
    after = dict(levels)
    used = sum(clock.rise | clock.fall for clock in chip.clocks)
    for row in np.flatnonzero(clk & ~np.uint8(used))[:1]:
        raise InputError(f"{chip.name}: row {row} has clock edges {clk[row]:#x}; the chip uses {used:#x} only")
    for clock in chip.clocks:
        if clock.rise and clock.fall:
            both = clock.rise | clock.fall
            rows = np.flatnonzero(clk & both)
            edges = clk[rows] & both
            before = np.append(clock.rise if levels[clock.pin.name] else clock.fall, edges[:-1])
            for wrong in rows[(edges == before) | (edges == both)][:1]:
                raise InputError(f"{chip.name}: {clock.pin.name} rises and falls in turn; row {wrong} repeats an edge")
            after[clock.pin.name] = int(edges[-1] == clock.rise) if len(edges) else levels[clock.pin.name]
    return after
