"""The page on adding a chip, followed to the letter: a package of its own, installed beside Draupnir."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain
from draupnir.tools.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "emulator/ADDING_A_CHIP.md"
FILE = re.compile(r"^`([\w/]+\.\w+)`[^\n]*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START = "from draupnir.tools.cli import main; main()"
LACKS = "error: tally has no {} ({}= of its ChipPackage): {}; emulator/ADDING_A_CHIP.md shows how to add one"
NO_BRIDGE = "error: tally: the bridge needs an SPI, one event bus in and one out, and there are not all"
# Each command says this of a chip that has only what the page shows: words, exit status, and the last line of stderr,
# or, if it works, a part of stdout. It says nothing else on stderr.
SAYS = {
    "chips": [("tally", 0, "tally: sixteen counters behind an event bus")],
    "replay": [("tally golden.vcd", 2, "error: golden.vcd: no such file; a VCD or FST waveform is needed")],
    "record": [
        ("tally --list", 0, "counting: Each counter counts its own events."),
        ("tally --rtl nothing --recipe counting", 2, "error: nothing: not a folder, and no list of files"),
    ],
    "sim": [("tally --test nothing", 2, "error: --test nothing: no such test of tally; close to it: counting;")],
    "regress": [("tally --sim model --golden none", 2, "error: no golden cases in none; a folder of folders with")],
    "config": [
        ("check tally empty.toml", 0, "counts: {}"),
        ("pack tally empty.toml", 2, LACKS.format("SPI port", "port", "nothing can be written through its SPI")),
        ("unpack tally stream.txt", 2, LACKS.format("SPI port", "port", "nothing can be written through its SPI")),
        ("diff tally empty.toml empty.toml", 0, "0 differences"),
    ],
    "run": [
        (
            "tally --config empty.toml --events events.csv",
            2,
            LACKS.format("event-level engine", "engine", "it cannot be run by events"),
        )
    ],
    "host": [("tally --simulate model --config empty.toml --events events.csv", 2, NO_BRIDGE)],
    "rtl": [("tally", 0, "build/rtl/tally/tally.v: ")],
    "bitstream": [("tally --board ulx3s-25f", 2, NO_BRIDGE), ("tally --project vivado", 2, NO_BRIDGE)],
    "soc": [("tally", 2, NO_BRIDGE)],
    "area": [("tally --variant none", 2, "error: --variant none: tally has whole")],
    "decode": [
        ("tally stream.txt", 2, LACKS.format("SPI port", "port", "nothing can be written through its SPI")),
    ],
    "convert": [
        ("nothing.bin --chip tally --clock 1 -o a.csv", 2, "error: --chip tally: it has no event 'spike' of one row;"),
    ],
    "cover": [("tally --golden none", 2, "error: no golden cases in none; a folder of folders with")],
    "inject": [
        ("tally", 2, "error: what does the chip do?"),
        ("tally --workload lif", 2, LACKS.format("event-level engine", "engine", "it cannot be run by events")),
    ],
    "sweep": [("nothing.toml -o out", 2, "error: nothing.toml: not a configuration: No such file")],
    "fuzz": [
        ("tally", 2, "error: how long? --hours H or -n N is needed"),
        ("tally -n 1 --rtl nothing", 2, "error: nothing: not a folder, and no list of files"),
    ],
    "prove": [("tally", 2, LACKS.format("proofs", "proofs", "nothing is proved of it"))],
    "mutate": [("tally --case nothing", 2, "error: no golden cases in ")],
    "signoff": [
        ("tally -o signed", 0, "not measured: draupnir regress tally"),
        ("tally --results nothing", 2, "error: --results nothing: not a folder"),
    ],
    "map": [("tally net.npz", 2, LACKS.format("mapper", "mapper", "no network is brought to it"))],
    "compare": [
        ("tally", 2, LACKS.format("level by timesteps", "ticks", "it has no simulator of its own to compare with")),
    ],
    "explain": [
        (
            "tally --config net.toml --events events.csv --neuron 0",
            2,
            "error: tally: the neurons of this chip have no history; right is gungnir, odin, reckon or tinyodin",
        ),
    ],
    "bench": [("tally", 2, LACKS.format("workloads", "workloads", "nothing can be measured"))],
}
OF_NO_CHIP = {"demo", "doctor", "train"}


class House(NamedTuple):
    """Where the chip's package is, and the Python that has it installed."""

    folder: Path
    python: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The page's files in a folder of their own, installed into an environment that also sees what this one has."""
    folder = tmp_path_factory.mktemp("tally")
    for name, text in FILE.findall(PAGE.read_text()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(environment, symlinks=True)
    site = environment / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (site / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n")
    house = House(folder, environment / "bin" / "python")
    (command,) = [line for line in shell(1) if line.startswith("pip")]
    call(house, "-m", *command.split())
    return house


def shell(number: int) -> list[str]:
    """The lines of a block of commands on the page, the first being 1."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines: list[str] = blocks[number - 1].splitlines()
    return lines


def call(house: House, *words: str, status: int = 0, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python in a folder, by default the package's own; its exit status is as said."""
    process = subprocess.run(
        [house.python, *words],
        cwd=folder or house.folder,
        env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == status, f"{words}\n{process.stdout}{process.stderr}"
    return process


def test_every_command_is_tried_on_a_chip_from_outside() -> None:
    assert set(SAYS) | OF_NO_CHIP == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [(f"{name} {words}", status, message) for name, each in SAYS.items() for words, status, message in each],
)
def test_every_command_works_for_it_or_says_in_one_line_what_it_lacks(
    house: House, tmp_path: Path, words: str, status: int, message: str
) -> None:
    """Not even with all warnings on does Amaranth complain of what was begun and came to nothing."""
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "stream.txt").write_text("00\n")
    (tmp_path / "events.csv").write_text("addr\n")
    process = call(house, "-W", "always", "-c", START, *words.split(), status=status, folder=tmp_path)
    if status == 0:
        assert message in process.stdout and process.stderr == ""
    else:
        (line,) = process.stderr.splitlines()
        assert line.startswith(message)
        assert not list(tmp_path.glob("build/*/*"))


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.icarus
def test_the_page_leads_to_a_chip_that_holds(house: House) -> None:
    for tool in (toolchain.verilator, toolchain.icarus):
        try:
            tool()
        except InputError as error:
            pytest.skip(str(error))
    for line in shell(2):
        program, *words = line.split()
        assert program == "draupnir"
        call(house, "-c", START, *words)
    page = house.folder / "tally_chip/README.md"
    tables = call(house, "-c", START, "chips", "tally", "--markdown").stdout
    page.write_text(page.read_text().replace("<!-- tables -->\n", f"<!-- tables -->\n{tables}"))
    process = call(house, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    # No workloads, so no event level; no configuration registers; and no stretches.
    assert re.search(r"\d{2} passed, 3 skipped", process.stdout), process.stdout
