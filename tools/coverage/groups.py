"""Groups of functional coverage, derived from a chip's declaration: what a register, an event or a state can be.

An *axis* gives a number, its *bin*, to the state of the chip at a clock. A *group* has one or two axes; its bins are
all combinations of theirs. Nothing here is written for a chip: what the chip declares has its groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip, Reg, Register, WiredBus

NO_EVENT = "none"
REQUEST = "req"  # the role that says that an event is on its way
FILL = "fill_cnt"  # the end of the names of registers that count the words in a FIFO
_WIDEST = 8  # bits of a FIFO's counter whose levels are bins, each


class Kind(IntEnum):
    """The use that an axis makes of its register."""

    LEVEL = 0  # the content; a content beyond the last bin is in the last one
    CLASS = 1  # the reset value, all ones, another content
    CHANGE = 2  # as at the last clock, more, less
    EVENT = 3  # the first declared event that the input bus shows while it has a request, or none


@dataclass(frozen=True)
class Axis:
    """An axis.

    reg : the register of the state, "" for an event; index : the element of an array of registers
    bins : the names of the bins
    special : for a CLASS the reset value, and the content of all ones
    """

    name: str
    kind: Kind
    bins: tuple[str, ...]
    reg: str = ""
    index: int = 0
    special: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class BinGroup:
    """A group, whose bins are the combinations of its axes' bins, the first axis varying slowest."""

    name: str
    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """The number of bins."""
        return int(np.prod([len(axis.bins) for axis in self.axes]))

    def bin_names(self) -> list[tuple[str, ...]]:
        """Return the names of each bin, one for each axis."""
        shape = [len(axis.bins) for axis in self.axes]
        return [tuple(axis.bins[i] for axis, i in zip(self.axes, place, strict=True)) for place in np.ndindex(*shape)]


def groups(chip: Chip) -> tuple[BinGroup, ...]:
    """Return all groups of a chip: configuration registers, states, events in states, events by modes, FIFOs."""
    registers = [axis for register in chip.registers for axis in _of_register(register)]
    states = [axis for reg in _regs(chip) if (axis := _of_state(reg))]
    event = _of_events(chip)
    modes = [axis for axis in registers if axis.kind == Kind.LEVEL]
    fills = [reg for reg in _regs(chip) if reg.name.endswith(FILL) and not reg.shape and reg.width <= _WIDEST]
    return (
        *(BinGroup(axis.name, (axis,)) for axis in (*registers, *states)),
        *(BinGroup(f"event x {axis.name}", (event, axis)) for axis in (*states, *modes) if event),
        *(BinGroup(f"{reg.name} x change", (_level(reg), _change(reg))) for reg in fills),
    )


def events_of(chip: Chip) -> tuple[WiredBus, np.ndarray] | None:
    """Return the bus on which a chip receives its declared events, and mask and level of each event: (n, 2) int64.

    None if it has no events, or no such bus with a request.
    """
    widths = {len(event.pattern) for event in chip.events}
    for bus in map(chip.bus, [bus.name for bus in chip.buses]):
        if bus.payload and not bus.chip_sends and {bus.payload_width} == widths and REQUEST in bus.pins:
            masks = [(event.pattern.replace("0", "1").replace("-", "0"), event.pattern) for event in chip.events]
            levels = [[int(mask, 2), int(pattern.replace("-", "0"), 2)] for mask, pattern in masks]
            return bus, np.array(levels, np.int64)
    return None


def _regs(chip: Chip) -> Iterator[Reg]:
    """Yield the state registers of blocks without copies."""
    return (reg for block in chip.blocks if block.copies is None for reg in block.regs)


def _of_register(register: Register) -> Iterator[Axis]:
    """Yield an axis for each address of a configuration register."""
    for index in range(register.n_addrs):
        name = register.name if register.n_addrs == 1 else f"{register.name}[{index}]"
        if register.width == 1:
            yield Axis(name, Kind.LEVEL, ("0", "1"), register.name.lower(), index)
        else:
            reset, ones = register.reset or 0, (1 << register.width) - 1
            bins = (f"{reset:#x}", f"{ones:#x}", "other")
            yield Axis(name, Kind.CLASS, bins, register.name.lower(), index, (reset, ones))


def _of_state(reg: Reg) -> Axis | None:
    """Return the axis of a register whose contents have names."""
    initial: Any = reg.reset
    if not isinstance(initial, Enum) or reg.shape:
        return None
    names = {int(member.value): member.name for member in type(initial)}
    return Axis(reg.name, Kind.LEVEL, tuple(names.get(i, str(i)) for i in range(max(names) + 1)), reg.name)


def _of_events(chip: Chip) -> Axis | None:
    """Return the axis of the events on the input bus."""
    if not events_of(chip):
        return None
    return Axis("event", Kind.EVENT, (*(event.name for event in chip.events), NO_EVENT))


def _level(reg: Reg) -> Axis:
    return Axis(reg.name, Kind.LEVEL, tuple(map(str, range(1 << reg.width))), reg.name)


def _change(reg: Reg) -> Axis:
    return Axis("change", Kind.CHANGE, ("same", "more", "less"), reg.name)
