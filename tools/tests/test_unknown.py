"""A design whose outputs are X for ever holds nothing in Icarus, and a mutant cannot hide behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, pack
from draupnir.golden import case, regress, regress_report, wave_out
from draupnir.golden.case import Case
from draupnir.golden.compare import Undefined
from draupnir.golden.record import Recording
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl import devices, toolchain
from draupnir.rtl.design import Design
from draupnir.rtl.initial import UNKNOWN, ZERO, Initial
from draupnir.rtl.tests.toy_chip import write
from draupnir.tools.commands import record
from draupnir.tools.terminal.errors import DifferenceFound

pytestmark = pytest.mark.icarus

N_CYCLES, N_RESET = 40, 4
CHIP = Chip(
    "parity", "",
    (
        Pin("CLK", "in", 1, "clock", ""), Pin("RST", "in", 1, "reset", ""), Pin("IN", "in", 4, "control", ""),
        Pin("SUM", "out", 4, "status", ""), Pin("ODD", "out", 1, "status", ""), Pin("BOTH", "out", 2, "status", ""),
    ),
    (), (), (), (), "",
)  # fmt: skip
# No reset reaches ``odd`` and ``both``: X for ever, but the high bit of BOTH, which does not depend on them.
PARITY = """
module parity (input CLK, input RST, input [3:0] IN, output reg [3:0] SUM, output ODD, output [1:0] BOTH);
    reg odd, both;
    assign ODD = odd, BOTH = {SUM[3], both};
    always @(posedge CLK) begin
        SUM <= RST ? 4'd0 : SUM + IN;
        odd <= odd ^ IN[0];
        both <= both ^ IN[1];
    end
