"""A chip of another size, and an RTL of our own of that size, in every command and in the library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner, Result

import draupnir
from draupnir.emulator.errors import InputError
from draupnir.golden import hexfile
from draupnir.rtl.design import Design
from draupnir.rtl.fpga import survey, tools
from draupnir.rtl.tests import grid, lanes
from draupnir.rtl.tests.grid.offered import offered
from draupnir.tools.cli import cli

Call = Callable[..., str]
SIZES = {"NX": 3, "DEPTH": 4}
SET = ["--set", "NX=3", "--set", "DEPTH=4"]
CHIP = grid.declare(**SIZES)


def output_of(result: Result, status: int) -> str:
    assert result.exit_code == status, (result.output, result.exception)
    return result.output


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Run a command in an empty folder, beside which the grid and the lanes are installed; give what it says."""
    monkeypatch.chdir(tmp_path)
    packages = {"grid": "draupnir.rtl.tests.grid.package:PACKAGE", "lanes": "draupnir.rtl.tests.lanes:PACKAGE"}
    with offered(monkeypatch, **packages):
        yield lambda *words, status=0: output_of(CliRunner().invoke(cli, [*map(str, words)]), status)


@pytest.fixture
def network() -> Path:
    """A configuration of the grid: a memory image of each of its six cores."""
    content = np.random.default_rng(5).integers(0, 1 << grid.BITS, CHIP.memory("sums").shape).astype(np.uint32)
    hexfile.write(Path("sums.hex"), content, CHIP.memory("sums"))
    Path("net.toml").write_text('sums = "sums.hex"\n')
    return Path("net.toml")


# --- Events and configurations


@pytest.mark.parametrize("status", [0, 2])
def test_run_takes_the_events_of_a_chip_of_that_size(call: Call, status: int) -> None:
    Path("net.toml").write_text('[[counts]]\nindex = "90"\nn = 255\n')
    Path("events.csv").write_text("addr\n3\n90\n90\n")
    words = [
        "run",
        "lanes",
        "--config",
        "net.toml",
        "--events",
        "events.csv",
        "-o",
        "out.csv",
        "--save",
        "counts=c.hex",
    ]
    output = call(*words, *(["--set", "N=100"] if status == 0 else []), status=status)
    if status:
        assert "index: 90 is not within 0..15" in output
        return
    assert Path("out.csv").read_text().splitlines() == ["cycle,addr", "8,90"]
    counts = hexfile.read(Path("c.hex"), lanes.declare(N=100).memory("counts"))[:, 0]
    assert counts.tolist() == [0, 0, 0, 1, *[0] * 86, 1, *[0] * 9]


def test_configurations_are_of_that_size(call: Call, network: Path) -> None:
    summary = json.loads(call("config", "check", "grid", network, *SET, "--json"))
    assert summary["sums"] == {"word": 24}
    assert "sums.hex:25: 24 words; sums has 32" in call("config", "check", "grid", network, status=2)
    assert "0 differences" in call("config", "diff", "grid", network, network, *SET)
    Path("unpacked.toml").write_text(call("config", "unpack", "grid", network, *SET))
    assert "0 differences" in call("config", "diff", "grid", network, "unpacked.toml", *SET)


def test_tables_are_for_all_copies_or_for_those_that_they_name(call: Call) -> None:
    Path("one.toml").write_text('[[sums]]\nindex = 3\nlow = 7\n[[sums]]\nindex = "0-1"\ncopy = "1,4-5"\nhigh = 2\n')
    sums = draupnir.load_config("grid", "one.toml", SIZES).memories["sums"][:, :, 0]
    high = 2 << 8
    assert sums.tolist() == [[0, 0, 0, 7] if i in (0, 2, 3) else [high, high, 0, 7] for i in range(6)]
    Path("other.toml").write_text('[[sums]]\nindex = 3\nlow = 7\n[[sums]]\nindex = "0-1"\ncopy = "1,4"\nhigh = 2\n')
    output = call("config", "diff", "grid", "one.toml", "other.toml", *SET, status=1)
    assert "sums[5][0].high: 2 | 0" in output and "sums[5][1].high: 2 | 0" in output and "sums[4]" not in output
    check = ["config", "check", "grid", *SET]
    Path("wrong.toml").write_text("[[sums]]\nindex = 3\ncopy = 6\n")
    assert "wrong.toml:3: sums[0].copy: 6 is not within 0..5" in call(*check, "wrong.toml", status=2)
    Path("twice.toml").write_text("[[sums]]\nindex = 3\n[[sums]]\nindex = 3\ncopy = 2\n")
    assert "3 is already configured in line 1" in call(*check, "twice.toml", status=2)


def test_a_size_that_there_is_not_is_refused_in_one_line(call: Call, network: Path) -> None:
    for words in (["config", "check"], ["config", "pack"], ["config", "unpack"], ["config", "diff", network]):
        output = call(*words[:2], "grid", *words[2:], network, "--set", "N=3", status=2)
        assert output.startswith("error: --set N=3: not a size of grid; it has NX (1..16") and output.count("\n") == 1
    output = call("run", "grid", "--config", network, "--events", "e.csv", "--set", "NX=99", status=2)
    assert output == "error: --set NX=99: right is 1..16: cores in a row\n" or "NX=99: right is 1..16" in output


# --- Our RTL of a chip of another size


