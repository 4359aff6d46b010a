"""A chip of two clocks, two resets and a wide pin: recorded from its Verilog, replayed, regressed, and seen to fail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.tests import duo_chip
from draupnir.emulator.tests.duo_chip import CHIP, Model
from draupnir.emulator.trace import Trace, known_at_edges, pack, to_rows
from draupnir.golden import record, regress, replay, wave, wave_out
from draupnir.golden.case import Case
from draupnir.golden.compare.device import Device, ModelDevice
from draupnir.golden.stimulus import Stimulus, free_running, random_edges, random_levels, resets
from draupnir.rtl import foreign, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.devices import InIcarus, InVerilator
from draupnir.rtl.initial import ZERO

pytestmark = pytest.mark.verilator
N_CLOCKS = 600


@pytest.fixture(autouse=True)
def registered_chip(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chip is one of those that there are."""
    monkeypatch.setattr(chips, "model", lambda name, sizes=None: {"duo": Model}[name])


def design(folder: Path, text: str = duo_chip.VERILOG, suffix: str = "v") -> Design:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"duo.{suffix}").write_text(text)
    return foreign.read(folder, CHIP)


def stimulus(seed: int) -> Stimulus:
    rng = np.random.default_rng(seed)
    edges = random_edges(CHIP, rng) if seed % 2 else free_running(CHIP, CLK=3, STROBE=2)
    return Stimulus(resets(CHIP, Clocks(60, 150), rng), [random_levels(CHIP, "D", Clocks(1, 4), rng)], edges)


@dataclass(frozen=True)
class Recorded:
    cases: tuple[Case, ...]
    builds: Path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Two cases, recorded from the Verilog in Verilator."""
    root = tmp_path_factory.mktemp("duo")
    device = verilated.build(design(root / "source"), CHIP, root / "builds")
    cases = []
    for seed in (1, 2):
        device.reset()
        recording = record.record(device, CHIP, stimulus(seed), N_CLOCKS)
        source = {"kind": "by hand"}
        cases.append(record.save(recording, root / f"case{seed}", "a test", source, "by hand", seed))
    return Recorded(tuple(cases), root / "builds")


def outcomes_of(recording: Recorded, device: Device) -> list[regress.CaseOutcome]:
    return list(regress.regress(device, CHIP, recording.cases))


def test_the_model_does_what_was_recorded(recording: Recorded) -> None:
    for case in recording.cases:
        result = replay.replay_recording(Model(), case.folder)
        assert (result.holds, result.n_cycles, result.bits.n_compared) == (True, N_CLOCKS, N_CLOCKS * 116)
        assert [(memory.memory, memory.n_differing) for memory in result.memories] == [("store", 0)]
    assert all(outcome.holds and outcome.equal for outcome in outcomes_of(recording, ModelDevice(CHIP)))


def test_every_edge_was_recorded_alone_and_together(recording: Recorded) -> None:
    edge_masks = {int(edges) for case in recording.cases for edges in wave.read(case.wave, CHIP).clk}
    assert edge_masks - {0} == {0b0001, 0b0100, 0b1000, 0b0101, 0b1001}


@pytest.mark.parametrize(
    ("text", "suffix"), [(duo_chip.VERILOG, "v"), (duo_chip.SYSTEM_VERILOG, "sv")], ids=["Verilog", "SystemVerilog"]
)
def test_verilator_does_what_was_recorded(recording: Recorded, tmp_path: Path, text: str, suffix: str) -> None:
    device = InVerilator(design(tmp_path, text, suffix), CHIP, recording.builds)
    assert all(outcome.holds and outcome.equal for outcome in outcomes_of(recording, device))


@pytest.mark.icarus
@pytest.mark.parametrize(
    ("text", "suffix"), [(duo_chip.VERILOG, "v"), (duo_chip.SYSTEM_VERILOG, "sv")], ids=["Verilog", "SystemVerilog"]
)
def test_icarus_does_what_was_recorded(recording: Recorded, tmp_path: Path, text: str, suffix: str) -> None:
    for outcome in outcomes_of(recording, InIcarus(design(tmp_path, text, suffix), CHIP, ZERO)):
        assert outcome.holds
        assert outcome.agreement.bits.n_compared == N_CLOCKS * 116


@pytest.mark.icarus
@pytest.mark.parametrize("name", duo_chip.MUTANTS)
def test_a_mutant_is_found_in_icarus(recording: Recorded, tmp_path: Path, name: str) -> None:
    device = InIcarus(design(tmp_path, duo_chip.mutant(name)), CHIP, ZERO)
    outcomes = outcomes_of(recording, device)
    assert any(outcome.difference for outcome in outcomes)
    assert not all(outcome.holds for outcome in outcomes)


def test_a_mutant_is_found_in_verilator(recording: Recorded, tmp_path: Path) -> None:
    text = duo_chip.mutant("the fall of STROBE is its rise")
    outcomes = outcomes_of(recording, InVerilator(design(tmp_path, text), CHIP, recording.builds))
    assert {outcome.difference.pins[0].pin for outcome in outcomes if outcome.difference} == {"FALLS"}


@pytest.mark.icarus
def test_a_memory_that_differs_is_found_at_its_clock(recording: Recorded, tmp_path: Path) -> None:
    text = duo_chip.VERILOG.replace("store[D[3:0]] <= D[11:4]", "store[D[3:0]] <= D[11:4] ^ (D[3:0] == 4'h5)")
    for device in (
        InIcarus(design(tmp_path, text), CHIP, ZERO),
        InVerilator(design(tmp_path, text), CHIP, recording.builds),
    ):
        outcomes = outcomes_of(recording, device)
        differences = [outcome.memory for outcome in outcomes if outcome.memory]
        assert differences
        assert all(one.memories[0].memory == "store" and one.is_first for one in differences)
        assert all([word.addr for word in one.memories[0].words] == [5] for one in differences)


def _fall_first() -> Trace:
    """STROBE falls before it has ever risen: FALLS is then 0x12, and RISES 0."""
    levels = [{"RST_N": 0}, {"RST_N": 1, "D": 0x12 << 92}, {"RST_N": 1}]
    inputs = to_rows(CHIP.input_word, [pack(CHIP.input_word, row) for row in levels])
    clk = np.array([1, 8, 1], np.uint8)
    output_rows = to_rows(CHIP.output_word, [0, 0, pack(CHIP.output_word, {"FALLS": 0x12})])
    return Trace(CHIP, inputs, clk, output_rows, known_at_edges(CHIP.output_word, clk), wave_out.schedule(clk))


def test_verilator_begins_with_the_level_from_which_a_clock_falls(recording: Recorded, tmp_path: Path) -> None:
    device = InVerilator(design(tmp_path), CHIP, recording.builds)
    trace = _fall_first()
    assert np.array_equal(device.run(trace, {"store": np.zeros((16, 1), np.uint32)}).outputs, trace.outputs)


@pytest.mark.icarus
def test_so_does_icarus(tmp_path: Path) -> None:
    trace = _fall_first()
    run = InIcarus(design(tmp_path), CHIP, ZERO).run(trace, {"store": np.zeros((16, 1), np.uint32)})
    assert np.array_equal(run.outputs, trace.outputs)
