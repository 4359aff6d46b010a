"""Pack a routed design with any contents of its memories into a bitstream, and read the contents of a bitstream.

The routed design keeps the memories' fingerprints. So the contents can be replaced any number of times, in seconds, and
without a new synthesis.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import content, tools
from draupnir.rtl.fpga.content import Cells, Located
from draupnir.rtl.fpga.memories import MemoryShape

ABOUT = "build.json"


@dataclass(frozen=True)
class BitfileForm:
    """The files of a family, and the functions and the program that convert them.

    routed : the name of the routed design as text; bitstream : that of its binary form
    read, write : functions that read and replace the block RAMs in such a text
    """

    routed: str
    bitstream: str
    read: Callable[[str], Cells]
    write: Callable[[str, Cells], str]
    packer: str
    unpacker: str

    def pack(self, text: str, bitstream: str) -> list[str]:
        """Return the arguments of the packer."""
        return ["--compress", text, bitstream] if self.packer == "ecppack" else [text, bitstream]


FORMS = {
    "ecp5": BitfileForm("top.config", "top.bit", content.read_config, content.write_config, "ecppack", "ecpunpack"),
    "ice40": BitfileForm("top.asc", "top.bin", content.read_asc, content.write_asc, "icepack", "iceunpack"),
}


def pack(folder: Path, family: str, words: Mapping[str, np.ndarray], checks: Callable[[], None]) -> Path:
    """Pack the routed design in ``folder`` with these words in its memories, and compare the unpacked bitstream.

    words : memory -> (depth, limbs) uint32, or (copies, depth, limbs); all other memories are 0
    checks : a function that is called before the comparison

    Returns the bitstream's path. Raises InputError for words that have no place in the design, and if the unpacked
    words differ from the packed ones.
    """
    form = FORMS[family]
    routed = (folder / form.routed).read_text()
    cells = form.read(routed)
    contents = _contents(_shapes(folder), words)
    places = _locate(folder, cells)
    for name, place in places.items():
        place.write(cells, contents[name])
    with tempfile.TemporaryDirectory(prefix=".pack-", dir=folder) as scratch_name:
        scratch = Path(scratch_name)
        (scratch / form.routed).write_text(form.write(routed, cells))
        tools.must(form.packer, form.pack(form.routed, form.bitstream), scratch)
        checks()
        _compare(_unpack(form, scratch / form.bitstream, scratch), places, contents)
        os.replace(scratch / form.bitstream, folder / form.bitstream)
    return folder / form.bitstream


def read(folder: Path, bitstream: Path | None = None) -> dict[str, np.ndarray]:
    """Unpack a bitstream, and return memory -> its words, (depth, limbs) uint32, for each memory that it holds.

    folder : the folder with the routed design
    bitstream : another bitstream of the same routed design; None for the one in the folder
    """
    form = FORMS[about(folder)["family"]]
    places = _locate(folder, form.read((folder / form.routed).read_text()))
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=folder) as scratch:
        cells = _unpack(form, bitstream or folder / form.bitstream, Path(scratch))
    return {name: place.read(cells) for name, place in places.items()}


def about(folder: Path) -> dict[str, Any]:
    """Return the contents of a folder's build.json. Raises InputError if no bitstream was built there."""
    path = folder / ABOUT
    if not path.is_file():
        raise InputError(f"{folder}: no {ABOUT}; `draupnir bitstream CHIP --board B -o {folder}` makes one")
    description: dict[str, Any] = json.loads(path.read_text())
    return description


def note(folder: Path, more: Mapping[str, Any]) -> None:
    """Add entries to a folder's build.json, or replace those of the same names. Raises InputError as ``about`` does."""
    text = json.dumps({**about(folder), **more}, indent=2) + "\n"
    with tempfile.TemporaryDirectory(prefix=".note-", dir=folder) as scratch:
        (Path(scratch) / ABOUT).write_text(text)
        os.replace(Path(scratch) / ABOUT, folder / ABOUT)


def _shapes(folder: Path) -> dict[str, MemoryShape]:
    return {name: MemoryShape(*shape) for name, shape in about(folder)["memories"].items()}


def _locate(folder: Path, cells: Cells) -> dict[str, Located]:
    return {name: content.locate(cells, *shape) for name, shape in _shapes(folder).items()}


def _contents(shapes: Mapping[str, MemoryShape], words: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    by_copy = {part: part_words for name, content in words.items() for part, part_words in _parts(name, content)}
    contents = {}
    for name, (depth, width, _) in shapes.items():
        shape = (depth, -(-width // 32))
        contents[name] = by_copy.get(name, np.zeros(shape, np.uint32))
        if contents[name].shape != shape:
            raise InputError(f"{name}: {len(contents[name])} words; the design has {depth}")
    return contents


def _parts(name: str, words: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return the copies of a memory, each with its own name as ``Memory.parts`` has it."""
    return [(name, words)] if words.ndim == 2 else [(f"{name}[{copy}]", part) for copy, part in enumerate(words)]


def _unpack(form: BitfileForm, bitstream: Path, scratch: Path) -> Cells:
    name = "unpacked" + Path(form.bitstream).suffix
    if bitstream != scratch / name:
        (scratch / name).write_bytes(bitstream.read_bytes())
    tools.must(form.unpacker, [name, "unpacked.txt"], scratch)
    return form.read((scratch / "unpacked.txt").read_text())


def _compare(cells: Cells, places: Mapping[str, Located], contents: Mapping[str, np.ndarray]) -> None:
    for name, place in places.items():
        wrong_words = np.flatnonzero((place.read(cells) != contents[name]).any(axis=1))
        if len(wrong_words):
            raise InputError(
                f"{name}: {len(wrong_words)} words of the packed bitstream differ, the first at {wrong_words[0]}"
            )
