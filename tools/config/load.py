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

File names are relative to the configuration's folder. ODIN's neurons that are not named are disabled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from emulator import chips, state
from emulator.codec import encode, to_limbs
from emulator.declare import Chip, Memory
from emulator.errors import InputError
from golden import hexfile
from tools.config import registers, words
from tools.config.configuration import Configuration
from tools.config.source import Key, Source, closest, read, show


def load(path: Path, chip: str) -> Configuration:
    """The configuration in a file.

    Raises InputError, with file, line and field, for whatever is not right.
    """
    declared = chips.declaration(chip)
    source = read(path)
    known = (registers.TABLE, *(memory.name for memory in declared.memories))
    for name in source.tree:
        if name not in known:
            raise source.error((name,), f"unknown: {closest(name, known)}")
    return Configuration(
        declared,
        registers.read(source, declared),
        {memory.name: _memory(source, declared, memory) for memory in declared.memories},
    )


def dump(configuration: Configuration) -> str:
    """The text of a file that ``load`` reads as this configuration."""
    return "\n".join(_dumped(configuration)).lstrip("\n") + "\n"


def _dumped(configuration: Configuration) -> Iterator[str]:
    chip = configuration.chip
    yield from registers.dump(chip, configuration.registers)
    for memory in chip.memories:
        content = configuration.memories[memory.name]
        form = _form(chip, memory)
        yield from form.dump(content) if form else words.dump(content, memory, _unused(chip, memory))


# --- Memories ---------------------------------------------------------------------------------------------------


def _memory(source: Source, chip: Chip, memory: Memory) -> np.ndarray:
    given = source.tree.get(memory.name, [])
    key: Key = (memory.name,)
    if isinstance(given, str):
        image = source.file(key, given)
        try:
            return hexfile.read(image, memory)
        except InputError as error:
            raise source.error(key, str(error)) from error
    form = _form(chip, memory)
    if form and isinstance(given, dict):
        given = [given]
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        raise source.error(key, f"{show(given)} is neither tables nor the name of an image; right is [[{memory.name}]]")
    content = state.new_memory(memory)
    content[:] = to_limbs(_unused(chip, memory), memory.n_limbs)
    if form:
        form.fill(source, content, given)
    else:
        words.fill(source, content, memory, given)
    return content


def _form(chip: Chip, memory: Memory) -> Any:
    """The module for a memory whose words are not what its users think in, or None."""
    if (chip.name, memory.name) == ("odin", "synapses"):
        # Only here: another chip's configuration needs nothing of this one.
        from tools.config import crossbar

        return crossbar
    return None


def _unused(chip: Chip, memory: Memory) -> int:
    """The word that no table names: 0, but where that would do something."""
    if (chip.name, memory.name) == ("odin", "neurons"):  # an all-zero neuron spikes at each event
        return encode(memory.words[0], lif_izh_sel=1, neur_disable=1)
    return 0
