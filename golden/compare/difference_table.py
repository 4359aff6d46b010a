"""Differences of pins and memories as tables for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from draupnir.emulator import markup
from draupnir.golden.compare.memories import MemoryDifference
from draupnir.golden.compare.pins import PinDifference


def pin_table(pins: Sequence[PinDifference]) -> str:
    """Return a table of the pins that differ; "" if there is none."""
    rows = []
    for pin in pins:
        expected, got_text = pin.levels
        rows.append((pin.pin, pin.width, expected, markup.Differing(got_text)))
    return markup.table("Pins that differ", ("pin", "bits", "expected", "got"), rows) if rows else ""


def memory_table(memory: MemoryDifference) -> str:
    """Return a table of the fields that differ; a sentence if the memory is equal."""
    if not memory.n_differing:
        return markup.sentence(f"{memory.memory}: all {memory.n_words:,} words are equal.")
    rows = [
        (word.place(memory.memory), word.view, f.name, f.expected, markup.Differing(f"{f.got:,}"))
        for word in memory.words
        for f in word.fields
    ]
    caption = f"{memory.memory}: {memory.n_differing:,} of {memory.n_words:,} words differ"
    return markup.table(caption, ("word", "view", "field", "expected", "got"), rows)
