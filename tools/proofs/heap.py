"""Registers, arrays and memories that kernels read and write, with the contents that each side of an ``if`` leaves.

While a side runs, a layer takes its writes, so nothing else sees them. Afterwards the layers of both sides are merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Words


class KernelStore(dict[Any, Any]):
    """Something that a kernel writes: key -> content."""


class UnknownRecord(KernelStore):
    """A record of registers: name -> an int, Bits of 64 bits, or an UnknownArray."""


class UnknownArray(KernelStore):
    """An array that a kernel reads and writes: index, an int or a tuple of ints -> content, an int or Bits."""


class FlatRecord(KernelStore):
    """A record as one array, which a kernel writes at an index of unknown content.

    record : the registers; fields : index -> the register there, and the element if it is one of an array
    """

    def __init__(self, record: UnknownRecord, fields: Mapping[int, tuple[str, int | None]]) -> None:
        super().__init__()
        self.record, self.fields = record, fields


class UnknownMemory(KernelStore):
    """A memory of words, an array of (word, limb) for a kernel.

    The words at the addresses that a kernel uses are apart: (number of the address, limb) -> content, and (number of
    the address, limb, WRITTEN) -> whether the kernel has written this limb.

    words : the contents at first
    n_limbs : the number of limbs in a word
    accesses : the addresses that a kernel has used so far
    """

    WRITTEN = "written"

    def __init__(self, words: Words, n_limbs: int) -> None:
        super().__init__()
        self.words, self.n_limbs, self.limb_bits = words, n_limbs, words.width // n_limbs
        self.accesses: list[Bits] = []

    def number(self, addr: Bits) -> int:
        """Return the number of an address."""
        for i, access in enumerate(self.accesses):
            if access.term == addr.term:
                return i
        i, word = len(self.accesses), self.words.select(addr)
        for limb in range(self.n_limbs):
            self[i, limb] = word.slice(limb * self.limb_bits, self.limb_bits).resized(KERNEL_BITS)
            self[i, limb, self.WRITTEN] = False
        self.accesses.append(addr)
        return i


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
