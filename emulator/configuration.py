"""The configuration of a chip: the content of its configuration registers and of its memories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip

SETTLING = 8  # clocks; more than a register needs to pass two flip-flops and to bring the controller back to rest


@dataclass(frozen=True, eq=False)
class Configuration:
    """The content of a chip's registers and memories before it runs.

    registers : name -> content of each of the register's addresses; the dictionary has all registers
    memories : name -> uint32 of ``Memory.shape``, limb 0 the least significant one; the dictionary has all memories
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
        """Reset a golden model, write its registers and memories directly, and leave it at rest.

        The registers are written before and after the reset. If that changes the model's state, the model then runs for
        ``SETTLING`` clocks, until every block knows the registers.
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
