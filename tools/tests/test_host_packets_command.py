"""`draupnir host` on a chip that takes packets, and `draupnir bitstream` with the files of its own tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.emulator.ranc.sizes import grid, sizes_of
from draupnir.emulator.ranc.ticks import mem_files, pin_input
from draupnir.emulator.tests.ranc.ticks import recorded
from draupnir.golden import hexfile
from draupnir.golden.recipes import ranc_network
from draupnir.rtl import toolchain
from draupnir.rtl.fpga import flow
from draupnir.tools.cli import cli
from draupnir.tools.host.simulated.terminal import serial_port
from draupnir.tools.tests.test_host_packets import model_board

SIZES = grid(2, 1, (1, 0), 4, 4)
CHIP = chips.declaration("ranc", SIZES)
LEVELS = "10,packets,0\n20,packets,3\n30,tick,1\n31,tick,0\n75,tick,1\n76,tick,0\n"


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, words)])


def settings(sizes: dict[str, int]) -> list[str]:
    return [f"--set={name}={size}" for name, size in sizes.items()]


def board_of(case: str) -> list[str]:
    """The options for a recording of the original RTL, without its network."""
    network, facts = recorded.network_of(case), recorded.facts(case)
    g = network.grid
    output = network.output % g.n_x, network.output // g.n_x
    words = ["--timesteps", str(facts["ticks"]), "--period", str(facts["period"])]
    words += ["--input-delay", str(facts["input_delay"]), "--simulate", "model"]
    return words + settings(grid(g.n_x, g.n_y, output, g.n_axons, g.n_neurons, g.n_ticks))


def packets_in(path: Path) -> list[list[int]]:
    """The clock and the output of each packet in a file of outputs."""
    header, *lines = path.read_text().splitlines()
    assert header == "cycle,packet_out,packet_out_valid,token_controller_error,scheduler_error"
    rows = [[int(number) for number in line.split(",")] for line in lines]
    return [row[:2] for row in rows if row[2]]


@pytest.mark.parametrize("case", ["rtl_congested", "rtl_present"])
def test_the_packets_come_in_the_clocks_of_the_original_rtl(case: str, tmp_path: Path) -> None:
    folder, out = recorded.FOLDER / case, tmp_path / "out.csv"
    files = ["--config", folder / "config.json", "--events", folder / "input.json"]
    result = draupnir("host", "ranc", *files, *board_of(case), "-o", out, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    expected = recorded.table(case, "outputs.csv").tolist()
    assert packets_in(out) == expected and len(expected) > 40
    report = json.loads(result.stdout)
    facts = recorded.facts(case)
    assert report["n_cycles"] == (facts["ticks"] + 1) * facts["period"] and report["n_changes"] > len(expected)


def test_images_of_the_hardware_are_the_same_network_also_in_a_bitstream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = "rtl_present"
    network, options = recorded.network_of(case), board_of(case)
    sizes = [word.removeprefix("--set=") for word in options if word.startswith("--set=")]
    chip = chips.declaration("ranc", {name: int(size) for name, _, size in (word.partition("=") for word in sizes)})
    mem_files.write(network, tmp_path / "images", sizes_of(chip.sizes))
    result = draupnir("host", "ranc", "--config", tmp_path / "images", *options, "-o", tmp_path / "out.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert packets_in(tmp_path / "out.csv") == recorded.table(case, "outputs.csv").tolist()
    requests: list[flow.Request] = []

    def build(request: flow.Request, out: Path, step: Any) -> None:
        requests.append(request)
        raise flow.Unbuildable("stopped here")

    monkeypatch.setattr(flow, "build", build)
    words = ["--config", tmp_path / "images", *(f"--set={size}" for size in sizes), "-o", tmp_path / "out"]
    assert draupnir("bitstream", "ranc", "--board", "ulx3s-85f", *words).exit_code == 1
    expected = pin_input.memories(network, chip)
    assert requests[0].words.keys() == expected.keys()
    assert all(np.array_equal(requests[0].words[name], words) and words.any() for name, words in expected.items())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a network, and with the clocks of packets and ticks."""
    monkeypatch.chdir(tmp_path)
    network = ranc_network.Network(density=0.9, thresholds=(1, 6), weights=(2, 9), to_output=1.0, ticks=0)
    memories = ranc_network.contents(CHIP, network, np.random.default_rng(2))
    for name, words in memories.items():
        hexfile.write(Path(f"{name}.hex"), words, CHIP.memory(name))
    Path("net.toml").write_text("".join(f'{name} = "{name}.hex"\n' for name in memories))
    Path("in.csv").write_text(f"cycle,input,level\n{LEVELS}")
    return tmp_path


