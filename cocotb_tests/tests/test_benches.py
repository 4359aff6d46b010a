"""All cocotb tests of a chip pass in all simulators, on our RTL or on any other, and a bench can fail."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from draupnir.cocotb_tests import catalogue, runner
from draupnir.cocotb_tests.runner import BenchOutcome, BuiltDesign, Simulator
from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import LIF
from draupnir.emulator.trace import column
from draupnir.golden import wave
from draupnir.golden.recipes import ranc
from draupnir.golden.wave_out import CLOCK
from draupnir.rtl import emit, foreign, toolchain
from draupnir.rtl.design import Design
from draupnir.tools.cli import cli

# The sizes with which a chip with sizes runs its tests. The default is too large: a tick of RANC has 66,051 clocks.
SIZES = {"ranc": ranc.RECIPES["network"].sizes}
# A chip that is not the chosen one runs these tests, or else its first and its last one.
FOREMOST = {
    "reckon": (
        "inference.noise_and_rounding",
        "interfaces.a_timing_error_is_told",
        "learning.both_regularisations",
        "random.random_everything",
    ),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if "simulator" in metafunc.fixturenames:
        simulator = config.getoption("--sim")
        metafunc.parametrize("simulator", [simulator] if simulator else runner.SIMULATORS, scope="session")
    if "bench" in metafunc.fixturenames:
        every = catalogue.tests(chips.declaration(config.getoption("--chip")))
        metafunc.parametrize("bench", every, ids=str)
    if "other" in metafunc.fixturenames:
        metafunc.parametrize("other", others(config.getoption("--chip")), ids=lambda one: f"{one[0]}-{one[1]}")


def others(chip: str) -> list[tuple[str, catalogue.Test]]:
    """Return some tests of each other chip."""
    every = {name: catalogue.tests(chips.declaration(name)) for name in chips.names() if name != chip}
    foremost = {name: FOREMOST.get(name, (str(tests[0]), str(tests[-1]))) for name, tests in every.items() if tests}
    return [(name, test) for name in foremost for test in every[name] if str(test) in foremost[name]]


@pytest.fixture(scope="session")
def chip(pytestconfig: pytest.Config) -> Chip:
    return declaration(pytestconfig.getoption("--chip"))


def declaration(name: str) -> Chip:
    """Return a chip's declaration for the sizes that the tests use."""
    return chips.declaration(name, SIZES.get(name, {}))


@pytest.fixture(scope="session")
def design(pytestconfig: pytest.Config, chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Design:
    folder = pytestconfig.getoption("--rtl")
    if folder:
        return foreign.read(folder, chip, pytestconfig.getoption("--top"))
    return emit.design(chip.name, tmp_path_factory.mktemp("rtl"), **chip.sizes)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Design]:
    """Return a function that emits our RTL of a chip, once."""
    return cache(lambda name: emit.design(name, tmp_path_factory.mktemp(name), **SIZES.get(name, {})))


@pytest.fixture(scope="session")
def compiled(pytestconfig: pytest.Config, chip: Chip) -> Callable[..., BuiltDesign]:
    """Return a function that compiles into the build cache; a missing simulator skips the test."""

    def compile_(design: Design, simulator: Simulator, chip: Chip = chip) -> BuiltDesign:
        try:
            toolchain.verilator() if simulator == "verilator" else toolchain.icarus()
        except InputError as error:
            pytest.skip(str(error))
        folder = pytestconfig.rootpath / "build" / "cocotb"
        return runner.build(design, chip, simulator, folder, pytestconfig.getoption("--waves"))

    return compile_


def assert_equal_at_every_edge(outcome: BenchOutcome, chip: Chip) -> None:
    """The test passed. At its end, the last cycle of a clock with two edges may have had its first edge only."""
    assert outcome.passed, outcome.failure
    assert outcome.notes["mismatches"] == 0
    n_edges = sum(clock.n_edges for clock in chip.clocks)
    assert n_edges * outcome.notes["cycles"] - outcome.notes["compared"] in range(n_edges)
    assert outcome.notes["compared"] > 0


