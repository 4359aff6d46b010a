"""Frames in hardware are the frames of protocol.py, whatever lies between them on the line."""

from binascii import crc_hqx
from collections.abc import Iterable
from typing import Any

import pytest

from draupnir.rtl.bridge import protocol
from draupnir.rtl.bridge.framing import CRC, Deframer, Framer
from draupnir.rtl.bridge.protocol import BUFFER, END, ESC, PAYLOAD, frame
from draupnir.rtl.tests.simulate import run_clocked

EVERY_BYTE = bytes(range(256))[:PAYLOAD]
PAYLOADS = (b"\x01\x02", b"\x00", bytes([END, ESC, END, ESC]), EVERY_BYTE, bytes(range(0xB0, 0xE0)))
GAP = 3  # clocks between two bytes; on a line there are more


def test_the_crc_is_the_published_one() -> None:
    assert crc_hqx(b"123456789", protocol.CRC_INIT) == 0x29B1 == CRC(8).compute(b"123456789")


async def next_payload(ctx: Any, deframer: Deframer) -> bytes:
    """Return the payload of the frame in the buffer, and release it."""
    ctx.set(deframer.o.ready, 1)
    payload = bytearray()
    for _ in range(2 * BUFFER):
        if ctx.get(deframer.ended):
            break
        if ctx.get(deframer.o.valid):
            payload.append(ctx.get(deframer.o.payload))
        await ctx.tick()
    assert ctx.get(deframer.ended)
    ctx.set(deframer.o.ready, 0)
    ctx.set(deframer.release, 1)
    await ctx.tick()
    ctx.set(deframer.release, 0)
    await ctx.tick().repeat(2)
    assert not ctx.get(deframer.full) and not ctx.get(deframer.o.valid)
    return bytes(payload)


def deframed(line: Iterable[int]) -> list[bytes]:
    """Return the payloads that the deframer finds in a line; each is read before the next frame begins."""
    deframer = Deframer()
    payloads: list[bytes] = []

    async def bench(ctx: Any) -> None:
        for byte in line:
            ctx.set(deframer.i.payload, byte)
            ctx.set(deframer.i.valid, 1)
            await ctx.tick()
            ctx.set(deframer.i.valid, 0)
            await ctx.tick().repeat(GAP)
            if ctx.get(deframer.full):
                payloads.append(await next_payload(ctx, deframer))

    run_clocked(deframer, bench)
    return payloads


def test_frames_are_taken_apart() -> None:
    assert deframed(b"".join(map(frame, PAYLOADS))) == list(PAYLOADS)


SPOILT = bytearray(frame(b"spoilt"))
SPOILT[3] ^= 0x10


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"garbage",
        bytes([END, END, END]),
        bytes(SPOILT),
        bytes([END, ESC, 0x41, 1, 2, 3, END]),
        frame(b"cut off")[:-4],
        bytes([END, *(7 for _ in range(300)), END]),
        bytes([END, 1, END]),
        bytes([ESC]),
    ],
)
def test_after_whatever_the_next_frame_but_one_at_the_latest_is_understood(noise: bytes) -> None:
    line = frame(b"before") + noise + frame(b"lost at most") + frame(b"after")
    for payloads in (deframed(line), protocol.SoftwareDeframer().take(line)):
        assert payloads[0] == b"before" and payloads[-1] == b"after"
        assert payloads[1:-1] in ([], [b"lost at most"])


def test_software_and_hardware_agree_on_a_noisy_line() -> None:
    noise = bytes((i * 37 + 11) % 256 for i in range(500))
    line = noise[:200] + frame(b"one") + noise[200:] + bytes([END]) + frame(EVERY_BYTE) + frame(b"two")
    assert deframed(line) == protocol.SoftwareDeframer().take(line) == [b"one", EVERY_BYTE, b"two"]


def test_a_frame_that_comes_while_another_is_held_is_lost_and_no_part_of_it_left() -> None:
    deframer = Deframer()
    payloads: list[bytes] = []

    async def bench(ctx: Any) -> None:
        async def put(line: bytes) -> None:
            for byte in line:
                ctx.set(deframer.i.payload, byte)
                ctx.set(deframer.i.valid, 1)
                await ctx.tick()
                ctx.set(deframer.i.valid, 0)
                await ctx.tick()

        second = frame(b"second")
        await put(frame(b"first") + second[:4])
        payloads.append(await next_payload(ctx, deframer))
        await put(second[4:])
        assert not ctx.get(deframer.full)
        await put(frame(b"third"))
        payloads.append(await next_payload(ctx, deframer))

    run_clocked(deframer, bench)
    assert payloads == [b"first", b"third"]


def test_a_frame_is_sent_as_often_as_asked() -> None:
    framer = Framer()
    line = bytearray()

    async def bench(ctx: Any) -> None:
        for payload in PAYLOADS:
            ctx.set(framer.clear, 1)
            await ctx.tick()
            ctx.set(framer.clear, 0)
            for byte in payload:
                ctx.set(framer.i.payload, byte)
                ctx.set(framer.i.valid, 1)
                await ctx.tick()
            ctx.set(framer.i.valid, 0)
            for _ in range(2):
                ctx.set(framer.send, 1)
                await ctx.tick()
                ctx.set(framer.send, 0)
                ctx.set(framer.o.ready, 1)
                while ctx.get(framer.busy):
                    if ctx.get(framer.o.valid):
                        line.append(ctx.get(framer.o.payload))
                    await ctx.tick()
                ctx.set(framer.o.ready, 0)

    run_clocked(framer, bench)
    assert bytes(line) == b"".join(frame(payload) * 2 for payload in PAYLOADS)


def test_a_frame_that_is_too_long_is_not_made() -> None:
    with pytest.raises(ValueError, match="255 bytes; a frame has at most 254"):
        frame(bytes(255))
