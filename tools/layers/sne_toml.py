"""A layer of SNE in TOML: the registers of the engine by their names and fields, kernels, and weights.

    groups = "square"               # 4 x 4 groups whose borders overlap, all of them on; tables override it

    [cfg_slice_i]
    layer = 1                       # 0 all neurons of a group, 1 those around a spike, 2 fully connected
    channel = 8                     # the number of kernels

    [cfg_parameter_i]
    vth = 20                        # a field that is not here is 0

    [[cfg_filter_main_i]]           # a register of each group
    index = "12-15"
    filter_en = 0

    [[kernels]]                     # or [kernels] with matrix = "kernels.csv", or .npy
    kernel = "0-7"
    place = "0-8"                   # row by row
    weight = 7

A fully connected layer has ``inputs``, their number, and [[weights]] with input, neuron (64 for each group) and weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.codec import take
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip, Field, Matrix, Memory, Word
from draupnir.emulator.sne.layer import KERNELS, WEIGHTS, square
from draupnir.emulator.sne.layout import CHIP, SLICE, LayerKind
from draupnir.emulator.sne.registers import REGISTERS
from draupnir.emulator.sne.words import CORNERS_IN_WORD
from draupnir.emulator.state import new_memory
from draupnir.tools.compile.toml import matrix, words
from draupnir.tools.compile.toml.numbers import integer
from draupnir.tools.compile.toml.source import Key, TomlSource, closest, read, show

GROUPS_KEY, SQUARE, INPUTS_KEY = "groups", "square", "inputs"
KERNELS_KEY, WEIGHTS_KEY = "kernels", "weights"
MOST_INPUTS = 4096  # their weights have 2 MiB
KERNEL_PLACES = 9
_WEIGHT = Word("weight", 4, (Field("weight", 0, 4, "Weight.", signed=True, kind="parameter"),))


def declaration(n_kernels: int, n_inputs: int) -> Chip:
    """The engine as its host programs it: a memory for each register, then kernels and weights, if there are any."""
    memories = [Memory(r.name, r.n, r.word.width, (r.word,), r.word.source) for r in REGISTERS]
    if n_kernels:
        shape = Matrix(("kernel", n_kernels), ("place", KERNEL_PLACES), _WEIGHT)
        memories.append(Memory(KERNELS_KEY, n_kernels * KERNEL_PLACES, 4, (_WEIGHT,), matrix=shape))
    if n_inputs:
        eight = Word("weights", 32, tuple(Field(f"weight_{i}", 4 * i, 4, "", signed=True) for i in range(8)))
        shape = Matrix(("input", n_inputs), ("neuron", WEIGHTS), _WEIGHT)
        memories.append(Memory(WEIGHTS_KEY, n_inputs * WEIGHTS // 8, 32, (eight,), matrix=shape))
    return replace(CHIP, memories=tuple(memories))


def load(path: Path) -> Configuration:
    """Read a layer. Raises InputError, with file, line and field, for each mistake."""
    source = _with_lines(read(path))
    names = (GROUPS_KEY, INPUTS_KEY, *(register.name for register in REGISTERS), KERNELS_KEY, WEIGHTS_KEY)
    for name in source.tree:
        if name not in names:
            raise source.error((name,), f"unknown: {closest(name, names)}")
    contents = _registers(source)
    chip = declaration(_n_kernels(source, contents), _n_inputs(source, contents))
    for memory in chip.memories[len(contents) :]:
        contents[memory.name] = new_memory(memory)
        matrix.fill(source, contents[memory.name], memory, list(enumerate(_tables(source, memory.name))))
    for name in (KERNELS_KEY, WEIGHTS_KEY):
        if name in source.tree and name not in contents:
            number = "cfg_slice_i.channel" if name == KERNELS_KEY else INPUTS_KEY
            raise source.error((name,), f"{number} is 0; right is the number of rows")
    return Configuration(chip, {}, contents)


def _with_lines(source: TomlSource) -> TomlSource:
    """The same source; a field of [name] has its line also as a field of the first [[name]]."""
    first: dict[Key, int] = {(key[0], 0, *key[1:]): line for key, line in source.lines.items() if len(key) == 2}
    return replace(source, lines={**first, **source.lines})


def _registers(source: TomlSource) -> dict[str, np.ndarray]:
    mapping = source.tree.get(GROUPS_KEY, "")
    if mapping not in ("", SQUARE):
        raise source.error((GROUPS_KEY,), f'{show(mapping)} is unknown; right is "{SQUARE}", or to leave it out')
    start = square() if mapping else {}
    contents = {}
    for memory in declaration(0, 0).memories:
        contents[memory.name] = new_memory(memory)
        contents[memory.name][:, 0] = start.get(memory.name, (0,) * memory.depth)
        tables = _tables(source, memory.name)
        if memory.depth == 1:
            tables = [{words.INDEX: 0, **table} for table in tables]
        words.fill(source, contents[memory.name], memory, list(enumerate(tables)))
    return contents


def _tables(source: TomlSource, name: str) -> list[dict[str, Any]]:
    """The tables of a name; [name] counts as one. Raises InputError for anything else."""
    entry = source.tree.get(name, [])
    tables = [entry] if isinstance(entry, dict) else entry
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise source.error((name,), f"{show(entry)} is not a table; right is [{name}] or [[{name}]]")
    return tables


def _slice(contents: dict[str, np.ndarray], name: str) -> int:
    return take(SLICE[name], int(contents["cfg_slice_i"][0, 0]))


def _n_kernels(source: TomlSource, contents: dict[str, np.ndarray]) -> int:
    """The number of kernels, which the packet and the register have in common."""
    n = _slice(contents, "channel")
    if n % CORNERS_IN_WORD or n > KERNELS:
        up = min(-(-n // CORNERS_IN_WORD) * CORNERS_IN_WORD, KERNELS)
        raise source.error(
            ("cfg_slice_i", "channel"),
            f"{n} kernels; right is {up}: eight of them share a word, and {KERNELS} fit into the memory",
        )
    return n


def _n_inputs(source: TomlSource, contents: dict[str, np.ndarray]) -> int:
    n = integer(source, (INPUTS_KEY,), source.tree.get(INPUTS_KEY, 0), 0, MOST_INPUTS)
    if n and _slice(contents, "layer") != LayerKind.FC:
        raise source.error((INPUTS_KEY,), "only a fully connected layer has weights; right is cfg_slice_i.layer = 2")
    return n


# --- Text -------------------------------------------------------------------------------------------------------


def text(layer: Configuration) -> str:
    """The text of a file that ``load`` reads as this layer."""
    return "\n".join(_lines(layer)).lstrip("\n") + "\n"


def _lines(layer: Configuration) -> Iterator[str]:
    for memory in layer.chip.memories:
        if memory.name == WEIGHTS_KEY:
            yield f"{INPUTS_KEY} = {memory.depth * 8 // WEIGHTS}"
    for memory in layer.chip.memories:
        content = layer.memories[memory.name]
        if memory.matrix:
            yield from matrix.dump(content, memory)
        elif memory.depth > 1:
            yield from words.dump(content, memory, 0)
        else:
            lines = [line for line in words.dump(content, memory, 0) if not line.startswith(words.INDEX)]
            yield from (line.replace("[[", "[").replace("]]", "]") for line in lines)