@pytest.fixture
def golden(call: Call) -> Path:
    """A case that is recorded from the Verilog, of the same size."""
    words = ["--recipe", "requests", "-o", "made", "--repository", "toy"]
    call("record", "grid", "--rtl", grid.FOLDER, *SET, *words)
    return Path("made")


@pytest.mark.verilator
@pytest.mark.icarus
def test_our_rtl_of_that_size_does_as_recorded_in_both_simulators(call: Call, golden: Path) -> None:
    for simulator in ("verilator", "icarus"):
        output = call("regress", "grid", "--golden", golden, "--sim", simulator, "--report", simulator)
        assert "1 of 1 cases hold: 200 clocks, 0 mismatches" in output and "our RTL" in output


@pytest.mark.verilator
def test_the_library_takes_sizes_and_what_is_said_of_somebodys_sources(call: Call, golden: Path) -> None:
    source = Path("source")
    source.mkdir()
    text = (grid.FOLDER / "core.sv").read_text()
    (source / "core.sv").write_text('`include "extra.svh"\n' + text.replace("mem[addr] + ", "mem[addr] + `EXTRA + "))
    (source / "grid.sv").write_text((grid.FOLDER / "grid.sv").read_text().replace("row\n", "row\n"))
    (source / "twin.sv").write_text(
        (source / "grid.sv").read_text().split("endpackage")[1].replace("module grid", "module twin")
    )
    Path("headers").mkdir()
    Path("headers/extra.svh").touch()
    file_list = Path("all.f")
    file_list.write_text("source/core.sv source/grid.sv source/twin.sv\n")
    options = draupnir.SourceOptions(defines=("EXTRA=0",), include_folders=(Path("headers"),))
    for place, top in ((source, "twin"), (file_list, "grid")):
        outcomes = draupnir.regress("grid", place, golden=golden, top=top, options=options, sizes=SIZES)
        assert [outcome.holds for outcome in outcomes] == [True]
    options = draupnir.SourceOptions(defines=("EXTRA=1",), include_folders=(Path("headers"),))
    assert not draupnir.regress("grid", source, golden=golden, top="grid", options=options)[0].holds
    with pytest.raises(InputError, match="top and options: only with rtl"):
        draupnir.regress("grid", golden=golden, top="grid")
    with pytest.raises(InputError, match="NX=4: no case of grid has these sizes"):
        draupnir.regress("grid", golden=golden, sizes={"NX": 4})
    options = draupnir.SourceOptions(defines=("EXTRA=0",), include_folders=(Path("headers"),))
    new_case = draupnir.record("grid", file_list, "requests", "again", top="grid", options=options, sizes=SIZES)
    assert new_case.parameters == {"NX": 3, "NY": 2, "DEPTH": 4}
    assert new_case.command == (
        "draupnir record grid --rtl DIR/all.f --top grid -D EXTRA=0 -I DIR/headers --set NX=3 --set DEPTH=4 "
        "--recipe requests --seed 1"
    )
    assert draupnir.replay("grid", new_case.wave, load={"sums": new_case.before["sums"]}, sizes=SIZES).holds


def test_the_library_knows_a_chip_of_that_size(call: Call, network: Path) -> None:
    assert draupnir.chip("grid").sized(**SIZES).memory("sums").shape == (6, 4, 1)
    with pytest.raises(InputError, match="N=3"):
        draupnir.chip("grid").sized(N=3)
    configuration = draupnir.load_config("grid", network, SIZES)
    assert configuration.memories["sums"].shape == (6, 4, 1)
    model = draupnir.model("grid", network, sizes=SIZES)
    assert np.array_equal(model.memories["sums"], configuration.memories["sums"]) and model.chip.sizes["NX"] == 3


def test_our_rtl_is_written_and_put_into_projects_with_that_size(call: Call, network: Path) -> None:
    assert "grid.v" in call("rtl", "grid", *SET)
    assert "wire [5:0] ODD" in Path("build/rtl/grid/grid.v").read_text()
    assert "NX=17: right is 1..16" in call("rtl", "grid", "--set", "NX=17", status=2)
    call("bitstream", "grid", "--project", "fusesoc", "--config", network, *SET, "-o", "project")
    images = hexfile.read(Path("sums.hex"), CHIP.memory("sums"))
    for i in range(6):
        core = hexfile.read(Path(f"project/sums_{i}.mem"), CHIP.memory("sums").part)
        assert np.array_equal(core, images[i])
        assert f'$readmemh("sums_{i}.mem", mem)' in Path("project/grid.v").read_text()


def test_what_is_measured_on_an_fpga_has_that_size(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    sources: list[str] = []

    def row(name: str, parameters: dict[str, int], design: Design, *rest: object) -> survey.Row:
        sources.append(design.files[0].read_text())
        return survey.Row(name, parameters, (), None)

    monkeypatch.setattr(survey, "_synthesised", row)
    monkeypatch.setattr(tools, "find", lambda name: SimpleNamespace(version="1"))
    report = json.loads(call("area", "grid", *SET, "--no-route", "--json"))
    assert report["rows"][0]["parameters"] == {"NX": 3, "NY": 2, "DEPTH": 4}
    assert "wire [5:0] ODD" in sources[0] and len(sources) == 1
    assert "NX=17: right is 1..16" in call("area", "grid", "--set", "NX=17", status=2)
