"""The contents of registers and fields of memories in the golden model while it runs a recording, clock by clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.codec import from_limbs, take
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace
from draupnir.golden import case
from draupnir.golden.replay import load_images
from draupnir.golden.waves.signals import WatchedWord
from draupnir.golden.waves.watch import watched_words

_FIELD = re.compile(r"(?P<memory>\w+(?:\[\d+\](?=\[))?)\[(?P<place>[\d:]+)\](?:\.(?P<field>\w+))?")
_ELEMENT = re.compile(r"(?P<name>\w+)(?P<indices>(?:\[\d+\])*)")
Reader = Callable[[Any], int]  # takes the level of a signal from a model


def contents(
    golden_case: case.Case, rows: Trace, edges: np.ndarray, registers: Sequence[str], fields: Sequence[str]
) -> dict[str, list[int]]:
    """Run the inputs of a case. Return what registers and fields of memories hold before each edge but the first.

    edges : the rows with these edges
    registers : names of registers; an element of an array has its indices behind the name, such as ``in_rptr[1]``
    fields : fields of words, such as ``neurons[17].core``, and entries of a matrix, such as ``synapses[3:17].weight``;
        a memory with copies has the copy first: ``csram[2][5].leak``
    Raises InputError for a register or a field that the chip does not have.
    """
    model = chips.model(golden_case.chip, dict(golden_case.parameters) or None)(None)
    load_images(model, golden_case.before)
    readers = {name: _register(model, golden_case, name) for name in registers}
    readers |= {name: _field(model.chip, golden_case, name) for name in fields}
    result: dict[str, list[int]] = {name: [] for name in readers}
    row = 0
    for edge in edges[:-1]:
        model.drive(rows.inputs[row : edge + 1], rows.clk[row : edge + 1])
        row = int(edge) + 1
        for name, read in readers.items():
            result[name].append(read(model))
    return result


def _register(model: Any, golden_case: case.Case, text: str) -> Reader:
    match = _ELEMENT.fullmatch(text)
    if match is None or match["name"] not in (model.registers.dtype.names or ()):
        raise InputError(f"{golden_case.folder}: {golden_case.chip} has no register {text}")
    name, indices = match["name"], tuple(int(index) for index in re.findall(r"\d+", match["indices"]))
    if len(indices) != len(model.registers.dtype[name].shape):
        raise InputError(f"{golden_case.folder}: {text}; right is an index for each of the dimensions of {name}")
    return lambda model: int(model.registers[0][name][indices] if indices else model.registers[0][name])


def _field(chip: Chip, golden_case: case.Case, text: str) -> Reader:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise InputError(f"{golden_case.folder}: {text}; right is MEM[ADDR].FIELD, or MEM[ROW:COLUMN] of a matrix")
    (word,) = watched_words(chip, [f"{match['memory']}={match['place']}"])
    memory = chip.memory(word.memory)
    name = match["field"] or ""

    def read(model: Any) -> int:
        content = _content(model, memory.n_limbs, word)
        layout = memory.word_of(content)
        if word.entry is not None and memory.matrix is not None:
            layout = memory.matrix.entry
            content = content >> word.entry[2] & (1 << layout.width) - 1
        if not name:
            return content
        if name not in layout:
            raise InputError(f"{golden_case.folder}: {text}; {layout.name} has no field {name}")
        return take(layout[name], content)

    return read


def _content(model: Any, n_limbs: int, word: WatchedWord) -> int:
    """The present content of a word."""
    limbs = model.memories[word.memory]
    copy = limbs[word.copy] if limbs.ndim == 3 else limbs
    return from_limbs(copy.reshape(-1, n_limbs)[word.addr].astype(np.uint32))
