from typing import Any

from draupnir.rtl.reckon.hidden_neurons import LANES
from draupnir.rtl.reckon.memory import SpiMemory
from draupnir.rtl.tests.simulate import run_clocked

LANE_STARTS = [start for start, _ in LANES]


def _memory() -> SpiMemory:
    return SpiMemory(8, [width for _, width in LANES])


async def _core(ctx: Any, memory: SpiMemory, addr: int, word: int = 0, lanes: int = 0, we: int = 0) -> None:
    ctx.set(memory.core.cs, 1)
    ctx.set(memory.core.we, we)
    ctx.set(memory.core.addr, addr)
    ctx.set(memory.w_lanes, lanes)
    ctx.set(memory.w_word, word)
    await ctx.tick()


def test_no_lane_is_in_two_chunks_and_no_field_is_in_one_with_another() -> None:
    assert LANE_STARTS == [0, 16, 28, 32, 40, 50, 64, 66, 78, 90, 96, 100, 116]
    assert sum(width for _, width in LANES) == 128


def test_the_spi_writes_a_chunk_and_leaves_the_rest() -> None:
    memory = _memory()

    async def bench(ctx: Any) -> None:
        await _core(ctx, memory, 5, (1 << 128) - 1, (1 << len(LANES)) - 1, we=1)
        ctx.set(memory.prog, 1)
        ctx.set(memory.word, 5)
        ctx.set(memory.chunk, 2)
        ctx.set(memory.payload, 0x12345678)
        await ctx.tick()
        ctx.set(memory.prog, 0)
        await _core(ctx, memory, 5)
        assert ctx.get(memory.r_word) == (1 << 128) - 1 & ~(0xFFFFFFFF << 64) | 0x12345678 << 64
        assert ctx.get(memory.r_chunk) == 0x12345678

    run_clocked(memory, bench)


def test_a_write_of_the_core_falls_through_while_the_spi_reads() -> None:
    memory = _memory()

    async def bench(ctx: Any) -> None:
        await _core(ctx, memory, 3, 7, (1 << len(LANES)) - 1, we=1)
        ctx.set(memory.read, 1)
        ctx.set(memory.word, 3)
        await _core(ctx, memory, 4, 9, (1 << len(LANES)) - 1, we=1)
        assert ctx.get(memory.r_word) == 7
        ctx.set(memory.read, 0)
        await _core(ctx, memory, 4)
        assert ctx.get(memory.r_word) == 0

    run_clocked(memory, bench)
