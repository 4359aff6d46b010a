"""A layer of SNE as the files that program an engine: writes to its registers, packets of words, memory images.

``sne_registers.txt`` has a write in each line: the address in bytes, from the base of the registers, and the word.
``sne_kernels.txt`` and ``sne_weights.txt`` have the words that go to the stream, one in each line: a packet with all
kernels, and a packet for each input of a fully connected layer. Comments begin with //.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from draupnir.emulator import columns
from draupnir.emulator.codec import decode, take
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.sne import layer as layers
from draupnir.emulator.sne import registers
from draupnir.emulator.sne.layer import EngineLayer
from draupnir.emulator.sne.layout import CHIP, SLICE, THRESHOLD
from draupnir.emulator.sne.registers import register_at
from draupnir.emulator.sne.words import CORNERS_IN_WORD, Destination, header, n_kernel_words, n_kernels
from draupnir.emulator.state import new_memory
from draupnir.golden import hexfile
from draupnir.tools.layers.sne_toml import KERNELS_KEY, WEIGHTS_KEY, declaration

REGISTERS_FILE, KERNELS_FILE, WEIGHTS_FILE = "sne_registers.txt", "sne_kernels.txt", "sne_weights.txt"
IMAGES = {"weight_mem": "weight_mem_{}.hex", "weight_sram_o": "weight_sram_o.hex"}
BANK_FILES = [IMAGES["weight_mem"].replace("{}", str(i)) for i in range(layers.BANKS)]
FILE_NAMES = [REGISTERS_FILE, KERNELS_FILE, WEIGHTS_FILE, *BANK_FILES, IMAGES["weight_sram_o"]]
COMMENT = "//"


def layer_of(configuration: Configuration) -> EngineLayer:
    """The layer as the golden model takes it."""
    contents = {r.name: tuple(configuration.memories[r.name][:, 0].tolist()) for r in registers.REGISTERS}
    matrices = {m.name: m for m in configuration.chip.memories if m.matrix}
    entries = {
        name: columns.entries(columns.matrix_of(m).entry.fields[0], m, configuration.memories[name])
        for name, m in matrices.items()
    }
    more = {KERNELS_KEY: entries[KERNELS_KEY].reshape(-1, 3, 3)} if KERNELS_KEY in entries else {}
    return EngineLayer(contents, **more, **({WEIGHTS_KEY: entries[WEIGHTS_KEY]} if WEIGHTS_KEY in entries else {}))


def configuration_of(layer: EngineLayer) -> Configuration:
    """The layer as a configuration of ``sne_toml.declaration``."""
    chip = declaration(len(layer.kernels), len(layer.weights))
    contents = {}
    for memory in chip.memories:
        contents[memory.name] = new_memory(memory)
        if memory.matrix:
            entries = layer.kernels if memory.name == KERNELS_KEY else layer.weights
            rows = (entries.reshape(memory.matrix.shape) & 15).astype(np.uint32)
            contents[memory.name] = columns.pack(rows, memory)
        else:
            contents[memory.name][:, 0] = layer.contents[memory.name]
    return Configuration(chip, {}, contents)


# --- Writing ----------------------------------------------------------------------------------------------------


def write(configuration: Configuration, folder: Path) -> list[Path]:
    """Write the files of a layer into a folder that exists. Returns their paths."""
    layer = layer_of(configuration)
    texts = {REGISTERS_FILE: _lines_of_registers(layer)}
    if len(layer.kernels):
        texts[KERNELS_FILE] = _lines_of_words(layers.kernel_packet(layer.kernels), f"{len(layer.kernels)} kernels")
    if len(layer.weights):
        texts[WEIGHTS_FILE] = _lines_of_weights(layer)
    for name, lines in texts.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    if not len(layer.kernels):
        return [folder / name for name in texts]
    for name, content in layers.memories_of(layer.kernels).items():
        hexfile.write(folder / IMAGES[name], content, CHIP.memory(name))
    return [folder / name for name in (*texts, *BANK_FILES, IMAGES["weight_sram_o"])]


def _lines_of_registers(layer: EngineLayer) -> Iterator[str]:
    for addr, word, name in registers.writes(layer.contents):
        place = register_at(addr)
        assert place is not None
        fields = ", ".join(f"{field} = {n}" for field, n in decode(place[0].word, word).items() if n)
        yield f"{addr:#05x} {word:#010x}  {COMMENT} {name}{': ' if fields else ''}{fields}"


def _lines_of_words(packet: Sequence[int], title: str) -> Iterator[str]:
    first, *others = packet
    yield f"{first:08x}  {COMMENT} header: {title}"
    yield from (f"{word:08x}" for word in others)


def _lines_of_weights(layer: EngineLayer) -> Iterator[str]:
    for i, weights in enumerate(layer.weights):
        packet = [header(Destination.MEMORY, 2 * THRESHOLD), *layers.weight_words(weights)]
        yield from _lines_of_words(packet, f"weights of input {i}")


# --- Reading ----------------------------------------------------------------------------------------------------


def read(folder: Path) -> Configuration:
    """Read the layer in a folder that ``write`` has filled. Raises InputError for each mistake, with file and line."""
    if not (folder / REGISTERS_FILE).is_file():
        raise InputError(
            f"{folder}: no {REGISTERS_FILE}; right is a TOML file, or a folder of draupnir config pack sne"
        )
    contents = _read_registers(folder / REGISTERS_FILE)
    kernels = np.zeros((0, 3, 3), np.int64)
    if (path := folder / KERNELS_FILE).is_file():
        kernels = _read_kernels(path)
    if len(kernels) != (n := take(SLICE["channel"], contents["cfg_slice_i"][0])):
        raise InputError(f"{folder}: {len(kernels)} kernels, and cfg_slice_i.channel is {n}; right is the same number")
    weights = np.zeros((0, layers.WEIGHTS), np.int64)
    if (path := folder / WEIGHTS_FILE).is_file():
        weights = _read_weights(path)
    _check_images(folder, kernels)
    return configuration_of(EngineLayer(contents, kernels, weights))


def _numbers(path: Path, n: int) -> Iterator[tuple[str, list[int]]]:
    """The place and the n hexadecimal numbers of each line of a file that is not empty."""
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        cells = line.partition(COMMENT)[0].split()
        if not cells:
            continue
        try:
            words = [int(cell, 16) for cell in cells]
        except ValueError:
            words = []
        if len(words) != n or any(not 0 <= word < 1 << 32 for word in words):
            raise InputError(f"{path}:{number}: {line.strip()[:40]!r}; right is {_RIGHT[n]}, in hexadecimal")
        yield f"{path}:{number}", words


_RIGHT = {1: "a word of 32 bits", 2: "an address and a word of 32 bits"}


def _read_registers(path: Path) -> dict[str, tuple[int, ...]]:
    """The contents after all writes. A register without a write is 0, as after a reset; the last write counts."""
    contents = {r.name: [0] * r.n for r in registers.REGISTERS}
    for place, (addr, word) in _numbers(path, 2):
        place_of_register = register_at(addr)
        if place_of_register is None:
            raise InputError(
                f"{place}: {addr:#x} is no register of the engine; draupnir config pack sne shows them all"
            )
        register, i = place_of_register
        if word >> register.word.width:
            raise InputError(f"{place}: {word:#x} does not fit {register.name}, which has {register.word.width} bits")
        contents[register.name][i] = word
    return {name: tuple(words) for name, words in contents.items()}


def _packets(path: Path) -> Iterator[tuple[str, list[int]]]:
    """The place and the words of each packet to the memories, without its header."""
    words = iter(_numbers(path, 1))
    for place, (first,) in words:
        n = first & 0xFFFF
        if first != header(Destination.MEMORY, n):
            raise InputError(
                f"{place}: {first:08x} is no header of a packet for the memories; right is 01 and a length"
            )
        body = [word for _, (word,) in islice(words, n)]
        if len(body) < n:
            raise InputError(f"{place}: the packet ends after {len(body)} of {n} words")
        yield place, body


def _read_kernels(path: Path) -> np.ndarray:
    packets = list(_packets(path))
    if len(packets) != 1:
        raise InputError(f"{path}: {len(packets)} packets; right is one with all kernels")
    place, body = packets[0]
    n = n_kernels(len(body))
    if len(body) != n_kernel_words(n) or n % CORNERS_IN_WORD or n > layers.KERNELS:
        raise InputError(
            f"{place}: {len(body)} words; right are 9 for each eight kernels, and at most {layers.KERNELS} kernels"
        )
    return layers.kernels_of(body)


def _read_weights(path: Path) -> np.ndarray:
    rows = []
    for place, body in _packets(path):
        if len(body) != 2 * THRESHOLD:
            raise InputError(f"{place}: {len(body)} words; the weights of an input have {2 * THRESHOLD}")
        rows.append(layers.weights_of(body))
    return np.array(rows, np.int64).reshape(-1, layers.WEIGHTS)


def _check_images(folder: Path, kernels: np.ndarray) -> None:
    """Raise InputError for an image in the folder that does not have these kernels."""
    for name, content in layers.memories_of(kernels).items():
        file = folder / IMAGES[name]
        paths = [folder / bank for bank in BANK_FILES] if name == "weight_mem" else [file]
        if all(path.is_file() for path in paths) and not np.array_equal(hexfile.read(file, CHIP.memory(name)), content):
            raise InputError(f"{file} and {folder / KERNELS_FILE} do not agree; right is to pack the layer again")
