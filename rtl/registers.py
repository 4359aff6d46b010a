"""Registers of a chip in a Verilated design: read and written by the names that the golden model has for them.

The design is compiled with ``Design.registers``, so that its signals can be reached. A signal that only repeats a
flip-flop of another name can be read, but not written: the content would be gone at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Chip, Reg
from draupnir.emulator.errors import InputError
from draupnir.rtl.emit import our_chip
from draupnir.rtl.verilated import Verilated


def places(chip: Chip) -> dict[str, tuple[str, ...]]:
    """Return the paths that each register's signal may have: in the chip's own Verilog, or in our RTL.

    A register that our RTL keeps twice has no path there.
    """
    maps: list[Mapping[str, str]] = []
    if chips.package(chip.name).rtl is not None:
        ours = our_chip(chip.name)
        maps = [ours.original_registers, {**ours.registers, **dict.fromkeys(ours.copied_registers, "")}]
    names = [reg.name for reg in state.registers(chip)]
    every = {name: [paths.get(name, name) for paths in maps] or [name] for name in names}
    return {name: tuple(dict.fromkeys(path for path in paths if path)) for name, paths in every.items()}


class RegisterAccess:
    """The registers of a design in Verilator, with the methods of a golden model.

    paths : as ``places`` returns them

    The design is brought into its initial state.
    """

    def __init__(self, chip: Chip, design: Verilated, paths: Mapping[str, tuple[str, ...]]) -> None:
        self._chip, self._design = chip, design
        self._regs = {reg.name: reg for reg in state.registers(chip)}
        self._paths = {name: path for name in paths if (path := self._flip_flop(self._regs[name], paths[name]))}
        design.reset()

    def _flip_flop(self, reg: Reg, patterns: tuple[str, ...]) -> str | None:
        """The first path that can be written; None if there is none."""
        for pattern in patterns:
            path = _path(reg, pattern, 0)
            content = self._design.read_signal(path)
            if content is not None:
                self._design.write_signal(path, content ^ 1)
                if self._design.read_signal(path) == content ^ 1:
                    return pattern
        return None

    @property
    def absent(self) -> list[str]:
        """The registers that the design does not have as signals that can be written."""
        return [name for name in self._regs if not self.has(name)]

    def has(self, name: str) -> bool:
        """Return True if the design has a signal for a register, which can be written."""
        return name in self._paths

    def peek(self, name: str, element: int = 0) -> int:
        """Return the content of a register. Raises InputError if the design has no signal for it."""
        reg = self._regs[name]
        path, lsb = self._place(reg, element)
        return self._read(path) >> lsb & (1 << reg.width) - 1

    def poke(self, name: str, content: int, element: int = 0) -> None:
        """Write a register between two clocks. Raises as ``peek`` does."""
        reg = self._regs[name]
        path, lsb = self._place(reg, element)
        mask = (1 << reg.width) - 1 << lsb
        self._design.write_signal(path, self._read(path) & ~mask | content << lsb)

    def put(self, contents: Mapping[str, np.ndarray]) -> None:
        """Write all registers, with zeros where there is no content; contents : register -> int64 of its elements

        A register that the design has in another form stays as it is at the power-up. Raises InputError if its content
        is neither 0 nor the reset value.
        """
        for reg in self._regs.values():
            zeros = np.zeros(prod(reg.shape), np.int64)
            words = contents.get(reg.name, zeros).tolist()
            if self.has(reg.name):
                for i, content in enumerate(words):
                    self.poke(reg.name, content, i)
            elif set(words) - {0, reg.reset}:
                raise self._error(reg)

    def _read(self, path: str) -> int:
        content = self._design.read_signal(path)
        assert content is not None
        return content

    def _place(self, reg: Reg, element: int) -> tuple[str, int]:
        """The path of an element's signal, and its lowest bit in it."""
        if reg.name not in self._paths:
            raise self._error(reg)
        pattern = self._paths[reg.name]
        path = _path(reg, pattern, element)
        return path, reg.width * element if reg.shape and path == pattern else 0

    def _error(self, reg: Reg) -> InputError:
        return InputError(f"{self._chip.name}: the design has no signal that is the register {reg.name}")


def _path(reg: Reg, pattern: str, element: int) -> str:
    columns = prod(reg.shape[1:])
    return pattern.format(i=element, row=element // columns, column=element % columns)
