"""The state of a chip as tables for notebooks: pins, memories word by word, and registers block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum

import numpy as np

from draupnir.emulator import columns, markup
from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.declare import LIMB_BITS, Block, Chip, Field, Memory, PinWord, Reg, Word
from draupnir.emulator.trace import unpack

ELEMENTS = 4  # of an array of registers, in one cell


def tables(
    chip: Chip,
    record: np.record,
    memories: Mapping[str, np.ndarray],
    packed_pins: tuple[int, int],
    context: Sequence[str],
) -> str:
    """Return the state of a chip as HTML: each pin, each word of a memory and each register that is not 0.

    record, memories : the state, as ``ClockLevel`` has it
    packed_pins : the packed input pins, and the packed output pins with the probes above them
    context : lines that say what the chip is doing; they come first
    """
    pins = [*_pins(chip.input_word, packed_pins[0], "in"), *_pins(chip.output_word, packed_pins[1], "out")]
    return "".join(
        (
            markup.sentence(chip.title),
            markup.lines(context),
            markup.section("Pins", [markup.table("Pins", ("pin", "", "bits", "level", "meaning"), pins)]),
            *(_memory(memory, memories[memory.name]) for memory in chip.memories),
            markup.section("Registers that are not 0", (_block(block, record) for block in chip.blocks)),
        )
    )


def _pins(word: PinWord, packed_pins: int, direction: str) -> Iterator[tuple[int | str, ...]]:
    levels = unpack(word, packed_pins)
    return ((f.name, direction, f.width, f"{levels[f.name]:#x}", f.meaning) for f in word)


# --- Memories ---------------------------------------------------------------------------------------------------


def _memory(memory: Memory, words: np.ndarray) -> str:
    """Return the words of a memory that are not 0, or the entries of its matrix."""
    n_used, n_words = int(np.count_nonzero(words.any(axis=-1))), int(np.prod(words.shape[:-1]))
    title = f"Memory {memory.name}: {n_used:,} of {n_words:,} words are not 0"
    parts = _entries(memory, words) if memory.matrix else _runs(memory, words)
    return markup.section(title, parts, is_open=n_used > 0)


def _entries(memory: Memory, words: np.ndarray) -> Iterator[str]:
    """Yield a table of the entries that are not 0, in the order of the rows of the matrix."""
    matrix = columns.matrix_of(memory)
    entries = columns.unpack(words, memory)
    places = np.argwhere(entries)
    first_places = [tuple(place) for place in places[: markup.SHOWN].tolist()]
    rows = [(*place, *decode(matrix.entry, int(entries[place])).values()) for place in first_places]
    if rows:
        header = (matrix.rows[0], matrix.columns[0], *(f.name for f in matrix.entry))
        yield markup.table(memory.name, header, rows, len(places))


def _runs(memory: Memory, words: np.ndarray) -> Iterator[str]:
    """Yield a table for each view of a word: words side by side that are equal stand in one row."""
    by_view: dict[str, list[tuple[str, int]]] = {}
    for place, content in _equal_words(memory, words):
        by_view.setdefault(memory.word_of(content).name, []).append((place, content))
    for name, contents in by_view.items():
        yield _words(f"{memory.name}, {name}", memory.word(name), contents)


def _words(caption: str, word: Word, contents: Sequence[tuple[str, int]]) -> str:
    """Return a table of words, with a column for each field that is not 0 in all rows that are shown."""
    decoded = [(place, decode(word, content)) for place, content in contents[: markup.SHOWN]]
    fields = [f for f in word if any(row[f.name] for _, row in decoded)]
    rows = [(place, *(_field_text(f, row[f.name]) for f in fields)) for place, row in decoded]
    return markup.table(f"{caption}: fields that are not 0", ("word", *(f.name for f in fields)), rows, len(contents))


def _field_text(f: Field, content: int) -> int | str:
    """Return the content of a field: the name of its state, a number, or a long string of bits in hexadecimal."""
    return _state_name(f.states, content) or (content if f.width <= LIMB_BITS else f"{content:#x}")


def _state_name(states: type[IntEnum] | None, content: int) -> str:
    """Return the name of a state; "" if there is none."""
    return next((state.name for state in states or () if state == content), "")


def _equal_words(memory: Memory, words: np.ndarray) -> Iterator[tuple[str, int]]:
    """Yield place and content of each run of equal words that are not 0: "3", "4..7", or in copy 2 "[2] 4..7"."""
    rows = words.reshape(-1, memory.n_limbs)
    is_first = np.ones(len(rows), np.bool_)
    is_first[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    is_first[:: memory.depth] = True
    starts = np.flatnonzero(is_first)
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(rows)], strict=True):
        if content := from_limbs(rows[start]):
            copy, first = divmod(start, memory.depth)
            last = first + end - start - 1
            prefix = "" if memory.copies is None else f"[{copy}] "
            yield f"{prefix}{first}" + (f"..{last}" if last > first else ""), content


# --- Registers --------------------------------------------------------------------------------------------------


def _block(block: Block, record: np.record) -> str:
    """Return a table of the registers of a block that are not 0; "" if all are 0."""
    rows = [
        (reg.name, reg.width, _content(reg, np.atleast_1d(record[reg.name]).reshape(-1)), reg.meaning)
        for reg in block.state
        if np.any(record[reg.name])
    ]
    return markup.table(block.name, ("register", "bits", "content", "meaning"), rows, len(rows)) if rows else ""


def _content(reg: Reg, elements: np.ndarray) -> str:
    """Return the content of a register; for an array, its first elements that are not 0, each with its index."""
    if len(elements) == 1:
        return _number(reg, int(elements[0]))
    places = np.flatnonzero(elements)
    text = ", ".join(f"[{i}] {_number(reg, int(elements[i]))}" for i in places[:ELEMENTS])
    n_more = len(places) - ELEMENTS
    return f"{text}, and {n_more:,} more" if n_more > 0 else text


def _number(reg: Reg, content: int) -> str:
    signed_content = content - (1 << reg.width) if reg.signed and content >> (reg.width - 1) else content
    return _state_name(reg.states, content) or f"{signed_content:,}"
