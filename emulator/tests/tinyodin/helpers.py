"""The common part of tinyODIN's tests: networks, rows of pins for all parts of the chip, and configured models."""

from __future__ import annotations

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.crossbar.layout import SPI_ADDR, SPI_BITS, SPI_DATA, SPI_FRAME, SpiCmd
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP, EVENTS, LIF, N_SYN, SYN_BITS, N
from draupnir.emulator.trace import pack

IN, OUT = CHIP.input_word, CHIP.output_word
EVENT = {event.name: event for event in EVENTS}


def network(model: Model, rng: np.random.Generator, thr: tuple[int, int], weight: tuple[int, int]) -> None:
    """Return neurons and synapses with thresholds and weights in these ranges; one of eight neurons is disabled."""
    for neur in range(N):
        model.memories["neurons"][neur] = encode(
            LIF,
            core=int(rng.integers(-20, 20)),
            thr=int(rng.integers(thr[0], thr[1] + 1)),
            leak_str=int(rng.integers(0, 10)),
            neur_disable=int(rng.random() < 1 / 8),
        )
    weights = rng.integers(weight[0], weight[1] + 1, size=(N * N // N_SYN, N_SYN)) & ((1 << SYN_BITS) - 1)
    model.memories["synapses"][:, 0] = (weights << SYN_BITS * np.arange(N_SYN)).sum(axis=1)


def ready(seed: int = 1, thr: tuple[int, int] = (8, 60), weight: tuple[int, int] = (-7, 7), **registers: int) -> Model:
    """Return a model at rest, with a network and these registers; the default of SPI_MAX_NEUR is 255."""
    model = Model()
    network(model, np.random.default_rng(seed), thr, weight)
    model.reset()
    for name, content in {"spi_max_neur": N - 1, **registers}.items():
        model.registers[0][name] = content
    model.drive(np.zeros(4, np.int64), np.ones(4, np.uint8))  # The levels pass the synchronisers.
    return model


def frame(addr: int, content: int, half: int = 1) -> list[int]:
    """Return the rows of an SPI transaction; half : clocks in half an SCK cycle."""
    bits = [(addr << SPI_BITS | content) >> i & 1 for i in reversed(range(SPI_FRAME))]
    rows = [pack(IN, {"MOSI": bit, "SCK": sck}) for bit in bits for sck in (0, 1) for _ in range(half)]
    return rows + [0] * half


def write_register(name: str, content: int) -> list[int]:
    """Return the rows of a configuration write."""
    return frame(encode(SPI_ADDR, cmd=SpiCmd.CONFIG, addr=CHIP.register(name).addr), content)


def access(cmd: SpiCmd, addr: int, content: int = 0, mask: int = 0, read: int = 0) -> list[int]:
    """Return the rows of an access to a memory's byte, slow enough for the controller."""
    addr_field = encode(SPI_ADDR, cmd=cmd, addr=addr, read=read, write=1 - read)
    return frame(addr_field, encode(SPI_DATA, byte=content, mask=mask), half=3) + [0] * 8


def random_rows(seed: int, n_cycles: int) -> np.ndarray:
    """Return rows with random events, acknowledges, and some edges of SCK."""
    rng = np.random.default_rng(seed)
    rows: list[int] = []
    while len(rows) < n_cycles:
        event = EVENTS[rng.integers(len(EVENTS))]
        free = sum(f.width for f in event.fields)
        addr = event.encode() | int(rng.integers(1 << free))
        pins = {"AERIN_ADDR": addr, "AERIN_REQ": 1}
        rows += [pack(IN, pins)] * int(rng.integers(1, 40))
        for _ in range(int(rng.integers(1, 30))):
            idle = {"AERIN_ADDR": addr, "AEROUT_ACK": int(rng.random() < 0.3), "SCK": int(rng.random() < 0.02)}
            rows += [pack(IN, idle)] * int(rng.integers(1, 40))
    return np.array(rows[:n_cycles])
