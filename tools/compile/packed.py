"""A configuration as the files that program a chip: SPI streams in all forms, and an image of each memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from draupnir.tools.compile.toml import load
from draupnir.tools.layers.part import form_of

BLANK = "blank"  # earlier contents of memories: all 0, as in a device whose bitstream does not set them
IMAGES = {".hex": False, ".mem": True}  # suffix -> True if the file gives the first word's address, as Vivado requires

HEAD = 4096  # the first line of a file is searched in so many bytes
LISTED = 12  # a message lists so many files of a folder without a stream
MAX_LOOKED_AT = 16 << 20  # bytes of the largest file that such a message describes

Memories = Mapping[str, np.ndarray]
Tell = Callable[[str], None]


def quietly(line: str) -> None:
    """Ignore a line."""


def pack(configuration: Configuration, folder: Path, present: Memories | None = None) -> list[Path]:
    """Write all files that program a chip into a folder, or none of them. Returns their paths.

    folder : it is made if it does not exist
    present : memory -> its earlier contents, (depth, limbs) uint32; the SPI streams then write only the words that
        differ. None means that they are not known, and the streams write all words
    Raises InputError for a chip without an SPI port or layers, and for a path that is not a folder.
    """
    form = form_of(configuration.chip)
    transactions = stream.pack(configuration, present) if form is None else []
    try:
        with filling(folder) as temporary:
            paths = (
                _write(temporary, configuration, transactions) if form is None else form.write(configuration, temporary)
            )
    except FileExistsError as error:
        raise InputError(f"{folder} is not a folder") from error
    return [folder / path.name for path in paths]


def _write(folder: Path, configuration: Configuration, transactions: Sequence[int]) -> list[Path]:
    """Write the streams and the images of a chip with an SPI port."""
    paths = forms.write(folder, configuration.chip, transactions)
    for memory in configuration.chip.memories:
        for suffix, addressed in IMAGES.items():
            paths.append(folder / f"{memory.name}{suffix}")
            hexfile.write(paths[-1], configuration.memories[memory.name], memory, addressed)
    return paths


def file_names(chip: str | Chip) -> list[str]:
    """The names of the files that ``pack`` writes."""
    declaration = chips.declared_as(chip)
    form = form_of(declaration)
    if form is not None:
        return list(form.file_names)
    streams = [f"{declaration.name}{form.suffix}" for form in forms.FORMS]
    return [*streams, *(f"{memory.name}{suffix}" for memory in declaration.memories for suffix in IMAGES)]


def read(path: Path, chip: str | Chip, present: Memories | None = None, tell: Tell = quietly) -> Configuration:
    """Read a configuration: a TOML file, an SPI stream in any form, or a folder that ``pack`` has written.

    The suffix or the first line shows that a file is TOML.
    chip : a declaration, or the name of a chip, which then has its default sizes
    present : as for ``pack``; tell : receives a line for each odd kind of transaction in a stream
    Raises InputError for each mistake, and if the files of a folder do not agree.
    """
    form = form_of(chip)
    if is_toml(path):
        return load.load(path, chip) if form is None else form.load(path)
    if form is not None:
        return form.read(path)
    stream_result = unpack(path, chip, present).whole()
    for line in stream_result.lines(path):
        tell(line)
    return stream_result.configuration


def text(configuration: Configuration) -> str:
    """The text of a TOML file that ``read`` reads as this configuration."""
    form = form_of(configuration.chip)
    return load.dump(configuration) if form is None else form.text(configuration)


def is_toml(path: Path) -> bool:
    """True if a file is TOML: it has the suffix .toml, or its first line begins a table or a field."""
    if path.suffix == ".toml" or not path.is_file():
        return path.suffix == ".toml" and not path.is_dir()
    if path.suffix in arrays.SUFFIXES:
        return False
    with path.open("rb") as file:
        lines = (line.strip() for line in file.read(HEAD).removeprefix(codecs.BOM_UTF8).splitlines())
    first_line = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return re.match(rb"\[{1,2}\s*[a-z]\w*\s*\]|[a-z]\w*(\.\w+)?\s*=", first_line) is not None


def unpack(path: Path, chip: str | Chip, present: Memories | None = None) -> Unpacked:
    """The contents of a chip after the SPI stream in a file, or in a folder of ``pack``.

    The stream in a file may write only a part of a memory. Raises InputError as ``read`` does for all other mistakes.
    """
    declaration = chips.declared_as(chip)
    form = form_of(declaration)
    if form is not None:
        return Unpacked(form.read(path), (), ())
    if path.is_dir():
        return _agreeing_files(path, declaration, present)
    return _stream(path, declaration, present)


def _stream(path: Path, chip: Chip, present: Memories | None) -> Unpacked:
    fields = reading.read(path, chip)
    try:
        return stream.unpack_fields(chip, fields, present)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}") from error


def memories_before(name: str | None, chip: str | Chip) -> Memories | None:
    """The earlier contents of the memories, from ``--onto``: None, "blank", or the path of a configuration."""
    if name is None:
        return None
    if form_of(chip) is not None:
        raise InputError(f"--onto {name}: {chips.declared_as(chip).name} is programmed whole; right is to leave it out")
    if name == BLANK:
        return {memory.name: state.new_memory(memory) for memory in chips.declared_as(chip).memories}
    return read(Path(name), chip).memories


def _agreeing_files(folder: Path, chip: Chip, present: Memories | None) -> Unpacked:
    streams = [path for form in forms.FORMS if (path := folder / f"{chip.name}{form.suffix}").is_file()]
    if not streams:
        names = ", ".join(f"{chip.name}{form.suffix}" for form in forms.FORMS)
        contents = _folder_contents(folder, chip)
        raise InputError(f"{folder}: no SPI stream of {chip.name}; right is one of {names}; there is {contents}")
    stream_result = _stream(streams[0], chip, present).whole()
    readings = [(streams[0], stream_result.configuration)]
    readings += [(path, _stream(path, chip, present).configuration) for path in streams[1:]]
    readings += _with_images(folder, stream_result.configuration)
    for (path, one), (other_path, next_reading) in pairwise(readings):
        if difference := next(differences.changes(one, next_reading), None):
            raise InputError(f"{path} and {other_path} do not agree: {difference}")
    return stream_result


def _folder_contents(folder: Path, chip: Chip) -> str:
    """The files of a folder, for a message."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    descriptions = [_description(path, chip) for path in files[:LISTED]]
    remainder = [f"and {len(files) - LISTED} more files"] if len(files) > LISTED else []
    return "; ".join(descriptions + remainder) or "no file"


def _description(path: Path, chip: Chip) -> str:
    """A file's name, and the kind of its contents if it can be recognised."""
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


def _with_images(folder: Path, configuration: Configuration) -> Iterator[tuple[Path, Configuration]]:
    """Yield the path of each image in a folder, and the configuration with this memory from the image."""
    for memory in configuration.chip.memories:
        for suffix in IMAGES:
            if (path := folder / f"{memory.name}{suffix}").is_file():
                memories = {**configuration.memories, memory.name: hexfile.read(path, memory)}
                yield path, Configuration(configuration.chip, configuration.registers, memories)
