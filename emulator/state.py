"""State records from a declaration: one NumPy record for a chip's registers, one array for each memory.

Every register is an ``int64`` in the record, however narrow, because compiled and interpreted NumPy disagree about
narrow types; the declared width is kept by the operations that write it, and checked by ``out_of_range``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip, Memory, Reg


def registers(chip: Chip) -> tuple[Reg, ...]:
    """All state registers of the chip, block by block; those of a block with copies have the copy as first index."""
    return tuple(reg for block in chip.blocks for reg in block.state)


def record_dtype(chip: Chip, extra: tuple[Reg, ...] = ()) -> np.dtype:
    """The record's type: a 64-bit integer for each register.

    An array of registers is flattened to one dimension; in a block with copies, which are the first dimension, to two.

    extra : registers of the model that the chip does not have (counters, for instance)
    """
    fields = [_field(reg, ()) for reg in extra]
    owned = [(reg, () if block.copies is None else (block.copies,)) for block in chip.blocks for reg in block.regs]
    return np.dtype((np.record, [*(_field(reg, copies) for reg, copies in owned), *fields]))


def _field(reg: Reg, copies: tuple[int, ...]) -> tuple[Any, ...]:
    """A field of the record."""
    n = int(np.prod(reg.shape, dtype=np.int64))
    shape = (*copies, n) if reg.shape else copies
    return (reg.name, np.int64, shape) if shape else (reg.name, np.int64)


def new_registers(chip: Chip, extra: tuple[Reg, ...] = (), seed: int | None = None) -> np.recarray:
    """An array of one record, all bits 0, as before the first clock.

    seed : give the registers that no reset touches random contents instead
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
    """An all-zero memory: uint32 of ``memory.shape``, limb 0 least significant."""
    return np.zeros(memory.shape, dtype=np.uint32)


def out_of_range(chip: Chip, record: np.recarray) -> list[str]:
    """Names of the registers that hold more than their declared width; empty when all is well."""
    return [
        reg.name for reg in registers(chip) if np.any(record[reg.name] < 0) or np.any(record[reg.name] >> reg.width)
    ]


@dataclass(frozen=True)
class Snapshot:
    """All state of a chip at one moment; restoring it gives the same future."""

    record: np.recarray
    memories: dict[str, np.ndarray]


def take(record: np.recarray, memories: dict[str, np.ndarray]) -> Snapshot:
    return Snapshot(record.copy(), {name: memory.copy() for name, memory in memories.items()})


def put_back(snapshot: Snapshot, record: np.recarray, memories: dict[str, np.ndarray]) -> None:
    record[:] = snapshot.record
    for name, memory in memories.items():
        memory[:] = snapshot.memories[name]


def diff(a: Snapshot, b: Snapshot) -> list[str]:
    """Return what differs between two snapshots, a line each: ``name[index]: a -> b``."""
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
