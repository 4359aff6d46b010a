"""The agreement of a run with a recording, bit by bit, and the undefined bits that a case allows.

If a recording knows a bit, the run must know it, too, at every clock after the first reset and in every memory at the
end. Before the end of the first reset nothing is expected of a simulator that knows X. If the Verilog is undefined in a
case, the case declares the undefined bits of the original in Icarus; more undefined bits than these are a failure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace, any_bit, count_bits, only
from draupnir.golden.compare.bits import BitCount, ComparedBits, compared_bits
from draupnir.golden.compare.memories import Memories
from draupnir.golden.resets import over_at
from draupnir.golden.rows import cut

_LISTED = 4  # names in a sentence


@dataclass(frozen=True)
class Undefined:
    """The bits that a case allows to be unknown or different, because the Verilog is undefined there.

    first : the number of clock edges before the first edge at which an output may be unknown or different
    unknown : pin or memory -> number of bits that may be unknown: of a pin in all clocks, of a memory after the last
    different : pin or memory -> number of bits that may be known and different from the recording
    """

    first: int
    unknown: Mapping[str, int] = field(default_factory=dict)
    different: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """The comparison of a run with a recording, counted in bits.

    bits : the bits of the output pins at all clock edges, and those of them that were not compared
    n_before : the number of not compared bits before the end of the first reset
    unknown : pin or memory -> number of bits that the recording knows and the run does not: of a pin after the first
        reset, of a memory after the last edge
    different : pin or memory -> number of bits that both know and that differ
    first : the number of clock edges before the first bit in ``unknown`` or ``different``; None if there is none
    never : the pins of which no bit was compared at any clock
    """

    bits: ComparedBits
    n_before: int = 0
    unknown: Mapping[str, int] = field(default_factory=dict)
    different: Mapping[str, int] = field(default_factory=dict)
    first: int | None = None
    never: tuple[str, ...] = ()

    @property
    def n_unknown(self) -> int:
        """The number of bits in ``unknown``."""
        return sum(self.unknown.values())

    @property
    def is_equal(self) -> bool:
        return not self.unknown and not self.different

    def undeclared(self, undefined: Undefined | None) -> dict[str, int]:
        """Return pin or memory -> number of unknown bits that the case does not allow."""
        return _beyond(self.unknown, undefined.unknown if undefined and self._is_within(undefined) else {})

    def wrong(self, undefined: Undefined | None) -> dict[str, int]:
        """Return pin or memory -> number of different bits that the case does not allow.

        Different bits are allowed only in a run that has unknown bits.
        """
        met = bool(self.bits.n_unknown or self.unknown)
        return _beyond(self.different, undefined.different if undefined and met and self._is_within(undefined) else {})

    def holds(self, undefined: Undefined | None) -> bool:
        """Return True if every pin was compared, and only bits that the case allows are unknown or different."""
        if not self.bits.n_compared or self.not_compared(undefined):
            return False
        return not self.undeclared(undefined) and not self.wrong(undefined)

    def not_compared(self, undefined: Undefined | None) -> tuple[str, ...]:
        """Return the pins of which no bit was compared, except those whose bits may be unknown in the case."""
        return tuple(pin for pin in self.never if undefined is None or pin not in undefined.unknown)

    def _is_within(self, undefined: Undefined) -> bool:
        return self.first is None or self.first >= undefined.first

    def as_undefined(self) -> Undefined:
        """Return the unknown and different bits in the form in which a case allows them."""
        return Undefined(self.first or 0, dict(self.unknown), dict(self.different))


def agreement(trace: Trace, outputs: np.ndarray, known_bits: np.ndarray, absent: Collection[str] = ()) -> Agreement:
    """Compare the output pins of a run with a trace.

    outputs, known_bits : rows as in ``Trace``
    absent : the probes that the trace or the run does not have
    """
    reset_end, word = over_at(trace), trace.chip.output_word
    both_known = replace(trace, known_bits=trace.known_bits & known_bits)
    count = BitCount(trace.chip, absent)
    count.add(both_known)
    unknown_bits = only(trace.known_bits & ~known_bits, trace.clk != 0) & count.mask
    unknown_bits[:reset_end] = 0
    wrong = (outputs ^ trace.outputs) & both_known.known_bits
    rows = np.flatnonzero(any_bit(unknown_bits | wrong))
    return Agreement(
        count.counts(),
        compared_bits(cut(both_known, 0, reset_end), absent).n_unknown,
        count_bits(word, unknown_bits),
        count_bits(word, wrong),
        int(np.count_nonzero(trace.clk[: rows[0]])) if len(rows) else None,
        tuple(count.never_compared()),
    )


def with_memories(
    pins: Agreement, chip: Chip, recorded_words: Memories, run_words: Memories, known_bits: Memories
) -> Agreement:
    """Return the agreement of pins together with that of the memories after the last edge.

    recorded_words, run_words : name -> uint32 of ``Memory.shape``, from the recording and from the run
    known_bits : name -> the mask of the bits of ``run_words`` that are known
    """
    unknown, different = dict(pins.unknown), dict(pins.different)
    for name, words in recorded_words.items():
        memory = chip.memory(name)
        all_bits = to_limbs((1 << memory.width) - 1, memory.n_limbs)
        for counts, masks in (
            (unknown, all_bits & ~known_bits[name]),
            (different, (words ^ run_words[name]) & known_bits[name] & all_bits),
        ):
            if n := int(np.bitwise_count(masks).sum()):
                counts[name] = n
    return replace(pins, unknown=unknown, different=different)


def bits_text(bits: Mapping[str, int], never: tuple[str, ...] = ()) -> str:
    """Return pins and memories with their numbers of bits, the largest first: "SUM 400 (never known), ADD 12"."""
    names = sorted(bits, key=lambda name: -bits[name])
    texts = [f"{name} {bits[name]:,}{' (never known)' if name in never else ''}" for name in names[:_LISTED]]
    return ", ".join(texts) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def _beyond(bits: Mapping[str, int], limits: Mapping[str, int]) -> dict[str, int]:
    return {name: n - limits.get(name, 0) for name, n in bits.items() if n > limits.get(name, 0)}
