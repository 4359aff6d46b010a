"""`draupnir host`: words and exit status, and a serial port that is one; what it does is tested with the library."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP
from draupnir.golden import hexfile
from draupnir.rtl import toolchain
from draupnir.tools.cli import cli
from draupnir.tools.commands import host
from draupnir.tools.compile.toml.load import load
from draupnir.tools.host.simulated.model import ModelBoard
from draupnir.tools.host.simulated.terminal import serial_port

PAGE = (Path(__file__).parents[2] / "docs/network.md").read_text()
NET = PAGE.partition("```toml\n")[2].partition("```")[0]  # what is shown there works as shown
EVENTS = "cycle,addr\n" + "".join(f"{700 * i},0x307\n" for i in range(20))
TINY = """
[registers]
SPI_OPEN_LOOP = 1
SPI_MAX_NEUR = 255
[[neurons]]
index = "0-9"
thr = 5
[[synapses]]
pre = 3
post = "0-9"
weight = 6
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.toml").write_text(NET)
    (tmp_path / "events.csv").write_text(EVENTS)
    return tmp_path


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


def printed_figures(text: str) -> dict[str, str]:
    """The figures that a command has printed, by name."""
    return {name: figure.strip() for name, figure in (line.split("  ", 1) for line in text.splitlines())}


def network(folder: Path) -> tuple[object, ...]:
    return "--config", folder / "net.toml", "--events", folder / "events.csv"


