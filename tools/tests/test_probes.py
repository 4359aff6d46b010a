"""Probes: what is inside a chip is compared like its pins, wherever the source has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.catalogue import select
from draupnir.cocotb_tests.runner import BenchOutcome, Simulator
from draupnir.emulator import chips
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import DeclarationError, Probe
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.tests import silent_chip
from draupnir.emulator.tests.silent_chip import CHIP, OUT, Model, Zeros, level
from draupnir.emulator.trace import to_row
from draupnir.golden import record, regress, replay, wave, wave_out
from draupnir.golden.case import Case
from draupnir.golden.compare.device import Device, ModelDevice
from draupnir.golden.stimulus import Stimulus, random_levels, resets
from draupnir.rtl import foreign, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.devices import InIcarus, InVerilator
from draupnir.rtl.foreign import NotTheChip
from draupnir.rtl.initial import ZERO

N = 200
BOTH = {"SUM": 70 * N, "ODD": N}


def design(folder: Path, text: str = silent_chip.VERILOG) -> Design:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "silent.v").write_text(text)
    return foreign.read(folder, CHIP)


@pytest.fixture(autouse=True)
def silent_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chip is one of those that there are."""
    monkeypatch.setattr(chips, "model", lambda name, sizes=None: {"silent": Model}[name])


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Recorded from the Verilog in Verilator."""
    root = tmp_path_factory.mktemp("silent")
    device = verilated.build(design(root / "source"), CHIP, root / "builds")
    rng = np.random.default_rng(1)
    pieces = [random_levels(CHIP, "D", Clocks(1, 3), rng)]
    stimulus = Stimulus(resets(CHIP, Clocks(50, 80), rng), pieces)
    recording = record.record(device, CHIP, stimulus, N)
    return record.save(recording, root / "case", "a test", {"kind": "by hand"}, "by hand", 1)


def case_without(case: Case, name: str, folder: Path) -> Path:
    """The case's waveform without a probe."""
    trace = wave.read(case.wave, CHIP)
    mask = to_row(OUT, ((1 << OUT.width) - 1) & ~OUT.mask([name]))
    wave_out.write(replace(trace, outputs=trace.outputs & mask, known_bits=trace.known_bits & mask), folder / "w.fst")
    return folder / "w.fst"


