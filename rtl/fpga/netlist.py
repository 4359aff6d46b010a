"""A chip after synthesis: a Verilog netlist of the device's cells, which simulators can run.

Its memories are spread over block RAMs. ``Netlist.to_cells`` and ``from_cells`` convert the contents in both
directions, so a netlist can be compared with everything that the chip itself is compared with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip, Field, Memory, Word
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit
from draupnir.rtl.design import Design
from draupnir.rtl.fpga import content, synthesis, tools
from draupnir.rtl.fpga.boards import Family
from draupnir.rtl.fpga.content import Located
from draupnir.rtl.fpga.dp16kd import DP16KD
from draupnir.rtl.fpga.memories import (
    LANE_BITS,
    SPRAM_DEPTH,
    BlockAndSpram,
    BlockMemories,
    MemoryShape,
    check_placed,
    numbered,
)
from draupnir.rtl.fpga.mult18x18d import MULT18X18D

_PLATFORMS = {"ecp5": BlockMemories, "ice40": BlockAndSpram}
_MODELS = {"ecp5": ("ecp5", "cells_sim.v"), "ice40": ("ice40", "cells_sim.v")}
_INCLUDES = (
    "common_sim.vh",
    "ccu2c_sim.vh",
)  # the ECP5's models, without flip-flops of other names
# block RAM -> bits of a word of its model's array, number of words, and the array's name
_ARRAYS = {
    "DP16KD": (18, 1024, "mem"),
    "SB_RAM40_4K": (16, 256, "memory"),
    "SB_SPRAM256KA": (LANE_BITS, SPRAM_DEPTH, "mem"),
}
# parts of the models that we remove: includes, and assertions, which Verilog-2005 does not know
_NOT_2005 = r"(?m)^`include .*$|\$error\(.*\);"
_OURS = r"(?ms)^module (?:DP16KD|MULT18X18D)\b.*?^endmodule"  # the cells of which we have models
_SPRAM = re.compile(r"(.*)\.spram_(\d+)$")


@dataclass(frozen=True)
class Netlist:
    """A synthesised chip.

    design : the Verilog, with the models of the device's cells; its memories are the block RAMs
    cells_chip : the chip, with the block RAMs as its memories
    located : memory in block RAM -> the place of its words
    in_spram : memory in SPRAM -> its cells, the least significant lane first
    kept_addrs : memory -> the addresses of the words that the chip has
    """

    chip: Chip
    design: Design
    cells_chip: Chip
    located: Mapping[str, Located]
    in_spram: Mapping[str, tuple[str, ...]]
    kept_addrs: Mapping[str, np.ndarray]
    family: Family

    def to_cells(self, memories: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return block RAM -> its content, (depth, 1) uint32.

        memories : declared memory -> its content, uint32 of ``Memory.shape``
        """
        bits = {m.name: np.zeros(m.depth * m.width, np.uint8) for m in self.cells_chip.memories}
        for name, words in memories.items():
            present = words[self.kept_addrs[name]]
            if name in self.located:
                self.located[name].write(bits, present)
                continue
            lanes = present.astype("<u4").view("<u2").reshape(len(present), -1)
            for lane, cell in enumerate(self.in_spram[name]):
                content = np.zeros(SPRAM_DEPTH, "<u2")
                content[: len(present)] = lanes[:, lane]
                bits[cell] = np.unpackbits(content.view(np.uint8), bitorder="little")
        return {m.name: self._words(m, bits[m.name]) for m in self.cells_chip.memories}

    def from_cells(self, cells: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return declared memory -> its content, uint32 of ``Memory.shape``; words that the chip does not have are 0.

        cells : in the form that ``to_cells`` returns
        """
        bits = {m.name: self._bits(m, cells[m.name]) for m in self.cells_chip.memories}
        memories = {}
        for memory in self.chip.memories:
            words = np.zeros((memory.depth, memory.n_limbs), np.uint32)
            addrs = self.kept_addrs[memory.name]
            if memory.name in self.located:
                words[addrs] = self.located[memory.name].read(bits)
            else:
                lanes = [self._halves(bits[cell])[: len(addrs)] for cell in self.in_spram[memory.name]]
                words[addrs] = np.stack(lanes, axis=1).view("<u4")
            memories[memory.name] = words
        return memories

    def _halves(self, bits: np.ndarray) -> np.ndarray:
        return np.packbits(bits, bitorder="little").view("<u2")

    def _words(self, memory: Memory, bits: np.ndarray) -> np.ndarray:
        """Convert bits in the order of a port to the words of the model's array."""
        if memory.width == LANE_BITS and memory.depth != SPRAM_DEPTH:
            bits = content.in_port_order(bits)
        weights = (1 << np.arange(memory.width)).astype(np.uint32)
        return (bits.reshape(memory.depth, memory.width) @ weights).astype(np.uint32)[:, None]

    def _bits(self, memory: Memory, words: np.ndarray) -> np.ndarray:
        bits = (words >> np.arange(memory.width, dtype=np.uint32) & 1).astype(np.uint8).ravel()
        if memory.width == LANE_BITS and memory.depth != SPRAM_DEPTH:
            bits = content.in_port_order(bits)
        return bits


def synthesise(chip_name: str, family: Family, folder: Path, **parameters: Any) -> Netlist:
    """Synthesise a chip alone, without a board. The files are written into ``folder``.

    parameters : the parameters of the chip

    Raises InputError as ``draupnir.rtl.emit`` does, if Yosys is missing, and for a chip whose memories have copies.
    """
    ours = emit.our_chip(chip_name)
    for memory in emit.declaration(chip_name, **parameters).memories:
        if memory.copies is not None:
            raise InputError(f"{chip_name}: {memory.name} has copies, which are not told apart in a netlist yet")
    folder.mkdir(parents=True, exist_ok=True)
    platform = _PLATFORMS[family]()
    path = emit.write_verilog(emit.make(chip_name, **parameters), ours.top, folder, platform)
    check_placed(chip_name, _shapes(chip_name, parameters), platform.placed, f"outside in an {family}'s netlist")
    script = f"read_verilog {path.name}; {synthesis.commands(ours, family, ours.top)}"
    tools.must("yosys", ["-q", "-p", script], folder)
    netlist = json.loads((folder / "chip.json").read_text())
    return _netlist(chip_name, family, folder, netlist, parameters)


def _netlist(
    chip_name: str, family: Family, folder: Path, netlist: dict[str, Any], parameters: Mapping[str, Any]
) -> Netlist:
    ours = emit.our_chip(chip_name)
    chip, module = emit.declaration(chip_name, **parameters), netlist["modules"][ours.top]
    names = _rename_memories(module)
    cells = content.read_netlist(module)
    platform = _PLATFORMS[family]()
    located = {
        name: content.locate(cells, *shape)
        for name, shape in _shapes(chip_name, parameters).items()
        if platform.has_initial_content(shape.depth, shape.width)
    }
    (folder / "netlist.json").write_text(json.dumps(netlist))
    tools.must("yosys", ["-q", "-p", "read_json netlist.json; write_verilog -noattr netlist.v"], folder)
    models = [_models(family, folder)]
    arrays = {name: f"{name}.{_ARRAYS[module['cells'][name]['type']][2]}" for name in names}
    return Netlist(
        chip,
        Design(ours.top, (folder / "netlist.v", *models), arrays),
        replace(chip, memories=tuple(_array(name, module["cells"][name]["type"]) for name in names)),
        located,
        _in_spram(chip, located, names),
        {m.name: emit.kept_words(chip_name, m.name, **parameters) for m in chip.memories},
        family,
    )


def _shapes(chip_name: str, parameters: Mapping[str, Any]) -> dict[str, MemoryShape]:
    """Return memory -> its shape in a chip with these parameters."""
    memories = emit.declaration(chip_name, **parameters).memories
    return numbered((m.name, len(emit.kept_words(chip_name, m.name, **parameters)), m.width) for m in memories)


def _rename_memories(module: dict[str, Any]) -> list[str]:
    """Give the block RAMs names that simulators accept without escapes. Return these names."""
    cells = module["cells"]
    old_names = [name for name, cell in cells.items() if cell["type"] in _ARRAYS]
    names = []
    for nth, old in enumerate(old_names):
        spram = _SPRAM.match(old)
        new = f"spram_{spram[2]}" if spram else f"bram_{nth}"
        cells[new] = cells.pop(old)
        names.append(new)
    return names


def _array(name: str, kind: str) -> Memory:
    width, depth, _ = _ARRAYS[kind]
    return Memory(name, depth, width, (Word(name, width, (Field("bits", 0, width, "as the device has them"),)),))


def _in_spram(chip: Chip, located: Mapping[str, Located], names: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the cells of the memory that is not in block RAM."""
    cells = tuple(sorted(name for name in names if name.startswith("spram_")))
    rest = [m.name for m in chip.memories if m.name not in located]
    if len(rest) > 1:
        raise InputError(f"{chip.name}: {', '.join(rest)} are all in SPRAM; the netlist does not tell them apart")
    return dict.fromkeys(rest, cells)


def _ecp5_models(source: Path) -> list[str]:
    """Return the models of the ECP5's cells, without those that we write ourselves.

    source : Yosys' file of models. It includes the others, but an older Yosys has most cells in this file.
    """
    files = [source.with_name(name) for name in _INCLUDES]
    texts = (path.read_text() for path in (files if files[0].is_file() else [source]))
    return [re.sub(_NOT_2005, "", re.sub(_OURS, "", text)) for text in texts]


def _models(family: Family, folder: Path) -> Path:
    """Write the simulation models of the device's cells into one file, and return its path."""
    source = tools.share(*_MODELS[family])
    if family == "ice40":
        # Without these macros, ports have default values, which Verilog-2005 does not know.
        texts = ["`define NO_ICE40_DEFAULT_ASSIGNMENTS", source.read_text()]
    else:
        texts = [*_ecp5_models(source), DP16KD, MULT18X18D]
    path = folder / "models.v"
    path.write_text("\n".join(texts))
    return path
