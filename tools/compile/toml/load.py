"""A checked TOML configuration of a chip: registers by name, memories as images, words by index, or matrices.

    [registers]
    SPI_OPEN_LOOP = 1
    SPI_SYN_SIGN = "3,7-9"          # or all 256 bits, 16 words, or one integer

    [[neurons]]                     # or, outside of all tables: neurons = "neurons.hex", or a table "neurons.csv"
    index = "0-9,12"
    model = "lif"
    thr = 100                       # parameters and state by the chip's names; all others are 0

    [synapses]                      # or synapses = "synapses.hex"
    matrix = "weights.npy"          # or .csv; mapping = another matrix, or mapped = false for all

    [[synapses]]                    # instead of, not beside [synapses]; matrix is allowed here too
    pre = "0-63"
    post = "0-9"
    weight = 3
    mapped = true                   # the default

A table of a memory with copies applies to all of them, or to the copies that it names: copy = "0-2,5".

File names are relative to the configuration's folder. A word that no table names is 0, or has the contents that the
memory declares for it (ODIN's neurons are then disabled). The declaration also names the rows and columns of a matrix.
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
from draupnir.tools.compile.toml import csv_file, indices, matrix, registers, words
from draupnir.tools.compile.toml.source import Key, TomlSource, closest, read, show

COPY = "copy"  # the key of a table that applies to some copies of a memory


def load(path: Path, chip: str | Chip) -> Configuration:
    """Read the configuration in a file.

    chip : a declaration, or the name of a chip, which then has its default sizes
    Raises InputError, with file, line and field, for each mistake.
    """
    declaration = chips.declared_as(chip)
    source = read(path)
    table_names = (registers.TABLE, *(memory.name for memory in declaration.memories))
    for name in source.tree:
        if name not in table_names:
            raise source.error((name,), f"unknown: {closest(name, table_names)}")
    return Configuration(
        declaration,
        registers.read(source, declaration),
        {memory.name: _memory(source, memory) for memory in declaration.memories},
    )


def dump(configuration: Configuration) -> str:
    """The text of a file that ``load`` reads as this configuration."""
    return "\n".join(_lines_of_toml(configuration)).lstrip("\n") + "\n"


def _lines_of_toml(configuration: Configuration) -> Iterator[str]:
    chip = configuration.chip
    yield from registers.dump(chip, configuration.registers)
    for memory in chip.memories:
        content = configuration.memories[memory.name]
        if memory.matrix:
            lines_by_copy = [matrix.dump(part, memory.part) for part in _by_copy(content, memory)]
        else:
            lines_by_copy = [words.dump(part, memory.part, unused(memory)) for part in _by_copy(content, memory)]
        for copy, lines in enumerate(lines_by_copy):
            for line in lines:
                yield line
                if memory.copies is not None and line.endswith(f"[[{memory.name}]]"):
                    yield f"{COPY} = {copy}"


# --- Memories ---------------------------------------------------------------------------------------------------


def _memory(source: TomlSource, memory: Memory) -> np.ndarray:
    entry = source.tree.get(memory.name, [])
    key: Key = (memory.name,)
    if isinstance(entry, str):
        return _file(source, key, source.file(key, entry), memory)
    if memory.matrix and isinstance(entry, dict):
        entry = [entry]
    if not isinstance(entry, list) or not all(isinstance(table, dict) for table in entry):
        raise source.error(key, f"{show(entry)} is neither tables nor the name of an image; right is [[{memory.name}]]")
    content = _new(memory)
    fill = matrix.fill if memory.matrix else words.fill
    tables = list(enumerate(entry))
    if memory.copies is None:
        fill(source, content, memory, tables)
        return content
    copies = [_copies(source, (*key, n), table, memory.copies) for n, table in tables]
    plain = [(n, {name: each for name, each in table.items() if name != COPY}) for n, table in tables]
    for copy, part in enumerate(content):
        fill(source, part, memory.part, [one for one, numbers in zip(plain, copies, strict=True) if copy in numbers])
    return content


def _file(source: TomlSource, key: Key, path: Path, memory: Memory) -> np.ndarray:
    """A memory from a file of its own: a table, or an image."""
    try:
        if path.suffix != csv_file.SUFFIX or memory.copies is not None or memory.matrix:
            return hexfile.read(path, memory)
        content = _new(memory)
        csv_file.fill(path, content, memory)
        return content
    except InputError as error:
        raise source.error(key, str(error)) from error


def _new(memory: Memory) -> np.ndarray:
    """A memory whose words have the contents of a word that no table names."""
    content = state.new_memory(memory)
    content[:] = to_limbs(unused(memory), memory.n_limbs)
    return content


def _copies(source: TomlSource, key: Key, table: dict[str, Any], n_copies: int) -> Collection[int]:
    """The copies of a memory to which a table applies."""
    return indices.parse(source, (*key, COPY), table[COPY], n_copies) if COPY in table else range(n_copies)


def _by_copy(content: np.ndarray, memory: Memory) -> np.ndarray:
    """A memory's contents as (copies, depth, limbs), also for a memory without copies."""
    return content.reshape(-1, memory.depth, memory.n_limbs)


def unused(memory: Memory) -> int:
    """The contents of a word that no table names."""
    return encode(memory.words[0], **memory.unused)
