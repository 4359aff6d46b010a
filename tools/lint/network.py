"""A configuration as arrays, for rules: fields of all words, synapses as numbers, neurons in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import LIMB_BITS, Field, Memory
from draupnir.tools.compile.toml import indices, matrix

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Broken = Iterator[tuple[str, str, str]]  # places, messages and remedies; see ``Rule``


def register(configuration: Configuration, name: str) -> int:
    """Return what is in a register of one address."""
    (content,) = configuration.registers[name]
    return content


def reset_note(configuration: Configuration, name: str) -> str:
    """A remark that a register holds what a reset leaves in it, where it does."""
    reset = configuration.chip.register(name).reset
    same = reset is not None and configuration.registers[name] == (reset,)
    return ", its content after a reset" if same else ""


def column(field: Field, words: NDArray[np.uint32]) -> Counts:
    """(depth,) int64, one field of each word, with its sign; words : (depth, limbs) uint32"""
    limbs = words.astype(np.int64)
    first, shift = divmod(field.lsb, LIMB_BITS)
    content = limbs[:, first] >> shift
    if shift + field.width > LIMB_BITS:
        content = content | limbs[:, first + 1] << (LIMB_BITS - shift)
    return signed(field, content & ((1 << field.width) - 1))


def signed(field: Field, content: Counts) -> Counts:
    """The numbers that a field's bits stand for."""
    return content - ((content > field.high).astype(np.int64) << field.width)


def weights(configuration: Configuration, memory: Memory, field: Field) -> Counts:
    """(rows, columns) int64, one field of each synapse of a memory, with its sign"""
    entries = matrix.unpack(configuration.memories[memory.name], memory).astype(np.int64)
    return signed(field, entries >> field.lsb & ((1 << field.width) - 1))


def some(mask: Mask, axis: int) -> Mask:
    """Tell whether any entry along an axis is 1."""
    return np.asarray(mask.any(axis=axis))


def where(mask: Mask) -> str:
    """The indices at which a mask is 1, as the TOML writes them."""
    return indices.text(np.flatnonzero(mask).tolist())


def neurons(mask: Mask) -> str:
    """The place of some neurons."""
    return f"neurons[{where(mask)}]"


def gate(configuration: Configuration, name: str, effect: str) -> Broken:
    """Break a rule if the register that stops the network is 1."""
    if register(configuration, name):
        yield f"registers.{name}", f"is 1{reset_note(configuration, name)}: {effect}", f"{name} = 0"


def each(masks: Iterable[tuple[Mask, str, str]], field: str = "") -> Broken:
    """Break a rule for the neurons of each mask, with a message and a remedy, if there are any."""
    for mask, message, right in masks:
        if mask.any():
            yield neurons(mask) + (field and f".{field}"), message, right
