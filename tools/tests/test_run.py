"""`draupnir run`: spikes, cycles and memories are the engine's; words and exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import closed_loop, engine
from draupnir.emulator.odin.layout import CHIP, EVENTS
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.golden import hexfile
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml.load import load
from draupnir.tools.run import session
from draupnir.tools.run.events import EventBlock

EVENT = {event.name: event for event in EVENTS}
SPIKE = EVENT["spike"].encode(pre_neur=5)
CONFIG = """
[registers]
SPI_OPEN_LOOP = 1
[[neurons]]
index = "0-15"
model = "lif"
thr = 10
ca_en = 1
ca_theta3 = 7
[[synapses]]
pre = 5
post = "0-15"
weight = 6
"""
N_SPIKES = 16  # for each second spike event


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "net.toml").write_text(CONFIG)
    return tmp_path / "net.toml"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    (tmp_path / "events.csv").write_text(f"addr\n{SPIKE}\n{SPIKE:#x}\n{EVENT['bist_all'].encode()}\n{SPIKE}\n{SPIKE}\n")
    return tmp_path / "events.csv"


def model(config: Path) -> Model:
    m = Model()
    load(config, "odin").apply(m)
    return m


def reference(config: Path, addrs: list[int], environment: Environment) -> tuple[list[tuple[int, int]], Model]:
    m = model(config)
    run = closed_loop.run(m, np.array(addrs), environment, 10**6)
    assert run.done
    return list(zip((run.cycles - run.first_cycle).tolist(), run.addrs.tolist(), strict=True)), m


def spikes(path: Path) -> list[tuple[int, int]]:
    return [(int(cycle), int(addr)) for cycle, addr in (line.split(",") for line in path.read_text().split()[1:])]


def draupnir(config: Path, events: Path, *words: object) -> Result:
    return CliRunner().invoke(cli, ["run", "odin", "--config", str(config), "--events", str(events), *map(str, words)])


# --- The command ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [(), ("--clock-level",), ("--plain-clock",)])
def test_spikes_cycles_and_memories_are_the_clock_level_models(config: Path, events: Path, level: tuple) -> None:
    out, image = config.parent / "s.csv", config.parent / "syn.hex"
    delays = ("--gap", 2, "--hold", 3, "--ack-delay", 4, "--ack-hold", 5)
    result = draupnir(config, events, "-o", out, "--save", f"synapses={image}", *delays, *level)
    assert (result.exit_code, result.stderr) == (0, "")
    addrs = [SPIKE, SPIKE, EVENT["bist_all"].encode(), SPIKE, SPIKE]
    expected, m = reference(config, addrs, Environment(2, 3, 4, 5))
    assert len(expected) == 2 * N_SPIKES
    assert spikes(out) == expected
    assert np.array_equal(hexfile.read(image, CHIP.memory("synapses")), m.memories["synapses"])
    assert not np.array_equal(m.memories["synapses"], model(config).memories["synapses"])


def test_npy_in_and_out(config: Path, events: Path) -> None:
    np.save(config.parent / "e.npy", np.array([[0, SPIKE], [0, SPIKE]], np.int32))
    result = draupnir(config, config.parent / "e.npy", "-o", config.parent / "s.npy")
    assert result.exit_code == 0
    expected, _ = reference(config, [SPIKE, SPIKE], Environment())
    assert list(map(tuple, np.load(config.parent / "s.npy").tolist())) == expected


def test_the_table(config: Path, events: Path) -> None:
    lines = [line.split() for line in draupnir(config, events).stdout.splitlines()]
    assert ["events", "5"] in lines
    assert ["spikes", str(2 * N_SPIKES)] in lines
    assert ["synaptic", "operations", "1,024"] in lines
    assert ["cycles", "in", "BIST", "16,384"] in lines


def test_json(config: Path, events: Path) -> None:
    report = json.loads(draupnir(config, events, "--json").stdout)
    assert (report["chip"], report["n_events"], report["n_spikes"], report["done"]) == ("odin", 5, 2 * N_SPIKES, True)
    assert report["n_cycles"] == sum(report["statistics"]["cycles"].values())
    assert report["statistics"]["n_sweeps"] == 5
    assert report["warnings"] == []


def test_max_cycles_stops_the_run(config: Path, events: Path) -> None:
    result = draupnir(config, events, "--max-cycles", 700, "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (report["n_cycles"], report["done"]) == (700, False)


def test_what_goes_on_for_ever_is_stopped_with_a_warning(
    config: Path, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BASE", 1000)
    monkeypatch.setattr(limits, "PER_EVENT", 10)
    bound = limits.clock_limit(5, 0, 2, 2)  # the delays are 1 clock each
    assert bound < 50_000
    config.write_text(CONFIG.replace("OPEN_LOOP", "GATE_ACTIVITY"))
    result = draupnir(config, events, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["n_cycles"] == bound
    gated, stop_line, why = result.stderr.splitlines()
    assert gated.endswith("(gated)")
    assert stop_line == f"warning: {limits.not_at_rest(bound, 0)}; --max-cycles N gives another"
    assert stop_line.startswith(f"warning: stopped after {bound:,} clocks: the chip has not come to rest (0 spikes so ")
    assert why.endswith("the chip did not come to rest; the likely cause is among the warnings above: gated")


@pytest.mark.parametrize("words", [(), ("--plain-clock",)])
def test_spikes_that_were_dropped_are_told_in_a_line(config: Path, events: Path, words: tuple[str, ...]) -> None:
    """Neurons 0 to 39 spike at one event, which holds one of the FIFO's 32 places until all of them were visited."""
    config.write_text(
        '[[neurons]]\nindex = "0-39"\nmodel = "lif"\nthr = 6\n[[synapses]]\npre = 250\npost = "0-39"\nweight = 6\n'
    )
    events.write_text(f"addr\n{EVENT['spike'].encode(pre_neur=250)}\n")
    result = draupnir(config, events, *words, "--json")
    warning = "9 spike(s) found the scheduler's FIFO full and were dropped: they stimulated nobody"
    report = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, f"warning: {warning}\n")
    assert (report["n_spikes"], report["statistics"]["dropped_spikes"], report["warnings"]) == (40, 9, [warning])


