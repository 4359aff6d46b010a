"""The command line's words and exit status; what the commands compute is tested with the library."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import IO

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from draupnir.emulator import chips
from draupnir.tools.cli import COMMANDS, FOLDER, GROUPS, cli
from draupnir.tools.report import tables

HEAVY = ("numpy", "numba", "rich", "cocotb", "amaranth", "matplotlib", "sklearn", "draupnir.emulator.state")


def draupnir(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    root = Path(__file__).parents[2]
    return subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout


def test_help_needs_nothing_heavy() -> None:
    modules = python(
        "import sys; from draupnir.tools.cli import cli; from click.testing import CliRunner\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0; print(*sys.modules)"
    ).split()
    assert "click" in modules
    assert not set(HEAVY) & set(modules)


def test_chips_needs_no_numpy() -> None:
    modules = python(
        "import sys; from draupnir.tools.cli import cli; from click.testing import CliRunner\n"
        "assert CliRunner().invoke(cli, ['chips']).exit_code == 0; print(*sys.modules)"
    ).split()
    assert "draupnir.emulator.odin.layout" in modules
    assert "numpy" not in modules


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_lists_every_command_that_there_is(words: tuple[str, ...]) -> None:
    result = draupnir(*words)
    assert result.exit_code == 0
    titles, commands = [], []
    for line in result.stdout.partition("-h, --help")[2].splitlines()[1:]:
        if line.endswith(":"):
            titles.append(line[:-1])
        elif match := re.match(r"  (\w+) ", line):
            commands.append(match.group(1))
    assert titles == list(GROUPS) and len(commands) == len(set(commands))
    assert set(commands) == {path.stem for path in FOLDER.glob("[!_]*.py")}


@pytest.mark.parametrize("name", [name for name in COMMANDS if (FOLDER / f"{name}.py").is_file()])
def test_each_command_has_help_with_an_example(name: str) -> None:
    result = draupnir(name, "--help")
    assert result.exit_code == 0
    assert f"Example: draupnir {name}" in result.stdout


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_help_names_chips_only_in_examples(name: str) -> None:
    """Any chip may be installed. Only the demonstrations are of certain chips."""
    output = draupnir(name, "--help").stdout
    outside = re.sub(r"Example: .*?\n\n", "", output, flags=re.DOTALL)
    assert "Example:" in output and "--help" in outside
    assert re.findall(rf"\b(?:{'|'.join(chips.names())})\b", outside, re.IGNORECASE) == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("nosuch",), "error: No such command 'nosuch'; see draupnir --help\n"),
        (("--nosuch",), "error: No such option '--nosuch'; see draupnir --help\n"),
        (("chips", "--nosuch"), "error: No such option '--nosuch'; see draupnir chips --help\n"),
        (("chips", "odin", "thr", "x"), "error: Got unexpected extra argument (x); see draupnir chips --help\n"),
        (("chips", "odin", "dapdl"), "error: odin has no 'dapdl'; close are dapdel, dapdel_cnt\n"),
        (("chips", "odin", "qqq"), "error: odin has no 'qqq'; draupnir chips odin lists all entries\n"),
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
    report = json.loads(draupnir("chips", "--json").stdout)
    assert (report["schema"], report["version"]) == ("draupnir.chips", 1)
    entries = report["chips"]
    assert [chip["name"] for chip in entries] == list(chips.names())
    odin = next(chip for chip in entries if chip["name"] == "odin")
    assert (odin["name"], odin["pins"], odin["registers"]) == ("odin", 11, 11)
    assert odin["memories"]["synapses"] == {"words": 8192, "bits": 32}


def test_one_chip_as_json_has_its_entries_with_numbers_as_numbers() -> None:
    odin = json.loads(draupnir("chips", "odin", "--json").stdout)
    assert list(odin)[:2] == ["schema", "version"]
    by_name = {entry["name"]: entry for entry in odin["entries"]}
    assert {"kind": "pin", "direction": "in", "bits": 17}.items() <= by_name["AERIN_ADDR"].items()
    register = {"address": 18, "last_address": 18, "bits": 20, "low": 0, "high": 1048575, "reset": None}
    assert register.items() <= by_name["SPI_BURST_TIMEREF"].items()
    assert {"lsb": 9, "msb": 16, "bits": 8}.items() <= by_name["neurons.lif.thr"].items()


@pytest.mark.parametrize("chip", chips.names())
def test_in_a_pipe_each_declared_thing_is_a_line_with_its_full_name_and_meaning(chip: str) -> None:
    lines = draupnir("chips", chip).stdout.splitlines()
    declaration = chips.declaration(chip)
    for register in declaration.registers:
        (line,) = [line for line in lines if line.split()[:2] == ["register", register.name]]
        assert f"address {register.addr}" in line and f"bits {register.width}" in line and "after reset" in line
        assert line.endswith(register.meaning)
    for memory in declaration.memories:
        for word in memory.words:
            paths = {f"{memory.name}.{word.name.replace(' ', '_')}.{f.name}" for f in word}
            assert paths <= {line.split()[1] for line in lines if line.startswith("field ")}
    names = [*(pin.name for pin in declaration.pins), *(event.name for event in declaration.events)]
    assert all(any(line.split()[1:2] == [name] for line in lines) for name in names)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("chip", chips.names())
def test_tables_show_full_names_at_any_width(chip: str, width: int) -> None:
    text = StringIO()
    for table in tables.rich_tables(chips.declaration(chip)):
        Console(file=text, width=max(width, tables.least_width(table))).print(table)
    output = text.getvalue()
    assert "…" not in output
    for register in chips.declaration(chip).registers:
        assert register.name in output


def test_an_entry_is_looked_up_by_its_name_or_path_in_any_case() -> None:
    expected = [
        "register SPI_OPEN_LOOP",
        "  address       1",
        "  bits          1",
        "  range         0..1",
        "  after reset   unchanged",
        "  meaning       Keeps the neurons' own spikes out of the scheduler.",
    ]
    for name in ("SPI_OPEN_LOOP", "Spi_Open_Loop"):
        result = draupnir("chips", "odin", name)
        assert (result.exit_code, result.stderr) == (0, "")
        texts = [entry.splitlines() for entry in result.stdout.split("\n\n")]
        assert expected in texts
    assert draupnir("chips", "odin", "lif.thr").stdout.startswith("field neurons.lif.thr\n  bits          16..9\n")
    entries = json.loads(draupnir("chips", "odin", "thr", "--json").stdout)["entries"]
    assert [entry["name"] for entry in entries] == ["neurons.lif.thr", "neurons.izh.thr"]


@pytest.mark.parametrize(
    ("name", "kind"), [("RST", "pin"), ("virtual", "event"), ("neurons", "memory"), ("main_read_ptr", "state")]
)
def test_every_kind_of_entry_can_be_looked_up(name: str, kind: str) -> None:
    assert draupnir("chips", "odin", name).stdout.startswith(f"{kind} ")


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [(("replay",), "--random-state", "--seed"), (("demo", "digits"), "--out", "--report")],
)
def test_old_spellings_of_options_work_and_are_not_shown(words: tuple[str, ...], old: str, new: str) -> None:
    help_text = draupnir(*words, "--help").stdout
    assert f" {new} " in help_text and f"{old} " not in help_text
    for spelling in (old, new):
        assert f"{spelling}' requires an argument" in draupnir(*words, spelling).stderr


@pytest.mark.parametrize("name", [name for name in COMMANDS if (FOLDER / f"{name}.py").is_file()])
def test_options_are_spelt_alike_in_every_command(name: str) -> None:
    """-o/--output is what is made, --report a folder; --seed and --json are everywhere the same."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    commands = list(command.commands.values()) if isinstance(command, click.Group) else [command]
    for each in commands:
        spellings = [option.opts for option in each.params if isinstance(option, click.Option)]
        assert ["--json"] in spellings
        for opts in spellings:
            assert ("-o" in opts) == ("--output" in opts)
            assert not {"--outdir", "--folder", "--format"} & set(opts)


