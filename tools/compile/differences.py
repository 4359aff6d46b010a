"""The differences of two configurations: registers, fields of memory words, and synapses by their neurons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.codec import take
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Memory
from draupnir.golden.compare import memory_difference


@dataclass(frozen=True)
class ConfigChange:
    """One difference between two configurations.

    place : a register, a word of a memory, or an entry of its matrix; field : its field, "" for a register
    first, second : the two numbers
    """

    place: str
    field: str
    first: int
    second: int

    def __str__(self) -> str:
        return f"{self.place}{self.field and '.'}{self.field}: {self.first} | {self.second}"


def changes(first: Configuration, second: Configuration) -> Iterator[ConfigChange]:
    """All differences between two configurations of one chip, registers first, in the order of their declaration.

    A memory with another number of words in the second configuration is one difference.

    The fields of a word are named after the second configuration's view of it.
    """
    for register in first.chip.registers:
        parts = zip(first.registers[register.name], second.registers[register.name], strict=True)
        for i, (a, b) in enumerate(parts):
            if a != b:
                yield ConfigChange(f"{register.name}[{i}]" if register.n_addrs > 1 else register.name, "", a, b)
    for memory in {m.name: m for m in (*second.chip.memories, *first.chip.memories)}.values():
        depths = [len(configuration.memories.get(memory.name, ())) for configuration in (first, second)]
        if depths[0] != depths[1]:
            yield ConfigChange(memory.name, "words", *depths)
            continue
        of_memory = _entries if memory.matrix else _words
        shape = (len(memory.parts), memory.depth, memory.n_limbs)
        pairs = (configuration.memories[memory.name].reshape(shape) for configuration in (first, second))
        for name, one, other in zip(memory.parts, *pairs, strict=True):
            yield from of_memory(memory.part, name, one, other)


def _words(memory: Memory, name: str, first: np.ndarray, second: np.ndarray) -> Iterator[ConfigChange]:
    for word in memory_difference(memory, first, second, "", n_listed=memory.depth).words:
        for field in word.fields:
            yield ConfigChange(f"{name}[{word.addr}]", field.name, field.expected, field.got)


def _entries(memory: Memory, name: str, first: np.ndarray, second: np.ndarray) -> Iterator[ConfigChange]:
    shape_of = columns.matrix_of(memory)
    one, other = columns.unpack(first, memory), columns.unpack(second, memory)
    for i, j in np.argwhere(one != other).tolist():
        place = f"{name}[{shape_of.rows[0]} {i}, {shape_of.columns[0]} {j}]"
        for field in shape_of.entry:
            a, b = take(field, int(one[i, j])), take(field, int(other[i, j]))
            if a != b:
                yield ConfigChange(place, field.name, a, b)
