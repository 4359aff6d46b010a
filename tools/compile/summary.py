"""The contents of a configuration, in a few numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from draupnir.emulator.codec import from_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.tools.compile.spi import stream


def summary(configuration: Configuration) -> dict[str, Any]:
    """Count the contents of a configuration: registers and words that are not 0, and SPI transactions.

    Returns an object for JSON: the registers by name; for each memory the number of words, by the name of their layout;
    and the number of transactions, if the chip has an SPI port.
    """
    registers = {
        name: parts[0] if len(parts) == 1 else list(parts)
        for name, parts in configuration.registers.items()
        if any(parts)
    }
    return {
        "registers": registers,
        **{memory.name: _words(configuration, memory) for memory in configuration.chip.memories},
        **_stream(configuration),
    }


def _stream(configuration: Configuration) -> dict[str, int]:
    try:
        return {"spi_transactions": len(stream.pack(configuration))}
    except InputError:
        return {}


def _words(configuration: Configuration, memory: Memory) -> dict[str, int]:
    contents = (from_limbs(limbs) for limbs in configuration.memories[memory.name].reshape(-1, memory.n_limbs))
    return dict(Counter(memory.word_of(content).name for content in contents if content))