# --- Completion -------------------------------------------------------------------------------------------------


def complete(*words: str, instruction: str = "bash_complete") -> Result:
    line = {"COMP_WORDS": " ".join(("draupnir", *words)), "COMP_CWORD": str(len(words))}
    return CliRunner().invoke(cli, [], env={"_DRAUPNIR_COMPLETE": instruction, **line})


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    result = complete(instruction=f"{shell}_source")
    assert result.exit_code == 0
    assert f"_DRAUPNIR_COMPLETE={shell}_complete" in result.stdout and "Usage" not in result.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("re",), ["replay", "record", "regress"]),
        (("run", "tin"), ["tinyodin"]),
        (("chips", "od"), ["odin"]),
        (("chips", "odin", "SPI_OP"), ["SPI_OPEN_LOOP"]),
        (("chips", "--mark"), ["--markdown"]),
        (("regress", "tinyodin", "--case", "unconf"), ["unconfigured"]),
        (("cover", "odin", "--case", "no_such"), []),
        (("record", "tinyodin", "--recipe", "spi_mas"), ["spi_masks"]),
        (("fuzz", "tinyodin", "--recipe", "spi_mas"), ["spi_masks"]),
        (("bitstream", "odin", "--board", "ice"), ["icebreaker"]),
        (("sim", "tinyodin", "--test", "neurons.lif"), ["neurons.lif_spikes_at_threshold"]),
        (("cover", "tinyodin", "--test", "spi.mask"), ["spi.mask_keeps_bits"]),
        (("regress", "nosuch", "--case", ""), []),
        (("sim", "nosuch", "--test", "path/to"), ["path/to"]),  # the shell completes the file
    ],
)
def test_commands_chips_and_names_complete(words: tuple[str, ...], completed: list[str]) -> None:
    assert [line.partition(",")[2] for line in complete(*words).stdout.split()] == completed