endmodule
"""
MUTANT = PARITY.replace("odd ^ IN[0]", "odd ^ IN[3]")


@pytest.fixture(autouse=True)
def _icarus() -> None:
    for tool in (toolchain.icarus, toolchain.cxx):
        try:
            tool()
        except InputError as error:
            pytest.skip(str(error))


def trace() -> Trace:
    """What the design does from zeros, worked out here."""
    ins = np.random.default_rng(4).integers(0, 16, N_CYCLES)
    ins[:N_RESET] = 0
    rows, outputs, total, odd, both = [], [], 0, 0, 0
    for cycle, number in enumerate(map(int, ins)):
        rst = int(cycle < N_RESET)
        rows.append(pack(CHIP.input_word, {"RST": rst, "IN": number}))
        outputs.append(pack(CHIP.output_word, {"SUM": total, "ODD": odd, "BOTH": (total >> 3) << 1 | both}))
        total, odd, both = 0 if rst else (total + number) % 16, odd ^ number & 1, both ^ number >> 1 & 1
    clk = np.ones(N_CYCLES, np.uint8)
    known_bits = np.full(N_CYCLES, (1 << CHIP.output_word.width) - 1)
    return Trace(CHIP, np.array(rows), clk, np.array(outputs), known_bits, wave_out.schedule(clk))


@pytest.fixture
def recording(tmp_path: Path) -> Case:
    folder = tmp_path / "golden" / CHIP.name / "sums"
    folder.mkdir(parents=True)
    wave_out.write(trace(), folder / case.WAVE)
    return case.write(folder, CHIP.name, "A toy.", {"kind": "by hand"})


def design(folder: Path, source: str) -> Design:
    return Design(CHIP.name, (write(folder / "rtl", parity=source) / "parity.v",))


def outcome_of(folder: Path, source: str, one: Case, initial: Initial = UNKNOWN) -> CaseOutcome:
    return regress.hold(devices.InIcarus(design(folder, source), CHIP, initial), CHIP, one)


# Before the first reset is over, at clocks 0 to 3, SUM is unknown at clock 0 only, and with it the high bit of BOTH.
N_KNOWN_LATE = N_CYCLES - N_RESET


@pytest.mark.parametrize("source", [PARITY, MUTANT], ids=["original", "mutant"])
def test_what_is_unknown_for_ever_does_not_hold(source: str, recording: Case, tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, source, recording)
    assert not outcome.holds and outcome.equal
    assert outcome.undeclared == {"ODD": N_KNOWN_LATE, "BOTH": N_KNOWN_LATE}
    assert outcome.agreement.never == ("ODD",)
    assert outcome.agreement.n_before == 2 * N_RESET + 5
    assert str(outcome.agreement.bits) == f"{7 * N_CYCLES - 2 * N_CYCLES - 5} of {7 * N_CYCLES} output bits compared"


def test_from_zero_the_original_holds_and_the_mutant_does_not(recording: Case, tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path / "a", PARITY, recording, ZERO)
    assert outcome.holds and outcome.agreement.bits.n_compared == 7 * N_CYCLES
    assert not outcome_of(tmp_path / "b", MUTANT, recording, ZERO).holds


def test_from_random_values_what_no_reset_reaches_differs(recording: Case, tmp_path: Path) -> None:
    sound = PARITY.replace("odd ^ IN[0]", "RST ? 0 : odd ^ IN[0]").replace("both ^ IN[1]", "RST ? 0 : both ^ IN[1]")
    outcomes = [outcome_of(tmp_path / str(seed), PARITY, recording, Initial("random", seed)) for seed in range(1, 5)]
    assert any(outcome.agreement.different for outcome in outcomes)
    assert all(set(outcome.agreement.different) <= {"ODD", "BOTH"} for outcome in outcomes)
    for seed in (1, 2):
        outcome = outcome_of(tmp_path / f"sound{seed}", sound, recording, Initial("random", seed))
        assert outcome.holds and outcome.agreement.n_before == 7 * N_RESET


def test_a_case_may_leave_just_that_open(recording: Case, tmp_path: Path) -> None:
    bits = {"ODD": N_KNOWN_LATE, "BOTH": N_KNOWN_LATE}
    undefined = Undefined(N_RESET, bits)
    outcome = outcome_of(tmp_path, PARITY, replace(recording, undefined=undefined))
    assert outcome.holds and outcome.undefined
    for less in (Undefined(N_RESET + 1, bits), Undefined(0, bits | {"ODD": N_KNOWN_LATE - 1})):
        assert not outcome_of(tmp_path, PARITY, replace(recording, undefined=less)).holds


def test_a_recording_that_knows_nothing_does_not_hold(recording: Case, tmp_path: Path) -> None:
    wave_out.write(replace(trace(), known_bits=np.zeros(N_CYCLES, np.int64)), recording.wave)
    new_case = case.write(recording.folder, CHIP.name, "A toy.", {"kind": "by hand"})
    assert not outcome_of(tmp_path, PARITY, new_case, ZERO).holds


def test_a_recording_of_which_a_pin_is_never_known_does_not_hold(recording: Case, tmp_path: Path) -> None:
    odd = CHIP.output_word["ODD"]
    wave_out.write(replace(trace(), known_bits=trace().known_bits & ~(odd.high << odd.lsb)), recording.wave)
    new_case = case.write(recording.folder, CHIP.name, "A toy.", {"kind": "by hand"})
    outcome = outcome_of(tmp_path, PARITY, new_case, ZERO)
    assert not outcome.holds and outcome.agreement.never == ("ODD",)
    output = "\n".join(regress_report.lines(CHIP.name, "toy", [outcome], 0.0, tmp_path))
    assert (
        "sums: never compared, because they are X or Z at every clock: ODD; 240 of 280 output bits compared" in output
    )
    undefined_case = replace(new_case, undefined=Undefined(0, {"ODD": N_CYCLES}))
    assert outcome_of(tmp_path, PARITY, undefined_case, ZERO).holds


def test_a_report_names_what_is_never_known(recording: Case, tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, PARITY, recording)
    output = "\n".join(regress_report.lines(CHIP.name, "toy", [outcome], 0.0, tmp_path))
    assert (
        "sums: unknown bits, which the recording knows: ODD 36 (never known), BOTH 36; 195 of 280 output bits" in output
    )
    assert (
        "0 of 1 cases hold: 40 clocks, 0 mismatches, 195 of 280 output bits compared (13 were unknown before" in output
    )
    report = regress_report.as_object([outcome], "unknown")
    assert not report["holds"] and report["cases"][0]["undeclared"] == {"ODD": 36, "BOTH": 36}
    assert report["cases"][0]["output_bits"]["never_known"] == ["ODD"]


# --- Recording ----------------------------------------------------------------------------------------------------


def check(folder: Path, source: str, initial: Initial = UNKNOWN, is_undefined: bool = False) -> tuple[str, object]:
    return record._check(design(folder, source), Recording(trace(), {}, {}), is_undefined, initial)


@pytest.mark.parametrize("source", [PARITY, MUTANT], ids=["original", "mutant"])
def test_no_case_is_made_of_what_icarus_does_not_know(source: str, tmp_path: Path) -> None:
    with pytest.raises(DifferenceFound) as error:
        check(tmp_path, source)
    message = "does not know from cycle 4 on bits of ODD 36 (never known), BOTH 36; 195 of 280 output bits compared"
    assert str(error.value).endswith(message)


def test_from_zero_icarus_knows(tmp_path: Path) -> None:
    summary, undefined = check(tmp_path / "a", PARITY, ZERO)
    assert ", started at zero, does the same; 280 of 280 output bits compared" in summary and undefined is None
    with pytest.raises(DifferenceFound, match=", started at zero, differs from cycle "):
        check(tmp_path / "b", MUTANT, ZERO)


def test_an_undefined_recipe_tells_what_icarus_left_open(tmp_path: Path) -> None:
    summary, undefined = check(tmp_path, PARITY, is_undefined=True)
    assert summary.endswith("in what the Verilog leaves undefined")
    assert undefined == Undefined(N_RESET, {"ODD": N_KNOWN_LATE, "BOTH": N_KNOWN_LATE}, {})


def test_a_recipe_of_which_icarus_knows_nothing_makes_no_case(tmp_path: Path) -> None:
    nothing = PARITY.replace("RST ? 4'd0 : SUM + IN", "SUM + IN")
    with pytest.raises(DifferenceFound, match="; 0 of 280 output bits compared"):
        check(tmp_path, nothing, is_undefined=True)
