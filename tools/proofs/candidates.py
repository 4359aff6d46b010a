"""Statements that hold in all sampled states of a netlist, and may hold in all states that it reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.tools.proofs.statements import AtMost, Bit, Constant, Contents, Fact, Implies, Same, Statement

FACT_BITS = 5  # the widest word of which each content is a fact; of wider words only 0 and the highest are
MOST_CONTENTS = 16  # that a word has in the samples, if each of them is to be a fact
MACHINE_STATES = 5  # the fewest contents of a word that are taken as the states of a machine
MOST_BITS = 32  # of a word with a bound
ROWS = 1 << 16  # of a product of matrices; its sums are exact
MOST_FACTS = 400  # of which pairs are looked at
BY_CHANCE = 4  # samples that would contradict a pair of facts, if these had nothing to do with each other


@dataclass(frozen=True)
class StateSamples:
    """States that a netlist had.

    widths : flip-flop -> the number of its bits, in the order of the columns of ``bits``
    bits : (n, all bits) uint8, 0 or 1
    """

    widths: Mapping[str, int]
    bits: np.ndarray

    def words(self) -> dict[str, np.ndarray]:
        """Return flip-flop -> its contents in all states, of the words that may have a bound."""
        words, lsb = {}, 0
        for cell, width in self.widths.items():
            if width <= MOST_BITS:
                words[cell] = self.bits[:, lsb : lsb + width].astype(np.int64) @ (1 << np.arange(width))
            lsb += width
        return words


class BitClasses:
    """Bits that were equal or opposite in all states so far. A class with a constant has it as its first member."""

    def __init__(self, samples: StateSamples) -> None:
        names = [Bit(cell, lsb) for cell, width in samples.widths.items() for lsb in range(width)]
        flipped = samples.bits[0].astype(bool) if len(samples.bits) else np.zeros(len(names), bool)
        columns = np.packbits(samples.bits ^ flipped.astype(np.uint8), axis=0).T.copy()
        groups: dict[bytes, list[tuple[Bit, int]]] = defaultdict(list)
        for name, column, opposite in zip(names, columns, flipped, strict=True):
            groups[column.tobytes()].append((name, int(opposite)))
        zeros = bytes(columns.shape[1])
        self._classes = [[*([None] if key == zeros else []), *group] for key, group in groups.items()]
        self._classes = [group for group in self._classes if len(group) > 1]

    def split(self, contents: Contents) -> bool:
        """Split the classes of which a state shows that their members differ; return True if there was one."""
        classes: list[list[tuple[Bit, int] | None]] = []
        for group in self._classes:
            parts: dict[int, list[tuple[Bit, int] | None]] = defaultdict(list)
            for member in group:
                parts[0 if member is None else member[0].level_in(contents) ^ member[1]].append(member)
            classes += parts.values()
        has_changed = len(classes) != len(self._classes)
        self._classes = [group for group in classes if len(group) > 1]
        return has_changed

    def statements(self) -> Iterator[Statement]:
        """Yield that each bit is equal to the first one of its class."""
        for first, *others in self._classes:
            for member in others:
                assert member is not None
                bit, opposite = member
                yield Constant(bit, opposite) if first is None else Same(bit, first[0], opposite != first[1])


def bounds(samples: StateSamples) -> list[Statement]:
    """Return bounds that hold in the samples."""
    return [*_bounds(samples.widths, samples.words())]


def conditional(samples: StateSamples) -> list[Statement]:
    """Return bounds and implications that hold in the samples where a fact holds."""
    words = samples.words()
    facts = _facts(samples.widths, words)
    return [*_conditional_bounds(facts, samples.widths, words), *_implications(facts, samples.widths, words)]


def _bounds(widths: Mapping[str, int], words: Mapping[str, np.ndarray]) -> Iterator[Statement]:
    """Yield bounds that say more than that upper bits are 0."""
    for cell, contents in words.items():
        limit = int(contents.max(initial=0))
        if limit + 1 < 1 << limit.bit_length() and widths[cell] > 1:
            yield AtMost(cell, limit)


def _facts(widths: Mapping[str, int], words: Mapping[str, np.ndarray]) -> list[Fact]:
    facts = []
    for cell, contents in words.items():
        values = np.unique(contents)
        if len(values) < 2:
            continue
        is_small = widths[cell] <= FACT_BITS and len(values) <= MOST_CONTENTS
        facts += [Fact(cell, int(value)) for value in (values if is_small else (0, values[-1]))]
    return facts


def _conditional_bounds(
    facts: Sequence[Fact], widths: Mapping[str, int], words: Mapping[str, np.ndarray]
) -> Iterator[Statement]:
    """Yield bounds in the states of machines: words with several contents, but not all that their bits could have."""
    n_facts: dict[str, int] = defaultdict(int)
    for fact in facts:
        n_facts[fact.cell] += 1
    machines = {cell for cell, n in n_facts.items() if MACHINE_STATES <= n < 1 << widths[cell]}
    for fact in (fact for fact in facts if fact.cell in machines):
        matches = words[fact.cell] == fact.value
        for cell, contents in words.items():
            limit, whole = int(contents[matches].max(initial=0)), int(contents.max(initial=0))
            if cell != fact.cell and 2 * limit < whole:
                yield AtMost(cell, limit, fact)


def _implications(
    facts: Sequence[Fact], widths: Mapping[str, int], words: Mapping[str, np.ndarray]
) -> Iterator[Statement]:
    """Yield that one fact holds, or does not hold, where another one holds; both are of one instance.

    Two facts that are both rare say nothing if they are never seen together.
    """
    groups: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[_instance(fact.cell)].append(fact)
    for group in groups.values():
        yield from _pairs(group[:MOST_FACTS], widths, words)


def _instance(cell: str) -> str:
    """Return the path of the instance that a flip-flop is in; those of a synchroniser count to its parent."""
    path = cell.split(".")[:-1]
    return ".".join(path[:-1] if len(path) > 1 and not path[-1].startswith("[") else path)


def _pairs(facts: Sequence[Fact], widths: Mapping[str, int], words: Mapping[str, np.ndarray]) -> Iterator[Statement]:
    matches = np.stack([words[fact.cell] == fact.value for fact in facts], axis=1)
    parts = (matches[i : i + ROWS].astype(np.float32) for i in range(0, len(matches), ROWS))
    both = np.zeros((len(facts), len(facts)))
    for part in parts:
        both += part.T @ part
    n = matches.sum(axis=0)
    shares = n / max(1, len(matches))
    for i, fact in enumerate(facts):
        for j, other in enumerate(facts):
            if fact.cell == other.cell:
                continue
            if both[i, j] == 0 and i < j and n[i] * shares[j] >= BY_CHANCE:
                yield Implies(fact, other, is_opposite=True)
            elif both[i, j] == n[i] and widths[other.cell] > 1 and n[i] * (1 - shares[j]) >= BY_CHANCE:
                yield Implies(fact, other)