def test_lockstep(
    design: Design,
    simulator: Simulator,
    bench: catalogue.Test,
    chip: Chip,
    compiled: Callable[..., BuiltDesign],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    outcome = runner.run(compiled(design, simulator), bench, tmp_path, pytestconfig.getoption("--seed"))
    assert_equal_at_every_edge(outcome, chip)


def test_lockstep_of_other_chips(
    other: tuple[str, catalogue.Test],
    simulator: Simulator,
    ours: Callable[[str], Design],
    compiled: Callable[..., BuiltDesign],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    """Some tests of each chip run on our RTL; --chip runs all of them."""
    name, bench = other
    if chips.package(name).rtl is None:
        pytest.skip(f"{name} has no RTL of our own")
    built = compiled(ours(name), simulator, declaration(name))
    outcome = runner.run(built, bench, tmp_path, pytestconfig.getoption("--seed"))
    assert_equal_at_every_edge(outcome, built.chip)


# chip, an output pin of our RTL that gets another level, this level, and the test that notices it
SPIKES = "neurons.lif_spikes_at_threshold"
WINS = "inference.a_neuron_spikes_at_its_threshold_and_its_output_neuron_wins"
MUTATIONS = [
    pytest.param("odin", "AEROUT_REQ", "1'b0", SPIKES, id="output held silent"),
    pytest.param("odin", "AEROUT_ADDR", "inner ^ 8'h10", SPIKES, id="one bit flipped"),
    pytest.param("reckon", "OUT_REQ", "1'b0", WINS, id="output held silent, reckon"),
    pytest.param("reckon", "OUT_DATA", "inner ^ 8'h01", WINS, id="one bit flipped, reckon"),
]

STUCK = rf"  reg [127:0] \1 [255:0];\n  always @(posedge CLK) \1[255][{LIF['calcium'].lsb}] <= 1'b1;"


def mutated(verilog: str, pin: str, level: str) -> str:
    """Return our RTL with another level on an output pin; ``inner`` has the old level."""
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
    """Return our RTL with a stuck bit in the last neuron's word, which shows on no output pin."""
    text, n = re.subn(r"^  reg \[127:0\] (\w+) \[255:0\];$", STUCK, verilog, flags=re.MULTILINE)
    assert n == 1
    return text


def seen_to_fail(
    name: str, verilog: Callable[[str], str], test: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Path]:
    """Run a test in Icarus on our RTL, changed. Return the command up to the seed, and the test's folder."""
    bad = emit.design(name, tmp_path)
    bad.files[0].write_text(verilog(bad.files[0].read_text()))
    monkeypatch.setattr(emit, "design", lambda name, folder: bad)
    words = ["sim", name, "--sim", "icarus", "--test", test]
    with pytest.raises(SystemExit) as exit_info:
        cli.main([*words, "--report", str(tmp_path / "report")])
    assert exit_info.value.code == 1
    return f"draupnir {' '.join(words)}", tmp_path / "report" / f"icarus-{test}"


@pytest.mark.icarus
@pytest.mark.parametrize(("name", "pin", "level", "test"), MUTATIONS)
def test_bench_is_seen_to_fail(
    name: str,
    pin: str,
    level: str,
    test: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chip = chips.declaration(name)
    command, folder = seen_to_fail(name, lambda verilog: mutated(verilog, pin, level), test, tmp_path, monkeypatch)
    output = capsys.readouterr().out
    assert f"{pin}: expected 0x" in output
    assert "0 of 1 tests passed" in output
    assert f"reproduce, with a waveform: {command} --seed 1 --waves" in output
    assert f"the pins up to there: {folder / 'pins.fst'}" in output
    (cycle,) = re.findall(r"^mismatch at time step \d+, cycle (\d+):$", output, re.MULTILINE)
    (expected,) = re.findall(rf"{pin}: expected 0x([0-9a-f]+), got ", output)
    trace = wave.read(folder / "pins.fst", chip)
    edges = np.flatnonzero(trace.clk)
    assert len(edges) == int(cycle) + 1
    assert column(chip.output_word, pin, trace.outputs[edges[-1:]]) != int(expected, 16)
    assert f"the pins around it, beside the golden model: {folder / 'difference.fst'}" in output
    pair = wave.read(folder / "difference.fst", chip, wave.Reading(scope=f"{name}.rtl"))
    assert 0 < pair.n_cycles <= 64 + 16
    assert f" {(int(cycle) + 1) * CLOCK} -1" in (folder / "difference.gtkw").read_text()


@pytest.mark.icarus
def test_a_flipped_memory_bit_is_seen_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_to_fail("odin", with_a_stuck_bit, SPIKES, tmp_path, monkeypatch)
    output = capsys.readouterr().out
    assert "memories differ after the last clock:\n  neurons: 1 of 256 words differ\n" in output
    assert "neurons[0xff] (lif): calcium expected 0, got 1" in output
