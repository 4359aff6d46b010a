"""The files of RANC's hardware: the memory images of its cores, and the packets of its test bench, read and written.

A folder has csram_NNN.mem and tc_NNN.mem for each core, and the output bus has images, too, which nothing reads. The
packets are in tb_input.txt, and their number in each tick in tb_num_inputs.txt; or in data.bin and count.bin, 32 bits
each.
Source: RANC rancutils, emulation.py and neuron.py; RANCNetworkGrid.v.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from draupnir.emulator.codec import decode, encode
from draupnir.emulator.declare import Field, Word
from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.ticks.network import NEURON_FIELDS, PACKET, CoreGrid, CoreNetwork, empty
from draupnir.emulator.ranc.words import instruction_word, neuron_word

PACKETS, PACKET_COUNTS = "tb_input.txt", "tb_num_inputs.txt"
STREAM, STREAM_COUNTS = "data.bin", "count.bin"
HARDWARE_NAMES = {"destination_axon": "axon", "destination_tick": "tick"}  # our name -> the name of the field
PACKET_FIELDS = {"dx": "x", "dy": "y", "axon": "axon", "tick": "tick"}  # the field -> our name, as seen from core 0


def read(folder: Path, sizes: Sizes, n_outputs: int) -> CoreNetwork:
    """Read a network from a folder of memory images, with its packets if there are any.

    Raises InputError with one line that says which file and line is wrong, and what would be right.
    """
    grid = CoreGrid(sizes.n_x, sizes.n_y, sizes.n_axons, sizes.n_neurons, sizes.n_weights, sizes.n_ticks)
    network = empty(grid, 0, sizes.output, n_outputs)
    neuron, instruction = neuron_word(sizes), instruction_word(sizes)
    for core in range(grid.n_cores):
        if core == sizes.output:
            continue
        network.is_core[core] = True
        network.axons[core] = _read_words(folder / f"tc_{core:03}.mem", instruction, grid.n_axons)
        for n, content in enumerate(_read_words(folder / f"csram_{core:03}.mem", neuron, grid.n_neurons)):
            _set_neuron(network, core, n, decode(neuron, content))
    _read_packets(folder, neuron, network)
    return network


def write(network: CoreNetwork, folder: Path, sizes: Sizes) -> None:
    """Write a network as memory images, and its packets for the test bench, into a folder.

    Raises InputError before it writes anything, if a number of the network does not fit the hardware.
    """
    neuron, instruction = neuron_word(sizes), instruction_word(sizes)
    texts = {}
    for core in range(network.grid.n_cores):
        rows = (neuron_content(network, core, n, neuron) for n in range(network.grid.n_neurons))
        texts[f"csram_{core:03}.mem"] = _lines(rows, neuron.width)
        texts[f"tc_{core:03}.mem"] = _lines(network.axons[core].tolist(), instruction.width)
    packets = (packet_content(network, i, neuron) for i in range(len(network.packets)))
    texts[PACKETS] = _lines(packets, neuron["dx"].msb + 1)
    texts[PACKET_COUNTS] = "".join(f"{n}\n" for n in np.diff(network.packet_starts))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "ascii")


def check(network: CoreNetwork, sizes: Sizes) -> None:
    """Raise InputError if a number of the network does not fit the hardware."""
    word = neuron_word(sizes)
    for core in np.flatnonzero(network.is_core):
        for n in range(network.grid.n_neurons):
            _neuron_fields(network, int(core), n, word)
    for i in range(len(network.packets)):
        packet_content(network, i, word)


def _read_words(path: Path, word: Word, n_words: int) -> list[int]:
    """The words of a memory image in binary, a line each."""
    lines = _text(path).split()
    if len(lines) != n_words:
        raise InputError(f"{path}: has {len(lines)} words; right are {n_words}")
    return [_bits(line, f"{path}: word {i}", word.width) for i, line in enumerate(lines)]


def _bits(text: str, place: str, width: int) -> int:
    if len(text) != width or not set(text) <= {"0", "1"}:
        mistake = f"{len(text)} characters" if len(text) != width else "other characters than 0 and 1"
        raise InputError(f"{place}: has {mistake}; right are {width} bits, each 0 or 1")
    return int(text, 2)


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text") from error


def _set_neuron(network: CoreNetwork, core: int, n: int, content: dict[str, int]) -> None:
    grid = network.grid
    connections = content["connections"].to_bytes(-(-grid.n_axons // 8), "little")
    bits = np.unpackbits(np.frombuffer(connections, np.uint8), bitorder="little")
    network.connections[core, n] = bits[: grid.n_axons]
    network.weights[core, n] = [content[f"weight_{i}"] for i in range(grid.n_weights)]
    for name in NEURON_FIELDS:
        network.neurons[core, n][name] = content[HARDWARE_NAMES.get(name, name)]


def _neuron_fields(network: CoreNetwork, core: int, n: int, word: Word) -> dict[str, int]:
    """The fields of a neuron's word. Raises InputError for a number that does not fit."""
    place = f"{network.place(core)} neuron {n}"
    q = network.neurons[core, n]
    fields = {HARDWARE_NAMES.get(name, name): int(q[name]) for name in NEURON_FIELDS}
    fields |= {f"weight_{i}": weight for i, weight in enumerate(network.weights[core, n].tolist())}
    for name, content in fields.items():
        _check_range(word[name], content, place)
    return fields


