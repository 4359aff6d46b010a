"""Every cocotb test of a chip, in every simulator there is, on our RTL or on any other; and that a bench can fail."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cocotb_tests import runner
from cocotb_tests.runner import Built, Simulator
from emulator import chips
from emulator.declare import Chip
from emulator.errors import InputError
from emulator.odin.layout import LIF
from emulator.trace import column
from golden import wave
from rtl import emit, foreign, toolchain
from rtl.design import Design
from tools.cli import cli


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if "simulator" in metafunc.fixturenames:
        chosen = config.getoption("--sim")
        metafunc.parametrize("simulator", [chosen] if chosen else runner.SIMULATORS, scope="session")
    if "bench" in metafunc.fixturenames:
        every = runner.tests(chips.declaration(config.getoption("--chip")))
        metafunc.parametrize("bench", every, ids=str)
    if "other" in metafunc.fixturenames:
        metafunc.parametrize("other", others(config.getoption("--chip")), ids=lambda one: f"{one[0]}-{one[1]}")


def others(chip: str) -> list[tuple[str, runner.Test]]:
    """Of each other chip the first test and the last."""
    every = {name: runner.tests(chips.declaration(name)) for name in chips.names() if name != chip}
    return [(name, test) for name, tests in every.items() if tests for test in (tests[0], tests[-1])]


@pytest.fixture(scope="session")
def chip(pytestconfig: pytest.Config) -> Chip:
    return chips.declaration(pytestconfig.getoption("--chip"))


@pytest.fixture(scope="session")
def design(pytestconfig: pytest.Config, chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Design:
    folder = pytestconfig.getoption("--rtl")
    if folder:
        return foreign.read(folder, chip, pytestconfig.getoption("--top"))
    return emit.design(chip.name, tmp_path_factory.mktemp("rtl"))


@pytest.fixture(scope="session")
def compiled(pytestconfig: pytest.Config, chip: Chip) -> Callable[..., Built]:
    """Compiles into the build cache; a simulator that is not there is a skip."""

    def compile_(design: Design, simulator: Simulator, chip: Chip = chip) -> Built:
        try:
            toolchain.verilator() if simulator == "verilator" else toolchain.icarus()
        except InputError as error:
            pytest.skip(str(error))
        cache = pytestconfig.rootpath / "build" / "cocotb"
        return runner.build(design, chip, simulator, cache, pytestconfig.getoption("--waves"))

    return compile_


def test_lockstep(
    design: Design,
    simulator: Simulator,
    bench: runner.Test,
    compiled: Callable[..., Built],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    outcome = runner.run(compiled(design, simulator), bench, tmp_path, pytestconfig.getoption("--seed"))
    assert outcome.passed, outcome.failure
    assert outcome.notes["mismatches"] == 0
    assert outcome.notes["compared"] == outcome.notes["cycles"] > 0


def test_lockstep_of_other_chips(
    other: tuple[str, runner.Test],
    simulator: Simulator,
    compiled: Callable[..., Built],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    """Some of their tests on our RTL; --chip runs all of them."""
    name, bench = other
    built = compiled(emit.design(name, tmp_path / "rtl"), simulator, chips.declaration(name))
    outcome = runner.run(built, bench, tmp_path / "run", pytestconfig.getoption("--seed"))
    assert outcome.passed, outcome.failure
    assert outcome.notes["mismatches"] == 0
    assert outcome.notes["compared"] == outcome.notes["cycles"] > 0


MUTATIONS = {
    "output held silent": ("AEROUT_REQ", "1'b0"),
    "one bit flipped": ("AEROUT_ADDR", "inner ^ 8'h10"),
}

STUCK = rf"  reg [127:0] \1 [255:0];\n  always @(posedge CLK) \1[255][{LIF['calcium'].lsb}] <= 1'b1;"


def mutated(verilog: str, pin: str, level: str) -> str:
    """Our RTL with an output pin driven otherwise; ``inner`` is what drove it before."""
    (width,) = re.findall(rf"^  wire (.*){pin};$", verilog, re.MULTILINE)
    text, n_declared = re.subn(
        rf"^  wire {re.escape(width)}{pin};$",
        f"  wire {width}inner;\n  wire {width}{pin} = {level};",
        verilog,
        flags=re.MULTILINE,
    )
    text, n_connected = re.subn(rf"\({pin}\)", "(inner)", text)
    assert n_declared == n_connected == 1
    return text


def with_a_stuck_bit(verilog: str) -> str:
    """Our RTL with a bit of the last neuron's word, of which no output pin can tell, stuck at 1."""
    text, n = re.subn(r"^  reg \[127:0\] (\w+) \[255:0\];$", STUCK, verilog, flags=re.MULTILINE)
    assert n == 1
    return text


def seen_to_fail(
    verilog: Callable[[str], str], test: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Path]:
    """Run a test in Icarus on our RTL, changed; returns its command up to the seed, and the test's folder."""
    bad = emit.design("odin", tmp_path)
    bad.files[0].write_text(verilog(bad.files[0].read_text()))
    monkeypatch.setattr(emit, "design", lambda name, folder: bad)
    words = ["sim", "odin", "--sim", "icarus", "--test", test]
    with pytest.raises(SystemExit) as stopped:
        cli.main([*words, "--report", str(tmp_path / "report")])
    assert stopped.value.code == 1
    return f"draupnir {' '.join(words)}", tmp_path / "report" / f"icarus-{test}"


@pytest.mark.icarus
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_bench_is_seen_to_fail(
    mutation: str, chip: Chip, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pin, level = MUTATIONS[mutation]
    command, folder = seen_to_fail(
        lambda verilog: mutated(verilog, pin, level), "neurons.lif_spikes_at_threshold", tmp_path, monkeypatch
    )
    said = capsys.readouterr().out
    assert f"{pin}: expected 0b" in said
    assert "0 of 1 tests passed" in said
    assert f"reproduce, with a waveform: {command} --seed 1 --waves" in said
    assert f"the pins up to there: {folder / 'pins.fst'}" in said
    (cycle,) = re.findall(r"^mismatch at time step \d+, cycle (\d+):$", said, re.MULTILINE)
    (expected,) = re.findall(rf"{pin}: expected 0b([01]+), got ", said)
    left = wave.read(folder / "pins.fst", chip)
    edges = np.flatnonzero(left.clk)
    assert len(edges) == int(cycle) + 1
    assert column(chip.output_word, pin, left.outputs[edges[-1:]]) != int(expected, 2)


@pytest.mark.icarus
def test_a_flipped_memory_bit_is_seen_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_to_fail(with_a_stuck_bit, "neurons.lif_spikes_at_threshold", tmp_path, monkeypatch)
    said = capsys.readouterr().out
    assert "neurons: 1 of 256 words differ at the end" in said
    assert "neurons[0xff] (lif): calcium expected 0, got 1" in said
