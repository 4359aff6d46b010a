"""The address map of a chip's peripheral as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from draupnir.rtl.soc.address_map import AddressMap
from draupnir.rtl.soc.peripheral import bus_pins, face


def markdown(bus: str, the_map: AddressMap) -> str:
    """Return the page: pins, registers with their fields, the chip's registers, and its memories."""
    return "\n".join(_lines(bus, the_map)) + "\n"


def _lines(bus: str, the_map: AddressMap) -> Iterator[str]:
    yield f"# {the_map.chip.title}, on {face(bus).title}\n"
    yield (
        f"The peripheral takes {1 << the_map.addr_bits:#x} bytes, and all addresses below count from its base."
        " A register is read and written as a whole.\n"
    )
    yield "## Pins\n\n| pin | | bits | |\n|---|---|---|---|"
    for pin in bus_pins(bus, the_map):
        yield f"| `{pin.name}` | {pin.direction} | {pin.width} | {pin.meaning} |"
    yield "\n## Registers\n\n| address | register | access | after a reset | |\n|---|---|---|---|---|"
    for register in the_map.registers:
        reset = f"{register.reset:#x}" if (register.is_writable and register.is_readable) or register.reset else ""
        cells = (f"{register.offset:#x}", f"`{register.name}`", register.access, reset)
        yield f"| {' | '.join(cells)} | {register.meaning} |"
    yield "\n## Fields\n\n| register | field | bits | |\n|---|---|---|---|"
    for register in the_map.registers:
        for f in register.word:
            bits = str(f.lsb) if f.width == 1 else f"{f.msb}:{f.lsb}"
            yield f"| `{register.name}` | `{f.name}` | {bits} | {f.meaning} |"
    yield from _windows(the_map)


def _windows(the_map: AddressMap) -> Iterator[str]:
    if the_map.chip_registers is None:
        return
    yield "\n## Registers of the chip\n\nThey can only be written.\n"
    yield "| address | register | bits | |\n|---|---|---|---|"
    for offset, register, i in the_map.chip_registers.rows:
        index = f"[{i}]" if register.n_addrs > 1 else ""
        meaning = register.meaning if i == 0 else ""
        yield f"| {offset:#x} | `{register.name}`{index} | {register.width} | {meaning} |"
    gate = the_map.chip_registers.port.gate
    yield f"\n## Memories of the chip\n\nThey can be reached while `{gate}` is 1.\n"
    yield "| address | memory | words | bits of a word | bytes from word to word |\n|---|---|---|---|---|"
    for window in the_map.memories:
        memory = window.memory
        yield f"| {window.base:#x} | `{window.name}` | {memory.depth} | {memory.width} | {window.stride} |"
