"""Random streams of SPI fields for the tests, well formed and odd."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.reckon.layout import SPI_HEADER, SpiCode

N = 120  # transactions of a stream


def bytewise(rng: np.random.Generator) -> list[int]:
    """Fields of an ODIN's transactions: few addresses, so that much is written twice; all kinds of oddness."""
    fields = [0x00000, 1, 0x00001, 1]  # the gate, and the open loop
    for _ in range(N):
        cmd = int(rng.choice([0, 1, 1, 1, 2, 2, 3]))
        addr = (
            int(rng.integers(3)) | int(rng.choice([0, 1, 2, 3, 16, 200])) << 8
            if cmd == 1
            else int(rng.integers(1 << 16))
        )
        if cmd == 0:
            addr = int(rng.choice([0, 0, 2, 3, 18, 21, 25, 26, 4095]))
        elif cmd == 2:
            addr = int(rng.integers(4)) << 13 | int(rng.choice([0, 5, 8191]))
        content = int(rng.integers(1 << 20)) if addr or cmd else int(rng.choice([0, 1, 1, 3]))
        fields += [int(rng.choice([1, 1, 1, 0, 2, 3])) << 18 | cmd << 16 | addr, content]
    return fields[: len(fields) - int(rng.integers(2))]


def of_reckon(rng: np.random.Generator) -> list[int]:
    """Fields of ReckOn's transactions: blocks, reads, and all kinds of oddness."""
    fields: list[int] = []
    for _ in range(N):
        code, n = int(rng.choice([0, 0, 1, 2, 3, 4, 5, 5, 6, 7])), int(rng.choice([0, 1, 1, 2, 3, 9]))
        addr = int(rng.choice([0, 3, 508, 511, 514, 2046, 16382, 65535]))
        if code == SpiCode.CONFIG:
            addr = int(rng.choice([0, 0, 1, 9, 65, 68, 70, 85, 94, 97, 5000]))
        fields.append(encode(SPI_HEADER, addr=addr, num_write=n, code=code, read=int(rng.random() < 0.15)))
        fields += rng.integers(1 << 32, size=n).tolist()
        if addr == 0 and code == 0 and n:
            fields[-1] = int(rng.choice([0, 1, 1, 1, 2, 3]))
    return fields[: len(fields) - int(rng.integers(2))]


STREAMS = {"odin": bytewise, "tinyodin": bytewise, "reckon": of_reckon}