# --- Declared -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "path", "message"),
    [
        (0, "core.v", r"^probe P: width 0; a probe has at least 1 bit$"),
        (1, "core..v", r"^probe P: path 'core\.\.v'; right is dots between instances, 'core_0\.potential'$"),
        (1, "", r"^probe P: path ''; right is dots between instances"),
    ],
)
def test_what_no_probe_can_be_is_refused(width: int, path: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Probe("P", width, path, "")


def test_a_probe_has_a_name_of_its_own() -> None:
    with pytest.raises(DeclarationError, match=r"^silent: pin or probe 'SPIKE' is declared twice"):
        replace(CHIP, probes=(Probe("SPIKE", 1, "core_0.odd", ""),))


def test_probes_stand_above_the_pins_in_a_row_and_are_no_pins() -> None:
    assert [f.name for f in OUT] == ["SPIKE", "SUM", "ODD"]
    assert [pin.name for pin in CHIP.outputs] == ["SPIKE"]


# --- In sources ---------------------------------------------------------------------------------------------------


def test_probes_are_found_in_a_folder_of_sources(tmp_path: Path) -> None:
    assert design(tmp_path / "a").probes == {"SUM": "core_0.total", "ODD": "core_0.odd"}
    rtl_design = design(tmp_path / "b", silent_chip.OTHERWISE)
    assert (rtl_design.probes, rtl_design.absent(CHIP)) == ({"ODD": "core_0.odd"}, ("SUM",))


def test_a_probe_of_another_width_is_a_difference(tmp_path: Path) -> None:
    text = silent_chip.VERILOG.replace("[69:0] total", "[63:0] total")
    with pytest.raises(NotTheChip, match=r"width SUM \(declared 70 bits, found 64 bits at core_0\.total\)$"):
        design(tmp_path, text)


# --- Replay -------------------------------------------------------------------------------------------------------


@pytest.mark.verilator
def test_the_model_is_held_to_recorded_probes(case: Case) -> None:
    result = replay.replay_recording(Model(), case.folder)
    assert result.holds
    assert result.bits.probes == BOTH
    assert str(result.bits) == f"{72 * N:,} of {72 * N:,} output bits compared, {71 * N:,} of them of probes"
    sums = [level(row)["SUM"] for row in wave.read(case.wave, CHIP).outputs]
    assert max(sums) >> 64


@pytest.mark.verilator
def test_a_model_of_zeros_fails_by_the_probes_alone(case: Case, tmp_path: Path) -> None:
    result = replay.replay_recording(Zeros(), case.folder)
    assert not result.holds
    assert result.mismatches[0].pins[0].pin == "SUM"
    path = case_without(case, "SUM", tmp_path)
    result = replay.replay(Zeros(), path, wave.Reading(from_power_up=True))
    assert {pin.pin for mismatch in result.mismatches for pin in mismatch.pins} == {"ODD"}


@pytest.mark.verilator
def test_a_probe_that_was_not_recorded_is_named(case: Case, tmp_path: Path) -> None:
    result = replay.replay(Model(), case_without(case, "SUM", tmp_path), wave.Reading(from_power_up=True))
    assert result.holds
    assert (result.bits.probes, result.bits.absent) == ({"SUM": 0, "ODD": N}, {"SUM": 70 * N})
    assert str(result.bits).endswith(f", {N} of them of probes; the source does not have SUM")


# --- Regress ------------------------------------------------------------------------------------------------------


def compare_case(device: Device, case: Case) -> regress.CaseOutcome:
    (outcome,) = regress.regress(device, CHIP, [case])
    return outcome


@pytest.mark.verilator
def test_verilator_shows_probes(case: Case, tmp_path: Path) -> None:
    outcome = compare_case(InVerilator(design(tmp_path / "a"), CHIP, tmp_path / "builds"), case)
    assert outcome.equal and outcome.holds
    assert outcome.agreement.bits.probes == BOTH
    wrong = silent_chip.VERILOG.replace("total + D;", "total + D + (D[0] & total[69]);")
    outcome = compare_case(InVerilator(design(tmp_path / "b", wrong), CHIP, tmp_path / "builds"), case)
    assert outcome.difference
    assert outcome.difference.pins[0].pin == "SUM"


@pytest.mark.icarus
def test_icarus_shows_probes(case: Case, tmp_path: Path) -> None:
    outcome = compare_case(InIcarus(design(tmp_path / "a"), CHIP, ZERO), case)
    assert outcome.equal and outcome.holds
    assert outcome.agreement.bits.probes == BOTH
    wrong = silent_chip.VERILOG.replace("^total", "~^total")
    outcome = compare_case(InIcarus(design(tmp_path / "b", wrong), CHIP, ZERO), case)
    assert outcome.difference
    assert [pin.pin for pin in outcome.difference.pins] == ["ODD"]


@pytest.mark.icarus
def test_a_probe_that_the_sources_lack_is_not_compared_and_named(case: Case, tmp_path: Path) -> None:
    lacking = design(tmp_path / "a", silent_chip.OTHERWISE)
    for device in (InIcarus(lacking, CHIP, ZERO), InVerilator(lacking, CHIP, tmp_path / "builds")):
        outcome = compare_case(device, case)
        assert outcome.holds
        assert outcome.agreement.bits.probes == {"SUM": 0, "ODD": N}
        assert str(outcome.agreement.bits).endswith("; the source does not have SUM")


@pytest.mark.verilator
def test_a_model_of_zeros_fails_in_regress(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compare_case(ModelDevice(CHIP), case).holds
    monkeypatch.setattr(chips, "model", lambda name, sizes=None: {"silent": Zeros}[name])
    outcome = compare_case(ModelDevice(CHIP), case)
    assert not outcome.holds
    assert outcome.difference and outcome.difference.pins[0].pin == "SUM"


# --- In a bench ---------------------------------------------------------------------------------------------------

BENCH = """\
import cocotb
from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.emulator.tests.silent_chip import {model}

class Bench(ChipBench):
    def __init__(self, dut):
        super().__init__(dut, {model}())
        self.hold(())

@cocotb.test(timeout_time=1, timeout_unit="ms")
async def test_sums(dut):
    async with Bench(dut) as bench:
        for _ in range(40):
            bench.pins["D"].value = int.from_bytes(bench.rng.bytes(9)) >> 2
            await bench.clock.cycles(2)
"""


def bench(simulator: Simulator, model: type[ClockLevel], folder: Path, text: str = silent_chip.VERILOG) -> BenchOutcome:
    (folder / "test_own.py").write_text(BENCH.format(model=model.__name__))
    (one,) = select(CHIP, f"{folder}/test_own.py")
    built = runner.build(design(folder / "source", text), CHIP, simulator, folder / "compiled")
    return runner.run(built, one, folder / "run", 1)


@pytest.mark.icarus
def test_a_bench_in_icarus_holds_the_model_to_probes(tmp_path: Path) -> None:
    outcome = bench("icarus", Model, tmp_path)
    assert outcome.passed, outcome.failure
    n = outcome.notes["compared"]
    # The first edge comes before the reset, when nothing has a level yet.
    assert outcome.notes["probes"] == {"SUM": 70 * (n - 1), "ODD": n - 1}
    assert "expected 0x0, got" in bench("icarus", Zeros, tmp_path).failure


@pytest.mark.icarus
def test_a_bench_names_the_probes_that_the_sources_lack(tmp_path: Path) -> None:
    outcome = bench("icarus", Model, tmp_path, silent_chip.OTHERWISE)
    assert outcome.passed, outcome.failure
    assert list(outcome.notes["absent"]) == ["SUM"]


@pytest.mark.verilator
def test_a_bench_in_verilator_holds_the_model_to_probes(tmp_path: Path) -> None:
    outcome = bench("verilator", Model, tmp_path)
    assert outcome.passed, outcome.failure
    assert outcome.notes["probes"] == {"SUM": 70 * outcome.notes["compared"], "ODD": outcome.notes["compared"]}
    assert "SUM: expected 0x0, got" in bench("verilator", Zeros, tmp_path).failure
