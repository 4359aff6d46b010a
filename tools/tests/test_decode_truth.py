"""After the same pins, the result of ``decode`` is what the golden model has in its registers and memories.

The pins carry well formed transfers and all kinds of odd ones: clocks too many and too few, resets in the middle of a
transfer, and an end anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Chip
from draupnir.emulator.spi.port import port
from draupnir.golden.levels import PinMoments
from draupnir.tools.decode.job import Decoded, WaveDecoder
from draupnir.tools.tests.spi_streams import STREAMS

HALF = 4  # clocks of half an SCK period
SETTLING = 40  # clocks after a reset, and at the end
PIECE = 997  # moments in a piece


def levels(name: str, seed: int) -> np.ndarray:
    """(n, 3) int64: SCK, MOSI and RST in steps of half an SCK period."""
    rng = np.random.default_rng([seed, len(name)])
    n_bits = port(chips.declaration(name)).field_bits
    fields = STREAMS[name](rng)
    bits = [content >> i & 1 for content in fields for i in reversed(range(n_bits))]
    if seed % 2:  # every second stream has clocks too many, too few, and resets
        for place in sorted(rng.integers(len(bits), size=6).tolist(), reverse=True):
            bits[place : place + int(rng.integers(2))] = [int(rng.integers(2))] * int(rng.integers(3))
    steps = [(sck, bit, 0) for bit in bits for sck in (0, 1)]
    if seed % 2:
        for place in sorted(rng.integers(len(steps) // 2, size=4).tolist()):
            sck, mosi, _ = steps[place]
            steps[place:place] = [(sck, mosi, 1), *[(sck, int(rng.integers(2)), 0)] * SETTLING]
        steps = steps[: len(steps) - int(rng.integers(3 * n_bits))]
    return np.array([(0, 0, 1), *[(0, 0, 0)] * SETTLING, *steps], np.int64)


def model_after(chip: Chip, steps: np.ndarray) -> Any:
    """The golden model after these levels."""
    word = chip.input_word
    packed_pins = sum(column << word[pin].lsb for column, pin in zip(steps.T, ("SCK", "MOSI", "RST"), strict=True))
    rows = np.repeat(np.asarray(packed_pins, np.int64), HALF)
    rows = np.concatenate([rows, np.full(HALF * SETTLING, rows[-1])])
    model = chips.model(chip.name)()
    model.drive(rows, np.ones(len(rows), np.uint8))
    return model


def decoded(chip: Chip, steps: np.ndarray) -> Decoded:
    """The same levels, decoded piece by piece."""
    decoder = WaveDecoder(chip, {memory.name: state.new_memory(memory) for memory in chip.memories})
    with_power_up = np.concatenate([np.zeros((1, 3), np.int64), steps])
    for begin in range(0, len(steps), PIECE):
        some = with_power_up[begin : begin + PIECE + 1]
        level = dict(zip(("SCK", "MOSI", "RST"), some.T, strict=True))
        is_known = {pin: np.ones(len(some), bool) for pin in level}
        decoder.feed(PinMoments(np.arange(begin, begin + len(some) - 1), level, is_known))
    return decoder.finish(str)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", STREAMS)
def test_the_state_that_is_decoded_is_the_model_s(name: str, seed: int) -> None:
    chip = chips.declaration(name)
    steps = levels(name, seed)
    result, model = decoded(chip, steps), model_after(chip, steps)
    assert (result.n_mistakes > 5) and ("reset" in {entry.kind for entry in result.entries})
    unwritten = result.contents.unwritten_registers
    n_compared = 0
    for register in chip.registers:
        if register.name not in unwritten or register.reset is not None:
            contents = tuple(np.atleast_1d(model.registers[0][register.name.lower()]).tolist())
            assert contents == result.contents.configuration.registers[register.name], register.name
            n_compared += 1
    assert n_compared > 0
    assert "loud" not in {odd.kind for odd in result.mistakes}, "another seed: neurons act by themselves"
    for memory in chip.memories:
        words = result.contents.configuration.memories[memory.name]
        assert np.array_equal(model.memories[memory.name], words), memory.name
