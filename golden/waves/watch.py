"""The contents of a waveform: a level, a window of clocks, words of memories; and their form on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.golden.waves.signals import WatchedWord

_WINDOW = re.compile(r"(\d*):(\d*)")
_SPAN = re.compile(r"(\d+)(?:-(\d+))?")
_MOST_CLOCKS = 1 << 62


class WaveLevel(Enum):
    """The amount of detail.

    PINS : pins and probes; REGISTERS : and all registers; ALL : and all words of all memories
    """

    PINS = "pins"
    REGISTERS = "registers"
    ALL = "all"


@dataclass(frozen=True)
class ClockWindow:
    """Clocks ``first`` to ``end`` - 1, counted from 0 at the first clock.

    end : None for all clocks up to the last one; is_open : True if the source may have fewer clocks
    """

    first: int = 0
    end: int | None = None
    is_open: bool = False

    def __str__(self) -> str:
        return f"{self.first}:{'' if self.end is None else self.end}"


@dataclass(frozen=True)
class WaveView:
    """The contents of a waveform.

    words : the words of memories whose fields it has, beside those of the level
    marked_cycle : the clock that viewers mark if the source does not differ in the window; None for none
    """

    level: WaveLevel = WaveLevel.REGISTERS
    window: ClockWindow = ClockWindow()
    words: tuple[WatchedWord, ...] = ()
    marked_cycle: int | None = None


def window_of(text: str) -> ClockWindow:
    """Return the window A:B; either may be left out. Raises InputError for another form, and if A >= B."""
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise InputError(f"--window {text}: right is A:B, the first clock and the one after the last, such as 100:200")
    first, end = int(match[1] or 0), int(match[2]) if match[2] else None
    if end is not None and first >= end:
        raise InputError(f"--window {text}: no clock is in it; right is A:B with A below B")
    if max(first, end or 0) > _MOST_CLOCKS:
        raise InputError(f"--window {text}: too late; right is at most {_MOST_CLOCKS}")
    return ClockWindow(first, end)


def watched_words(chip: Chip, texts: Sequence[str]) -> tuple[WatchedWord, ...]:
    """Return the words of texts like neurons=0,17,20-23, synapses=3:17 and csram[2]=5.

    MEM=ADDR is a word, MEM=ROW:COLUMN an entry of a matrix; each number may be a range FIRST-LAST. A memory with copies
    has the copy in its name; without it all copies are meant.

    Raises InputError for another form, a memory that the chip does not have, and a word that is not there.
    """
    words: dict[WatchedWord, None] = {}
    for text in texts:
        name, is_there, places = text.partition("=")
        if not is_there or not places:
            raise InputError(f"--watch {text}: right is MEM=WORDS, such as neurons=0,17 or synapses=3:17")
        memory, copies = _memory(chip, text, name)
        for place in places.split(","):
            for copy in copies:
                words |= dict.fromkeys(_words(memory, copy, place, text))
    return tuple(words)


def every_word(chip: Chip) -> tuple[WatchedWord, ...]:
    """Return all words of all memories; the entries of a matrix each by itself."""
    words: list[WatchedWord] = []
    for memory in chip.memories:
        rows, columns = memory.matrix.shape if memory.matrix else (0, 0)
        for copy in range(memory.copies or 1):
            if memory.matrix:
                words += [_entry(memory, copy, row, column) for row in range(rows) for column in range(columns)]
            else:
                words += [WatchedWord(memory.name, copy, addr) for addr in range(memory.depth)]
    return tuple(words)


def _memory(chip: Chip, text: str, name: str) -> tuple[Memory, Sequence[int]]:
    """Return the memory of a name, and the copies that it means."""
    for memory in chip.memories:
        if name == memory.name:
            return memory, range(memory.copies or 1)
        if memory.copies is not None and name in memory.parts:
            return memory, [memory.parts.index(name)]
    names = [
        memory.name if memory.copies is None else f"{memory.name}[0..{memory.copies - 1}]" for memory in chip.memories
    ]
    raise InputError(f"--watch {text}: {chip.name} has no memory {name!r}; it has {', '.join(names) or 'none'}")


def _words(memory: Memory, copy: int, place: str, text: str) -> Iterator[WatchedWord]:
    first, is_entry, second = place.partition(":")
    if not is_entry:
        yield from (WatchedWord(memory.name, copy, addr) for addr in _span(first, memory.depth, "word", memory, text))
        return
    if memory.matrix is None:
        raise InputError(f"--watch {text}: {memory.name} is no matrix; right is {memory.name}=0..{memory.depth - 1}")
    (row_name, n_rows), (column_name, n_columns) = memory.matrix.rows, memory.matrix.columns
    for row in _span(first, n_rows, row_name, memory, text):
        for column in _span(second, n_columns, column_name, memory, text):
            yield _entry(memory, copy, row, column)


def _entry(memory: Memory, copy: int, row: int, column: int) -> WatchedWord:
    assert memory.matrix is not None
    bit = (row * memory.matrix.shape[1] + column) * memory.matrix.entry.width
    return WatchedWord(memory.name, copy, bit // memory.width, (row, column, bit % memory.width))


def _span(number: str, n: int, title: str, memory: Memory, text: str) -> range:
    """Return the numbers of N or FIRST-LAST, which are below ``n``."""
    match = _SPAN.fullmatch(number)
    if match is None:
        raise InputError(f"--watch {text}: {number!r} is no {title} of {memory.name}; right is N or FIRST-LAST")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < n:
        raise InputError(f"--watch {text}: {memory.name} has no {title} {number}; right is 0..{n - 1}")
    return range(first, last + 1)
