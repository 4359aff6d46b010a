"""A mismatch's context first says what stops the whole chip: its reset, or its gate."""

from __future__ import annotations

import pytest

from draupnir.emulator import chips
from draupnir.emulator.trace import pack


@pytest.mark.parametrize(
    ("chip", "gate", "register"),
    [
        ("odin", "SPI_GATE_ACTIVITY", "spi_gate_activity"),
        ("tinyodin", "SPI_GATE_ACTIVITY", "spi_gate_activity"),
        ("reckon", "SPI_EN_CONF", "spi_en_conf"),
    ],
)
def test_the_reset_and_the_gate_are_told_while_they_are_on(chip: str, gate: str, register: str) -> None:
    model = chips.model(chip)()
    rst = pack(model.chip.input_word, {"RST": 1})
    assert model.context()[0].startswith("cycle 0, controller ")
    model.step(rst)
    assert "RST is on" in model.context()[0]
    model.step(0)
    model.registers[0][register] = 1
    assert model.context()[0] == f"{gate} is on"
    model.step(rst)
    model.registers[0][register] = 1
    assert model.context()[0] == f"RST is on, {gate} is on"


def test_the_gate_is_told_until_the_controller_has_seen_it_open() -> None:
    """The gate passes two flip-flops."""
    model = chips.model("tinyodin")()
    model.registers[0].spi_gate_activity = 1
    for _ in range(4):
        model.step(0)
    model.registers[0].spi_gate_activity = 0
    is_on = []
    for _ in range(4):
        is_on.append(model.context()[0] == "SPI_GATE_ACTIVITY is on")
        model.step(0)
    assert is_on == [True, True, False, False]
