"""An SPI master's rows are the levels that the bus declares, and MISO is read just before SCK rises."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.buses.spi import levels
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import port
from draupnir.emulator.trace import unpack

CHIPS = [name for name in chips.names() if chips.package(name).port]


@pytest.mark.parametrize("half", [1, 2, 5])
@pytest.mark.parametrize("name", CHIPS)
def test_rows_are_the_levels_of_the_bus_each_for_half_a_period(name: str, half: int) -> None:
    chip = chips.declaration(name)
    bits = np.random.default_rng(half).integers(0, 2, (3, 8))
    names = {role: pins.spi_pin(chip, role).name for role in ("sck", "mosi")}
    for row, shifted in zip(bits.tolist(), pins.shift(chip, bits, half), strict=True):
        steps = [unpack(chip.input_word, int(packed_pins)) for packed_pins in shifted]
        expected = [step for step in levels(row) for _ in range(half)]
        assert [{role: pin_levels[pin] for role, pin in names.items()} for pin_levels in steps] == expected
        assert all(
            not any(level for pin, level in pin_levels.items() if pin not in names.values()) for pin_levels in steps
        )


@pytest.mark.parametrize(("half", "gap"), [(1, 0), (2, 3), (3, 1)])
@pytest.mark.parametrize("name", CHIPS)
def test_an_echo_of_mosi_is_received_as_it_was_sent(name: str, half: int, gap: int) -> None:
    """MISO shows MOSI in the last clock before SCK rises, and the opposite in all others."""
    chip = chips.declaration(name)
    words = [int(x) for x in np.random.default_rng(half).integers(1 << 20, size=4)]
    sck, mosi = (chip.input_word[pins.spi_pin(chip, role).name].lsb for role in ("sck", "mosi"))
    rows = pins.rows(chip, words, half, gap)
    assert len(rows) == len(words) * (2 * half * port(chip).bits + 1 + gap)
    before_rise = np.append(rows[1:] >> sck & 1, 0) > (rows >> sck & 1)
    miso = np.where(before_rise, rows >> mosi & 1, 1 - (rows >> mosi & 1))
    outputs = miso << chip.output_word[pins.spi_pin(chip, "miso").name].lsb
    assert pins.miso_words(chip, outputs, half, gap) == words
