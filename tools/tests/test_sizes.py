"""A chip of several sizes, an array of cores: every command takes its sizes from --set, or from a recording."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.declare import DeclarationError, Parameter, sized
from draupnir.emulator.errors import InputError
from draupnir.golden import case, hexfile
from draupnir.rtl.tests import grid
from draupnir.rtl.tests.grid.offered import offered
from draupnir.tools.cli import cli

SIZES = ["--set", "NX=3", "--set", "DEPTH=4"]
CHIP = grid.declare(NX=3, DEPTH=4)
Call = Callable[..., Result]


@pytest.fixture
def draupnir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """The command line, in an empty folder, beside which the grid is an installed chip."""
    monkeypatch.chdir(tmp_path)
    with offered(monkeypatch, grid="draupnir.rtl.tests.grid.package:PACKAGE"):
        yield lambda *words: CliRunner().invoke(cli, [*map(str, words)])


def must(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def record(draupnir: Call) -> case.Case:
    words = ["--recipe", "requests", "-o", "made", "--check-icarus", "--repository", "toy"]
    must(draupnir("record", "grid", "--rtl", grid.FOLDER, *SIZES, *words))
    return case.load(Path("made/requests"))


@pytest.mark.verilator
@pytest.mark.icarus
def test_sizes_and_copies_go_through_record_replay_and_regress(draupnir: Call) -> None:
    result = record(draupnir)
    assert result.parameters == {"NX": 3, "NY": 2, "DEPTH": 4}
    assert "--set NX=3 --set DEPTH=4" in result.command
    image = hexfile.read(result.after["sums"], CHIP.memory("sums"))
    assert image.shape == (6, 4, 1) and len(np.unique(image)) > 6
    output = must(draupnir("replay", "grid", "made/requests"))
    assert "200 cycles, 2 pins, 0 mismatches" in output and "sums: all 24 words equal" in output
    for simulator in ("verilator", "icarus", "model"):
        words = ["--rtl", grid.FOLDER] if simulator != "model" else []
        output = must(
            draupnir("regress", "grid", *words, "--golden", "made", "--sim", simulator, "--report", simulator)
        )
        assert "1 of 1 cases hold: 200 clocks, 0 mismatches" in output


@pytest.mark.verilator
@pytest.mark.icarus
def test_a_difference_names_the_copy(draupnir: Call, tmp_path: Path) -> None:
    result = record(draupnir)
    words = hexfile.read(result.after["sums"], CHIP.memory("sums"))
    words[3, 2] ^= 1
    hexfile.write(tmp_path / "sums_{}.hex", words, CHIP.memory("sums"))
    differs = draupnir(
        "replay", "grid", result.wave, "--expect", "sums=sums_{}.hex", "--load", f"sums={result.before['sums']}"
    )
    assert differs.exit_code == 1 and "sums: 1 of 24 words differ" in differs.output
    assert "sums[3][0x2] (word): low expected" in differs.output
    broken_sources = tmp_path / "broken"
    broken_sources.mkdir()
    core = (grid.FOLDER / "core.sv").read_text()
    (broken_sources / "core.sv").write_text(core.replace("mem[addr] + ", "mem[addr] + 12'd1 + "))
    (broken_sources / "grid.sv").write_text((grid.FOLDER / "grid.sv").read_text())
    failure = draupnir("regress", "grid", "--rtl", broken_sources, "--golden", "made")
    assert failure.exit_code == 1 and "sums[" in failure.output


def test_declarations_of_other_sizes_are_shown(draupnir: Call) -> None:
    report = json.loads(must(draupnir("chips", "grid", *SIZES, "--json")))
    assert report["memories"] == {"sums": {"copies": 6, "words": 4, "bits": 12}}
    assert {entry["name"]: entry.get("shape") for entry in report["entries"]}["core.odd"] == [6]
    assert "4 copies of 8 words of 12 bits" in must(draupnir("chips", "grid", "--markdown"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["chips", "grid", "--set", "NX=17"], "NX=17: right is 1..16: cores in a row"),
        (["chips", "grid", "--set", "NX=two"], "--set NX=two: right is a whole number"),
        (["chips", "grid", "--set", "NX"], "--set NX: right is NAME=N"),
        (["chips", "grid", "--set", "NX=2", "--set", "NX=3"], "--set NX=3: NX is given twice"),
        (
            ["chips", "grid", "--set", "N=2"],
            "--set N=2: not a size of grid; it has NX (1..16, else 2: cores in a row), NY",
        ),
        (["regress", "grid", "--set", "N=2", "--golden", "."], "no golden cases"),
        (["sim", "grid", "--set", "N=2"], "--set N=2: only with --rtl; it is not a size of grid, which has NX (1..16"),
    ],
)
def test_what_set_cannot_mean_is_refused(draupnir: Call, words: list[str], expected: str) -> None:
    result = draupnir(*words)
    assert result.exit_code == 2 and expected in result.output, result.output


def test_a_recording_has_its_sizes(draupnir: Call, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "one"
    folder.mkdir(parents=True)
    (folder / "wave.fst").touch()
    case.write(folder, "grid", "why", {"kind": "model"}, parameters=CHIP.sizes)
    result = draupnir("replay", "grid", folder, "--set", "NX=2")
    assert result.exit_code == 2 and "--set NX=2: it was recorded with NX=3" in result.output
    result = draupnir("regress", "grid", "--golden", "made", "--sim", "model", "--set", "NX=2")
    assert result.exit_code == 2 and "NX=2: no case of grid has these sizes" in result.output
    (folder / "case.toml").write_text((folder / "case.toml").read_text().replace("NX = 3", 'NX = "3"'))
    with pytest.raises(InputError, match=r"case\.toml: NX is '3'; int is needed"):
        case.load(folder)


def test_a_parameter_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"parameter N: default 5 is not in 1\.\.4"):
        Parameter("N", 5, 1, 4, "")
    with pytest.raises(DeclarationError, match="parameter 'N-1': right is a Python identifier"):
        Parameter("N-1", 5, 1, 9, "")
    with pytest.raises(DeclarationError, match="'N' is declared twice"):
        sized(Parameter("N", 1, 1, 4, ""), Parameter("N", 1, 1, 4, ""))(grid.declare.function)
    with pytest.raises(InputError, match=r"NX=1, NY=1, DEPTH=8: these sizes contradict each other: pin CORE: width 0"):
        grid.declare(NX=1, NY=1)
