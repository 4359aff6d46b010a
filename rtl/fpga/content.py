"""Read and replace the contents of block RAMs in a netlist, a routed design or an unpacked bitstream.

Which block RAM holds which bits of a memory? The design is synthesised with random words in its memories
(``memories.fingerprint``). The block RAM in which a column of these words turns up is the place of the column, so no
tool has to say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga.memories import fingerprint

Cells = dict[str, np.ndarray]  # block RAM -> (n,) uint8, its bits in the order of its narrowest words

_ECP5_ENTRIES, _ECP5_ENTRY_BITS, _ECP5_BYTE = 2048, 9, 8
_ECP5_BITS = _ECP5_ENTRIES * _ECP5_ENTRY_BITS
_INITVAL_WORDS, _INITVAL_WORD, _INITVAL_STEP = 16, 18, 20
_ICE40_BITS, _ICE40_ROW = 4096, 256
# The bits of a 16-bit word of an iCE40 block RAM, in the order in which a narrower port reads them.
_ICE40_ORDER = [int(f"{r:04b}"[::-1], 2) for r in range(16)]
_BRAM_INIT = re.compile(r"^\.bram_init (\d+)\n((?:[0-9a-f ]+\n)+)", re.MULTILINE)
_RAM_DATA = re.compile(r"^\.ram_data (\d+ \d+)\n((?:[0-9a-f]+\n){16})", re.MULTILINE)


# --- Forms ------------------------------------------------------------------------------------------------------


def read_config(text: str) -> Cells:
    """Return the block RAMs of an ECP5 from Project Trellis' text form (nextpnr's --textcfg, ecpunpack's output)."""
    return {number: _from_entries(entries) for number, entries in _BRAM_INIT.findall(text)}


def write_config(text: str, cells: Cells) -> str:
    """Return the same text with the contents replaced."""

    def other(match: re.Match[str]) -> str:
        entries = np.packbits(cells[match[1]].reshape(_ECP5_ENTRIES, -1), axis=1, bitorder="little").astype(np.uint16)
        words = [f"{low | high << 8:03x}" for low, high in entries.tolist()]
        lines = [" ".join(words[i : i + 8]) for i in range(0, _ECP5_ENTRIES, 8)]
        return f".bram_init {match[1]}\n" + "\n".join(lines) + "\n"

    return _BRAM_INIT.sub(other, text)


def _from_entries(text: str) -> np.ndarray:
    entries = np.array([int(entry, 16) for entry in text.split()], dtype="<u2")
    return np.unpackbits(entries.view(np.uint8).reshape(-1, 2), axis=1, bitorder="little")[:, :_ECP5_ENTRY_BITS].ravel()


def read_asc(text: str) -> Cells:
    """Return the block RAMs of an iCE40 from Project IceStorm's text form (nextpnr's --asc, iceunpack's output)."""
    return {place: in_port_order(_from_digits(rows)) for place, rows in _RAM_DATA.findall(text)}


def write_asc(text: str, cells: Cells) -> str:
    """Return the same text with the contents replaced."""

    def other(match: re.Match[str]) -> str:
        return f".ram_data {match[1]}\n{_digits(in_port_order(cells[match[1]]))}"

    return _RAM_DATA.sub(other, text)


def _from_digits(rows: str) -> np.ndarray:
    """Return the bits of rows of 256 bits; the last digit of a row is its first bit."""
    return np.concatenate(
        [np.unpackbits(np.frombuffer(bytes.fromhex(row), np.uint8)[::-1], bitorder="little") for row in rows.split()]
    )


def _digits(bits: np.ndarray) -> str:
    rows = np.packbits(bits.reshape(-1, _ICE40_ROW), axis=1, bitorder="little")[:, ::-1]
    return "".join(row.tobytes().hex() + "\n" for row in rows)


def in_port_order(bits: np.ndarray) -> np.ndarray:
    """Reorder bits from the device's 16-bit words to its ports, or back: the function is its own inverse."""
    return bits.reshape(-1, 16)[:, _ICE40_ORDER].ravel()


