"""A checked TOML configuration of a chip: registers by name, memories as images, words by index, or matrices.

    [registers]
    SPI_OPEN_LOOP = 1
    SPI_SYN_SIGN = "3,7-9"          # or all 256 bits, 16 words, or one integer

    [[neurons]]                     # or, outside of all tables: neurons = "neurons.hex"
    index = "0-9,12"
    model = "lif"
    thr = 100                       # parameters and state by the chip's names; what is not given is 0

    [synapses]                      # or synapses = "synapses.hex"
    matrix = "weights.npy"          # or .csv; mapping = another one, mapped = false for all

    [[synapses]]                    # instead of, not beside [synapses]; matrix is allowed here too
    pre = "0-63"
    post = "0-9"
    weight = 3
    mapped = true                   # the default

A memory with copies takes tables for all of them, or for those that the table names: copy = "0-2,5".

File names are relative to the configuration's folder. Words that no table names are 0, or as the memory declares
(ODIN's neurons are disabled). A matrix' rows and columns are called as declared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.golden import hexfile
from draupnir.tools.compile.toml import indices, matrix, registers, words
from draupnir.tools.compile.toml.source import Key, TomlSource, closest, read, show

COPY = "copy"  # key of a table that is for some copies of a memory


def load(path: Path, chip: str | Chip) -> Configuration:
    """The configuration in a file.

    chip : its declaration; its name stands for that with all sizes at their defaults
    Raises InputError, with file, line and field, for whatever is not right.
    """
    declared = chips.declared_as(chip)
    source = read(path)
    known = (registers.TABLE, *(memory.name for memory in declared.memories))
    for name in source.tree:
        if name not in known:
            raise source.error((name,), f"unknown: {closest(name, known)}")
    return Configuration(
        declared,
        registers.read(source, declared),
        {memory.name: _memory(source, memory) for memory in declared.memories},
    )


def dump(configuration: Configuration) -> str:
    """The text of a file that ``load`` reads as this configuration."""
    return "\n".join(_dumped(configuration)).lstrip("\n") + "\n"


def _dumped(configuration: Configuration) -> Iterator[str]:
    chip = configuration.chip
    yield from registers.dump(chip, configuration.registers)
    for memory in chip.memories:
        content = configuration.memories[memory.name]
        if memory.matrix:
            dumped = [matrix.dump(part, memory.part) for part in _by_copy(content, memory)]
        else:
            dumped = [words.dump(part, memory.part, _unused(memory)) for part in _by_copy(content, memory)]
        for copy, lines in enumerate(dumped):
            for line in lines:
                yield line
                if memory.copies is not None and line.endswith(f"[[{memory.name}]]"):
                    yield f"{COPY} = {copy}"


# --- Memories ---------------------------------------------------------------------------------------------------


def _memory(source: TomlSource, memory: Memory) -> np.ndarray:
    given = source.tree.get(memory.name, [])
    key: Key = (memory.name,)
    if isinstance(given, str):
        image = source.file(key, given)
        try:
            return hexfile.read(image, memory)
        except InputError as error:
            raise source.error(key, str(error)) from error
    if memory.matrix and isinstance(given, dict):
        given = [given]
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        raise source.error(key, f"{show(given)} is neither tables nor the name of an image; right is [[{memory.name}]]")
    content = state.new_memory(memory)
    content[:] = to_limbs(_unused(memory), memory.n_limbs)
    fill = matrix.fill if memory.matrix else words.fill
    tables = list(enumerate(given))
    if memory.copies is None:
        fill(source, content, memory, tables)
        return content
    copies = [_copies(source, (*key, n), table, memory.copies) for n, table in tables]
    plain = [(n, {name: each for name, each in table.items() if name != COPY}) for n, table in tables]
    for copy, part in enumerate(content):
        fill(source, part, memory.part, [one for one, named in zip(plain, copies, strict=True) if copy in named])
    return content


def _copies(source: TomlSource, key: Key, table: dict[str, Any], n_copies: int) -> Collection[int]:
    """The copies of a memory that a table is for."""
    return indices.parse(source, (*key, COPY), table[COPY], n_copies) if COPY in table else range(n_copies)


def _by_copy(content: np.ndarray, memory: Memory) -> np.ndarray:
    """A memory's content with the copy as first index, also where there is one only."""
    return content.reshape(-1, memory.depth, memory.n_limbs)


def _unused(memory: Memory) -> int:
    """The word that no table names."""
    return encode(memory.words[0], **memory.unused)
