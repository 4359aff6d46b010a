"""The first difference between the expected outputs and memories and those of a source, and its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from draupnir.emulator import markup
from draupnir.golden.compare.bits import ComparedBits
from draupnir.golden.compare.difference_table import memory_table, pin_table
from draupnir.golden.compare.memories import MemoryDifference
from draupnir.golden.compare.pins import PinDifference

UNKNOWN_DIFFERS = "the reset is over: an output that is x or z is a difference"


@dataclass(frozen=True)
class FirstDifference:
    """The first difference of a source: in output pins, or else in memories.

    cycle : the number of clock edges before the edge of the difference. Pins differ immediately before this edge,
        memories after it. None if the memories were compared after the last edge only
    pins : the output pins that differ
    memories : the memories that differ
    bits : the numbers of output bits up to this edge that were compared, and that were unknown
    time : the time of this edge in the source's unit, None if the source has no times
    time_text : the same time with its unit
    row : the number of rows of the source before the row of this edge; None if ``cycle`` is None
    is_first : False if memories may have differed at an earlier edge, after which they were not compared
    context : lines that say what the golden model is doing immediately before this edge
    last_events : the last events that the model began, the oldest first
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
        """Return one line with the place and the difference."""
        if self.pins:
            return f"cycle {self.cycle}: {', '.join(str(pin).replace(':', '', 1) for pin in self.pins)}"
        place = "after the last clock" if self.cycle is None else f"after cycle {self.cycle}"
        return f"{place}: {', '.join(map(str, self.memories))}"

    def lines(self) -> Iterator[str]:
        """Yield the lines of the complete report."""
        if self.pins:
            time = f"{self.time_text}, " if self.time_text else ""
            yield f"mismatch at {time}cycle {self.cycle}:"
        elif self.cycle is None:
            yield "memories differ after the last clock:"
        else:
            time = f"{self.time_text}, " if self.time_text else ""
            note = "" if self.is_first else " (and did not after earlier clocks that were compared)"
            first = "first " if self.is_first else ""
            yield f"memories {first}differ after {time}cycle {self.cycle}{note}:"
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

    def _repr_html_(self) -> str:
        """Return the report as tables, which a notebook shows."""
        time = f" ({self.time_text})" if self.time_text else ""
        clock = "after the last clock" if self.cycle is None else f"clock {self.cycle:,}{time}"
        place = clock if self.pins or self.cycle is None else f"after {clock}"
        return "".join(
            (
                markup.sentence(f"First difference: {place}"),
                pin_table(self.pins),
                *map(memory_table, self.memories),
                _lines_section("What the golden model does", self.context),
                _lines_section("Last events", self.last_events),
                markup.sentence(f"Up to there: {bits_text(self.bits)}"),
            )
        )

    def as_object(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {"text": str(self), **asdict(self), "bits": self.bits.as_object()}


def _lines_section(title: str, lines: Sequence[str]) -> str:
    """Return an open section of lines as HTML; "" if there is none."""
    return markup.section(title, [markup.lines(lines)], is_open=True) if lines else ""


def bits_text(bits: ComparedBits) -> str:
    """Return the numbers of compared and unknown bits as text: "12 of 14 output bits compared, 2 unknown"."""
    absent = f", not recorded: {', '.join(bits.absent)}" if bits.absent else ""
    return f"{bits}, {bits.n_unknown:,} unknown{absent}"


def memory_lines(difference: MemoryDifference) -> Iterator[str]:
    """Yield the lines for a memory: a title, and a line for each word in the list."""
    if not difference.n_differing:
        yield f"{difference.memory}: all {difference.n_words} words equal {difference.against}".rstrip()
        return
    source = f" from {difference.against}" if difference.against else ""
    yield f"{difference.memory}: {difference.n_differing} of {difference.n_words} words differ{source}"
    for word in difference.words:
        fields = ", ".join(f"{f.name} expected {f.expected}, got {f.got}" for f in word.fields)
        yield f"  {word.place(difference.memory)} ({word.view}): {fields}"
    if n_more := difference.n_differing - len(difference.words):
        yield f"  ... and {n_more} more"
