"""A configuration as arrays, for rules: fields of all words, synapses as numbers, and neurons as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.columns import column as column
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Field, Memory
from draupnir.tools.compile.toml import indices

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Broken = Iterator[tuple[str, str, str]]  # place, message and right setting of each finding; see ``Rule``


def register(configuration: Configuration, name: str) -> int:
    """The content of a register with one address, 0..2**width - 1."""
    (content,) = configuration.registers[name]
    return content


def reset_note(configuration: Configuration, name: str) -> str:
    """A remark for a message if a register has its reset value, or else ""."""
    reset = configuration.chip.register(name).reset
    has_reset_value = reset is not None and configuration.registers[name] == (reset,)
    return ", its content after a reset" if has_reset_value else ""


def weights(configuration: Configuration, memory: Memory, field: Field) -> Counts:
    """One field of each synapse of a memory: (rows, columns) int64 in field.low..field.high."""
    return columns.entries(field, memory, configuration.memories[memory.name])


def some(mask: Mask, axis: int) -> Mask:
    """A mask that is True if any entry along an axis is True."""
    return np.asarray(mask.any(axis=axis))


def index_text(mask: Mask) -> str:
    """The indices at which a mask is True, as TOML writes them: "0-9,12"."""
    return indices.text(np.flatnonzero(mask).tolist())


def neurons(mask: Mask) -> str:
    """The place of the neurons in a mask, for a finding."""
    return f"neurons[{index_text(mask)}]"


def gate(configuration: Configuration, name: str, effect: str) -> Broken:
    """A finding if the register that stops the network is 1."""
    if register(configuration, name):
        yield f"registers.{name}", f"is 1{reset_note(configuration, name)}: {effect}", f"{name} = 0"


def each(masks: Iterable[tuple[Mask, str, str]], field: str = "") -> Broken:
    """A finding for each mask that has a neuron, with its message and the right setting."""
    for mask, message, right in masks:
        if mask.any():
            yield neurons(mask) + (field and f".{field}"), message, right
