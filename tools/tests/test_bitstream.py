"""`draupnir bitstream`: two real ones, the smallest of each family, unpacked and searched; and what is refused."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.rtl import emit
from draupnir.rtl.fpga import bitfile, flow
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml import load

SMALLEST = {"n_neurons": 64, "izh": False, "bursts": False, "sdsp": False}
SETTINGS = [f"--set={name}={content}" for name, content in (("n_neurons", 64), ("izh", "no"), ("bursts", "no"))]
SETTINGS.append("--set=sdsp=no")
NETWORK = """
[[neurons]]
index = "0-63"
model = "lif"
thr = {thr}
leak_str = 5

[synapses]
matrix = "weights.csv"
"""


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, ["bitstream", *map(str, words)])


def _network(folder: Path, seed: int) -> Path:
    """A configuration with random weights."""
    folder.mkdir()
    weights = np.random.default_rng(seed).integers(0, 8, (256, 256))
    np.savetxt(folder / "weights.csv", weights, "%d", ",")
    path = folder / "network.toml"
    path.write_text(NETWORK.format(thr=100 + seed))
    return path


def _words(network: Path) -> dict[str, np.ndarray]:
    memories = load.load(network, "odin").memories
    return {name: words[emit.kept_words("odin", name, **SMALLEST)] for name, words in memories.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("board", "more"), [("ulx3s-25f", ["--header"]), ("icebreaker", [])])
def test_a_network_is_in_its_bitstream_and_another_one_takes_its_place(
    board: str, more: list[str], tmp_path: Path
) -> None:
    first, second = _network(tmp_path / "first", 1), _network(tmp_path / "second", 2)
    out = tmp_path / "out"
    result = draupnir("odin", "--board", board, "--config", first, *SETTINGS, *more, "-o", out, "--json")
    assert result.exit_code == 0, result.output
    about = json.loads(result.stdout)
    assert about["built"] and about["parameters"] == SMALLEST and all(clock["met"] for clock in about["clocks"])
    assert "wanted" in about["clocks"][0] and about["tools"]["yosys"]
    assert about["origin"]["seeds"] == [1] and about["origin"]["versions"]["amaranth"] == about["tools"]["amaranth"]
    bitstream = Path(about["bitstream"])
    _holds(out, _words(first))
    old = bitstream.read_bytes()
    patched = draupnir("odin", "--board", board, "--config", second, "--patch", "-o", out)
    assert patched.exit_code == 0, patched.output
    assert patched.stdout == f"patched: {bitstream}\n" and bitstream.read_bytes() != old
    assert bitfile.about(out) == {**_built(about), "patched": bitfile.about(out)["patched"]}
    assert bitfile.about(out)["patched"]["date"] >= about["origin"]["date"]
    _holds(out, _words(second))


def _built(about: dict[str, Any]) -> dict[str, Any]:
    """Those entries of the command's JSON that stand in build.json."""
    return {name: entry for name, entry in about.items() if name not in ("schema", "version", "built", "bitstream")}


def _holds(out: Path, words: dict[str, np.ndarray]) -> None:
    contents: dict[str, Any] = bitfile.read(out)
    assert set(contents) == {"neurons", "synapses"}
    assert all(np.array_equal(contents[name], words[name]) for name in contents)


def test_what_is_built_says_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is refused stops it just before synthesis."""
    requests: list[flow.Request] = []

    def build(request: flow.Request, out: Path, step: Any) -> None:
        requests.append(request)
        raise flow.Unbuildable("stopped here")

    monkeypatch.setattr(flow, "build", build)
    assert draupnir("odin", "--board", "icebreaker", *SETTINGS, "-o", tmp_path / "out").exit_code == 1
    (request,) = requests
    assert request.origin["seeds"] == (flow.SEED,)
    assert request.origin.keys() >= {"command", "commit", "versions", "date"} and request.origin["date"]
    assert request.origin["versions"]["draupnir"] != "none"


def test_a_chip_has_the_clock_of_the_board_unless_it_uses_both_edges_or_is_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the bridge is the same for all chips that reach the board's; ReckOn does not."""
    clocks: list[float] = []

    def build(request: flow.Request, out: Path, step: Any) -> None:
        clocks.append(request.freq)
        raise flow.Unbuildable("stopped here")

    monkeypatch.setattr(flow, "build", build)
    for chip in ("odin", "ranc", "reckon"):
        assert draupnir(chip, "--board", "ulx3s-85f", "-o", tmp_path / "out").exit_code == 1
    assert clocks == [25e6, 12.5e6, 7.5e6]


