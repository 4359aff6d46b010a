"""The address map: registers of the peripheral, then windows into the chip's own registers and memories."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import PORT
from draupnir.rtl.bridge.protocol import BridgeBuses, buses
from draupnir.rtl.soc.registers import BUS_BITS, BUS_BYTES, BusRegister, registers
from draupnir.rtl.soc.windows import MemoryWindow, RegisterWindow

PAGE = 0x1000  # bytes of the peripheral's own registers, and the smallest distance of two windows
VERSION = 1  # of what the registers mean


@dataclass(frozen=True)
class AddressMap:
    """The addresses of a chip's peripheral, in bytes from its beginning.

    addr_bits : bits of an address
    """

    chip: Chip
    buses: BridgeBuses
    registers: tuple[BusRegister, ...]
    windows: tuple[RegisterWindow | MemoryWindow, ...]
    addr_bits: int

    @property
    def memories(self) -> tuple[MemoryWindow, ...]:
        return tuple(window for window in self.windows if isinstance(window, MemoryWindow))

    @property
    def chip_registers(self) -> RegisterWindow | None:
        """The window of the chip's registers; None if the chip has no SPI."""
        return next((window for window in self.windows if isinstance(window, RegisterWindow)), None)

    def register(self, name: str) -> BusRegister:
        """The peripheral's register of this name. Raises StopIteration if there is none."""
        return next(register for register in self.registers if register.name == name)

    @property
    def identity(self) -> int:
        return self.register("IDENTITY").reset


def address_map(chip: Chip, title: str = "") -> AddressMap:
    """Return the map of a chip.

    title : the chip's name with its parameters, for IDENTITY

    Raises InputError for a chip that lacks the buses that a bridge needs, or whose words do not fit a bus of 32 bits.
    """
    chip_buses = buses(chip)
    if max(chip_buses.event_bits, chip_buses.spike_bits + 1) > BUS_BITS:
        raise InputError(f"{chip.name}: an event or a spike has more bits than a register of a bus, {BUS_BITS}")
    windows, end = _windows(chip) if chip_buses.spi else ((), PAGE)
    rows = [f"draupnir soc {VERSION} {title or chip.name}"]
    rows += [f"{each.name} {each.offset} {each.word.fields}" for each in registers(chip_buses, 0)]
    rows += [f"{window.name} {window.base} {window.n_bytes}" for window in windows]
    identity = zlib.crc32("\n".join(rows).encode())
    return AddressMap(chip, chip_buses, registers(chip_buses, identity), windows, (end - 1).bit_length())


def _windows(chip: Chip) -> tuple[tuple[RegisterWindow | MemoryWindow, ...], int]:
    """Return the windows, and the first byte behind them."""
    port = PORT.require(chips.package(chip.name))
    if BUS_BITS % port.chunk_bits or any(register.width > BUS_BITS for register in chip.registers):
        raise InputError(f"{chip.name}: words of its SPI do not fit a bus of {BUS_BITS} bits")
    windows: list[RegisterWindow | MemoryWindow] = [RegisterWindow(port, PAGE)]
    end = PAGE + windows[0].n_bytes
    for memory in sorted(chip.memories, key=lambda memory: memory.depth * memory.n_limbs * BUS_BYTES):
        size = max(PAGE, 1 << (MemoryWindow(port, memory, 0).n_bytes - 1).bit_length())
        window = MemoryWindow(port, memory, -(-end // size) * size)
        windows.append(window)
        end = window.base + size
    return tuple(windows), end
