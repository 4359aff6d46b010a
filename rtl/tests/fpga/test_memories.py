import random
from typing import Any

from amaranth import Module
from amaranth.hdl import Fragment

from draupnir.rtl.fpga.memories import BlockAndSpram, BlockMemories, LanedSram, SpramBank, fingerprint
from draupnir.rtl.lib.sram import Sram
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
