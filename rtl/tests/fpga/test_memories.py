import random
from typing import Any

import pytest
from amaranth import Module
from amaranth.hdl import Fragment

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga.memories import (
    BlockAndSpram,
    BlockMemories,
    LanedSram,
    MemoryShape,
    PartedSram,
    SpramBank,
    check_placed,
    fingerprint,
    parts,
)
from draupnir.rtl.lib.sram import LaneSram, Sram
from draupnir.rtl.tests.simulate import run_clocked


def test_lanes_are_the_memory_that_they_stand_for() -> None:
    sram, lanes, rng = Sram(64, 40, fingerprint(64, 40)), LanedSram(64, 40), random.Random(3)
    m = Module()
    m.submodules += [sram, lanes]

    async def bench(ctx: Any) -> None:
        for _ in range(1000):
            cs, we, addr, word = rng.random() < 0.8, rng.random() < 0.5, rng.randrange(8), rng.getrandbits(40)
            for memory in (sram, lanes):
                ctx.set(memory.control.cs, cs)
                ctx.set(memory.control.we, we)
                ctx.set(memory.control.addr, addr)
                ctx.set(memory.w_word, word)
            await ctx.tick()
            assert ctx.get(lanes.r_word) == ctx.get(sram.r_word)

    run_clocked(m, bench)


def test_blocks_that_hold_one_or_two_lanes_are_the_memory_that_they_stand_for() -> None:
    """The fingerprint is overwritten first, because a ``LaneSram`` begins with 0."""
    widths = [8, 4, 16, 12, 8]
    whole, rng = sum(widths), random.Random(3)
    blocks = PartedSram(sram := LaneSram(64, widths))
    m = Module()
    m.submodules += [sram, blocks]

    async def bench(ctx: Any) -> None:
        for access in range(1000):
            is_first = access < 9  # The last of these shows what the first one has written.
            cs, we = is_first or rng.random() < 0.8, is_first or rng.random() < 0.5
            addr, word = access % 8 if is_first else rng.randrange(8), rng.getrandbits(whole)
            w_lanes = rng.getrandbits(len(widths)) | (-is_first & 0b11111)
            for memory in (sram, blocks):
                for name, level in (("cs", cs), ("we", we), ("addr", addr)):
                    ctx.set(getattr(memory.control, name), level)
                ctx.set(memory.w_lanes, w_lanes)
                ctx.set(memory.w_word, word)
            await ctx.tick()
            assert access < 8 or ctx.get(blocks.r_word) == ctx.get(sram.r_word)

    run_clocked(m, bench)


def test_two_lanes_share_a_block_if_each_has_a_byte_of_its_port() -> None:
    assert parts([8] * 5) == [range(2), range(2, 4), range(4, 5)]
    assert [[*block] for block in parts([16, 12, 4, 8, 10, 2])] == [[0], [1], [2, 3], [4], [5]]


def test_an_ice40_has_no_large_memory_that_is_written_by_lanes() -> None:
    device, sram = BlockAndSpram(), LaneSram(4096, [8] * 16)
    assert device.get_lane_sram(sram) is None and not device.placed
    shapes = {"winp": MemoryShape(4096, 128)}
    with pytest.raises(InputError, match="reckon: winp cannot be filled from a bitstream"):
        check_placed("reckon", shapes, device.placed, "a bitstream")
    Fragment.get(sram, device)


def stand_in(device: BlockMemories, depth: int, width: int) -> type:
    """Return the class that replaces a memory. Both are elaborated, because Amaranth warns of unused components."""
    sram = Sram(depth, width)
    replacement = device.get_sram(sram)
    for component in (sram, replacement):
        Fragment.get(component, None)
    return type(replacement)


def test_an_ice40_puts_large_memories_into_spram_which_no_bitstream_fills() -> None:
    device = BlockAndSpram()
    assert stand_in(device, 8192, 32) is SpramBank and not device.has_initial_content(8192, 32)
    assert stand_in(device, 256, 128) is LanedSram and device.has_initial_content(256, 128)
    assert stand_in(BlockMemories(), 8192, 32) is LanedSram


def test_fingerprints_of_a_shape_are_the_same_and_of_another_shape_are_not() -> None:
    assert fingerprint(64, 32) == fingerprint(64, 32)
    assert not set(fingerprint(64, 128)) & set(fingerprint(256, 128))
    assert all(word < 1 << 7 for word in fingerprint(300, 7))
