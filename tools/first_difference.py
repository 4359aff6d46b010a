"""Where a memory first differs from the golden model's, when both run the same rows.

Both are followed from the first row on, and their memories compared after each clock edge. Of a run with more edges
than are looked at, every so many; then, in a run of their own, those between the last that was equal and the first
that was not. So the memories are equal before the clock named, and it is the first such one if all were looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace
from draupnir.golden.compare import MemoryDifference, WordDifference, memory_difference
from draupnir.tools import devices
from draupnir.tools.devices import Device, Memories, Moment


@dataclass(frozen=True)
class MemoryMoment:
    """A clock after which a memory differs, and before which none does.

    cycle : clock edges before the one that made the difference
    word : the first word that differs; ``model`` is the golden model's, ``recorded`` the device's
    n_words : words of this memory that differ then
    context : what the golden model is doing just before that edge, decoded, a line each
    is_first : the memories are equal after every earlier edge; else they are at those that were looked at
    """

    memory: str
    cycle: int
    word: WordDifference
    n_words: int
    context: tuple[str, ...]
    is_first: bool

    def __str__(self) -> str:
        place = f"{self.memory}[{self.word.addr:#x}]"
        fields = ", ".join(f"{place}.{f.name} expected {f.model:#x}, got {f.recorded:#x}" for f in self.word.fields)
        seen = "first differs" if self.is_first else "differs (and did not at the clocks looked at before)"
        more = f", and {self.n_words - 1:,} more words" if self.n_words > 1 else ""
        return f"memory {self.memory} {seen} after clock {self.cycle}: {fields}{more}"


def find(device: Device, chip: Chip, trace: Trace, before: Memories, after: Memories) -> MemoryMoment | None:
    """Follow a device and the chip's golden model over a trace.

    before, after : the memories before its first row, and those that were recorded after its last, if they were
    None if the memories do not differ, or the device cannot be followed, or the golden model itself does something
    else than the trace, and so is no reference.
    """
    if device.follow is None or not chip.memories:
        return None
    golden = devices.model(chip)
    if not _does(golden, trace, before, after):
        return None
    assert golden.follow is not None
    edges = np.flatnonzero(trace.clk)
    is_first = len(edges) <= device.n_moments
    while len(edges):
        stride = -(-len(edges) // device.n_moments)
        stops = [*map(int, edges[stride - 1 :: stride])]
        if stops[-1] != edges[-1]:
            stops.append(int(edges[-1]))
        found = _first(chip, stops, device.follow(trace, before, stops), golden.follow(trace, before, stops))
        if found is None:
            return None
        i, how = found
        if stride == 1:
            row = stops[i]
            cycle = int(np.count_nonzero(trace.clk[:row]))
            context = _context(chip, trace, before, row)
            return MemoryMoment(how.memory, cycle, how.words[0], how.n_differing, context, is_first)
        edges = edges[(edges <= stops[i]) & (edges > (stops[i - 1] if i else -1))]
    return None


def _does(golden: Device, trace: Trace, before: Memories, after: Memories) -> bool:
    """Whether the golden model does what the trace and the memories after it tell."""
    run = golden.run(trace, before)
    same = not ((run.outputs ^ trace.outputs) & trace.known).any()
    return same and all(np.array_equal(run.memories[name], words) for name, words in after.items())


def _first(
    chip: Chip, stops: Sequence[int], got: Iterable[Moment], expected: Iterable[Moment]
) -> tuple[int, MemoryDifference] | None:
    """The first stop after which a memory differs in a bit that is known, and how it does."""
    for i, (device, golden) in enumerate(zip(got, expected, strict=True)):
        for memory in chip.memories:
            is_, right = device.memories[memory.name], golden.memories[memory.name]
            if device.known is None:
                if np.array_equal(is_, right):
                    continue
                return i, memory_difference(memory, right, is_, "", listed=1)
            known = device.known[memory.name]
            if ((is_ ^ right) & known).any():
                return i, memory_difference(memory, right & known, is_ & known, "", listed=1)
    return None


def _context(chip: Chip, trace: Trace, before: Memories, row: int) -> tuple[str, ...]:
    """What the golden model is doing just before the edge of a row, with the row's inputs applied."""
    model = chips.model(chip.name)()
    for name, content in before.items():
        model.memories[name][:] = content
    clk = trace.clk[: row + 1].copy()
    clk[row] = 0
    model.drive(trace.inputs[: row + 1], clk)
    return tuple(model.context())
