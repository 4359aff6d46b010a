"""The clock at which a memory first differs from the golden model's, while both run the same rows.

Both run from the first row on, and their memories are compared after clock edges. If a run has too many edges, the
memories are compared after every nth edge; then, in another run, after those between the last equal comparison and the
first different one. So they are equal before the reported clock, and it is the first different one if every edge was
compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.observed import MemoryMoment
from draupnir.emulator.trace import Trace, any_bit
from draupnir.golden.compare.bits import ComparedBits
from draupnir.golden.compare.device import Device, ModelDevice, loaded_model
from draupnir.golden.compare.difference import FirstDifference
from draupnir.golden.compare.memories import Memories, MemoryDifference, memory_difference
from draupnir.golden.compare.model import decoded


def first_memory_difference(
    device: Device, chip: Chip, trace: Trace, initial_memories: Memories, final_memories: Memories
) -> FirstDifference | None:
    """Follow a device and the chip's golden model over a trace, and return the first difference of a memory.

    initial_memories : the memories before the first row
    final_memories : the memories that were recorded after the last row; empty if there are none

    Returns None if the memories do not differ, if the device cannot be followed, or if the golden model differs from
    the trace, so that it is not a reference. The difference contains no output bits and no times.
    """
    if not device.can_follow or not chip.memories:
        return None
    golden = ModelDevice(chip)
    if not is_reference(golden, trace, initial_memories, final_memories):
        return None
    edges = np.flatnonzero(trace.clk)
    is_first = len(edges) <= device.n_moments
    while len(edges):
        stride = -(-len(edges) // device.n_moments)
        stops = [*map(int, edges[stride - 1 :: stride])]
        if stops[-1] != edges[-1]:
            stops.append(int(edges[-1]))
        result = _first(
            chip, stops, device.follow(trace, initial_memories, stops), golden.follow(trace, initial_memories, stops)
        )
        if result is None:
            return None
        i, memories = result
        if stride == 1:
            row = stops[i]
            cycle = int(np.count_nonzero(trace.clk[:row]))
            context, events = decoded(loaded_model(chip, initial_memories), trace, row)
            return FirstDifference(cycle, (), memories, ComparedBits(), None, "", row, is_first, context, events)
        edges = edges[(edges <= stops[i]) & (edges > (stops[i - 1] if i else -1))]
    return None


def is_reference(golden: ModelDevice, trace: Trace, initial_memories: Memories, final_memories: Memories) -> bool:
    """Return True if the golden model agrees with a trace and with the memories after it."""
    run = golden.run(trace, initial_memories)
    same = not any_bit((run.outputs ^ trace.outputs) & trace.known_bits).any()
    return same and all(np.array_equal(run.memories[name], words) for name, words in final_memories.items())


def _first(
    chip: Chip, stops: Sequence[int], moments: Iterable[MemoryMoment], expected: Iterable[MemoryMoment]
) -> tuple[int, tuple[MemoryDifference, ...]] | None:
    """Return the first stop after which memories differ in a known bit, and their differences; else None."""
    for i, (device, golden) in enumerate(zip(moments, expected, strict=True)):
        differences = tuple(
            memory_difference(memory, right, is_, known_bits=known_bits)
            for memory in chip.memories
            for is_, right in [(device.memories[memory.name], golden.memories[memory.name])]
            for known_bits in [device.known_bits[memory.name] if device.known_bits else None]
            if not np.array_equal(is_, right) and (known_bits is None or ((is_ ^ right) & known_bits).any())
        )
        if differences:
            return i, differences
    return None
