"""Every chip's SPI: a configuration is its write stream, and the stream on the model's pins leaves it in the chip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import MemoryWrite, decode, port
from draupnir.tools.compile.spi import stream
from draupnir.tools.compile.summary import summary

CHIPS = [name for name in chips.names() if chips.package(name).port]
HALF_TO_READ = 8  # clocks: ReckOn puts a word's first bit on MISO as soon as it has read it, for one SCK period


def anything(chip: Chip, seed: int) -> Configuration:
    rng = np.random.default_rng(seed)
    registers = {r.name: tuple(rng.integers(0, 1 << r.width, r.n_addrs).tolist()) for r in chip.registers}
    memories = {m.name: rng.integers(0, 1 << 32, (m.depth, m.n_limbs), dtype=np.uint32) for m in chip.memories}
    return Configuration(chip, registers, memories)


def programmed(chip: Chip, transactions: list[int], half: int) -> Any:
    model = chips.model(chip.name, chip.sizes)(seed=3)
    model.reset()
    rows = np.concatenate([pins.rows(chip, transactions, half), np.zeros(8, np.int64)])
    model.drive(rows, np.ones(len(rows), np.uint8))
    return model


@pytest.mark.parametrize("name", CHIPS)
def test_whatever_was_in_the_chip_the_images_are_in_it_then_and_read_back(name: str) -> None:
    chip = chips.declaration(name)
    configuration, spi_port = anything(chip, 4), port(chip)
    transactions = stream.pack(configuration)
    model = programmed(chip, transactions, half=2)
    for memory in chip.memories:
        assert np.array_equal(model.memories[memory.name], configuration.memories[memory.name]), memory.name
    for register in chip.registers:
        contents = np.atleast_1d(model.registers[0][register.name.lower()])
        assert tuple(contents.tolist()) == configuration.registers[register.name], register.name

    rng = np.random.default_rng(6)
    chunks = [
        (memory.name, int(rng.integers(memory.depth)), int(rng.integers(memory.width // spi_port.chunk_bits)))
        for memory in chip.memories
        for _ in range(5)
    ]
    begin = [spi_port.encode(write) for write in spi_port.begin()]  # closes the gate again
    reads = [*begin, *(spi_port.encode_read(*chunk) for chunk in chunks)]
    rows = pins.rows(chip, reads, HALF_TO_READ)
    miso_words = pins.miso_words(chip, model.drive(rows, np.ones(len(rows), np.uint8)), HALF_TO_READ)
    answers = miso_words[len(begin) :]
    per_limb = 32 // spi_port.chunk_bits
    for (name, word, chunk), answer in zip(chunks, answers, strict=True):
        limb = int(configuration.memories[name][word, chunk // per_limb])
        assert (
            spi_port.answer(answer) == limb >> spi_port.chunk_bits * (chunk % per_limb) & (1 << spi_port.chunk_bits) - 1
        )


@pytest.mark.parametrize("name", CHIPS)
def test_a_write_is_what_its_transaction_says(name: str) -> None:
    chip = chips.declaration(name)
    spi_port = port(chip)
    for content in stream.pack(anything(chip, 7))[::997]:
        write = decode(spi_port, content)
        assert spi_port.encode(write) == content
        assert stream.describe(chip, content).startswith(
            write.memory if isinstance(write, MemoryWrite) else write.register
        )


def test_a_chip_of_which_nobody_has_said_is_refused_and_its_configuration_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odin = chips.declaration("odin")
    package = replace(chips.package("odin"), port=None)
    monkeypatch.setattr(chips, "package", lambda name: package)
    with pytest.raises(
        InputError, match=r"odin has no SPI port \(port= of its ChipPackage\): nothing can be written through its SPI"
    ):
        port(odin)
    assert "spi_transactions" not in summary(anything(odin, 9))
