import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator.chips import declaration
from draupnir.emulator.trace import Trace, column, pack, unpack

CHIP = declaration("odin")
WORD = CHIP.input_word


@given(st.fixed_dictionaries({pin.name: st.integers(0, (1 << pin.width) - 1) for pin in CHIP.inputs}))
def test_unpacked_pins_are_those_packed(pins: dict[str, int]) -> None:
    assert unpack(WORD, pack(WORD, pins)) == pins


def test_pins_lie_side_by_side_in_the_order_declared() -> None:
    word = CHIP.output_word
    assert [pin.name for pin in CHIP.outputs] == ["MISO", "AERIN_ACK", "AEROUT_ADDR", "AEROUT_REQ"]
    assert pack(word, {"MISO": 1}) == 1
    assert pack(word, {"AERIN_ACK": 1}) == 1 << 1
    assert pack(word, {"AEROUT_ADDR": 0xA5}) == 0xA5 << 2
    assert pack(word, {"AEROUT_REQ": 1}) == 1 << 10


def test_the_clock_is_not_among_the_packed_pins() -> None:
    assert "CLK" not in WORD
    assert WORD.width == 22


def test_pins_not_named_are_low() -> None:
    assert pack(WORD, {}) == 0
    assert unpack(WORD, pack(WORD, {"RST": 1})) == dict.fromkeys((pin.name for pin in CHIP.inputs), 0) | {"RST": 1}


@pytest.mark.parametrize(("pin", "level"), [("RST", 2), ("RST", -1), ("AERIN_ADDR", 1 << 17)])
def test_a_level_that_does_not_fit_the_pin_is_refused(pin: str, level: int) -> None:
    high = (1 << CHIP.pin(pin).width) - 1
    with pytest.raises(ValueError, match=rf"^pin {pin}: {level} is not within 0\.\.{high}$"):
        pack(WORD, {pin: level})


def test_an_unknown_pin_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(KeyError, match=r"odin inputs has no field 'RESET'; it has RST, SCK, MOSI"):
        pack(WORD, {"RESET": 1})


def test_a_column_is_one_pin_of_all_rows() -> None:
    rows = np.array([pack(WORD, {"AERIN_ADDR": addr, "RST": 1, "AEROUT_ACK": 1}) for addr in (0, 1, 0x1FFFF)])
    assert column(WORD, "AERIN_ADDR", rows).tolist() == [0, 1, 0x1FFFF]


def test_cycles_are_the_rows_that_a_clock_edge_ends() -> None:
    rows = np.zeros(4, np.int64)
    trace = Trace(CHIP, rows, np.array([1, 0, 1, 0], np.uint8), rows, rows, rows)
    assert len(trace) == 4
    assert trace.n_cycles == 2
