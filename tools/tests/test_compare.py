"""`draupnir compare`, and `draupnir run` of a chip that runs by its own timesteps: words, files and exit status."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import level
from draupnir.emulator.ranc.ticks.hardware import Hardware, sizes_for
from draupnir.emulator.ranc.ticks.semantics import REASONS
from draupnir.emulator.tests.ranc.ticks import recorded
from draupnir.tools.cli import cli

CASE = recorded.FOLDER / "rtl_missed"
TIMES = ("--timesteps", "8", "--period", "200", "--input-delay", "5")
SIZES = {
    "GRID_DIMENSION_X": 3,
    "GRID_DIMENSION_Y": 2,
    "OUTPUT_CORE_X_COORDINATE": 2,
    "OUTPUT_CORE_Y_COORDINATE": 1,
    "NUM_OUTPUTS": 16,
    "NUM_NEURONS": 16,
    "NUM_AXONS": 16,
    "DY_LSB": 8,
    "DY_MSB": 16,
    "DX_LSB": 17,
    "DX_MSB": 25,
}


def draupnir(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


def files(case: Path) -> tuple[str | Path, ...]:
    return ("--config", case / "config.json", "--events", case / "input.json")


def test_compare_names_place_and_reason_and_the_status_is_1() -> None:
    result = draupnir("compare", "ranc", *files(CASE), *TIMES)
    assert result.exit_code == 1
    first, second, third, fourth = result.stdout.splitlines()
    assert first == "they part in tick 1, core (1, 0), neuron 8:"
    assert second == "  in the simulator it has the potential 0, in the RTL it has -6"
    assert third == "because of" and fourth.startswith("  reset: the RTL resets a potential below the negative")


def test_compare_without_a_difference_finds_the_next_one() -> None:
    result = draupnir("compare", "ranc", *files(CASE), *TIMES, "--without", "repeats", "--without", "reset", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["schema"], report["version"]) == (1, "draupnir.compare", 1)
    assert report["parting"]["reasons"] == ["missed"] and report["parting"]["kind"] == "packets"
    assert report["rtl"]["missed_ticks"] > 0


def test_compare_without_all_differences_agrees_with_status_0() -> None:
    words = [word for name in REASONS for word in ("--without", name)]
    result = draupnir("compare", "ranc", *files(CASE), "--timesteps", "8", *words)
    assert (result.exit_code, result.stdout) == (0, "simulator and RTL agree in all 8 ticks\n")


def test_compare_reads_the_images_of_the_hardware() -> None:
    sizes = [word for name, size in SIZES.items() for word in ("--set", f"{name}={size}")]
    result = draupnir("compare", "ranc", "--config", recorded.FOLDER / "rancutils", "--timesteps", "3", *sizes)
    line = f"error: {recorded.FOLDER}/rancutils/tc_001.mem: No such file or directory\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


def test_images_and_files_of_the_simulator_lead_to_each_other(tmp_path: Path) -> None:
    """The network that comes back is the first one, but for the reset type, which the hardware does not have."""
    folder, config, events = tmp_path / "images", tmp_path / "config.json", tmp_path / "input.json"
    forth = draupnir("config", "pack", "ranc", CASE / "config.json", "--events", CASE / "input.json", "-o", folder)
    assert forth.exit_code == 0, forth.output
    assert {"csram_000.mem", "tc_000.mem", "tb_input.txt", "tb_num_inputs.txt"} <= {f.name for f in folder.iterdir()}
    network = level.read(CASE / "config.json", CASE / "input.json", {})
    sizes = sizes_for(network.grid, network.output, Hardware())
    settings = {
        "GRID_DIMENSION_X": sizes.n_x,
        "GRID_DIMENSION_Y": sizes.n_y,
        "OUTPUT_CORE_X_COORDINATE": sizes.output % sizes.n_x,
        "OUTPUT_CORE_Y_COORDINATE": sizes.output // sizes.n_x,
        "NUM_OUTPUTS": network.n_outputs,
        "NUM_NEURONS": sizes.n_neurons,
        "NUM_AXONS": sizes.n_axons,
        "NUM_TICKS": sizes.n_ticks,
        "NUM_WEIGHTS": sizes.n_weights,
        "DY_LSB": sizes.dy_lsb,
        "DY_MSB": sizes.dx_lsb - 1,
        "DX_LSB": sizes.dx_lsb,
        "DX_MSB": sizes.dx_lsb + sizes.dx_width - 1,
    }
    words = [word for name, size in settings.items() for word in ("--set", f"{name}={size}")]
    back = draupnir("config", "unpack", "ranc", folder, "-o", config, "--events", events, *words)
    assert back.exit_code == 0, back.output
    network_back = level.read(config, events, {})
    cores = np.arange(network.grid.n_cores) != network.output  # the bus replaces a core, which has no images
    by_core = {name: getattr(network, name)[cores] for name in ("axons", "connections", "weights", "neurons")}
    assert [
        name for name, content in by_core.items() if not np.array_equal(content, getattr(network_back, name)[cores])
    ] == []
    assert np.array_equal(network.packets, network_back.packets) and len(network.packets) > 0
    assert np.array_equal(network.packet_starts, network_back.packet_starts)
    assert (network_back.grid, network_back.output, network_back.n_outputs) == (
        network.grid,
        network.output,
        network.n_outputs,
    )
    assert (network.reset_type, network_back.reset_type) == (1, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("unpack", "ranc", "images", "--events", "x.json"), "--events x.json: -o is missing, the file for the"),
        (("unpack", "ranc", CASE / "config.json", "--events", "x.json", "-o", "y.json"), "config.json: is no folder;"),
        (("pack", "odin", CASE / "config.json", "--events", CASE / "input.json"), "odin has no level by timesteps"),
        (("pack", "ranc", CASE / "config.json", "--events", "absent.json"), "absent.json: No such file or directory"),
    ],
)
def test_a_mistake_in_a_conversion_is_one_line_and_leaves_nothing(
    words: tuple[str | Path, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = draupnir("config", *words)
    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_run_writes_the_output_file_of_the_simulator(tmp_path: Path) -> None:
    case = recorded.FOLDER / "one_row"
    result = draupnir("run", "ranc", *files(case), "--timesteps", "30", "-o", tmp_path / "output.txt", "--json")
    assert result.exit_code == 0
    assert (tmp_path / "output.txt").read_bytes() == (case / "output.txt").read_bytes()
    report = json.loads(result.stdout)
    assert (report["schema"], report["n_timesteps"]) == ("draupnir.run.timesteps", 30)
    assert report["counts"]["repeated_output_warnings"] == 107


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compare", "odin", "--timesteps", "3"), "odin has no level by timesteps (ticks= of its ChipPackage)"),
        (("compare", "ranc", "--timesteps", "3"), "--config is missing; see draupnir compare --help"),
        (("compare", "ranc", *files(CASE)), "--timesteps is missing"),
        (("run", "ranc", *files(CASE)), "--timesteps is missing; see draupnir run --help"),
        (("run", "ranc", "--config", CASE / "config.json", "--timesteps", "3"), "config.json: --events is missing"),
        (("run", "ranc", *files(CASE), "--timesteps", "3", "--seed", "1"), "--seed: right is one of the two"),
        (("compare", "ranc", "--config", CASE, "--events", "x", "--timesteps", "3"), "right is to leave it out"),
        (("compare", "ranc", *files(CASE), "--timesteps", "3", "--without", "x"), "--without x: no such difference;"),
        (
            ("compare", "ranc", *files(CASE), "--timesteps", "3", "--period", "9", "--input-delay", "9"),
            "--input-delay 9, --period 9: right is a delay of 2..8, less than the period",
        ),
        (
            ("compare", "ranc", *files(recorded.FOLDER / "few_words"), "--timesteps", "3"),
            "max_tick_offset is 3; right for a hardware is a power of two, at least 2",
        ),
        (("run", "ranc", *files(CASE), "--timesteps", "3", "-o", CASE / "input.json"), "input.json"),
    ],
)
def test_input_at_fault_gives_one_line_and_status_2(words: tuple[str | Path, ...], message: str) -> None:
    result = draupnir(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr and result.stderr.count("\n") == 1


def test_the_level_reads_a_folder_only_without_events() -> None:
    with pytest.raises(InputError, match=r"the packets of .* are in the folder"):
        level.read(CASE, Path("x"), {})