def read_netlist(module: Mapping[str, Any]) -> Cells:
    """Return the block RAMs of a synthesised module in Yosys' JSON form."""
    blocks = {}
    for name, cell in module["cells"].items():
        parameters = cell["parameters"]
        if cell["type"] == "DP16KD":
            rows = [
                _bits(parameters[f"INITVAL_{i:02X}"]) for i in range(_ECP5_BITS // (_INITVAL_WORDS * _INITVAL_WORD))
            ]
            words = np.concatenate(rows).reshape(-1, _INITVAL_STEP)
            blocks[name] = words[:, :_INITVAL_WORD].ravel()
        elif cell["type"].startswith("SB_RAM40_4K"):
            rows = [_bits(parameters[f"INIT_{i:X}"]) for i in range(_ICE40_BITS // _ICE40_ROW)]
            blocks[name] = in_port_order(np.concatenate(rows))
    return blocks


def _bits(text: str) -> np.ndarray:
    """Return the bits of a constant that Yosys writes with its most significant bit first; an x counts as 0."""
    digits = np.frombuffer(text.encode(), np.uint8)[::-1]
    return np.where(digits == ord("1"), 1, 0).astype(np.uint8)


# --- Finding and replacing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lane:
    """A part of a column: bit ``column`` of the words from ``first`` on is at ``positions`` of a cell."""

    column: int
    first: int
    cell: str
    positions: np.ndarray


@dataclass(frozen=True)
class Located:
    """The place of a memory of ``depth`` words of ``width`` bits."""

    depth: int
    width: int
    lanes: tuple[Lane, ...]

    def read(self, cells: Cells) -> np.ndarray:
        """Return the words: (depth, limbs) uint32, limb 0 is the least significant."""
        bits = np.zeros((self.depth, -(-self.width // 32) * 32), dtype=np.uint8)
        for lane in self.lanes:
            bits[lane.first : lane.first + len(lane.positions), lane.column] = cells[lane.cell][lane.positions]
        return np.packbits(bits, axis=1, bitorder="little").view("<u4")

    def write(self, cells: Cells, words: np.ndarray) -> None:
        """Replace the words in ``cells``; words : in the form of ``read``."""
        bits = np.unpackbits(np.ascontiguousarray(words, dtype="<u4").view(np.uint8), axis=1, bitorder="little")
        for lane in self.lanes:
            cells[lane.cell][lane.positions] = bits[lane.first : lane.first + len(lane.positions), lane.column]


def locate(cells: Cells, depth: int, width: int, copy: int = 0) -> Located:
    """Return the place of a memory of this shape in cells that hold its fingerprint.

    depth : the number of words; width : bits of a word; copy : the number among memories of this shape

    Raises InputError unless each bit of the memory is there exactly once.
    """
    content = fingerprint(depth, width, copy)
    n_marked = len(content)
    columns = np.array([[word >> c & 1 for word in content] for c in range(width)], dtype=np.uint8)
    places = dict(_blocks(columns, n_marked))
    lanes = []
    for name, bits in cells.items():
        for positions in _ports(len(bits)):
            place = places.get((min(n_marked, len(positions)), bits[positions[:n_marked]].tobytes()))
            if place is not None:
                lanes.append(Lane(*place, name, positions[:depth]))
    times = np.zeros((depth, width), dtype=int)
    for lane in lanes:
        times[lane.first : lane.first + len(lane.positions), lane.column] += 1
    if not (times == 1).all():
        n_absent, n_double = int((times == 0).sum()), int((times > 1).sum())
        raise InputError(
            f"memory of {depth} words of {width} bits: {n_absent} bits not found in the block RAMs, {n_double} more "
            "than once; only a design of `draupnir bitstream` that nobody has patched can be searched"
        )
    return Located(depth, width, tuple(lanes))


def _blocks(columns: np.ndarray, depth: int) -> Iterator[tuple[tuple[int, bytes], tuple[int, int]]]:
    """Yield everything that a lane may hold: (length, bits), and its (column, first word)."""
    for size in sorted({min(depth, 1 << bits) for bits in range(8, 15)}):
        for c, column in enumerate(columns):
            for first in range(0, depth, size):
                yield (size, column[first : first + size].tobytes()), (c, first)


def _ports(n_bits: int) -> Iterator[np.ndarray]:
    """Yield for each possible width of a port, and each of its bits, the positions of this bit in all words."""
    if n_bits == _ICE40_BITS:
        for width in (16, 8, 4, 2):
            for bit in range(width):
                yield np.arange(n_bits // width) * width + bit
        return
    for width in (36, 18, 9):
        for bit in range(width):
            yield np.arange(n_bits // width) * width + bit
    for width in (4, 2, 1):
        per_byte = _ECP5_BYTE // width
        words = np.arange(_ECP5_ENTRIES * per_byte)
        for bit in range(width):
            yield words // per_byte * _ECP5_ENTRY_BITS + words % per_byte * width + bit
