"""The pins of a chip are found in a waveform, or a message says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.golden.tests.toy import CHIP
from draupnir.golden.wave import Reading, Wave, read

BODY = "#0\n0C\n#5\n1C\n"
PINS = {"CLK": 1, "RST": 1, "SUM": 4, "ADD": 4, "SCK": 1, "ODD": 1}


def scope(name: str, inner: str = "", ids: str = "CRSAKO", pins: dict[str, int] = PINS) -> str:
    lines = "".join(f"$var wire {w} {i} {n} $end\n" for (n, w), i in zip(pins.items(), ids, strict=False))
    return f"$scope module {name} $end\n{lines}{inner}$upscope $end\n"


def waveform(path: Path, scopes: str, body: str = BODY) -> Path:
    path.write_text(f"$timescale 1 ns $end\n{scopes}$enddefinitions $end\n{body}")
    return path


def failure(path: Path, scope_name: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        Wave(path, CHIP, Reading(scope=scope_name))
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


def test_upper_and_lower_case_are_equal(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", pins={name.lower(): width for name, width in PINS.items()}))
    assert Wave(path, CHIP).scope == "tb"


def test_pins_at_the_top_of_the_file(tmp_path: Path) -> None:
    lines = scope("x").split("\n", 1)[1].replace("$upscope $end\n", "")
    recording = Wave(waveform(tmp_path / "w.vcd", lines), CHIP)
    assert recording.scope == ""


def test_a_missing_pin_is_named_with_the_scopes_that_come_nearest(tmp_path: Path) -> None:
    some = {name: width for name, width in PINS.items() if name != "SUM"}
    path = waveform(tmp_path / "w.vcd", scope("tb", scope("dut", pins=some), pins={"CLK": 1}))
    assert failure(path) == (
        "missing pin of toy: SUM in scope tb.dut (which has the 5 others); a recording without it needs --ignore SUM"
    )


def test_no_pin_at_all(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", scope("dut", pins={"b": 1}), pins={"a": 1}))
    assert failure(path) == "no pin of toy (CLK, ...) in any scope; looked in tb, tb.dut"


def test_another_width(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", pins={**PINS, "ADD": 3}))
    assert failure(path) == "pin ADD in scope tb has 3 bits; 4 bits would be right"


def test_scopes_with_the_very_same_signals_are_no_choice(tmp_path: Path) -> None:
    assert Wave(waveform(tmp_path / "w.vcd", scope("TOP", scope("toy"))), CHIP).scope == "TOP"


def test_of_nested_scopes_the_innermost_is_the_chip(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", scope("dut"), ids="crsako"))
    assert Wave(path, CHIP).scope == "tb.dut"
    assert Wave(path, CHIP, Reading(scope="tb")).scope == "tb"


def test_a_nested_scope_whose_widths_do_not_fit_is_not_the_chip(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", scope("dut", ids="crsako", pins={**PINS, "ADD": 9})))
    assert Wave(path, CHIP).scope == "tb"


def test_scopes_side_by_side_are_a_choice(tmp_path: Path) -> None:
    path = waveform(
        tmp_path / "w.vcd", scope("a") + scope("b", ids="crsako"), "#0\n0C\n#5\n1C\n#9\n0c\n#12\n1c\n#13\n0c\n#14\n1c\n"
    )
    assert failure(path) == "several scopes have the pins of toy: a, b; choose one with --scope"
    assert read(path, CHIP, Reading(scope="a")).n_cycles == 1
    assert read(path, CHIP, Reading(scope="b")).n_cycles == 2
    assert failure(path, "c") == "no scope 'c'; there is a, b"


def test_bits_dumped_one_by_one_and_side_by_side_are_one_pin(tmp_path: Path) -> None:
    bits = "".join(f"$var wire 1 {i} ADD[{i}] $end\n" for i in (3, 2, 1, 0))
    rest = {name: width for name, width in PINS.items() if name != "ADD"}
    path = waveform(
        tmp_path / "w.vcd",
        scope("tb", "", "CRSKO", rest).replace("$upscope", bits + "$upscope"),
        "#0\n0C\n03\n02\n11\n10\n#5\n1C\n",
    )
    assert [row >> 1 & 15 for row in read(path, CHIP).inputs.tolist()] == [3]


def test_bits_dumped_one_by_one_anywhere_are_one_pin(tmp_path: Path) -> None:
    """They are declared apart, from the lowest on, with a blank, and with the escaped names of a netlist."""
    rest = {name: width for name, width in PINS.items() if name != "ADD"}
    high = "$var wire 2 3 ADD [3:2] $end\n"
    low = "$var wire 1 0 \\ADD[0] $end\n$var wire 1 1 ADD[1] $end\n"
    text = scope("tb", high, "CRSKO", rest).replace("module tb $end\n", "module tb $end\n" + low)
    path = waveform(tmp_path / "w.vcd", text, "#0\n0C\nb10 3\n01\n10\n#5\n1C\n#6\n0C\nb1 3\n11\n#10\n1C\n")
    assert [row >> 1 & 15 for row in read(path, CHIP).inputs.tolist()] == [0b1001, 0b0111]


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ((3, 2, 0), "pin ADD in scope tb is dumped in pieces, [3], [2], [0]; each of 4 bits once would be right"),
        ((3, 2, 1, 1, 0), "pin ADD in scope tb is dumped in pieces, [3], [2], [1], [1], [0]; each of 4 bits once"),
    ],
)
def test_bits_that_are_no_pin_are_refused(tmp_path: Path, bits: tuple[int, ...], message: str) -> None:
    rest = {name: width for name, width in PINS.items() if name != "ADD"}
    pieces = "".join(f"$var wire 1 {chr(97 + i)} ADD[{bit}] $end\n" for i, bit in enumerate(bits))
    assert failure(waveform(tmp_path / "w.vcd", scope("tb", pieces, "CRSKO", rest))).startswith(message)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("real 64 A ADD", "is a real number; 4 bits would be right"),
        ("string 1 A ADD", "is a string; 4 bits would be right"),
        ("event 1 A ADD", "is an event; 4 bits would be right"),
        ("wire 3 A ADD [3:0]", "has 3 bits by its size, 4 by its range [3:0]; 4 bits would be right"),
        ("wire 4 A ADD [4:0]", "has 4 bits by its size, 5 by its range [4:0]; 4 bits would be right"),
        ("wire 1 A ADD", "has 1 bit; 4 bits would be right"),
    ],
)
def test_a_pin_that_is_no_pin_is_called_what_it_is(tmp_path: Path, variable: str, message: str) -> None:
    text = scope("tb").replace("wire 4 A ADD", variable)
    assert failure(waveform(tmp_path / "w.vcd", text)) == f"pin ADD in scope tb {message}"


def test_a_row_of_an_array_is_not_the_pin(tmp_path: Path) -> None:
    text = scope("tb", "$var reg 4 m ADD[2][3:0] $end\n$var reg 4 n \\ADD[1] [3:0] $end\n")
    assert Wave(waveform(tmp_path / "w.vcd", text), CHIP).scope == "tb"


def test_a_clock_that_is_missing(tmp_path: Path) -> None:
    some = {name: width for name, width in PINS.items() if name not in ("CLK", "RST")}
    assert failure(waveform(tmp_path / "w.vcd", scope("ila", pins=some))) == (
        "missing pin of toy: CLK, RST in scope ila (which has the 4 others); samples taken by the chip's own clock, as"
        " a vendor's analyser does, need --clock-per-sample; a recording without it needs --ignore RST"
    )


def test_scopes_of_generate_blocks_and_escaped_names(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", scope("lane[0]", scope("\\odd.name", ids="crsako")), pins={"a": 1}))
    assert Wave(path, CHIP).scope == "tb.lane[0].\\odd.name"
    assert Wave(path, CHIP, Reading(scope="tb.lane[0].\\odd.name")).scope == "tb.lane[0].\\odd.name"


def test_pins_tied_together_are_one_signal(tmp_path: Path) -> None:
    path = waveform(tmp_path / "w.vcd", scope("tb", ids="CRSARO"), "#0\n0C\n#3\n1R\n#5\n1C\n")
    assert read(path, CHIP).inputs.tolist() == [0b100001]
