"""Random chips under random pins, for the tests of the clock-level model."""

from __future__ import annotations

import hashlib

import numpy as np

from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import CHIP, REGISTERS, SPI_HEADER
from draupnir.emulator.trace import pack

IN = CHIP.input_word
FEW = 20  # the number of neurons, so that a timestep is short


def model(seed: int) -> Model:
    """Return a chip with random contents and a small network, after a reset."""
    chip = Model(seed)
    chip.reset()
    r, rng = chip.registers[0], np.random.default_rng(seed)
    for register in REGISTERS:
        name = register.name.lower()
        r[name] = rng.integers(0, 1 << register.width, r[name].shape)
    r.spi_num_inp_neur, r.spi_num_rec_neur = rng.integers(0, FEW, 2)
    r.spi_en_conf = r.spi_local_tick = r.spi_error_halt = 0
    r.spi_do_eprop = 7 if seed % 2 else r.spi_do_eprop
    for memory in chip.memories.values():
        memory[:] = rng.integers(0, 1 << 32, memory.shape, dtype=np.uint32)
    return chip


def rows(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (n,) packed inputs and clock edges: timesteps, spikes, targets, some SPI, and pins that rarely change."""
    rng = np.random.default_rng(seed)
    pins = {"SAMPLE": 1, "TARGET_VALID": seed % 3 and 1, "INFER_ACC": 1}
    often = ["TIME_TICK", "TIME_TICK", "AERIN_REQ", "AERIN_REQ", "AERIN_TAR_EN", "OUT_ACK", "AERIN_ADDR"]
    seldom = ["SAMPLE", "TARGET_VALID", "INFER_ACC", "SCK", "MOSI"]
    inputs: list[int] = []
    clk: list[int] = []
    while len(inputs) < n:
        name = str(rng.choice(often if rng.random() < 0.9 else seldom))
        pins[name] = int(rng.integers(0, FEW)) if name == "AERIN_ADDR" else 1 - pins.get(name, 0)
        stand = int(rng.integers(1, 5)) if rng.random() < 0.6 else int(rng.integers(1, 200))
        inputs += [pack(IN, pins)] * stand
        clk += [int(rng.random() < 0.98)] + [1] * (stand - 1)
    return np.array(inputs[:n]), np.array(clk[:n], np.uint8)


def spi_rows(words: list[int], clocks: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of an SPI transaction; clocks : clocks of the chip in half an SCK period, 0 for a faster SCK."""
    mosi, sck = pack(IN, {"MOSI": 1}), pack(IN, {"SCK": 1})
    halves = [(word >> i & 1) * mosi | high * sck for word in words for i in reversed(range(32)) for high in (0, 1)]
    inputs = np.repeat(np.array([*halves, 0]), max(clocks, 1))
    return inputs, np.full(len(inputs), min(clocks, 1), np.uint8)


def header(**fields: int) -> int:
    """Return an SPI address field."""
    return sum(content << SPI_HEADER[name].lsb for name, content in fields.items())


def digest(n: int = 700, stretch: bool = True) -> str:
    """Return a number for the outputs and states of two chips after n rows; stretch : see ``ClockLevel``."""
    sha = hashlib.sha256()
    for seed in (1, 2):
        chip = model(seed)
        chip.stretch = stretch
        sha.update(chip.drive(*rows(seed, n)).tobytes())
        for name in chip.registers.dtype.names or ():
            sha.update(np.ascontiguousarray(chip.registers[name]).tobytes())
        for memory in chip.memories.values():
            sha.update(memory.tobytes())
    return sha.hexdigest()


if __name__ == "__main__":
    print(digest())
