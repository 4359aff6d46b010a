"""`draupnir record`: its words and its exit status, and a case made from a folder of Verilog."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP
from draupnir.golden import case, wave
from draupnir.golden.recipes.odin_table import RECIPES
from draupnir.rtl import toolchain
from draupnir.rtl.design import SourceOptions
from draupnir.tools.cli import cli
from draupnir.tools.terminal.options import Rtl

N_CYCLES = 600
# ODIN's pins and memories, and nothing else of it: it acknowledges, and counts what it acknowledged in the memories.
STAND_IN = """
module stand_in (
    input CLK, input RST, input SCK, input MOSI, output MISO,
    input [16:0] AERIN_ADDR, input AERIN_REQ, output reg AERIN_ACK,
    output [7:0] AEROUT_ADDR, output AEROUT_REQ, input AEROUT_ACK
);
    reg [127:0] neurons [0:255];
    reg [31:0] synapses [0:8191];
    reg started;
    assign MISO = SCK & MOSI;
    assign AEROUT_ADDR = AERIN_ADDR[7:0];
    assign AEROUT_REQ = @REQ@;
    always @(posedge CLK) begin
        AERIN_ACK <= AERIN_REQ & ~RST;
        if (AERIN_REQ & ~AERIN_ACK) begin
            neurons[AERIN_ADDR[7:0]] <= neurons[AERIN_ADDR[7:0]] + 1;
            synapses[AERIN_ADDR[12:0]] <= synapses[AERIN_ADDR[12:0]] + 1;
        end
    end
endmodule
"""


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, ["record", "odin", *map(str, words)])


def needs(*tools: str) -> None:
    try:
        for tool in tools:
            getattr(toolchain, tool)()
    except InputError as error:
        pytest.skip(str(error))


def stand_in(folder: Path, req: str) -> Path:
    folder.mkdir()
    (folder / "stand_in.v").write_text(STAND_IN.replace("@REQ@", req))
    return folder


@pytest.fixture(scope="module", autouse=True)
def _own_build(tmp_path_factory):
    """Compiled once for this file, and not into the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("root"))
        yield


def test_list_names_every_recipe_with_its_reason():
    result = draupnir("--list")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{name}: {recipe.why}" for name, recipe in RECIPES.items()]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--rtl", "x", "--recipe", "lif_event"], "no recipe 'lif_event'"),
        (["--recipe", "lif_events"], "--rtl DIR"),
        (["--rtl", "x"], "--all"),
    ],
)
def test_what_is_missing_is_said(words, complaint):
    result = draupnir(*words)
    assert result.exit_code == 2
    assert complaint in result.stderr and result.stderr.count("\n") == 1


def test_a_folder_that_is_no_golden_case_is_not_replaced(tmp_path):
    mine = tmp_path / "out" / "bursts" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    for words, message in (
        (("--rtl", "nowhere", "-o", mine.parents[1]), f"{mine.parent}: this folder is not a golden case"),
        (("--rtl", mine.parent, "-o", mine.parents[1]), f"-o, for bursts: {mine.parent}: it is the input --rtl"),
    ):
        result = draupnir("--recipe", "bursts", *words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"error: {message}")
    assert mine.read_text() == "years of work"


@pytest.mark.verilator
@pytest.mark.slow
def test_a_recipe_becomes_a_case_and_the_same_seed_the_same_case(tmp_path):
    needs("verilator")
    rtl = stand_in(tmp_path / "rtl", "AERIN_ADDR[0]")
    words = ["--rtl", rtl, "--recipe", "unconfigured", "--seed", 9, "--cycles", N_CYCLES, "--repository", "stand-in"]
    for out in ("a", "b"):
        result = draupnir(*words, "-o", tmp_path / out)
        assert result.exit_code == 0, result.stderr
        assert result.stdout.startswith(f"unconfigured: {N_CYCLES} clocks")
    first_case, second_case = (case.load(tmp_path / out / "unconfigured") for out in ("a", "b"))
    case.verify(first_case)
    assert first_case.seed == 9
    assert first_case.why == RECIPES["unconfigured"].why
    assert first_case.command == f"draupnir record odin --rtl DIR --recipe unconfigured --seed 9 --cycles {N_CYCLES}"
    assert first_case.source["repository"] == "stand-in"
    assert set(first_case.after) == {"neurons", "synapses"}
    trace = wave.read(first_case.wave, CHIP)
    assert trace.n_cycles == N_CYCLES
    assert trace.outputs.tolist() == wave.read(second_case.wave, CHIP).outputs.tolist()
    assert {
        name: first_case.sha256[name] for name in first_case.sha256 if name.endswith("hex")
    }.items() <= second_case.sha256.items()


