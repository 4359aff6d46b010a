"""The back door to a design's memories: whole arrays, without a clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from cocotb.handle import (
    ArrayObject,
    HierarchyArrayObject,
    HierarchyObject,
    LogicArrayObject,
    LogicObject,
    PackedObject,
    _GPISetAction,
)

from draupnir.cocotb_tests.lib.bus import bits
from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.rtl.design import abbreviates

_AT_ONCE = _GPISetAction.NO_DELAY.value  # what cocotb's Immediate comes to
_LIMB_BITS = 32


def locate(dut: Any, memory: Memory) -> Any:
    """The handle of the array below a design's top that is this memory, told by its size and, of several, its name.

    Raises InputError if there is no such array, or more than one.
    """
    fitting = [one for one in _arrays(dut) if (len(one), _width(one)) == (memory.depth, memory.width)]
    if len(fitting) > 1:
        fitting = [one for one in fitting if abbreviates(memory.name, one._path)] or fitting
    if len(fitting) != 1:
        several = f": {', '.join(one._path for one in fitting)}" if fitting else ""
        raise InputError(
            f"memory {memory.name}: {len(fitting)} arrays of {memory.depth} words of {memory.width} bits below "
            f"{dut._path}{several}; say which, memories={{{memory.name!r}: 'path.below.the.top'}}"
        )
    return fitting[0]


def _arrays(scope: Any) -> Iterator[Any]:
    """All arrays of words in a scope and in all scopes below it."""
    for one in scope:
        if isinstance(one, ArrayObject):
            yield one
        elif isinstance(one, HierarchyObject | HierarchyArrayObject):
            yield from _arrays(one)


def _width(array: ArrayObject[Any, Any]) -> int:
    """The bits of an array's words; 0 for words that are arrays themselves."""
    word = array[array.range.left]
    return len(word) if isinstance(word, LogicArrayObject | PackedObject) else int(isinstance(word, LogicObject))


def check(handle: Any, memory: Memory) -> None:
    """Raise InputError if the array has not the declared number of words."""
    if len(handle) != memory.depth:
        raise InputError(f"memory {memory.name}: {handle._path} has {len(handle)} words, must have {memory.depth}")


def write(handle: Any, memory: Memory, content: np.ndarray) -> None:
    """Overwrite all words: (depth, limbs) uint32, limb 0 least significant."""
    check(handle, memory)
    _put(_words(handle), memory, content)


def write_first(handle: Any, memory: Memory, content: np.ndarray) -> None:
    """Overwrite the first words, as many as are given: (n, limbs) uint32."""
    _put(_words(handle)[: len(content)], memory, content)


def read(handle: Any, memory: Memory) -> tuple[np.ndarray, np.ndarray]:
    """All words, and the mask of their known bits, both as ``write`` takes them; unknown bits are 0."""
    check(handle, memory)
    text = "".join([bits(word) for word in _words(handle)])
    held = np.frombuffer(text.encode(), dtype=np.uint8).reshape(memory.depth, memory.width)[:, ::-1]
    return _limbs(held == ord("1"), memory), _limbs((held == ord("0")) | (held == ord("1")), memory)


def _put(words: Sequence[Any], memory: Memory, content: np.ndarray) -> None:
    limbs = np.ascontiguousarray(content, dtype="<u4").view(np.uint8)
    text = np.unpackbits(limbs, axis=1, count=memory.width, bitorder="little")[:, ::-1] + ord("0")
    for word, row in zip(words, np.ascontiguousarray(text, dtype=np.uint8), strict=True):
        word._handle.set_signal_val_binstr(_AT_ONCE, row.tobytes().decode())


@cache
def _words(handle: Any) -> tuple[Any, ...]:
    """The handles of an array's words, lowest address first; to find them costs more than to read them."""
    return tuple(handle[addr] for addr in range(len(handle)))


def _limbs(flags: np.ndarray, memory: Memory) -> np.ndarray:
    """(depth, width) bool, bit 0 first, as (depth, limbs) uint32."""
    padded = np.zeros((memory.depth, memory.n_limbs * _LIMB_BITS), dtype=np.bool_)
    padded[:, : memory.width] = flags
    return np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)
