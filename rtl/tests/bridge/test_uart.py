"""The UART sends and receives bytes, at any divider, and also with a line of a slightly different speed."""

from typing import Any

import pytest

from draupnir.rtl.bridge.uart import SMALLEST_DIVIDER, UartReceiver, UartSender
from draupnir.rtl.tests.simulate import run_clocked

CONTENT = bytes([0x00, 0xFF, 0x55, 0xA5, 0x01, 0x80])


async def take(ctx: Any, receiver: UartReceiver, output: list[int], n: int, clocks: int) -> None:
    for _ in range(clocks):
        if ctx.get(receiver.o.valid):
            output.append(ctx.get(receiver.o.payload))
        if len(output) == n:
            return
        await ctx.tick()


def received_bytes(divider: int, clocks: int, content: bytes = CONTENT) -> list[int]:
    """Return the bytes that a receiver finds in a line whose bits last ``clocks``."""
    receiver = UartReceiver(divider)
    output: list[int] = []

    async def bench(ctx: Any) -> None:
        for byte in content:
            for level in (0, *(byte >> i & 1 for i in range(8)), 1):
                ctx.set(receiver.rx, level)
                for _ in range(clocks):
                    if ctx.get(receiver.o.valid):
                        output.append(ctx.get(receiver.o.payload))
                    await ctx.tick()
        await take(ctx, receiver, output, len(content), 3 * clocks)

    run_clocked(receiver, bench)
    return output


@pytest.mark.parametrize("divider", [SMALLEST_DIVIDER, 5, 16])
def test_bytes_are_received(divider: int) -> None:
    assert received_bytes(divider, divider) == list(CONTENT)


@pytest.mark.parametrize("clocks", [31, 33])
def test_a_line_three_percent_off_is_understood(clocks: int) -> None:
    assert received_bytes(32, clocks) == list(CONTENT)


def test_a_glitch_is_no_start_bit_and_a_broken_stop_bit_no_byte() -> None:
    receiver = UartReceiver(16)
    output: list[int] = []

    async def bench(ctx: Any) -> None:
        ctx.set(receiver.rx, 0)
        await ctx.tick().repeat(4)
        ctx.set(receiver.rx, 1)
        await take(ctx, receiver, output, 1, 200)
        ctx.set(receiver.rx, 0)  # This is a break, which is longer than any byte.
        await take(ctx, receiver, output, 1, 400)
        ctx.set(receiver.rx, 1)
        await take(ctx, receiver, output, 1, 200)

    run_clocked(receiver, bench)
    assert output == []


@pytest.mark.parametrize("divider", [SMALLEST_DIVIDER, 7])
def test_bytes_are_sent_bit_by_bit(divider: int) -> None:
    sender = UartSender(divider)
    line: list[int] = []

    async def bench(ctx: Any) -> None:
        assert ctx.get(sender.tx) == 1
        for byte in (0x96, 0x01):
            ctx.set(sender.i.payload, byte)
            ctx.set(sender.i.valid, 1)
            while not ctx.get(sender.i.ready):
                line.append(ctx.get(sender.tx))
                await ctx.tick()
            await ctx.tick()
        ctx.set(sender.i.valid, 0)
        for _ in range(12 * divider):
            line.append(ctx.get(sender.tx))
            await ctx.tick()

    run_clocked(sender, bench)
    start = line.index(0)
    bits = line[start + divider // 2 :: divider]
    assert bits[:10] == [0, *(0x96 >> i & 1 for i in range(8)), 1]
    second = bits[10:].index(0)
    assert bits[10 + second :][:10] == [0, *(0x01 >> i & 1 for i in range(8)), 1]
