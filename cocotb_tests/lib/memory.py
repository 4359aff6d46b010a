"""The back door to a design's memories: whole arrays, without a clock."""

from __future__ import annotations

from typing import Any

import numpy as np
from cocotb.handle import Immediate

from cocotb_tests.lib.recorder import parse_bits
from emulator.codec import from_limbs, to_limbs
from emulator.declare import Memory
from emulator.errors import InputError


def check(handle: Any, memory: Memory) -> None:
    """Raise InputError if the array has not the declared number of words."""
    if len(handle) != memory.depth:
        raise InputError(f"memory {memory.name}: {handle._path} has {len(handle)} words, must have {memory.depth}")


def write(handle: Any, memory: Memory, content: np.ndarray) -> None:
    """Overwrite all words: (depth, limbs) uint32, limb 0 least significant."""
    check(handle, memory)
    for addr in range(memory.depth):
        handle[addr].set(Immediate(from_limbs(content[addr])))


def read(handle: Any, memory: Memory) -> tuple[np.ndarray, np.ndarray]:
    """All words, and the mask of their known bits, both as ``write`` takes them; unknown bits are 0."""
    check(handle, memory)
    content = np.zeros((memory.depth, memory.n_limbs), dtype=np.uint32)
    known = np.zeros_like(content)
    for addr in range(memory.depth):
        word, mask = parse_bits(str(handle[addr].value))
        content[addr] = to_limbs(word, memory.n_limbs)
        known[addr] = to_limbs(mask, memory.n_limbs)
    return content, known
