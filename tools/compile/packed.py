"""A configuration as the files that program a chip: SPI streams in all forms, and an image of each memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import port
from draupnir.golden import hexfile
from draupnir.golden.files import filling
from draupnir.tools.compile import differences
from draupnir.tools.compile.spi import arrays, forms, images, reading, stream
from draupnir.tools.compile.spi.stream import Unpacked
from draupnir.tools.compile.toml.load import load

BLANK = "blank"  # as what memories held before: all 0, as in a device whose bitstream says nothing of them
IMAGES = {".hex": False, ".mem": True}  # suffix -> the address before the first word is given, as Vivado wants it

HEAD = 4096  # bytes in which a file's first line is looked for
LISTED = 12  # files of a folder in which no stream is found
MAX_LOOKED_AT = 16 << 20  # bytes of such a file

Memories = Mapping[str, np.ndarray]
Tell = Callable[[str], None]


def quietly(line: str) -> None:
    """Tell nobody."""


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


def file_names(chip: str | Chip) -> list[str]:
    """The names of the files that ``pack`` writes."""
    declared = chips.declared_as(chip)
    streams = [f"{declared.name}{form.suffix}" for form in forms.FORMS]
    return [*streams, *(f"{memory.name}{suffix}" for memory in declared.memories for suffix in IMAGES)]


def read(path: Path, chip: str | Chip, present: Memories | None = None, tell: Tell = quietly) -> Configuration:
    """The configuration in a TOML file, an SPI stream in any form, or a folder with what ``pack`` has written.

    A file is TOML by its suffix, or by its first line.
    chip : its declaration; its name stands for that with all sizes at their defaults
    present : as for ``pack``; tell : called with each line on what is odd about a stream
    Raises InputError for what is not right, and if a folder's files do not agree.
    """
    if is_toml(path):
        return load(path, chip)
    unpacked = unpack(path, chip, present)
    for line in unpacked.told(path):
        tell(line)
    return unpacked.configuration


def is_toml(path: Path) -> bool:
    """Tell whether a file is a configuration in TOML, or is called one: its first line is a table, or names one."""
    if path.suffix == ".toml" or not path.is_file():
        return path.suffix == ".toml" and not path.is_dir()
    if path.suffix in arrays.SUFFIXES:
        return False
    with path.open("rb") as file:
        lines = (line.strip() for line in file.read(HEAD).removeprefix(codecs.BOM_UTF8).splitlines())
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return re.match(rb"\[{1,2}\s*[a-z]\w*\s*\]|[a-z]\w*(\.\w+)?\s*=", first) is not None


def unpack(path: Path, chip: str | Chip, present: Memories | None = None) -> Unpacked:
    """Return what an SPI stream, or a folder that ``pack`` has written, leaves in a chip; raises as ``read`` does."""
    declared = chips.declared_as(chip)
    if path.is_dir():
        return _agreed(path, declared, present)
    return _stream(path, declared, present)


def _stream(path: Path, chip: Chip, present: Memories | None) -> Unpacked:
    fields = reading.read(path, chip)
    try:
        return stream.heard(chip, fields, present)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}") from error


def memories_before(name: str | None, chip: str | Chip) -> Memories | None:
    """Return what the option ``--onto`` says of what the memories held: nothing, "blank", or a configuration's path."""
    if name is None:
        return None
    if name == BLANK:
        return {memory.name: state.new_memory(memory) for memory in chips.declared_as(chip).memories}
    return read(Path(name), chip).memories


def _agreed(folder: Path, chip: Chip, present: Memories | None) -> Unpacked:
    streams = [path for form in forms.FORMS if (path := folder / f"{chip.name}{form.suffix}").is_file()]
    if not streams:
        names = ", ".join(f"{chip.name}{form.suffix}" for form in forms.FORMS)
        raise InputError(
            f"{folder}: no SPI stream of {chip.name}; there would be {names}; there is {_there(folder, chip)}"
        )
    unpacked = _stream(streams[0], chip, present)
    found = [(streams[0], unpacked.configuration)]
    found += [(path, _stream(path, chip, present).configuration) for path in streams[1:]]
    found += _with_images(folder, unpacked.configuration)
    for (path, one), (other_path, other) in pairwise(found):
        if first := next(differences.between(one, other), None):
            raise InputError(f"{path} and {other_path} do not agree: {first}")
    return unpacked


def _there(folder: Path, chip: Chip) -> str:
    """Return what is in a folder, file by file."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    listed = [_described(path, chip) for path in files[:LISTED]]
    more = [f"and {len(files) - LISTED} more files"] if len(files) > LISTED else []
    return "; ".join(listed + more) or "no file"


def _described(path: Path, chip: Chip) -> str:
    """A file's name, and what is in it as far as that can be seen."""
    if path.suffix == ".toml":
        return f"{path.name} (a configuration?)"
    try:
        content = path.read_bytes() if path.stat().st_size < MAX_LOOKED_AT else b""
        image = images.image(path, content, chip)
        if image:
            return f"{path.name} ({image})"
        n = sum(1 for _ in port(chip).hear(reading.read(path, chip)))
        return f"{path.name} (an SPI stream? {n} transactions; give the file itself)" if n else path.name
    except (InputError, OSError):
        return path.name


def _with_images(folder: Path, programmed: Configuration) -> Iterator[tuple[Path, Configuration]]:
    """Yield what is programmed, with each memory from its image."""
    for memory in programmed.chip.memories:
        for suffix in IMAGES:
            if (path := folder / f"{memory.name}{suffix}").is_file():
                memories = {**programmed.memories, memory.name: hexfile.read(path, memory)}
                yield path, Configuration(programmed.chip, programmed.registers, memories)
