"""The agreement of a run with a recording, bit by bit, and the part of it that a case itself leaves open.

A bit that a recording knows has to be known to whatever is held against it, at every clock after the first reset and in
every memory at the end. Before a reset has passed, nothing is expected of a simulator that knows X. A case that goes
where the Verilog is undefined declares what Icarus made of the original there; more than that is a failure.
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
    """The bits that a case may leave open because it goes where the Verilog is undefined.

    first : clock edges before the first at which an output may be unknown, or differ
    unknown : pin or memory -> how many of its bits may be unknown, a pin's over all clocks, a memory's after the last
    different : the same of bits that are known and not as recorded
    """

    first: int
    unknown: Mapping[str, int] = field(default_factory=dict)
    different: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """The comparison of a run with a recording, counted in bits.

    bits : of the output pins at all clock edges: all of them, and those that were not compared
    n_before : how many of the latter lie before the end of the first reset
    unknown : pin or memory -> bits that the recording knows and the run does not: of a pin after the first reset, of a
        memory after the last edge
    different : pin or memory -> bits that both know and that differ
    first : clock edges before the first bit of a pin in ``unknown`` or ``different``; None if there is none
    never : pins of which no bit was compared at any clock
    """

    bits: ComparedBits
    n_before: int = 0
    unknown: Mapping[str, int] = field(default_factory=dict)
    different: Mapping[str, int] = field(default_factory=dict)
    first: int | None = None
    never: tuple[str, ...] = ()

    @property
    def n_unknown(self) -> int:
        """Bits that should be known, of pins and memories."""
        return sum(self.unknown.values())

    @property
    def is_equal(self) -> bool:
        return not self.unknown and not self.different

    def undeclared(self, undefined: Undefined | None) -> dict[str, int]:
        """Pin or memory -> bits that are unknown beyond what the case leaves open."""
        return _beyond(self.unknown, undefined.unknown if undefined and self._is_within(undefined) else {})

    def wrong(self, undefined: Undefined | None) -> dict[str, int]:
        """Pin or memory -> bits that differ beyond what the case leaves open, to a run that met something unknown."""
        met = bool(self.bits.n_unknown or self.unknown)
        return _beyond(self.different, undefined.different if undefined and met and self._is_within(undefined) else {})

    def holds(self, undefined: Undefined | None) -> bool:
        """Every pin was compared, and nothing is unknown or different beyond what the case leaves open."""
        if not self.bits.n_compared or self.not_compared(undefined):
            return False
        return not self.undeclared(undefined) and not self.wrong(undefined)

    def not_compared(self, undefined: Undefined | None) -> tuple[str, ...]:
        """Pins of which no bit was compared, in the recording or in the run, although the case does not say so."""
        return tuple(pin for pin in self.never if undefined is None or pin not in undefined.unknown)

    def _is_within(self, undefined: Undefined) -> bool:
        return self.first is None or self.first >= undefined.first

    def as_undefined(self) -> Undefined:
        """Return what was found, as what a case leaves open."""
        return Undefined(self.first or 0, dict(self.unknown), dict(self.different))


def agreement(trace: Trace, outputs: np.ndarray, known: np.ndarray, absent: Collection[str] = ()) -> Agreement:
    """Compare the output pins of a run with a trace; ``outputs`` and ``known`` are as in ``Trace``.

    absent : probes that one of the two does not have
    """
    settled, word = over_at(trace), trace.chip.output_word
    both = replace(trace, known=trace.known & known)
    count = BitCount(trace.chip, absent)
    count.add(both)
    missing = only(trace.known & ~known, trace.clk != 0) & count.mask
    missing[:settled] = 0
    wrong = (outputs ^ trace.outputs) & both.known
    rows = np.flatnonzero(any_bit(missing | wrong))
    return Agreement(
        count.compared(),
        compared_bits(cut(both, 0, settled), absent).n_unknown,
        count_bits(word, missing),
        count_bits(word, wrong),
        int(np.count_nonzero(trace.clk[: rows[0]])) if len(rows) else None,
        tuple(count.never_compared()),
    )


def with_memories(pins: Agreement, chip: Chip, recorded: Memories, got: Memories, known: Memories) -> Agreement:
    """Add the memories after the last edge: as recorded, as they are, and which of their bits are known."""
    unknown, different = dict(pins.unknown), dict(pins.different)
    for name, words in recorded.items():
        memory = chip.memory(name)
        whole = to_limbs((1 << memory.width) - 1, memory.n_limbs)
        for counts, masks in ((unknown, whole & ~known[name]), (different, (words ^ got[name]) & known[name] & whole)):
            if n := int(np.bitwise_count(masks).sum()):
                counts[name] = n
    return replace(pins, unknown=unknown, different=different)


def listed(bits: Mapping[str, int], never: tuple[str, ...] = ()) -> str:
    """Pins and memories with their bits, the most first: "SUM 400 (never known), ADD 12"."""
    names = sorted(bits, key=lambda name: -bits[name])
    said = [f"{name} {bits[name]:,}{' (never known)' if name in never else ''}" for name in names[:_LISTED]]
    return ", ".join(said) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def _beyond(bits: Mapping[str, int], allowed: Mapping[str, int]) -> dict[str, int]:
    return {name: n - allowed.get(name, 0) for name, n in bits.items() if n > allowed.get(name, 0)}