def test_an_unknown_shell_is_one_line() -> None:
    result = complete(instruction="tcsh_source")
    line = "error: _DRAUPNIR_COMPLETE=tcsh_source: right is one of bash_source, zsh_source, fish_source\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


# --- stdout -----------------------------------------------------------------------------------------------------


def process(code: str, stdout: int | IO[bytes]) -> tuple[int, str, str]:
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, stdout=stdout, stderr=subprocess.PIPE, check=False)
    return ended.returncode, (ended.stdout or b"").decode(), ended.stderr.decode()


MAIN = "import sys, os; from draupnir.tools import cli; sys.argv = ['draupnir', *{words}]; {before}; cli.main()"


def test_what_libraries_print_never_reaches_stdout() -> None:
    noise = (
        "import draupnir.tools.commands.chips as c; old = c._line; "
        "c._line = lambda x: (os.write(1, b'noise\\n'), old(x))[1]"
    )
    status, out, err = process(MAIN.format(words=["chips"], before=noise), subprocess.PIPE)
    assert (status, err) == (0, "noise\n" * len(chips.names()))
    assert out == draupnir("chips").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_under_stdout_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        status, _, err = process(MAIN.format(words=["chips"], before="pass"), full)
    assert (status, err) == (2, "error: standard output: No space left on device\n")


@pytest.mark.parametrize(("redirection", "words", "status"), [(">&-", "chips", 0), ("2>&-", "nosuch", 2)])
def test_a_closed_stream_is_no_defect(redirection: str, words: str, status: int) -> None:
    code = MAIN.format(words=[words], before="pass")
    line = f"{shlex.join([sys.executable, '-c', code])} {redirection}"
    shell = subprocess.run(line, shell=True, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert (shell.returncode, shell.stdout, shell.stderr) == (status, b"", b"")


def test_stdout_can_be_named_as_an_output(tmp_path: Path) -> None:
    image = tmp_path / "odin_spi.txt"
    files = draupnir("config", "pack", "odin", str(_net(tmp_path)), "-o", str(tmp_path))
    assert files.exit_code == 0, files.stderr
    words = ["config", "unpack", "odin", str(image), "-o", "/dev/stdout"]
    status, out, err = process(MAIN.format(words=words, before="pass"), subprocess.PIPE)
    assert (status, err) == (0, "")
    assert "SPI_OPEN_LOOP = 1" in out


def _net(folder: Path) -> Path:
    (folder / "net.toml").write_text("[registers]\nSPI_OPEN_LOOP = 1\n")
    return folder / "net.toml"


def test_markdown_is_the_librarys() -> None:
    assert draupnir("chips", "odin", "--markdown").stdout == tables.markdown(chips.declaration("odin"))


@pytest.mark.parametrize("words", ["chips odin", "chips odin --markdown", "--help"])
def test_a_reader_that_goes_away_is_no_difference_and_no_error(words: str) -> None:
    command = subprocess.Popen(
        [sys.executable, "-c", "from draupnir.tools.cli import main; main()", *words.split()],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    command.stdout.close()
    _, err = command.communicate()
    assert (command.returncode, err) == (141, b"")


@pytest.mark.parametrize(("option", "warning"), [([], ""), (["-W", "always"], "UserWarning: of a library")])
def test_warnings_of_libraries_are_shown_only_on_demand(option: list[str], warning: str) -> None:
    code = """
import warnings
from draupnir.tools import cli
cli.errors.exit_status = lambda run: warnings.warn("of a library")
cli.main()
"""
    command = [sys.executable, *option, "-c", code]
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONWARNINGS"}
    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert warning in ended.stderr if warning else ended.stderr == ""


def test_version_is_the_packages() -> None:
    assert draupnir("--version").stdout.startswith("draupnir ")


def functions() -> list[tuple[str, ast.FunctionDef]]:
    """Each function of the commands' modules, with the name of its file."""
    trees = {path.name: ast.parse(path.read_text()) for path in sorted(FOLDER.glob("*.py"))}
    return [
        (name, node) for name, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]


def test_a_command_parses_calls_and_prints_in_less_than_30_lines() -> None:
    """The words of a command, its arguments and its help, come on top."""
    long = []
    for name, node in functions():
        body = node.body[1:] if ast.get_docstring(node) else node.body
        assert node.end_lineno is not None
        n_lines = node.end_lineno - body[0].lineno + 1 if body else 0
        if n_lines >= 30:
            long.append(f"{name}: {node.name} has {n_lines} lines")
    assert len(functions()) > 50
    assert long == []
