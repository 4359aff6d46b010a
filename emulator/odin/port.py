"""ODIN's SPI as it is written, in an order in which programming a network has no other effect.

Source: ODIN doc v0.1, 2.1; spi_slave.v, neuron_core.v.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from draupnir.emulator.declare import Memory
from draupnir.emulator.odin import layout
from draupnir.emulator.spi.bytewise import BYTE, Bytewise
from draupnir.emulator.spi.port import MemoryWrite


class OdinPort(Bytewise):
    """A write evaluates the neuron as it was before: its spike would go to the scheduler unless SPI_OPEN_LOOP is 1, and
    its SDSP flags stay. So ``ca_en``, without which both flags are 0, is written last: then the flags of the neurons
    written are what the golden model starts with, whatever they were.
    """

    def word_writes(
        self, memory: Memory, word: int, contents: list[int], byte_indices: list[int]
    ) -> Iterator[MemoryWrite]:
        if memory.name != layout.NEURONS.name:
            yield from super().word_writes(memory, word, contents, byte_indices)
            return
        content = int.from_bytes(bytes(contents), "little")
        last = memory.word_of(content)["ca_en"].lsb // BYTE
        yield MemoryWrite(memory.name, word, last, 0)
        yield from super().word_writes(memory, word, contents, [byte for byte in byte_indices if byte != last])
        yield MemoryWrite(memory.name, word, last, contents[last])


PORT = replace(OdinPort.from_layout(layout), silence="SPI_OPEN_LOOP")
