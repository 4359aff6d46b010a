"""The back door to a design's memories: whole arrays, without a clock.

The handle of a memory with copies is a list with the handle of each copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

from draupnir.cocotb_tests.lib.bus import bits, find
from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.rtl.design import abbreviates, arrays_of

_AT_ONCE = _GPISetAction.NO_DELAY.value  # cocotb's Immediate has this action
_LIMB_BITS = 32


def locate(dut: Any, memory: Memory) -> Any:
    """Return the handle of the array below a design's top that is this memory.

    The array has the memory's size; if there are several, it is the one with a similar name.

    Raises InputError if there is no such array, or more than one.
    """
    fitting = {one._path: one for one in _arrays(dut) if (len(one), _width(one)) == (memory.depth, memory.width)}
    groups = {path: [path] for path in fitting} if memory.copies is None else arrays_of(fitting)
    as_many = [paths for paths in groups.values() if len(paths) == len(memory.parts)]
    if len(as_many) > 1:
        as_many = [paths for paths in as_many if abbreviates(memory.name, paths[0])] or as_many
    if len(as_many) != 1:
        several = f": {', '.join(fitting)}" if fitting else ""
        raise InputError(
            f"memory {memory.name}: {len(fitting)} arrays of {memory.depth} words of {memory.width} bits below "
            f"{dut._path}{several}; say which, memories={{{memory.parts[0]!r}: 'path.below.the.top'}}"
        )
    handles = [fitting[path] for path in as_many[0]]
    return handles[0] if memory.copies is None else handles


def find_memory(dut: Any, memory: Memory, paths: Mapping[str, str]) -> Any:
    """Return the handle of a memory: at its path, or at the paths of its copies, or else the one of ``locate``.

    paths : memory or copy -> path below ``dut``
    """
    if memory.parts[0] not in paths:
        return locate(dut, memory)
    handles = [find(dut, paths[part]) for part in memory.parts]
    return handles[0] if memory.copies is None else handles


def _arrays(scope: Any) -> Iterator[Any]:
    """Yield all arrays of words in a scope and in all scopes below it."""
    for one in scope:
        if isinstance(one, ArrayObject):
            yield one
        elif isinstance(one, HierarchyObject | HierarchyArrayObject):
            yield from _arrays(one)


def _width(array: ArrayObject[Any, Any]) -> int:
    """Return the width of an array's words; 0 for words that are arrays themselves."""
    word = array[array.range.left]
    return len(word) if isinstance(word, LogicArrayObject | PackedObject) else int(isinstance(word, LogicObject))


def check(handle: Any, memory: Memory) -> None:
    """Raise InputError if an array does not have the declared number of words."""
    for one in _copies(handle, memory):
        if len(one) != memory.depth:
            raise InputError(f"memory {memory.name}: {one._path} has {len(one)} words, must have {memory.depth}")


def write(handle: Any, memory: Memory, content: np.ndarray) -> None:
    """Overwrite all words; content : uint32 of ``Memory.shape``, limb 0 is the least significant."""
    check(handle, memory)
    for one, words in zip(_copies(handle, memory), content.reshape(-1, *memory.part.shape), strict=True):
        _put(_words(one), memory, words)


def write_first(handle: Any, memory: Memory, contents: Sequence[int]) -> None:
    """Overwrite the first n words; contents : n integers, 0..2**width - 1 of the memory."""
    for word, content in zip(_words(handle), contents, strict=False):
        word._handle.set_signal_val_binstr(_AT_ONCE, f"{content:0{memory.width}b}")


def read(handle: Any, memory: Memory) -> tuple[np.ndarray, np.ndarray]:
    """Return all words, and the mask of their known bits, both uint32 of ``Memory.shape``; unknown bits are 0."""
    check(handle, memory)
    copies = [_read(one, memory) for one in _copies(handle, memory)]
    contents, known_bits = (np.stack(arrays).reshape(memory.shape) for arrays in zip(*copies, strict=True))
    return contents, known_bits


def path(handle: Any) -> str:
    """Return the simulator's name of a memory, or of its first copy."""
    first = handle[0] if isinstance(handle, list) else handle
    return str(first._path)


def _copies(handle: Any, memory: Memory) -> list[Any]:
    return [handle] if memory.copies is None else list(handle)


def _read(handle: Any, memory: Memory) -> tuple[np.ndarray, np.ndarray]:
    text = "".join([bits(word) for word in _words(handle)])
    digits = np.frombuffer(text.encode(), dtype=np.uint8).reshape(memory.depth, memory.width)[:, ::-1]
    return _limbs(digits == ord("1"), memory), _limbs((digits == ord("0")) | (digits == ord("1")), memory)


def _put(words: Sequence[Any], memory: Memory, content: np.ndarray) -> None:
    limbs = np.ascontiguousarray(content, dtype="<u4").view(np.uint8)
    text = np.unpackbits(limbs, axis=1, count=memory.width, bitorder="little")[:, ::-1] + ord("0")
    for word, row in zip(words, np.ascontiguousarray(text, dtype=np.uint8), strict=True):
        word._handle.set_signal_val_binstr(_AT_ONCE, row.tobytes().decode())


@cache
def _words(handle: Any) -> tuple[Any, ...]:
    """Return the handles of an array's words, lowest address first. They are kept, because finding them takes long."""
    return tuple(handle[addr] for addr in range(len(handle)))


def _limbs(flags: np.ndarray, memory: Memory) -> np.ndarray:
    """Convert (depth, width) bool, bit 0 first, to (depth, limbs) uint32."""
    padded = np.zeros((memory.depth, memory.n_limbs * _LIMB_BITS), dtype=np.bool_)
    padded[:, : memory.width] = flags
    return np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)
