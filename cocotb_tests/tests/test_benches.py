"""Every cocotb test of a chip, in every simulator there is, on our RTL or on any other; and that a bench can fail."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cocotb_tests import runner
from cocotb_tests.runner import Built, Simulator
from emulator import chips
from emulator.declare import Chip
from emulator.errors import InputError
from rtl import emit, foreign, toolchain
from rtl.design import Design
from tools.cli import cli

DIGITS = "digits"  # the long one: `make sim`


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if "simulator" in metafunc.fixturenames:
        chosen = config.getoption("--sim")
        metafunc.parametrize("simulator", [chosen] if chosen else runner.SIMULATORS, scope="session")
    if "bench" in metafunc.fixturenames:
        every = runner.tests(chips.declaration(config.getoption("--chip")))
        metafunc.parametrize("bench", [t for t in every if t.module != DIGITS], ids=str)


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
def compiled(pytestconfig: pytest.Config, chip: Chip) -> Callable[[Design, Simulator], Built]:
    """Compiles into the build cache; a simulator that is not there is a skip."""

    def compile_(design: Design, simulator: Simulator) -> Built:
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
    compiled: Callable[[Design, Simulator], Built],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    outcome = runner.run(compiled(design, simulator), bench, tmp_path, pytestconfig.getoption("--seed"))
    assert outcome.passed, outcome.failure
    assert outcome.notes["mismatches"] == 0
    assert outcome.notes["compared"] == outcome.notes["cycles"] > 0


MUTATIONS = {
    "output held silent": ("AEROUT_REQ", "1'b0"),
    "one bit flipped": ("AEROUT_ADDR", "inner ^ 8'h10"),
}


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


@pytest.mark.icarus
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_bench_is_seen_to_fail(
    mutation: str,
    chip: Chip,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = emit.design(chip.name, tmp_path)
    bad.files[0].write_text(mutated(bad.files[0].read_text(), *MUTATIONS[mutation]))
    monkeypatch.setattr(emit, "design", lambda name, folder: bad)
    words = ["sim", chip.name, "--sim", "icarus", "--test", "neurons.lif_spikes_at_threshold"]
    with pytest.raises(SystemExit) as stopped:
        cli.main([*words, "--report", str(tmp_path / "report")])
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert f"{MUTATIONS[mutation][0]}: expected 0b" in said
    assert "0 of 1 tests passed" in said
    assert f"reproduce, with a waveform: draupnir {' '.join(words)} --seed 1 --waves" in said