@pytest.mark.verilator
@pytest.mark.icarus
@pytest.mark.slow
def test_icarus_agrees_or_no_case_is_made(tmp_path):
    needs("verilator", "icarus")
    words = ["--recipe", "lif_events", "--cycles", N_CYCLES, "--check-icarus", "-o", tmp_path / "made"]
    agreed = draupnir("--rtl", stand_in(tmp_path / "same", "AERIN_ADDR[0]"), *words)
    assert agreed.exit_code == 0, agreed.stderr
    assert "does the same" in case.load(tmp_path / "made" / "lif_events").source["check"]
    # Two simulators that must differ: only one of them knows that a register was never written.
    result = draupnir("--rtl", stand_in(tmp_path / "differs", "(started === 1'bx)"), *words, "--recipe", "lif_sdsp")
    assert result.exit_code == 1
    assert "differs from cycle" in result.stdout
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["lif_events"]


@pytest.mark.verilator
@pytest.mark.icarus
@pytest.mark.slow
def test_an_output_that_icarus_never_knows_makes_no_case(tmp_path):
    needs("verilator", "icarus")
    rtl = stand_in(tmp_path / "rtl", "started ^ AERIN_ADDR[0]")
    words = ["--rtl", rtl, "--recipe", "lif_events", "--cycles", N_CYCLES, "--check-icarus", "-o", tmp_path / "made"]
    result = draupnir(*words)
    assert result.exit_code == 1
    assert f"does not know from cycle 5 on bits of AEROUT_REQ {N_CYCLES - 5} (never known); " in result.stdout
    report = json.loads(draupnir(*words, "--json").stdout)
    assert report["cases"][0]["folder"] is None and "never known" in report["cases"][0]["check"]
    assert not (tmp_path / "made").exists() or not list((tmp_path / "made").iterdir())
    agreed = draupnir(*words, "--initial", "zero")
    assert agreed.exit_code == 0, agreed.stderr
    check = case.load(tmp_path / "made" / "lif_events").source["check"]
    assert ", started at zero, does the same; 6,600 of 6,600 output bits compared" in check


def test_start_values_are_only_for_the_check():
    result = draupnir("--rtl", "x", "--recipe", "lif_events", "--initial", "zero")
    assert result.exit_code == 2
    assert "--initial zero: only with --check-icarus" in result.stderr and result.stderr.count("\n") == 1


def test_a_case_names_no_folder_of_the_machine_that_recorded_it(tmp_path):
    source, other = tmp_path / "src", tmp_path / "other"
    for folder in (source / "inc", other, tmp_path / "more"):
        folder.mkdir(parents=True)
    rtl = Rtl(source, options=SourceOptions(include_folders=(source / "inc", other, tmp_path / "more")))
    assert rtl.elsewhere() == "--rtl DIR -I DIR/inc -I INCLUDES -I INCLUDES2"
    assert rtl.elsewhere({"N": 3}) == "--rtl DIR -I DIR/inc -I INCLUDES -I INCLUDES2 --set N=3"
    from_list = replace(rtl, place=source / "chip.f")
    (source / "chip.f").write_text("")
    assert from_list.elsewhere() == "--rtl DIR/chip.f -I DIR/inc -I INCLUDES -I INCLUDES2"
