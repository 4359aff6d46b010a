"""Follow the changes of a design's memories while Icarus runs rows. The testbench writes them as a dump of all words.

The first row of the testbench of ``draupnir.rtl.icarus`` begins at 2 us. A row lasts 3 us, and 4 us if it has a clock
edge. The dump begins with all words, in the order of the statements of ``dump``; a word appears again when it changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError
from draupnir.emulator.state import new_memory
from draupnir.rtl.design import Design, row_of

FILE = "memories.vcd"
_BEGIN, _ROW, _EDGE = 2, 3, 1  # microseconds: before the first row, of a row, more for a clock edge
_UNITS = {"us": 1, "ns": 10**3, "ps": 10**6, "fs": 10**9}  # in a microsecond
_TIMESCALE = re.compile(r"\$timescale\s+(\d+)\s*(us|ns|ps|fs)\s+\$end")
_WORD = re.compile(r"^\$var \S+ \d+ (\S+) ", re.MULTILINE)
_HEADER_ENDS = "$enddefinitions $end"


@dataclass(frozen=True)
class _Word:
    """A word of a copy of a memory; a memory without copies has copy 0 only."""

    memory: Memory
    copy: int
    addr: int


def dump(design: Design, chip: Chip) -> list[str]:
    """Return Verilog statements that dump all words of the memories in the chip's order, with a variable ``word``."""
    lines = [f'$dumpfile("{FILE}");']
    for memory in chip.memories:
        for part in memory.parts:
            array = f"dut.{design.memories[part]}"
            if row_of(array)[1] is None:
                lines.append(f"for (word = 0; word < {memory.depth}; word = word + 1) $dumpvars(0, {array}[word]);")
            else:  # Icarus takes a word of an array of two dimensions by constants only
                lines += [f"$dumpvars(0, {array}[{word}]);" for word in range(memory.depth)]
    return lines


def follow(
    work_dir: Path, chip: Chip, design: Design, clk: np.ndarray, rows: Sequence[int]
) -> Iterator[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Yield the memories after each of some rows, and the masks of their known bits. Both are changed in place later.

    work_dir : the folder of ``icarus.run`` with ``follow``
    clk : (n,) uint8, the clock edges of all rows that ran
    rows : the rows after which the memories are wanted, ascending

    Raises InputError for a dump that does not have the memories' words.
    """
    contents = {memory.name: new_memory(memory) for memory in chip.memories}
    known_bits = {memory.name: new_memory(memory) for memory in chip.memories}
    all_words = list(_words(chip))
    with (work_dir / FILE).open() as file:
        header = _header(file)
        match = _TIMESCALE.search(header)
        words = dict(zip(_WORD.findall(header), all_words, strict=False))
        if match is None or len(words) != len(all_words):
            raise InputError(f"{chip.name}: Icarus dumped {len(words)} words of its memories, which are more")
        unit = _UNITS[match.group(2)] // int(match.group(1))
        ends = unit * (_BEGIN + np.cumsum(_ROW + _EDGE * (clk != 0).astype(np.int64)))
        pending = iter(rows)
        row = next(pending, None)
        for line in file:
            if line.startswith("#"):
                while row is not None and int(line[1:]) >= ends[row]:
                    yield contents, known_bits
                    row = next(pending, None)
            elif line[0] in "b01xXzZ":
                level, _, name = line[1:].partition(" ") if line[0] == "b" else (line[0], "", line[1:])
                _set(contents, known_bits, words[name.strip()], level)
        while row is not None:
            yield contents, known_bits
            row = next(pending, None)


def _header(file: Iterator[str]) -> str:
    lines = []
    for line in file:
        if line.startswith(_HEADER_ENDS):
            break
        lines.append(line)
    return "".join(lines)


def _words(chip: Chip) -> Iterator[_Word]:
    for memory in chip.memories:
        yield from (_Word(memory, copy, addr) for copy in range(len(memory.parts)) for addr in range(memory.depth))


def _set(contents: dict[str, np.ndarray], known_bits: dict[str, np.ndarray], word: _Word, level: str) -> None:
    """Set a word from binary digits, most significant first. A dump omits leading digits that repeat (0 before a 1)."""
    memory = word.memory
    level = level.lower()
    whole = level.rjust(memory.width, "0" if level[0] == "1" else level[0])
    bits = int("".join("1" if digit == "1" else "0" for digit in whole), 2)
    mask = int("".join("1" if digit in "01" else "0" for digit in whole), 2)
    for arrays, words in ((contents, bits), (known_bits, mask)):
        arrays[memory.name].reshape(-1, *memory.part.shape)[word.copy, word.addr] = to_limbs(words, memory.n_limbs)
