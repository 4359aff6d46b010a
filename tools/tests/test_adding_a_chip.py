"""The page on adding a chip, followed to the letter in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "emulator/ADDING_A_CHIP.md"
ROOMS = ("emulator", "rtl", "cocotb_tests", "golden", "tools")
FILE = re.compile(r"^`([\w/]+\.\w+)`[^\n]*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HELD = ("test_every_chip.py", "test_golden_cases.py")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy without any recordings, and the page's files in it."""
    for tool in (toolchain.verilator, toolchain.icarus):
        try:
            tool()
        except InputError as error:
            pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        recorded = shutil.ignore_patterns("*.fst", "*.hex", "case.toml", "__pycache__", "build")
        shutil.copytree(ROOT / room, folder / room, ignore=recorded)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in FILE.findall(PAGE.read_text()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)
    return folder


def call(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(house)}
    return subprocess.run(
        [sys.executable, *words], cwd=house, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", ["--board ulx3s-25f", "--project vivado"])
def test_a_bitstream_of_a_chip_without_the_bridges_buses_is_refused_in_one_line(house: Path, words: str) -> None:
    """Not even with all warnings on does Amaranth complain of what was begun and came to nothing."""
    program = "from draupnir.tools.cli import main; main()"
    done = call(house, "-W", "always", "-c", program, "bitstream", "tally", *words.split(), "-o", "build/none")
    assert done.returncode == 2
    assert done.stderr == "error: tally: the bridge needs an SPI, one event bus in and one out, and there are not all\n"
    assert not (house / "build/none").exists()


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.icarus
def test_the_page_leads_to_a_chip_that_holds(house: Path) -> None:
    commands = re.search(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert commands is not None
    for line in commands.group(1).splitlines():
        program, *words = line.split()
        assert program == "draupnir"
        done = call(house, "-c", "from draupnir.tools.cli import main; main()", *words)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    page = house / "emulator/tally/README.md"
    tables = call(house, "-c", "from draupnir.tools.cli import main; main()", "chips", "tally", "--markdown").stdout
    page.write_text(page.read_text().replace("<!-- tables -->\n", f"<!-- tables -->\n{tables}"))
    tests = [f"tools/tests/{name}" for name in HELD]
    done = call(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "tally", *tests)
    assert done.returncode == 0, done.stdout
    # No workloads, so no event level; and no configuration registers.
    assert re.search(r"\d{2} passed, 2 skipped", done.stdout), done.stdout
