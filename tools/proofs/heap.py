"""Registers, arrays and memories that kernels read and write, with the contents that each side of an ``if`` leaves.

While a side runs, a layer takes its writes, so nothing else sees them. Afterwards the layers of both sides are merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from draupnir.tools.proofs.logic import Bits, Words


class KernelStore(dict[Any, Any]):
    """Something that a kernel writes: key -> content."""


class UnknownRecord(KernelStore):
    """A record of registers: name -> an int, Bits of 64 bits, or an UnknownArray."""


class UnknownArray(KernelStore):
    """An array that a kernel reads and writes: index, an int or a tuple of ints -> content, an int or Bits."""


class UnknownMemory(KernelStore):
    """A memory of words, an array of (word, limb) for a kernel; all of its contents are one formula.

    n_limbs : the number of limbs in a word, each of LIMB_BITS
    accesses : the addresses that a kernel has used so far
    """

    LIMB_BITS = 32

    def __init__(self, words: Words, n_limbs: int) -> None:
        super().__init__({None: words})
        self.n_limbs = n_limbs
        self.accesses: list[Bits] = []


@dataclass(frozen=True)
class HeapWrite:
    """One write of one side: where, and what."""

    store: KernelStore
    key: Any
    content: Any


class Heap:
    """All stores of one execution. A write goes into the newest layer, or into the store where there is none."""

    def __init__(self) -> None:
        self._layers: list[dict[tuple[int, Any], HeapWrite]] = []

    def read(self, store: KernelStore, key: Any) -> Any:
        """Return the content of a place as the present side sees it. Raises KeyError if there is no such place."""
        for layer in reversed(self._layers):
            if (id(store), key) in layer:
                return layer[id(store), key].content
        return store[key]

    def write(self, store: KernelStore, key: Any, content: Any) -> None:
        """Write a place, for the present side."""
        if self._layers:
            self._layers[-1][id(store), key] = HeapWrite(store, key, content)
        else:
            store[key] = content

    def begin(self) -> None:
        """Begin a layer."""
        self._layers.append({})

    def end(self) -> Layer:
        """Take the newest layer away, and return it."""
        return Layer(self._layers.pop())


@dataclass(frozen=True)
class Layer:
    """The writes of one side."""

    writes: dict[tuple[int, Any], HeapWrite]

    def content(self, write: HeapWrite, heap: Heap) -> Any:
        """Return the content of the place of a write as this side leaves it."""
        mine = self.writes.get((id(write.store), write.key))
        return heap.read(write.store, write.key) if mine is None else mine.content


def places(one: Layer, other: Layer) -> Iterator[HeapWrite]:
    """Yield a write for each place that either side writes."""
    yield from (one.writes | other.writes).values()
