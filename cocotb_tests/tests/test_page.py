"""The page on a test of one's own works, if one follows it exactly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "cocotb_tests/README.md"
FILE = re.compile(r"^`([\w.]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HELD = (
    r"compared with the golden model of tinyodin: (\d+) clocks, ([\d,]+) of ([\d,]+) output bits compared, 0 mismatches"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the page's files, and with the Verilog that its first command makes."""
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("mine")
    for name, text in FILE.findall(PAGE.read_text()):
        (folder / name).write_text(text)
    result = call(folder, commands()[0])
    assert result.returncode == 0, result.stderr
    return folder


def commands() -> list[str]:
    return [line for block in COMMAND.findall(PAGE.read_text()) for line in block.splitlines()]


def call(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the page as if the virtual environment were active."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("COCOTB", "PYTEST", "MAKE"))}
    environment = {**clean, "PATH": path, "PYTHONPATH": str(ROOT), "COCOTB_RANDOM_SEED": "1"}
    words = command.split()
    if words[0] == "draupnir":
        words = [sys.executable, "-P", "-c", "from draupnir.tools.cli import main; main()", *words[1:]]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def comparisons(log: str) -> list[tuple[str, ...]]:
    """Return the clocks and bits of each test in a log."""
    return re.findall(HELD, log)


@pytest.mark.slow
@pytest.mark.icarus
def test_draupnir_sim_runs_the_page_s_file(folder: Path) -> None:
    result = call(folder, commands()[1])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 of 2 tests passed" in result.stdout


@pytest.mark.slow
@pytest.mark.icarus
@pytest.mark.parametrize("i", [2, 3], ids=["runner", "makefile"])
def test_the_design_itself_is_the_top(folder: Path, i: int) -> None:
    result = call(folder, commands()[i])
    log = result.stdout + result.stderr
    assert result.returncode == 0, log
    assert len(comparisons(log)) == 2, log
    assert all(n_compared == total for _, n_compared, total in comparisons(log))
    assert len(list(ElementTree.parse(folder / "results.xml").iter("testcase"))) == 2


@pytest.mark.slow
@pytest.mark.icarus
def test_it_fails_where_the_design_is_wrong(folder: Path) -> None:
    """An address has a wrong bit, in a simulation of one's own. The next test says that it cannot go on."""
    (source,) = folder.glob("src/*/tinyODIN.v")
    right = source.read_text()
    declaration = "  wire [7:0] AEROUT_ADDR;\n"
    assert right.count(declaration) == right.count("(AEROUT_ADDR)") == 1
    wrong = right.replace(declaration, "  wire [7:0] inner;\n  wire [7:0] AEROUT_ADDR = inner ^ 8'h40;\n")
    source.write_text(wrong.replace("(AEROUT_ADDR)", "(inner)"))
    try:
        result = call(folder, commands()[2])
    finally:
        source.write_text(right)
    assert result.returncode == 1
    assert "AEROUT_ADDR: expected 0x" in result.stdout
    assert "the test before this one has left the design out of step" in result.stdout
