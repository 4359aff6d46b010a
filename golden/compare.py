"""What a comparison compares, and what differs: pins at a cycle, words and fields of a memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from draupnir.emulator.codec import from_limbs, take
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.trace import count_bits

WORDS_LISTED = 16


@dataclass(frozen=True)
class ComparedBits:
    """How many bits of the output pins a comparison could compare.

    total : bits of all output pins at all compared clock edges, at least 0
    unknown : pin -> how many of its bits were X or Z, and so were not compared; pins without such bits are left out
    """

    total: int = 0
    unknown: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_unknown(self) -> int:
        return sum(self.unknown.values())

    @property
    def n_compared(self) -> int:
        return self.total - self.n_unknown

    def __add__(self, other: ComparedBits) -> ComparedBits:
        pins = dict.fromkeys([*self.unknown, *other.unknown])
        unknown = {pin: self.unknown.get(pin, 0) + other.unknown.get(pin, 0) for pin in pins}
        return ComparedBits(self.total + other.total, unknown)

    def as_object(self) -> dict[str, Any]:
        """The counts for JSON."""
        return {"total": self.total, "compared": self.n_compared, "unknown": dict(self.unknown)}

    def __str__(self) -> str:
        return f"{self.n_compared:,} of {self.total:,} output bits compared"


def compared_bits(chip: Chip, known: np.ndarray) -> ComparedBits:
    """Count what a comparison of some clock edges can compare.

    known : rows, for each edge a mask of the output bits that are neither X nor Z on either side
    """
    return ComparedBits(len(known) * chip.output_word.width, count_bits(chip.output_word, ~known))


@dataclass(frozen=True)
class PinDifference:
    """A pin immediately before a rising edge. recorded : its level, known : its bits that are neither X nor Z."""

    pin: str
    width: int
    expected: int
    recorded: int
    known: int


@dataclass(frozen=True)
class Mismatch:
    """A cycle in which at least one pin differs.

    time : of the clock edge, in the recording's unit; time_text the same for people
    cycle : rising edges of the recording before this one
    context : what the chip is doing, decoded, a line each
    last_events : the events that the chip began last, decoded, oldest first (first mismatch only)
    """

    time: int
    time_text: str
    cycle: int
    pins: tuple[PinDifference, ...]
    context: tuple[str, ...] = ()
    last_events: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldDifference:
    name: str
    model: int
    recorded: int


@dataclass(frozen=True)
class WordDifference:
    """A word that differs. view : the recorded word's, after which the fields are named."""

    addr: int
    model: int
    recorded: int
    view: str
    fields: tuple[FieldDifference, ...]


@dataclass(frozen=True)
class MemoryDifference:
    """A memory compared after the last edge. words : the first of the ``n_differing`` that differ."""

    memory: str
    width: int
    file: str
    n_words: int
    n_differing: int
    words: tuple[WordDifference, ...] = field(default=())


def pin_differences(chip: Chip, expected: int, recorded: int, known: int) -> tuple[PinDifference, ...]:
    """The output pins that differ in a bit that is known, of packed outputs."""
    return tuple(
        PinDifference(f.name, f.width, expected >> f.lsb & f.high, recorded >> f.lsb & f.high, known >> f.lsb & f.high)
        for f in chip.output_word
        if (expected ^ recorded) & known & (f.high << f.lsb)
    )


def memory_difference(
    memory: Memory, model: np.ndarray, recorded: np.ndarray, file: str, listed: int = WORDS_LISTED
) -> MemoryDifference:
    """Compare (depth, limbs) uint32 words; at most ``listed`` of those that differ are decoded."""
    differing = np.flatnonzero((model != recorded).any(axis=1))
    words = tuple(
        _word_difference(memory, int(addr), from_limbs(model[addr]), from_limbs(recorded[addr]))
        for addr in differing[:listed]
    )
    return MemoryDifference(memory.name, memory.width, file, memory.depth, len(differing), words)


def _word_difference(memory: Memory, addr: int, model: int, recorded: int) -> WordDifference:
    view = memory.word_of(recorded)
    fields = []
    rest = model ^ recorded
    for f in view:
        if take(f, model) != take(f, recorded):
            fields.append(FieldDifference(f.name, take(f, model), take(f, recorded)))
        rest &= ~(((1 << f.width) - 1) << f.lsb)
    if rest:
        fields.append(FieldDifference("(bits in no field)", model & rest, recorded & rest))
    return WordDifference(addr, model, recorded, view.name, tuple(fields))
