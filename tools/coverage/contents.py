"""Count what the memories of a chip contain, and in which direction their matrices change.

The memories are looked at between pieces of a case, not at every clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from draupnir.emulator.declare import LIMB_BITS, Chip, Field, Memory, Register, Word
from draupnir.tools.coverage.groups import Axis, BinGroup, Kind

_MODE_BITS = 3  # bits of a configuration register whose contents are bins, each
DIRECTIONS = ("up", "down")


class Contents:
    """The counts of contents of memories.

    of_group : group -> the counts of its bins, one dimension for each axis
    """

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._modes = [register for register in chip.registers if register.width <= _MODE_BITS and not register.signed]
        self._modes = [register for register in self._modes if register.n_addrs == 1]
        self._fields = {
            (memory.name, word.name, f.name): _group_of_field(memory, word, f)
            for memory in chip.memories
            for word in _words(memory)
            for f in word
            if f.name != memory.view_field
        }
        self._directions = {
            (memory.name, f.name, mode.name): _group_of_change(memory, f, mode)
            for memory in chip.memories
            if memory.matrix
            for f in memory.matrix.entry
            if f.kind != "parameter"
            for mode in self._modes
        }
        all_groups = (*self._fields.values(), *self._directions.values())
        self.of_group = {group: np.zeros([len(axis.bins) for axis in group.axes], np.int64) for group in all_groups}
        self._previous: dict[tuple[str, str], np.ndarray] = {}

    def begin(self, memories: Mapping[str, np.ndarray], registers: np.record) -> None:
        """Look at the memories before the first row of a case."""
        self._previous = {}
        self.look(memories, registers)

    def look(self, memories: Mapping[str, np.ndarray], registers: np.record) -> None:
        """Count the contents, and the changes since the last look."""
        for memory in self._chip.memories:
            limbs = memories[memory.name].reshape(-1, memory.n_limbs)
            for word, words in _views(memory, limbs):
                for f in word:
                    levels = _levels(words, f)
                    if f.name != memory.view_field:
                        self.of_group[self._fields[memory.name, word.name, f.name]] += _classes(levels, f)
                    if memory.matrix and f.kind != "parameter":
                        self._compare(memory, f, levels, registers)

    def _compare(self, memory: Memory, f: Field, levels: np.ndarray, registers: np.record) -> None:
        """Count in which direction a field of a matrix has changed, under each mode."""
        previous = self._previous.get((memory.name, f.name), levels)
        self._previous[memory.name, f.name] = levels
        moves = [int(np.count_nonzero(levels > previous)), int(np.count_nonzero(levels < previous))]
        if any(moves):
            for mode in self._modes:
                group = self._directions[memory.name, f.name, mode.name]
                self.of_group[group][:, int(registers[mode.name.lower()])] += moves


def _words(memory: Memory) -> tuple[Word, ...]:
    """Return the words in which a memory's fields are: the entries of a matrix, or the views of a word."""
    return (memory.matrix.entry,) if memory.matrix else memory.words


def _views(memory: Memory, limbs: np.ndarray) -> Iterator[tuple[Word, np.ndarray]]:
    """Yield each view, and the words to which it applies, as limbs; the entries of a matrix have one limb each."""
    if memory.matrix:
        yield memory.matrix.entry, _entries(limbs, memory.matrix.entry.width)
    elif memory.view:
        selects = _levels(limbs, memory.words[0][memory.view_field])
        for content, name in memory.view.items():
            yield memory.word(name), limbs[selects == content]
    else:
        yield memory.words[0], limbs


def _entries(limbs: np.ndarray, width: int) -> np.ndarray:
    """Return the entries of a matrix, (n, 1) uint32; its words hold them without a gap, from the lowest bit on."""
    shifts = np.arange(0, LIMB_BITS, width, dtype=np.uint32)
    mask = np.uint32((1 << width) - 1)
    return (limbs.reshape(-1, 1) >> shifts & mask).reshape(-1, 1)


def _levels(limbs: np.ndarray, f: Field) -> np.ndarray:
    """Return the raw content of a field in each word, int64; its lowest 62 bits if it is wider."""
    first, shift = divmod(f.lsb, LIMB_BITS)
    level = limbs[:, first].astype(np.int64) >> shift
    for k in range(first + 1, f.msb // LIMB_BITS + 1):
        if (k - first) * LIMB_BITS - shift < 62:
            level |= limbs[:, k].astype(np.int64) << ((k - first) * LIMB_BITS - shift)
    level &= (1 << min(f.width, 62)) - 1
    return level - ((level >> (f.width - 1)) << f.width) if f.signed and f.width < 62 else level


def _classes(levels: np.ndarray, f: Field) -> list[int]:
    """Return how many words have the lowest content, the highest, and another one."""
    ends = [int(np.count_nonzero(levels == f.low)), int(np.count_nonzero(levels == f.high))]
    return ends if f.width == 1 else [*ends, len(levels) - sum(ends)]


def _group_of_field(memory: Memory, word: Word, f: Field) -> BinGroup:
    bins = (str(f.low), str(f.high)) if f.width == 1 else (str(f.low), str(f.high), "inner")
    return BinGroup(f"{memory.name}.{word.name}.{f.name}", (Axis(f.name, Kind.LEVEL, bins),))


def _group_of_change(memory: Memory, f: Field, mode: Register) -> BinGroup:
    name = f"{memory.name}.{f.name} x {mode.name}"
    levels = tuple(map(str, range(1 << mode.width)))
    return BinGroup(name, (Axis(f.name, Kind.LEVEL, DIRECTIONS), Axis(mode.name, Kind.LEVEL, levels)))