def test_a_simulated_board_gives_the_file_that_run_gives(folder: Path) -> None:
    simulated = ("host", "odin", "--simulate", "model", "--onto", "blank")
    result = draupnir(*simulated, *network(folder), "-o", folder / "board.csv", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert draupnir("run", "odin", *network(folder), "-o", folder / "run.csv").exit_code == 0
    assert (folder / "board.csv").read_bytes() == (folder / "run.csv").read_bytes()
    report = json.loads(result.stdout)
    n_spikes = len((folder / "run.csv").read_text().splitlines()) - 1
    assert (report["n_events"], report["n_spikes"], report["done"]) == (20, n_spikes, True)
    assert n_spikes == 200


def test_a_board_waits_for_rest_as_run_does(folder: Path) -> None:
    (folder / "events.csv").write_text("cycle,addr\n" + "0,0x307\nrest,0x307\n" * 3)
    simulated = ("host", "odin", "--simulate", "model", "--onto", "blank", "--quiet", 3000)
    assert draupnir(*simulated, *network(folder), "-o", folder / "board.csv").exit_code == 0
    assert draupnir("run", "odin", *network(folder), "-o", folder / "run.csv").exit_code == 0
    board, run = (np.loadtxt(folder / name, np.int64, delimiter=",", skiprows=1) for name in ("board.csv", "run.csv"))
    assert board[:, 1].tolist() == run[:, 1].tolist() and len(run) == 60
    assert np.all(board[:, 0] >= run[:, 0]) and board[-1, 0] > 3 * 3000


@pytest.mark.verilator
def test_all_boards_give_the_file_that_run_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chip's RTL in Verilator, the golden model, and the event level, which has no board."""
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(TINY)
    Path("events.csv").write_text(EVENTS.replace("0x307", "0x3"))
    words = ("--config", "net.toml", "--events", "events.csv", "-o")
    assert draupnir("run", "tinyodin", *words, "run.csv").exit_code == 0
    for board in ("model", "rtl"):
        onto = ("--onto", "blank", "--verify") if board == "model" else ("--onto", "blank")
        result = draupnir("host", "tinyodin", "--simulate", board, *onto, *words, f"{board}.csv")
        assert (result.exit_code, result.stderr) == (0, "")
        assert Path(f"{board}.csv").read_bytes() == Path("run.csv").read_bytes()
    assert len(Path("run.csv").read_text().splitlines()) == 1 + 200


def test_a_memory_that_does_not_hold_what_was_written_ends_it(folder: Path) -> None:
    class Stuck(ModelBoard):
        """A bit of synapses[96] that no write sets."""

        def step(self, content: bytes) -> bytes:
            self._model.memories["synapses"][96] &= np.uint32(~2 & 0xFFFFFFFF)
            return super().step(content)

    with serial_port(Stuck(Model(), "odin", 256, 256)) as port:
        words = ("--port", port, "--onto", "blank", "--verify", *network(folder), "-o", folder / "s.csv")
        result = draupnir("host", "odin", *words)
    assert result.exit_code == 1
    figures = printed_figures(result.stdout)
    assert (figures["words read"], figures["differences"]) == ("8,448", "1")
    assert figures["first difference"] == "synapses[0x60].syn_weight0 expected 6, got 4"
    assert "events" not in figures and not (folder / "s.csv").read_text().splitlines()[1:]


def test_a_board_on_a_port_keeps_its_network_for_the_next_command(folder: Path) -> None:
    with serial_port(ModelBoard(Model(), "odin", 256, 256)) as port:
        config, events = network(folder)[:2], network(folder)[2:]
        programmed = draupnir("host", "odin", "--port", port, *config, "--onto", "blank")
        assert programmed.exit_code == 0
        assert printed_figures(programmed.stdout)["chip"] == "odin"
        result = draupnir("host", "odin", "--port", port, *events, "-o", folder / "board.csv")
    assert result.exit_code == 0
    figures = printed_figures(result.stdout)
    assert (figures["events"], figures["at rest at the end"]) == ("20", "yes")
    draupnir("run", "odin", *network(folder), "-o", folder / "run.csv")
    assert (folder / "board.csv").read_bytes() == (folder / "run.csv").read_bytes()


def test_memories_saved_from_a_board_are_those_that_run_saves(folder: Path) -> None:
    net = (folder / "net.toml").read_text()
    (folder / "net.toml").write_text(net.replace("thr = 5", "thr = 50"))
    for words in (("run", "odin"), ("host", "odin", "--simulate", "model", "--onto", "blank")):
        result = draupnir(*words, *network(folder), "--save", f"neurons={folder / words[0]}.hex", "--gap", 3)
        assert (result.exit_code, result.stderr) == (0, "")
    assert (folder / "host.hex").read_text() == (folder / "run.hex").read_text()
    configured = load(folder / "net.toml", "odin").memories["neurons"]
    assert not np.array_equal(hexfile.read(folder / "run.hex", CHIP.memory("neurons")), configured)


def test_the_wrong_bitstream_is_refused(folder: Path) -> None:
    with serial_port(ModelBoard(Model(), "odin n_neurons=64", 256, 256)) as port:
        result = draupnir("host", "odin", "--port", port, *network(folder), "-o", folder / "s.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: the board holds 'odin n_neurons=64', not 'odin'")
    assert not (folder / "s.csv").exists()


def test_a_board_that_goes_away_is_one_line(folder: Path) -> None:
    class Goes(ModelBoard):
        def step(self, content: bytes) -> bytes:
            self._left_to_do = getattr(self, "_left_to_do", 12) - bool(content)
            if self._left_to_do < 0:
                raise OSError("unplugged")
            return super().step(content)

    with pytest.raises(OSError, match="unplugged"), serial_port(Goes(Model(), "odin", 256, 256)) as port:
        result = draupnir("host", "odin", "--port", port, *network(folder), "-o", folder / "s.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {port}: ") and result.stderr.count("\n") == 1
    assert not (folder / "s.csv").exists()


def test_a_terminal_that_answers_with_something_else(folder: Path) -> None:
    class Echo:
        busy = False

        def step(self, content: bytes) -> bytes:
            return b"login: "

    with serial_port(Echo()) as port:
        result = draupnir("host", "odin", "--port", port, *network(folder))
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {port}: 21 bytes came, but no answer to IDENTIFY; is the baud rate right (--baud),"
        " and is it the bridge's port?\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--port", "x", "--verify"), "error: --verify: only with --config; see draupnir host --help\n"),
        (
            ("--port", "x", "--save", "neurons=n.hex"),
            "error: --save: only with --config, because reading the memories "
            "changes registers, which --config restores; see draupnir host --help\n",
        ),
        (
            ("--port", "x", "-o", "s.csv"),
            "error: -o s.csv: only with --events; without them there is no spike to write; see draupnir host --help\n",
        ),
        (("--port", "x", "--seed", "1"), "error: --seed 1: only with --simulate model; see draupnir host --help\n"),
        (
            ("--port", "x", "--max-cycles", str(1 << 70)),
            f"error: Invalid value for '--max-cycles': {1 << 70} is not in the range 1<=x<=4611686018427387903;"
            " see draupnir host --help\n",
        ),
        (("--port", "/dev/nowhere"), "error: /dev/nowhere: no serial port: No such file or directory\n"),
        ((), "error: right is one of --port and --simulate; see draupnir host --help\n"),
        (
            ("--port", "x", "--simulate", "model"),
            "error: right is one of --port and --simulate; see draupnir host --help\n",
        ),
        (
            ("--simulate", "model", "--set", "izh=no"),
            "error: --set izh=no: the golden model is the whole chip, without parameters\n",
        ),
        (
            ("--port", os.devnull),
            f"error: {os.devnull}: no serial port: Could not configure port: (25, 'Inappropriate ioctl for device')\n",
        ),
    ],
)
def test_each_mistake_is_one_line(words: tuple[str, ...], message: str) -> None:
    result = draupnir("host", "odin", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == message


def test_a_simulated_board_without_a_configuration_is_ended_with_a_word(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words of zeros spike for ever."""
    monkeypatch.setattr(host, "BLANK_CYCLES", 3000)
    result = draupnir("host", "odin", "--simulate", "model", "--events", folder / "events.csv", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["done"], report["n_cycles"]) == (0, False, 3000)
    assert report["n_spikes"] > 100 and "n_cycles_to_last_event" not in report
    assert result.stderr == (
        "warning: stopped after 3,000 clocks: without --config a simulated board holds zeros, and with them a chip may"
        " run for ever; right is with --config, or --max-cycles N\n"
    )


def test_a_board_counts_the_clocks_to_the_last_event_and_a_run_those_until_rest(folder: Path) -> None:
    simulated = ("host", "odin", "--simulate", "model", "--onto", "blank")
    board = json.loads(draupnir(*simulated, *network(folder), "--json").stdout)
    run = json.loads(draupnir("run", "odin", *network(folder), "--json").stdout)
    assert board["done"] and run["done"] and "n_cycles" not in board
    assert 0 < board["n_cycles_to_last_event"] <= run["n_cycles"]
