"""A short random stimulus of all kinds, and a digest of all the model's results.

As a program it prints the digest, so that a process with other Numba settings can be compared with this one.
"""

from __future__ import annotations

import hashlib

import numpy as np

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, EVENTS, LIF
from draupnir.emulator.trace import pack

SHORT = 12  # clocks in which the chip sees REQ and ACK


def pins(**levels: int) -> int:
    return pack(CHIP.input_word, levels)


def random_rows(seed: int, n_cycles: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with events of all kinds, ACKs and SCK edges, which ignore the chip's answers, without a reset."""
    rng = np.random.default_rng(seed)
    inputs: list[int] = []
    while len(inputs) < n_cycles:
        event = EVENTS[rng.integers(len(EVENTS))]
        addr = event.encode() | int(rng.integers(1 << 17)) & int(event.pattern.replace("1", "0").replace("-", "1"), 2)
        for req in (1, 0):
            for _ in range(rng.integers(1, 60 if rng.random() < 0.2 else SHORT)):
                ack = len(inputs) // 7 % 2
                sck, mosi = len(inputs) // 2 % 2, int(rng.integers(2))
                inputs.append(pins(AERIN_ADDR=addr, AERIN_REQ=req, AEROUT_ACK=ack, SCK=sck, MOSI=mosi))
    return np.array(inputs[:n_cycles]), np.ones(n_cycles, np.uint8)


def frame(addr: int, data: int) -> list[int]:
    """Return SPI rows: two half periods of SCK for each bit, each of which ends with a clock edge."""
    bits = [(addr << 20 | data) >> i & 1 for i in reversed(range(40))]
    return [pins(MOSI=bit, SCK=sck) for bit in bits for sck in (0, 0, 1, 1)]


def program(rng: np.random.Generator) -> np.ndarray:
    """Return rows: a reset, all registers with the gate closed, some bytes of both memories, and an open gate."""
    rows = [pins(RST=1)] * 4 + [pins()] * 4 + frame(0, 1)
    for register in CHIP.registers[1:]:
        for i in range(register.n_addrs if register.n_addrs == 1 else 1):
            content = 7 if register.name == "SPI_BURST_TIMEREF" else int(rng.integers(1 << register.width)) & ~1
            rows += frame(register.addr + i, content)
    for cmd in (1, 2):
        rows += frame(0b01 << 18 | cmd << 16 | 3, int(rng.integers(1 << 16)))
        rows += frame(0b10 << 18 | cmd << 16 | 3, 0)
    return np.array(rows + frame(0, 0) + [pins()] * 4)


def digest(n_cycles: int = 2000) -> str:
    """Return the sha256 of all outputs, both memories and all registers after programming and random stimulation."""
    rng = np.random.default_rng(11)
    model = Model(seed=11)
    for memory in model.memories.values():
        memory[:] = rng.integers(0, 1 << 32, memory.shape, dtype=np.uint32)
    model.memories["neurons"][::2, 0] |= 1 << LIF["lif_izh_sel"].lsb
    model.memories["neurons"][8:, 3] |= 1 << LIF["neur_disable"].lsb - 96  # Otherwise every spike event stops early.
    rows = np.concatenate([program(rng), random_rows(12, n_cycles)[0]])
    out = model.drive(rows, np.ones(len(rows), np.uint8))
    sums = hashlib.sha256(out.tobytes())
    for part in (*model.memories.values(), model.registers):
        sums.update(part.tobytes())
    return sums.hexdigest()


if __name__ == "__main__":
    print(digest())
