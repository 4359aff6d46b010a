"""All that a chip is programmed with: configuration registers and memories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip

SETTLING = 8  # clocks; more than a register takes through two flip-flops and the controller's way back to rest


@dataclass(frozen=True, eq=False)
class Configuration:
    """The registers and memories of a chip before it runs.

    registers : by the chip's name, for each of the register's addresses what is in it; all registers are there
    memories : by name, (depth, limbs) uint32, limb 0 least significant; all memories are there
    """

    chip: Chip
    registers: dict[str, tuple[int, ...]]
    memories: dict[str, np.ndarray]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Configuration)
            and self.chip.name == other.chip.name
            and self.registers == other.registers
            and all(np.array_equal(words, other.memories[name]) for name, words in self.memories.items())
        )

    def apply(self, model: Any) -> None:
        """Write a golden model's registers and memories directly, around a reset, and leave it at rest.

        Registers that the reset changed are written again, and then take the clocks to be heard of everywhere.
        """
        self._write_registers(model)
        for name, words in self.memories.items():
            model.memories[name][:] = words
        model.reset()
        after_reset = model.registers.tobytes()
        self._write_registers(model)
        model.registers_written()
        if model.registers.tobytes() != after_reset:
            model.rest(SETTLING)

    def _write_registers(self, model: Any) -> None:
        for register in self.chip.registers:
            parts = self.registers[register.name]
            model.registers[0][register.name.lower()] = parts if register.n_addrs > 1 else parts[0]
