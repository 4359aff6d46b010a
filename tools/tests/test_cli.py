"""The command line's words and exit status; what the commands compute is tested with the library."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emulator import chips
from tools import tables
from tools.cli import COMMANDS, FOLDER, cli

HEAVY = ("numpy", "numba", "rich", "cocotb", "amaranth", "matplotlib", "sklearn", "emulator.state")


def draupnir(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    root = Path(__file__).parents[2]
    return subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout


def test_help_needs_nothing_heavy() -> None:
    loaded = python(
        "import sys; from tools.cli import cli; from click.testing import CliRunner\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0; print(*sys.modules)"
    ).split()
    assert "click" in loaded
    assert not set(HEAVY) & set(loaded)


def test_chips_needs_no_numpy() -> None:
    loaded = python(
        "import sys; from tools.cli import cli; from click.testing import CliRunner\n"
        "assert CliRunner().invoke(cli, ['chips']).exit_code == 0; print(*sys.modules)"
    ).split()
    assert "emulator.odin.layout" in loaded
    assert "numpy" not in loaded


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_lists_every_command_that_there_is(words: tuple[str, ...]) -> None:
    result = draupnir(*words)
    assert result.exit_code == 0
    listed = {line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines() if line.strip()}
    assert listed == {path.stem for path in FOLDER.glob("[!_]*.py")}


@pytest.mark.parametrize("name", [name for name in COMMANDS if (FOLDER / f"{name}.py").is_file()])
def test_each_command_has_help_with_an_example(name: str) -> None:
    result = draupnir(name, "--help")
    assert result.exit_code == 0
    assert f"Example: draupnir {name}" in result.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("nosuch",), "error: No such command 'nosuch'; see draupnir --help\n"),
        (("--nosuch",), "error: No such option '--nosuch'; see draupnir --help\n"),
        (("chips", "--nosuch"), "error: No such option '--nosuch'; see draupnir chips --help\n"),
        (("chips", "odin", "odin"), "error: Got unexpected extra argument (odin); see draupnir chips --help\n"),
        (("chips", "loihi"), "error: no chip 'loihi'; there are: " + ", ".join(chips.names()) + "\n"),
        (
            ("chips", "--markdown"),
            "error: --markdown prints the tables of one CHIP, without --json; see draupnir chips --help\n",
        ),
    ],
)
def test_input_at_fault_gives_one_line_and_status_2(words: tuple[str, ...], line: str) -> None:
    result = draupnir(*words)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


def test_chips_lists_every_chip() -> None:
    result = draupnir("chips")
    assert result.exit_code == 0
    for name in chips.names():
        assert chips.declaration(name).title in result.stdout


def test_chips_as_json_counts_what_is_declared() -> None:
    listed = json.loads(draupnir("chips", "--json").stdout)
    assert [chip["name"] for chip in listed] == list(chips.names())
    odin = next(chip for chip in listed if chip["name"] == "odin")
    assert (odin["name"], odin["pins"], odin["registers"]) == ("odin", 11, 11)
    assert odin["memories"]["synapses"] == {"words": 8192, "bits": 32}


def test_one_chip_as_json_has_its_tables() -> None:
    odin = json.loads(draupnir("chips", "odin", "--json").stdout)
    assert {"pin": "RST", "direction": "in"}.items() <= odin["tables"]["Pins"][1].items()


def test_one_chip_is_printed_as_tables() -> None:
    result = draupnir("chips", "odin")
    assert result.exit_code == 0
    for table in tables.tables(chips.declaration("odin")):
        assert table.title in result.stdout


def test_markdown_is_the_librarys() -> None:
    assert draupnir("chips", "odin", "--markdown").stdout == tables.markdown(chips.declaration("odin"))


@pytest.mark.parametrize("words", ["chips odin", "chips odin --markdown", "--help"])
def test_a_reader_that_goes_away_is_no_difference_and_no_error(words: str) -> None:
    command = subprocess.Popen(
        [sys.executable, "-c", "from tools.cli import main; main()", *words.split()],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    command.stdout.close()
    _, err = command.communicate()
    assert (command.returncode, err) == (141, b"")


@pytest.mark.parametrize(("option", "shown"), [([], ""), (["-W", "always"], "UserWarning: of a library")])
def test_warnings_of_libraries_are_shown_only_on_demand(option: list[str], shown: str) -> None:
    code = """
import warnings
from tools import cli
cli.errors.exit_status = lambda run: warnings.warn("of a library")
cli.main()
"""
    command = [sys.executable, *option, "-c", code]
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert shown in done.stderr if shown else done.stderr == ""


def test_version_is_the_packages() -> None:
    assert draupnir("--version").stdout.startswith("draupnir ")
