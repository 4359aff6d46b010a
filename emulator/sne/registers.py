"""The registers of the first engine, as a host sees them: addresses, fields, and the pins that show them.

A host reads and writes them over the APB. All of them are 0 after a reset.

Source: engine_clock.hjson, engine_clock_reg_pkg.sv.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from draupnir.emulator.codec import decode
from draupnir.emulator.declare import Field, Word
from draupnir.emulator.sne.layout import ADDR_BITS, BOUND, CHIP, ERROR, GROUPS, PARAMETER, SLICE

MAIN = Word(
    "cfg_filter_main",
    7,
    (Field("filter_en", 0, 1, "The group takes events."), Field("x_offset", 1, 3, "Offset of the kernel's column."),
     Field("y_offset", 4, 3, "Offset of the kernel's row.")),
    "engine_clock.hjson, cfg_filter_main_i",
)  # fmt: skip
CID = Word(
    "cfg_cid",
    32,
    tuple(Field(f"cid_{g + 3}_{g}", 2 * g, 8, f"Channel of groups {g} to {g + 3}.") for g in range(0, GROUPS, 4)),
    "engine_clock.hjson, cfg_cid_i",
)


def _address(name: str, meaning: str) -> Word:
    return Word(f"cfg_{name}", ADDR_BITS, (Field(name, 0, ADDR_BITS, meaning),), f"engine_clock.hjson, cfg_{name}_i")


@dataclass(frozen=True)
class EngineRegister:
    """A register, or an array of one for each group.

    addr : the address of the first one, in bytes, from the base of the registers; they are four bytes apart
    word : the fields; n : the number of registers
    """

    name: str
    addr: int
    word: Word
    n: int = 1


REGISTERS = (
    EngineRegister("cfg_filter_ubound_i", 0x300, BOUND, GROUPS),
    EngineRegister("cfg_filter_lbound_i", 0x500, BOUND, GROUPS),
    EngineRegister("cfg_filter_main_i", 0x700, MAIN, GROUPS),
    EngineRegister("cfg_addr_step_i", 0x900, _address("addr_step", "Step of the dense sequence.")),
    EngineRegister("cfg_addr_start_i", 0x920, _address("addr_start", "First neuron of the dense sequence.")),
    EngineRegister("cfg_addr_end_i", 0x940, _address("addr_end", "Neuron with which the dense sequence ends.")),
    EngineRegister("cfg_parameter_i", 0x960, PARAMETER),
    EngineRegister("cfg_cid_i", 0x964, CID),
    EngineRegister("cfg_slice_i", 0x984, SLICE),
    EngineRegister("cfg_error_i", 0x9A4, ERROR),
)
Contents = Mapping[str, tuple[int, ...]]  # register -> the content of each of them


def pins(contents: Contents) -> dict[str, int]:
    """Return the levels of all pins of the configuration; contents : of all registers"""
    levels: dict[str, int] = {}
    for register in REGISTERS:
        if register.word is MAIN:
            for field, pin in (("filter_en", "filter_en"), ("x_offset", "x_offset"), ("y_offset", "y_offset")):
                levels[f"cfg_{pin}_i"] = _spread(
                    [decode(MAIN, content)[field] for content in contents[register.name]], MAIN[field].width
                )
        else:
            width = CHIP.input_word[register.name].width // register.n
            levels[register.name] = _spread(contents[register.name], width)
    return levels


def _spread(parts: tuple[int, ...] | list[int], width: int) -> int:
    """Return one integer with all parts, the first in the lowest bits."""
    return sum(part << width * i for i, part in enumerate(parts))


def writes(contents: Contents) -> Iterator[tuple[int, int, str]]:
    """Yield the writes that give these contents: address in bytes, word, and a name with the number of the group."""
    for register in REGISTERS:
        for i, content in enumerate(contents[register.name]):
            yield register.addr + 4 * i, content, register.name + (f"[{i}]" if register.n > 1 else "")


def register_at(addr: int) -> tuple[EngineRegister, int] | None:
    """Return the register at an address in bytes, and its number in the array; None if the engine has none there."""
    for register in REGISTERS:
        if register.addr <= addr < register.addr + 4 * register.n and not addr % 4:
            return register, (addr - register.addr) // 4
    return None
