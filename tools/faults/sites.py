"""The bits of a chip that a fault can change: those of its registers and memories, and the fields they belong to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from draupnir.emulator import state
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.errors import InputError

REGISTERS = "registers"


@dataclass(frozen=True)
class FaultSite:
    """A bit of a chip.

    group : "registers", or the name of a memory
    name : the register, or the memory
    element, bit : the number of the element, as for ``model.poke``, and of the bit in it
    width : the width of the element
    """

    group: str
    name: str
    element: int
    bit: int
    width: int


class Sites:
    """All bits of a chip, by group. Registers of the model that the chip does not have are not among them.

    groups : the names of the groups to use; empty for all. Raises InputError for a name that is none
    absent : registers to leave out
    n_bits : group -> its number of bits
    """

    def __init__(self, chip: Chip, groups: Sequence[str] = (), absent: Sequence[str] = ()) -> None:
        arrays: dict[str, list[tuple[str, int, int]]] = {REGISTERS: [], **{one.name: [] for one in chip.memories}}
        for reg in state.registers(chip):
            n = 1
            for size in reg.shape:
                n *= size
            if reg.name not in absent:
                arrays[REGISTERS].append((reg.name, n, reg.width))
        for memory in chip.memories:
            arrays[memory.name].append((memory.name, (memory.copies or 1) * memory.depth, memory.width))
        for group in groups:
            if group not in arrays:
                raise InputError(f"--in {group}: {chip.name} has {', '.join(arrays)}")
        self._arrays = {name: arrays[name] for name in groups or arrays if arrays[name]}
        self._ends = {name: list(accumulate(n * width for _, n, width in one)) for name, one in self._arrays.items()}
        self.n_bits = {name: ends[-1] for name, ends in self._ends.items()}

    def site(self, group: str, number: int) -> FaultSite:
        """Return a bit of a group; number : 0..n_bits[group] - 1"""
        index = bisect_right(self._ends[group], number)
        name, n, width = self._arrays[group][index]
        element, bit = divmod(number - self._ends[group][index] + n * width, width)
        return FaultSite(group, name, element, bit, width)


def field_of(chip: Chip, model: Any, site: FaultSite) -> str:
    """Return the name of the field that a bit is in, at this moment: "neurons.core" or "state".

    A memory whose words have several views has the view that applies to the present content: "neurons.lif.core".
    """
    if site.group == REGISTERS:
        return site.name
    memory = chip.memory(site.name)
    if memory.matrix is not None:
        return f"{memory.name}.{_field_at(memory.matrix.entry, site.bit % memory.matrix.entry.width)}"
    word = memory.word_of(model.peek(site.name, site.element))
    view = f"{word.name}." if len(memory.words) > 1 else ""
    return f"{memory.name}.{view}{_field_at(word, site.bit)}"


def _field_at(word: Any, bit: int) -> str:
    return next((f.name for f in word if f.lsb <= bit <= f.msb), "(bits in no field)")


def protected(memory: Memory) -> int:
    """Return the check bits that a code with one bit corrected and two detected (SEC-DED) needs for a word."""
    n = 1
    while 1 << n < memory.width + n + 1:
        n += 1
    return n + 1
