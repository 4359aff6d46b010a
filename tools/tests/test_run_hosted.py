"""`draupnir run` for a chip that is led by its host: samples by timestep, and operations one by one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.tools.cli import cli

# Input 3 drives neurons 0 to 9, which drive output 1 only.
CONFIG = """\
[registers]
SPI_EN_CONF = 0
SPI_DO_EPROP = 0
SPI_NUM_INP_NEUR = 9
SPI_NUM_REC_NEUR = 19
SPI_NUM_OUT_NEUR = 2
SPI_FP_LOC_WINP = 3
SPI_FP_LOC_WOUT = 3
SPI_ALPHA_CONF = "0-127"

[[neurons]]
index = "0-9"
thr = 500

[[winp]]
pre = 3
post = "0-9"
weight = 100

[[wout]]
pre = "0-9"
out = 1
weight = 50
"""
SPIKES = "time,addr\n0,3\n1,3\n3,3\n3,4\n"
OPERATIONS = """\
op,operand
SAMPLE,1
INFER_ACC,1
SPIKE,3
TICK,1
SPIKE,3
TICK,1
TICK,1
spike,0x3
SPIKE,4
TICK,1
TICK,1
TICK,1
SAMPLE,0
TICK,0
TAKE,1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(CONFIG)
    Path("spikes.csv").write_text(SPIKES)
    Path("operations.csv").write_text(OPERATIONS)
    return tmp_path


def run(events: str, *words: str, chip: str = "reckon") -> Result:
    return CliRunner().invoke(cli, ["run", chip, "--config", "net.toml", "--events", events, *words])


def bytes_of_run(events: str, *words: str) -> list[str]:
    result = run(events, "--output", "out.csv", *words)
    assert result.exit_code == 0, result.output
    return Path("out.csv").read_text().splitlines()


def test_a_sample_by_timestep_is_classified() -> None:
    header, label = bytes_of_run("spikes.csv", "--timesteps", "6")
    assert header == "cycle,addr"
    assert int(label.split(",")[1]) & 0xF == 1  # the label of output neuron 1


def test_operations_do_the_same_as_the_sample() -> None:
    assert bytes_of_run("operations.csv") == bytes_of_run("spikes.csv", "--timesteps", "6")


def test_clock_level_is_the_same() -> None:
    assert bytes_of_run("spikes.csv", "--clock-level") == bytes_of_run("spikes.csv")
    outcome = json.loads(run("spikes.csv", "--json", "--plain-clock").stdout)
    assert outcome["statistics"] == {"synaptic_operations": 770, "recurrent_spikes": 40, "clocks_taken_at_once": 0}


def test_operations_and_spikes_are_counted() -> None:
    """Ten neurons spike in each of the timesteps 0 to 3; a spike is 20 operations, a recurrent neuron's 3 more.

    Timestep by timestep: the input's 20; 20 + 10 x 23; 10 x 23; 2 x 20 + 10 x 23; 10 x 23; nothing.
    """
    statistics = json.loads(run("spikes.csv", "--timesteps", "6", "--json").stdout)["statistics"]
    assert (statistics["recurrent_spikes"], statistics["synaptic_operations"]) == (40, 20 + 250 + 230 + 270 + 230)


def test_memories_and_figures_come_out() -> None:
    result = run("spikes.csv", "--json", "--save", "neurons=after.hex")
    outcome = json.loads(result.stdout)
    assert (outcome["n_events"], outcome["n_spikes"], outcome["done"]) == (4, 1, True)
    assert 0 < outcome["statistics"]["clocks_taken_at_once"] < outcome["n_cycles"]
    assert len(Path("after.hex").read_text().split()) == 128


def test_an_npy_of_spikes_is_refused() -> None:
    np.save("spikes.npy", np.zeros(3, np.int64))
    assert run("spikes.npy").stderr == "error: spikes.npy: no events: not a text file\n"


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("addr\n3\n", (), "e.csv:1: header 'addr'; right is time,addr, or op,operand"),
        ("", (), "e.csv:1: header ''; right is time,addr, or op,operand"),
        ("time,addr\n0,3,1\n", (), "e.csv:2: 3 columns; the header has 2"),
        ("time,addr\n0,x\n", (), "e.csv:2: addr: 'x' is not an integer"),
        ("time,addr\n0,256\n", (), "e.csv:2: addr: 256 is not within 0..255"),
        ("time,addr\n-1,2\n", (), "e.csv:2: time: -1 is not within 0..10000000"),
        ("time,addr\n5,2\n\n4,2\n", (), "e.csv:4: time: 4 comes after 5; right is in ascending order"),
        (SPIKES, ("--timesteps", "3"), "--timesteps 3: e.csv has a spike in timestep 3"),
        (OPERATIONS, ("--timesteps", "3"), "--timesteps 3: e.csv has operations; right is only with time,addr"),
        ("op,operand\nTOCK,1\n", (), "e.csv:2: no operation 'TOCK'; there are SPIKE, TARGET, TICK, TAKE, WAIT, "),
        ("op,operand\nTICK,2\n", (), "e.csv:2: TICK: 2 is not within 0..1"),
        ("op,operand\nTAKE,0\n", (), "e.csv:2: TAKE: 0 is not within 1.."),
    ],
)
def test_a_wrong_file_is_named_with_its_line(text: str, words: tuple[str, ...], line: str) -> None:
    Path("e.csv").write_text(text)
    result = run("e.csv", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {line}")


@pytest.mark.parametrize("register", ["SPI_SEND_PER_TIMESTEP", "SPI_LOCAL_TICK"])
def test_a_chip_that_does_not_leave_the_lead_to_its_host_needs_operations(register: str) -> None:
    Path("net.toml").write_text(CONFIG.replace("SPI_EN_CONF = 0\n", f"SPI_EN_CONF = 0\n{register} = 1\n"))
    why = f"spikes.csv: {register} is 1, so the host alone does not lead the chip; right is op,operand"
    *warnings, last = run("spikes.csv").stderr.splitlines()
    assert last == f"error: {why}"
    assert all(line.startswith("warning: net.toml: ") for line in warnings)


def test_another_chip_has_no_timesteps() -> None:
    Path("net.toml").write_text("")
    result = run("spikes.csv", "--timesteps", "3", chip="odin")
    *warnings, last = result.stderr.splitlines()
    assert last == "error: --timesteps 3: odin has no timesteps; right is to leave it out"
    assert all(line.startswith("warning: net.toml: ") for line in warnings)
