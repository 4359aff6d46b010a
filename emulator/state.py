"""The state of a chip, from its declaration: one NumPy record for the registers, one array for each memory.

Every register is an ``int64`` in the record, however narrow it is, because compiled and interpreted code differ for
narrow types. The operations that write a register keep it within its declared width; ``out_of_range`` checks that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip, Memory, Reg
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.records import record_type


def registers(chip: Chip) -> tuple[Reg, ...]:
    """All state registers of the chip, block by block. If a block has copies, the copy is a register's first index."""
    return tuple(reg for block in chip.blocks for reg in block.state)


def record_dtype(chip: Chip, extra: tuple[Reg, ...] = ()) -> np.dtype:
    """The type of the record: int64 for each register.

    An array of registers has one dimension in the record, whatever its shape. In a block with copies it has two, and
    the first is the copy.

    extra : registers of the model that the chip does not have, for instance counters
    """
    fields = [_field(reg, ()) for reg in extra]
    regs = [(reg, () if block.copies is None else (block.copies,)) for block in chip.blocks for reg in block.regs]
    return record_type([*(_field(reg, copies) for reg, copies in regs), *fields])


def _field(reg: Reg, copies: tuple[int, ...]) -> tuple[Any, ...]:
    """The field of the record for a register."""
    n = int(np.prod(reg.shape, dtype=np.int64))
    shape = (*copies, n) if reg.shape else copies
    return (reg.name, np.int64, shape) if shape else (reg.name, np.int64)


def new_registers(chip: Chip, extra: tuple[Reg, ...] = (), seed: int | None = None) -> np.recarray:
    """A new array of one record, in which all bits are 0, as before the first clock.

    seed : the seed of random contents for the registers that no reset changes; None leaves them 0
    """
    record = np.zeros(1, dtype=record_dtype(chip, extra)).view(np.recarray)
    if seed is not None:
        rng = np.random.default_rng(seed)
        for reg in registers(chip):
            if reg.reset is None:
                shape = record[reg.name].shape
                record[reg.name] = rng.integers(0, 1 << reg.width, size=shape, dtype=np.int64)
    return record


def new_memory(memory: Memory) -> np.ndarray:
    """A new memory of zeros: uint32 of ``memory.shape``, limb 0 the least significant one."""
    return np.zeros(memory.shape, dtype=np.uint32)


def elements(chip: Chip, record: np.recarray, memories: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, int]:
    """Return a view of a register's elements, (n,) int64, or of a memory's words, (n, limbs) uint32; and their width.

    name : a register of the chip, or a memory; copies are counted through. Raises InputError for any other name.
    """
    for memory in chip.memories:
        if memory.name == name:
            return memories[name].reshape(-1, memory.n_limbs), memory.width
    for reg in registers(chip):
        if reg.name == name:
            return record[name].reshape(-1), reg.width
    names = (*(memory.name for memory in chip.memories), *(reg.name for reg in registers(chip)))
    raise InputError(f"{chip.name} has no register or memory {name}; it has {', '.join(names)}")


def out_of_range(chip: Chip, record: np.recarray) -> list[str]:
    """The names of the registers whose content does not fit into their declared width."""
    return [
        reg.name for reg in registers(chip) if np.any(record[reg.name] < 0) or np.any(record[reg.name] >> reg.width)
    ]


@dataclass(frozen=True)
class Snapshot:
    """A copy of all state of a chip at one moment."""

    record: np.recarray
    memories: dict[str, np.ndarray]


def _bytes(record: np.recarray) -> np.ndarray:
    """Return a view of a record's bytes: NumPy copies a record field by field, which takes ten times as long."""
    return record.view(np.uint8)


def take(record: np.recarray, memories: dict[str, np.ndarray]) -> Snapshot:
    """Copy the present state."""
    return Snapshot(
        _bytes(record).copy().view(record.dtype).view(np.recarray),
        {name: memory.copy() for name, memory in memories.items()},
    )


def put_back(snapshot: Snapshot, record: np.recarray, memories: dict[str, np.ndarray]) -> None:
    """Write the state of a snapshot into a record and memories, in place."""
    _bytes(record)[:] = _bytes(snapshot.record)
    for name, memory in memories.items():
        memory[:] = snapshot.memories[name]


def diff(a: Snapshot, b: Snapshot) -> list[str]:
    """Return one line for each difference between two snapshots: ``name[index]: a -> b``, in hexadecimal."""
    lines = []
    for name in a.record.dtype.names or ():
        lines += _diff_array(name, np.atleast_1d(a.record[name][0]), np.atleast_1d(b.record[name][0]))
    for name, memory in a.memories.items():
        lines += _diff_array(name, memory, b.memories[name])
    return lines


def _diff_array(name: str, a: np.ndarray, b: np.ndarray) -> list[str]:
    return [
        f"{name}{[int(i) for i in index] if a.size > 1 else ''}: {a[tuple(index)]:#x} -> {b[tuple(index)]:#x}"
        for index in np.argwhere(a != b)
    ]