def test_a_warning_of_the_model_is_told(config: Path, events: Path) -> None:
    config.write_text(
        '[registers]\nSPI_BURST_TIMEREF = 5000\n[[neurons]]\nindex = "0-99"\nmodel = "izh"\nspk_ref = 3\n'
    )
    result = draupnir(config, events, "--max-cycles", 30_000, "--json")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: ")
    assert "pushed past the 4 words of a burst FIFO" in result.stderr
    assert json.loads(result.stdout)["warnings"]


def test_a_seed_gives_state_without_reset_random_contents(config: Path, events: Path) -> None:
    """The flags of disabled neurons are such state, and the first spike event meets them."""
    config.write_text(CONFIG.replace("ca_en = 1\n", ""))
    images = []
    for i, words in enumerate([(), ("--seed", 1), ("--seed", 2), ("--seed", 1)]):
        path = config.parent / f"{i}.hex"
        assert draupnir(config, events, "--save", f"synapses={path}", *words).exit_code == 0
        images.append(path.read_text())
    assert images[1] == images[3]
    assert len(set(images)) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--gap", -1), "Invalid value for '--gap': -1 is not in the range 0<=x<=65535"),
        (("--gap", 1 << 70), f"Invalid value for '--gap': {1 << 70} is not in the range 0<=x<=65535"),
        (("--ack-delay", 10**15), f"Invalid value for '--ack-delay': {10**15} is not in the range 0<=x<=65535"),
        (("--max-cycles", 0), "Invalid value for '--max-cycles': 0 is not in the range 1<=x<=4611686018427387903"),
        (("--save", "neurons"), "--save neurons: MEM=FILE is needed, for instance --save neurons=neurons.hex"),
        (("--save", "rom=x"), "--save rom=x: odin has no memory 'rom'; it has neurons, synapses"),
        (("--save", "neurons=a", "--save", "neurons=b"), "--save neurons=b: neurons is given twice"),
        (("--save", "neurons=/nonexistent/a"), "--save neurons=/nonexistent/a: /nonexistent is not a folder"),
        (("-o", "s.txt"), "s.txt: spikes are written to .csv or .npy"),
        (("-o", "/nonexistent/s.csv"), "-o /nonexistent/s.csv: /nonexistent is not a folder"),
        (("--events", "/nonexistent/e.csv"), "/nonexistent/e.csv: no events: No such file or directory"),
        (("--config", "/nonexistent/c.toml"), "/nonexistent/c.toml: not a configuration: No such file or directory"),
    ],
)
def test_input_at_fault(config: Path, events: Path, words: tuple[object, ...], message: str) -> None:
    result = draupnir(config, events, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_events_at_fault_leave_no_file(config: Path, events: Path) -> None:
    events.write_text(f"addr\n{SPIKE}\n{SPIKE}\n-5\n")
    files = sorted(config.parent.iterdir())
    result = draupnir(config, events, "-o", config.parent / "s.csv", "--save", f"neurons={config.parent / 'n.hex'}")
    assert result.exit_code == 2
    assert result.stderr == f"error: {events}:4: addr: -5 is not within 0..131071\n"
    assert sorted(config.parent.iterdir()) == files


# --- Blocks -----------------------------------------------------------------------------------------------------


def outcome_of(config: Path, *blocks: EventBlock, **options: Any) -> tuple[session.RunOutcome, list[tuple[int, int]]]:
    spikes: list[tuple[int, int]] = []

    def take(cycles: np.ndarray, addrs: np.ndarray) -> None:
        spikes.extend(zip(cycles.tolist(), addrs.tolist(), strict=True))

    return session.run(model(config), blocks, Environment(), take=take, **options), spikes


def block(*addrs: int, cycles: list[int] | None = None) -> EventBlock:
    return EventBlock(None if cycles is None else np.array(cycles), np.array(addrs, np.int64))


def test_events_wait_for_their_cycle(config: Path) -> None:
    late = 300_000
    outcome, spikes = outcome_of(config, block(*[SPIKE] * 4, cycles=[0, 0, late, late]))
    first, _ = reference(config, [SPIKE, SPIKE], Environment())
    assert spikes[:N_SPIKES] == first
    # The gap after the start is not awaited a second time.
    assert [cycle - late + Environment().gap for cycle, _ in spikes[N_SPIKES:]] == [cycle for cycle, _ in first]
    assert outcome.n_cycles > late
    assert outcome.statistics is not None
    assert outcome.statistics["synaptic_operations"] == 4 * 256
    assert outcome.statistics["fifo_high_water"] == 1


def test_an_event_that_is_late_does_not_wait_for_the_chip_to_come_to_rest(config: Path) -> None:
    at_once, expected = outcome_of(config, block(*[SPIKE] * 6))
    late, spikes = outcome_of(config, block(*[SPIKE] * 6, cycles=[0, 1, 2, 2, 500, 501]))
    assert (late.n_cycles, spikes) == (at_once.n_cycles, expected)


def test_an_event_waits_for_rest_also_in_another_block(config: Path) -> None:
    first, chip = block(*[SPIKE] * 3, cycles=[300, AT_REST, 0]), model(config)
    outcome, spikes = outcome_of(config, first, block(SPIKE, cycles=[AT_REST]))
    start = int(chip.registers[0].cycle)
    column = np.array([start + 300, AT_REST, start, AT_REST])
    expected = engine.run(chip, np.array([SPIKE] * 4), Environment(), not_before=column)
    assert spikes == list(zip((expected.cycles - start).tolist(), expected.addrs.tolist(), strict=True))
    assert outcome.n_cycles == expected.n_cycles > outcome_of(config, block(*[SPIKE] * 4))[0].n_cycles + 300


@pytest.mark.parametrize("cycles", [None, [0, 1, 2, 600, 3000, 9000], [AT_REST, 0, AT_REST, AT_REST, 600, 900]])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_how_events_are_divided_makes_no_difference(config: Path, n: int, cycles: list[int] | None) -> None:
    def parts(size: int) -> list[EventBlock]:
        starts = range(0, 6, size)
        return [block(*[SPIKE] * len(range(6)[i : i + size]), cycles=cycles and cycles[i : i + size]) for i in starts]

    whole, expected = outcome_of(config, *parts(6))
    outcome, spikes = outcome_of(config, *parts(n))
    assert spikes == expected
    assert len(spikes) == 3 * N_SPIKES
    assert (outcome.n_cycles, outcome.n_events, outcome.statistics) == (whole.n_cycles, 6, whole.statistics)


def test_a_run_may_end_while_it_waits(config: Path) -> None:
    outcome, _ = outcome_of(config, block(*[SPIKE] * 3, cycles=[0, 9000, 9001]), max_cycles=2000)
    assert (outcome.n_cycles, outcome.n_events, outcome.done) == (2000, 1, False)


# --- Outputs ----------------------------------------------------------------------------------------------------


def test_no_output_overwrites_an_input_or_another_output(config: Path, events: Path) -> None:
    out, texts = config.parent / "s.csv", {path: path.read_text() for path in (config, events)}
    for words, message in (
        (("-o", events), f"-o {events}: it is the input --events {events}, which must not be overwritten"),
        (("--save", f"neurons={config}"), f"--save neurons={config}: it is the input --config {config}, which must"),
        (("-o", out, "--save", f"neurons={out}"), f"-o {out} and --save neurons={out} are the same file"),
    ):
        result = draupnir(config, events, *words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"error: {message}")
    assert {path: path.read_text() for path in config.parent.iterdir()} == texts


def test_a_full_disk_is_named_and_leaves_neither_file(config: Path, events: Path) -> None:
    full = config.parent / "full"
    full.symlink_to("/dev/full")
    result = draupnir(config, events, "-o", config.parent / "s.csv", "--save", f"neurons={full}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {full}: No space left on device\n"
    assert not (config.parent / "s.csv").exists()


def test_a_packed_configuration_runs_as_its_source_does(config: Path, events: Path) -> None:
    folder = config.parent / "packed"
    assert CliRunner().invoke(cli, ["config", "pack", "odin", str(config), "-o", str(folder)]).exit_code == 0
    for name, configuration in (("toml", config), ("packed", folder)):
        assert draupnir(configuration, events, "-o", config.parent / f"{name}.csv").exit_code == 0
    assert (config.parent / "toml.csv").read_bytes() == (config.parent / "packed.csv").read_bytes()


@pytest.mark.parametrize("command", [("run", "odin"), ("host", "odin", "--simulate", "model", "--onto", "blank")])
def test_a_file_without_events_is_told(config: Path, events: Path, command: tuple[str, ...]) -> None:
    events.write_text("addr\n")
    result = CliRunner().invoke(cli, [*command, "--config", str(config), "--events", str(events), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["n_events"]) == (0, 0)
    assert f"warning: {events}: no events: none was sent" in result.stderr.splitlines()
