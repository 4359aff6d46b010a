"""`draupnir compare`, and `draupnir run` of a chip that runs by its own timesteps: words, files and exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import level
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
