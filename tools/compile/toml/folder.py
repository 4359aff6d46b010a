"""A configuration as a folder: net.toml, a table for each memory of words, and a matrix for each memory of synapses."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Memory
from draupnir.tools.compile.toml import csv_file, load, registers
from draupnir.tools.compile.toml.matrix import MAPPING, MATRIX

NAME = "net.toml"


def write(configuration: Configuration, folder: Path) -> None:
    """Write a configuration of a chip whose memories have no copies; ``load.load`` reads net.toml as the same.

    folder : a folder that exists. Its files of these names are replaced
    """
    chip = configuration.chip
    lines = list(registers.dump(chip, configuration.registers))
    plain = [memory for memory in chip.memories if not memory.matrix]
    names = [f'{memory.name} = "{_words(configuration, memory, folder)}"' for memory in plain]
    for memory in chip.memories:
        if memory.matrix:
            lines += ["", f"[{memory.name}]", *_matrices(configuration, memory, folder)]
    (folder / NAME).write_text("\n".join([*names, "", *lines]).strip() + "\n")


def _words(configuration: Configuration, memory: Memory, folder: Path) -> str:
    """Write the table of a memory. Returns the name of its file."""
    name = f"{memory.name}{csv_file.SUFFIX}"
    with (folder / name).open("w", newline="") as file:
        rows = csv_file.dump(configuration.memories[memory.name], memory, load.unused(memory))
        csv.writer(file, lineterminator="\n").writerows(rows)
    return name


def _matrices(configuration: Configuration, memory: Memory, folder: Path) -> Iterator[str]:
    """Write the matrices of a memory, one for each field of an entry. Yields the lines that name them."""
    for field in columns.matrix_of(memory).entry:
        contents = columns.entries(field, memory, configuration.memories[memory.name])
        if field.name == MAPPING and contents.all():
            continue  # the usual contents
        name = f"{memory.name}_{field.name}.npy"
        np.save(folder / name, contents.astype(np.min_scalar_type(field.low if field.low else field.high)))
        yield f'{MAPPING if field.name == MAPPING else MATRIX} = "{name}"'