def neuron_content(network: CoreNetwork, core: int, n: int, word: Word) -> int:
    """The word of a neuron. Raises InputError for a number that does not fit."""
    connections = np.packbits(network.connections[core, n], bitorder="little").tobytes()
    fields = _neuron_fields(network, core, n, word)
    return encode(word, connections=int.from_bytes(connections, "little"), **fields)


def packet_content(network: CoreNetwork, i: int, word: Word) -> int:
    """Packet ``i`` as it enters at core 0: the lowest fields of a neuron's word. Raises as ``neuron_content`` does."""
    fields = {field: int(network.packets[i][name]) for field, name in PACKET_FIELDS.items()}
    for name, content in fields.items():
        _check_range(word[name], content, f"input packet {i}")
    return sum((content & ((1 << word[name].width) - 1)) << word[name].lsb for name, content in fields.items())


def _check_range(field: Field, content: int, place: str) -> None:
    if not field.low <= content <= field.high:
        raise InputError(
            f"{place}: {field.name} is {content}; the hardware has {field.width} bits: {field.low}..{field.high}"
        )


def _read_packets(folder: Path, word: Word, network: CoreNetwork) -> None:
    """Read the packets in either form; a folder may have none."""
    if (folder / PACKETS).exists():
        width = word["dx"].msb + 1
        texts = _text(folder / PACKETS).split()
        contents = [_bits(text, f"{folder / PACKETS}: packet {i}", width) for i, text in enumerate(texts)]
        counts = [_count(text, folder / PACKET_COUNTS) for text in _text(folder / PACKET_COUNTS).split()]
        name = PACKET_COUNTS
    elif (folder / STREAM).exists():
        contents, counts = (_integers(folder / file) for file in (STREAM, STREAM_COUNTS))
        name = STREAM_COUNTS
    else:
        return
    if sum(counts) != len(contents):
        raise InputError(f"{folder / name}: the numbers add up to {sum(counts)}; there are {len(contents)} packets")
    network.packet_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    network.packets = np.zeros(len(contents), PACKET)
    for field, own_name in PACKET_FIELDS.items():
        network.packets[own_name] = [word[field].take(content) for content in contents]


def _count(text: str, path: Path) -> int:
    if not text.isascii() or not text.isdigit():
        raise InputError(f"{path}: {text!r} is not a number of packets")
    return int(text)


def _integers(path: Path) -> list[int]:
    """The 32-bit integers of a file, least significant byte first."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if len(content) % 4:
        raise InputError(f"{path}: has {len(content)} bytes; right is a multiple of 4")
    integers: list[int] = np.frombuffer(content, "<u4").tolist()
    return integers


def _lines(contents: Iterable[int], width: int) -> str:
    return "".join(f"{content:0{width}b}\n" for content in contents)