@pytest.mark.parametrize("patch", [(), ("--patch",)])
def test_words_of_a_memory_that_begins_with_zeros_are_refused(tmp_path: Path, patch: tuple[str, ...]) -> None:
    (tmp_path / "net.toml").write_text("[[scheduler_sram]]\nindex = 3\naxons = 1\n")
    (tmp_path / bitfile.ABOUT).write_text(json.dumps({"chip": "ranc", "family": "ecp5", "parameters": {}}))
    result = draupnir("ranc", "--board", "ulx3s-85f", "--config", tmp_path / "net.toml", *patch, "-o", tmp_path)
    assert (result.exit_code, result.stderr) == (
        2,
        "error: scheduler_sram: a bitstream of ranc cannot fill it, so it begins with 0; right is to leave it out\n",
    )


def test_a_header_is_refused_for_a_chip_that_uses_both_edges(tmp_path: Path) -> None:
    result = draupnir("ranc", "--board", "ulx3s-85f", "--header", "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: a header is for a chip that uses the rise of one clock; ranc has clk (both)\n",
    )
    assert not (tmp_path / "out").exists()


def test_without_a_board_those_that_there_are_are_listed() -> None:
    result = draupnir("odin")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: which board? --board; there are ulx3s-25f, ulx3s-85f, icebreaker\n",
    )


def test_a_board_that_there_is_not_is_refused() -> None:
    result = draupnir("odin", "--board", "de0")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: --board de0: no such board; there are ulx3s-25f, ulx3s-85f, icebreaker\n",
    )


def test_a_header_with_too_few_pins_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    result = draupnir("odin", "--board", "icebreaker", "--header", "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (2, "error: icebreaker: 0 header pins; odin has 32 pins\n")
    assert not (tmp_path / "out").exists()


def test_a_clock_that_the_line_to_the_host_cannot_be_made_from_is_refused(tmp_path: Path) -> None:
    result = draupnir("odin", "--board", "icebreaker", "--freq", 1.5, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "a bridge at 3 MHz cannot make 1,000,000 baud; --freq asks for another frequency" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_chip_whose_memories_cannot_be_filled_is_refused_before_synthesis(tmp_path: Path) -> None:
    small = ("--set=n_neurons=64", "--set=n_outputs=8")
    result = draupnir("reckon", "--board", "ulx3s-85f", *small, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "error: reckon on ulx3s-85f: wout cannot be filled from a bitstream, so there is none yet;"
    )
    assert not list((tmp_path / "out").iterdir())


def test_a_patch_needs_a_bitstream(tmp_path: Path) -> None:
    result = draupnir("odin", "--board", "icebreaker", "--patch", "-o", tmp_path)
    assert result.exit_code == 2
    assert f"error: {tmp_path}: no build.json; `draupnir bitstream CHIP --board B -o" in result.stderr


def test_a_patch_for_another_chip_is_refused(tmp_path: Path) -> None:
    (tmp_path / bitfile.ABOUT).write_text(json.dumps({"chip": "tinyodin"}))
    result = draupnir("odin", "--board", "icebreaker", "--patch", "-o", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"error: {tmp_path}: a bitstream of tinyodin, not of odin\n")


def test_a_project_is_written_and_said_not_to_have_run(tmp_path: Path) -> None:
    result = draupnir("odin", "--project", "fusesoc", *SETTINGS, "-o", tmp_path)
    assert result.exit_code == 0 and result.stdout.startswith("written, not run: ")
    assert (tmp_path / "odin.core").is_file()


def test_a_project_says_where_it_comes_from(tmp_path: Path) -> None:
    words = ["bitstream", "odin", "--project", "fusesoc", *SETTINGS, "-o", str(tmp_path)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    about = json.loads((tmp_path / "project.json").read_text())
    assert (about["chip"], about["project"], about["parameters"]) == ("odin", "fusesoc", SMALLEST)
    origin = about["origin"]
    assert origin["command"] == shlex.join(["draupnir", *words])
    assert origin["date"] and origin["versions"]["amaranth"] != "none" and origin.keys() >= {"seeds", "commit"}
