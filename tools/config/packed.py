"""A configuration as the files that program a chip: SPI streams in all forms, and an image of each memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from emulator import chips, state
from emulator.declare import Chip
from emulator.errors import InputError
from golden import hexfile
from golden.files import filling
from tools.config import differences
from tools.config.configuration import Configuration
from tools.config.load import load
from tools.spi import forms, stream

BLANK = "blank"  # as what memories held before: all 0, as in a device whose bitstream says nothing of them
IMAGES = {".hex": False, ".mem": True}  # suffix -> the address before the first word is given, as Vivado wants it

Memories = Mapping[str, np.ndarray]


def pack(configuration: Configuration, folder: Path, present: Memories | None = None) -> list[Path]:
    """Write all files into a folder, which is made if need be, or none of them; returns them.

    present : what the memories hold; the SPI streams write what differs from it. None: nobody knows, they write all.
    """
    transactions = stream.pack(configuration, present)
    try:
        with filling(folder) as temporary:
            written = forms.write(temporary, configuration.chip, transactions)
            for memory in configuration.chip.memories:
                for suffix, addressed in IMAGES.items():
                    written.append(temporary / f"{memory.name}{suffix}")
                    hexfile.write(written[-1], configuration.memories[memory.name], memory, addressed)
    except FileExistsError as error:
        raise InputError(f"{folder} is not a folder") from error
    return [folder / path.name for path in written]


def file_names(chip: str) -> list[str]:
    """The names of the files that ``pack`` writes."""
    streams = [f"{chip}{form.suffix}" for form in forms.FORMS]
    return [*streams, *(f"{memory.name}{suffix}" for memory in chips.declaration(chip).memories for suffix in IMAGES)]


def read(path: Path, chip: str, present: Memories | None = None) -> Configuration:
    """The configuration in a TOML file, an SPI stream in any form, or a folder with what ``pack`` has written.

    present : as for ``pack``
    Raises InputError for what is not right, and if a folder's files do not agree.
    """
    if path.is_dir():
        return _agreed(path, chips.declaration(chip), present)
    if path.suffix == ".toml":
        return load(path, chip)
    declared = chips.declaration(chip)
    return stream.unpack(declared, forms.read(path, declared), present)


def memories_before(name: str | None, chip: str) -> Memories | None:
    """What the option ``--onto`` says of what the memories held: nothing, "blank", or a configuration's path."""
    if name is None:
        return None
    if name == BLANK:
        return {memory.name: state.new_memory(memory) for memory in chips.declaration(chip).memories}
    return read(Path(name), chip).memories


def _agreed(folder: Path, chip: Chip, present: Memories | None) -> Configuration:
    streams = [path for form in forms.FORMS if (path := folder / f"{chip.name}{form.suffix}").is_file()]
    if not streams:
        names = ", ".join(f"{chip.name}{form.suffix}" for form in forms.FORMS)
        raise InputError(f"{folder}: no SPI stream of {chip.name}; there would be {names}")
    found = [(path, stream.unpack(chip, forms.read(path, chip), present)) for path in streams]
    found += _with_images(folder, found[0][1])
    for (path, one), (other_path, other) in pairwise(found):
        if first := next(differences.between(one, other), None):
            raise InputError(f"{path} and {other_path} do not agree: {first}")
    return found[0][1]


def _with_images(folder: Path, programmed: Configuration) -> Iterator[tuple[Path, Configuration]]:
    """What is programmed, with each memory from its image."""
    for memory in programmed.chip.memories:
        for suffix in IMAGES:
            if (path := folder / f"{memory.name}{suffix}").is_file():
                memories = {**programmed.memories, memory.name: hexfile.read(path, memory)}
                yield path, Configuration(programmed.chip, programmed.registers, memories)
