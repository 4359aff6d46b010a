"""The first difference between what is expected of a chip and what a source did, and its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from draupnir.golden.compare.bits import ComparedBits
from draupnir.golden.compare.memories import MemoryDifference
from draupnir.golden.compare.pins import PinDifference

UNKNOWN_DIFFERS = "the reset is over: an output that is x or z is a difference"


@dataclass(frozen=True)
class FirstDifference:
    """The first place where a source differs from what is expected of it: in output pins, or else in memories.

    cycle : clock edges before the one in question. Pins differ immediately before this edge, memories after it. None
        of memories that were compared after the last edge only
    pins : the output pins that differ
    memories : the memories that differ
    bits : the output bits that were compared up to there, and those that were unknown
    time : of this edge, in the source's unit, None where the source has no time; time_text : the same for people
    row : rows of the source before the one that this edge ends; None where ``cycle`` is None
    is_first : False of memories that may have differed at an earlier edge, at which nobody looked
    context : what the golden model is doing just before this edge, decoded, a line each
    last_events : the events that the model began last, decoded, oldest first
    """

    cycle: int | None
    pins: tuple[PinDifference, ...] = ()
    memories: tuple[MemoryDifference, ...] = ()
    bits: ComparedBits = field(default_factory=ComparedBits)
    time: int | None = None
    time_text: str = ""
    row: int | None = None
    is_first: bool = True
    context: tuple[str, ...] = ()
    last_events: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return where it is, and what differs, in one line."""
        if self.pins:
            return f"cycle {self.cycle}: {', '.join(str(pin).replace(':', '', 1) for pin in self.pins)}"
        where = "after the last clock" if self.cycle is None else f"after cycle {self.cycle}"
        return f"{where}: {', '.join(map(str, self.memories))}"

    def lines(self) -> Iterator[str]:
        """The whole report, a line each."""
        if self.pins:
            when = f"{self.time_text}, " if self.time_text else ""
            yield f"mismatch at {when}cycle {self.cycle}:"
        elif self.cycle is None:
            yield "memories differ after the last clock:"
        else:
            when = f"{self.time_text}, " if self.time_text else ""
            first, seen = ("first ", "") if self.is_first else ("", " (and did not at the clocks looked at before)")
            yield f"memories {first}differ after {when}cycle {self.cycle}{seen}:"
        yield from (f"  {pin}" for pin in self.pins)
        if any(not (pin.expected ^ pin.got) & pin.known for pin in self.pins):
            yield f"  {UNKNOWN_DIFFERS}"
        for memory in self.memories:
            yield from (f"  {line}" for line in memory_lines(memory))
        yield from (f"  {line}" for line in self.context)
        if self.last_events:
            yield "  last events:"
            yield from (f"    {event}" for event in self.last_events)
        yield f"  up to there: {bits_text(self.bits)}"

    def as_object(self) -> dict[str, Any]:
        """All of it for JSON."""
        return {"text": str(self), **asdict(self), "bits": self.bits.as_object()}


def bits_text(bits: ComparedBits) -> str:
    """Return how many bits were compared, and how many were not known: "12 of 14 output bits compared, 2 unknown"."""
    absent = f", not recorded: {', '.join(bits.absent)}" if bits.absent else ""
    return f"{bits}, {bits.n_unknown:,} unknown{absent}"


def memory_lines(difference: MemoryDifference) -> Iterator[str]:
    """A memory that differs, or does not: a head, and a line for each word that is listed."""
    if not difference.n_differing:
        yield f"{difference.memory}: all {difference.n_words} words equal {difference.against}".rstrip()
        return
    against = f" from {difference.against}" if difference.against else ""
    yield f"{difference.memory}: {difference.n_differing} of {difference.n_words} words differ{against}"
    for word in difference.words:
        fields = ", ".join(f"{f.name} expected {f.expected}, got {f.got}" for f in word.fields)
        yield f"  {word.place(difference.memory)} ({word.view}): {fields}"
    if more := difference.n_differing - len(difference.words):
        yield f"  ... and {more} more"