@pytest.mark.verilator
def test_a_simulated_rtl_gives_the_file_that_the_model_gives(folder: Path) -> None:
    toolchain.verilator()
    words = ["--config", "net.toml", "--events", "in.csv", "--max-cycles", 120, *settings(SIZES)]
    for board in ("model", "rtl"):
        result = draupnir("host", "ranc", "--simulate", board, *words, "-o", f"{board}.csv")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.splitlines()[1].split() == ["packets", "2"]
    assert Path("rtl.csv").read_bytes() == Path("model.csv").read_bytes()
    assert len(packets_in(Path("rtl.csv"))) > 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("5,tick,2\n", "in.csv:2: tick: 2 is not within 0..1"),
        ("5,clk,1\n", "in.csv:2: no input 'clk'; there are rst, tick, packets"),
        ("5,tick,1\n4,tick,0\n", "in.csv:3: cycle: 4 comes after 5; right is in ascending order"),
        ("2147483648,tick,1\n", "in.csv:2: cycle: 2147483648 is not within 0..2147483647"),
        ("5,packets,0x1000000\n", "in.csv:2: packets: 16777216 is not within 0..16777215"),
    ],
)
def test_a_mistake_in_a_file_of_inputs_is_one_line(folder: Path, content: str, message: str) -> None:
    Path("in.csv").write_text(f"cycle,input,level\n{content}")
    words = ["--events", "in.csv", "--max-cycles", 9, *settings(SIZES), "-o", "out.csv"]
    result = draupnir("host", "ranc", "--simulate", "model", *words)
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--simulate", "model"), "--max-cycles is missing: a board does not see when the chip comes to rest"),
        (("--simulate", "model", "--verify"), "--verify: ranc has no SPI, so a board cannot read its memories"),
        (
            ("--simulate", "model", "--save", "csram=c.hex"),
            "ranc, which has no SPI, and --save: right is one of the two",
        ),
        (
            ("--simulate", "model", "--max-cycles", 5, "--period", 7),
            "--period 7: only with --config, the files of the simulator of ranc",
        ),
        (
            ("--port", "x", "--max-cycles", 5, "--config", "net.toml"),
            "--config net.toml: the memories of ranc are in its bitstream; right is to leave it out here, and to build"
            " one with `draupnir bitstream ranc --config net.toml`",
        ),
        (
            ("--simulate", "model", "--config", ".", "--timesteps", 5),
            "tc_000.mem: No such file or directory",
        ),
        (
            ("--simulate", "model", "--config", ".", "--max-cycles", 5),
            "--max-cycles 5: . has ticks; right is --timesteps",
        ),
        (("--simulate", "model", "--max-cycles", 5, "-o", "out.txt"), "out.txt: outputs are written to .csv or .npy"),
    ],
)
def test_each_mistake_is_one_line(folder: Path, words: tuple[object, ...], message: str) -> None:
    result = draupnir("host", "ranc", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {message}\n"


def test_a_network_of_another_grid_is_refused(tmp_path: Path) -> None:
    case = recorded.FOLDER / "rtl_plain"
    files = ["--config", case / "config.json", "--events", case / "input.json", "--timesteps", 3]
    result = draupnir("host", "ranc", "--simulate", "model", *files, "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: the network has GRID_DIMENSION_X=3, the chip 5; right is --set GRID_DIMENSION_X=3\n"
    )


def test_another_grid_on_the_board_is_refused(folder: Path) -> None:
    with serial_port(model_board()[0]) as port:
        result = draupnir("host", "ranc", "--port", port, "--max-cycles", 5, *settings(SIZES), "-o", "out.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the board holds 'ranc DX_LSB=17 ")
    assert not Path("out.csv").exists()


def test_periods_are_refused_for_a_chip_without_timesteps_of_its_own() -> None:
    result = draupnir("host", "odin", "--simulate", "model", "--period", 5)
    assert result.exit_code == 2
    assert result.stderr == "error: --period 5: odin has no timesteps of its own; right is to leave it out\n"
