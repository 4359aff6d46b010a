"""A configuration as writes of a bus: the image that the C driver writes through the windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import RegisterWrite, Write
from draupnir.rtl.soc.address_map import AddressMap
from draupnir.rtl.soc.registers import BUS_BYTES

ALL_BYTES = (1 << BUS_BYTES) - 1


class BusWrite(NamedTuple):
    """A write of the bus.

    offset : bytes from the base of the peripheral, a multiple of 4
    strb : the bytes to write, 1..15, bit 0 for the lowest
    content : 0..2**32 - 1; bytes that are not written are 0
    """

    offset: int
    strb: int
    content: int


def image(the_map: AddressMap, configuration: Configuration, is_zeroed: bool = False) -> list[BusWrite]:
    """Return the writes that program a chip after a reset, in their order.

    is_zeroed : True if the memories hold zeros before, so that words of zeros need no write

    Raises InputError for a chip without windows, and for a mask, which a bus cannot write.
    """
    window = the_map.chip_registers
    if window is None:
        raise InputError(f"{the_map.chip.name}: it has no SPI, so a processor cannot configure it")
    zeros = {memory.name: np.zeros(memory.shape, np.uint32) for memory in the_map.chip.memories}
    return list(_joined(_writes(the_map, window.port.program(configuration, zeros if is_zeroed else None))))


def _writes(the_map: AddressMap, writes: Iterable[Write]) -> Iterator[BusWrite]:
    """Yield a write of the bus for each transaction."""
    window = the_map.chip_registers
    assert window is not None
    offsets = {(register.name, i): offset for offset, register, i in window.rows}
    bases = {one.name: one for one in the_map.memories}
    n_bytes = window.port.chunk_bits // 8
    strb = (1 << n_bytes) - 1
    for write in writes:
        if isinstance(write, RegisterWrite):
            yield BusWrite(offsets[write.register, write.i], ALL_BYTES, write.content)
            continue
        if write.keep:
            raise InputError(f"{write.memory}: a bus writes whole bytes, and {write.keep:#x} protects single bits")
        memory = bases[write.memory]
        addr = memory.base + write.word * memory.stride + write.chunk * n_bytes
        low = addr % BUS_BYTES
        yield BusWrite(addr - low, strb << low, write.content << 8 * low)


def _joined(writes: Iterable[BusWrite]) -> Iterator[BusWrite]:
    """Join writes of ascending bytes in the same word, because the peripheral writes them in this order."""
    last: BusWrite | None = None
    for write in writes:
        if last is not None and write.offset == last.offset and write.strb > last.strb and not write.strb & last.strb:
            last = BusWrite(last.offset, last.strb | write.strb, last.content | write.content)
            continue
        if last is not None:
            yield last
        last = write
    if last is not None:
        yield last


def c_source(name: str, writes: Iterable[BusWrite]) -> str:
    """Return the image as a C header."""
    rows = [f"    {{0x{w.offset:05x}, 0x{w.strb:x}, UINT32_C(0x{w.content:08x})}}," for w in writes]
    lines = [
        "/* Registers and memories of a network. Written by draupnir soc; do not edit. */",
        f'#include "{name}.h"',
        "",
        f"static const {name}_write_t {name}_image[] = {{",
        *rows,
        "};",
        f"static const size_t {name}_image_writes = sizeof {name}_image / sizeof {name}_image[0];",
    ]
    return "\n".join(lines) + "\n"
