"""`draupnir explain CHIP`: histories worked by hand, none with a hole, and one line for each mistake."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml import load
from draupnir.tools.explain import crossbar_run, run_job
from draupnir.tools.explain.history import History
from draupnir.tools.explain.part import Question, RunTerms
from draupnir.tools.run import levels

TINY = """
[registers]
SPI_MAX_NEUR = 255

[[neurons]]
index = "17-18"
thr = 20
leak_str = 2

[[synapses]]
pre = 5
post = 17
weight = 3
"""
ODIN = """
[registers]
SPI_UPDATE_UNMAPPED_SYN = 1
SPI_PROPAGATE_UNMAPPED_SYN = 1
SPI_OPEN_LOOP = 1

[[neurons]]
index = "0-15"
model = "lif"
thr = 30
leak_str = 3
leak_en = 1
ca_en = 1
thetamem = 10
ca_theta1 = 1
ca_theta2 = 4
ca_theta3 = 7
caleak = 31

[synapses]
matrix = "weights.csv"
"""
RECURRENT = """
[registers]
SPI_MAX_NEUR = 255

[[neurons]]
index = "0-15"
thr = 25
leak_str = 4

[synapses]
matrix = "weights.csv"
"""
TREF_ALL = {"odin": 0x7F, "tinyodin": 0x1FF}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven spikes of neuron 5 bring neuron 17 to 21, one above its threshold; the last one comes after a leak."""
    monkeypatch.chdir(tmp_path)
    Path("net.toml").write_text(TINY)
    Path("events.csv").write_text("addr\n" + "5\n" * 8 + "0x1ff\n5\n")


def explain(*words: str, chip: str = "tinyodin", config: str = "net.toml", events: str = "events.csv") -> Result:
    return CliRunner().invoke(cli, ["explain", chip, "--config", config, "--events", events, *words])


def text(*words: str) -> str:
    result = explain(*words)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def refusal(*words: str, chip: str = "tinyodin", config: str = "net.toml", events: str = "events.csv") -> str:
    result = explain(*words, chip=chip, config=config, events=events)
    assert result.exit_code == 2, result.output
    (line,) = (line for line in result.stderr.splitlines() if line.lower().startswith("error: "))
    return line


def random_job(chip: str, question: Question, folder: Path) -> tuple[History, np.ndarray, np.ndarray, dict[str, int]]:
    """Run 150 random events, and return the history, the spikes with their cycles, and the neuron's word at the end."""
    rng = np.random.default_rng(3)
    low = -4 if chip == "tinyodin" else 0
    weights = rng.integers(low, 8, (256, 256))
    weights[:16] = rng.integers(0, 2, (16, 256))  # of the neurons themselves; so the network comes to rest
    np.savetxt(folder / "weights.csv", weights, "%d", ",")
    (folder / "random.toml").write_text(ODIN if chip == "odin" else RECURRENT)
    spike_code = 7 if chip == "odin" else 0
    pres = rng.integers(16, 40, 150)
    addrs = np.where(rng.random(150) < 0.05, TREF_ALL[chip], pres << 8 | spike_code if chip == "odin" else pres)
    np.save(folder / "random.npy", addrs)
    configuration = load.load(folder / "random.toml", chip)
    history = run_job.explain(configuration, folder / "random.npy", question, RunTerms())
    model = chips.model(chip)()
    configuration.apply(model)
    run = levels.closed_loop(chip).run(model, addrs, Environment())
    word = model.chip.memory("neurons").words[0]
    content = int.from_bytes(model.memories["neurons"][question.neuron].tobytes(), "little")
    end = {f.name: f.take(content) for f in word if f.kind == "state"}
    return history, run.addrs, run.cycles - run.first_cycle, end


# --- By hand -------------------------------------------------------------------------------------------------------


def test_a_spike_is_explained() -> None:
    answer = text("--neuron", "17")
    assert "neuron 17 of tinyodin lif; 1 spike(s) and 11 event(s)" in answer
    assert "at a potential of 18; its threshold is 20" in answer
    assert "because of spike of neuron 5, with weight 3 after 6 event(s) since the start" in answer
    assert "raised by spike of neuron 5: +18 in 6 event(s)" in answer


def test_a_silent_neuron_is_explained() -> None:
    assert "is silent because its threshold is 20, and its highest potential 0" in text("--neuron", "18")
    assert "is silent because neur_disable is 1: its spikes stay inside" in text("--neuron", "19")
    Path("events.csv").write_text("addr\n0x100\n")  # a time reference of neuron 0 alone
    assert "is silent because no event reaches it" in text("--neuron", "17")


def test_the_clock_selects_the_spike_and_its_part_of_the_history() -> None:
    content = json.loads(explain("--neuron", "17", "--json").stdout)
    assert (content["schema"], content["n_spikes"], content["n_cycles"] > 5000) == ("draupnir.explain.run", 1, True)
    spike = content["spike"]
    assert "is silent because its threshold is 20, and its highest potential 18" in text(
        "--neuron", "17", "--cycle", str(spike - 1)
    )
    part = json.loads(explain("--neuron", "17", "--cycle", str(spike), "--json").stdout)
    assert (part["spike"], part["n_cycles"], len(part["visits"])) == (spike, spike + 1, 7)


def test_the_leak_is_a_source_that_lowers() -> None:
    Path("events.csv").write_text("addr\n5\n0x1ff\n0x1ff\n5\n")
    answer = text("--neuron", "17")
    assert "raised by spike of neuron 5: +6 in 2 event(s)" in answer
    assert "lowered by tref_all event, AERIN_ADDR 0x1ff: -3 in 2 event(s)" in answer  # to 1, then to 0


@pytest.mark.parametrize("words", [("--neuron", "17"), ("--neuron", "17", "--synapse", "5")])
def test_the_picture_is_written(words: tuple[str, ...]) -> None:
    assert explain(*words, "-o", "neuron.png").exit_code == 0
    assert Path("neuron.png").read_bytes().startswith(b"\x89PNG")


# --- No hole ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
@pytest.mark.parametrize("neuron", [0, 11])
def test_a_history_has_no_hole_and_ends_as_the_run_does(chip: str, neuron: int, tmp_path: Path) -> None:
    history, addrs, cycles, end = random_job(chip, Question(neuron), tmp_path)
    own = history.own
    assert all(later.state_before == earlier.state_after for earlier, later in pairwise(own))
    assert own[-1].state_after == end
    spikes = [visit.cycle for visit in own if visit.spikes]
    outside = cycles[addrs == neuron].tolist()
    assert len(spikes) == len(outside) > 2
    assert all(0 < out - inside < 8 for inside, out in zip(spikes, outside, strict=True))


def test_a_synapse_that_learns_has_no_hole(tmp_path: Path) -> None:
    history, *_ = random_job("odin", Question(3, 20), tmp_path)
    (turns,) = history.turns().values()
    pairs = [(turn.fields_before, turn.fields_after) for _, turn in turns]
    assert all(later[0] == earlier[1] for earlier, later in pairwise(pairs))
    changes = [new["syn_weight"] - old["syn_weight"] for old, new in pairs]
    assert {abs(change) for change in changes} == {0, 1}
    # A weight moves only at a spike of its own row.
    assert {visit.event for visit, _ in turns} == {"spike of neuron 20"}


def test_pieces_of_a_run_give_the_same_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, *_ = random_job("odin", Question(3, 20), tmp_path)
    monkeypatch.setattr(crossbar_run, "CLOCKS", 777)
    pieces, *_ = random_job("odin", Question(3, 20), tmp_path)
    assert pieces == whole and len(whole.visits) > 150


# --- Mistakes --------------------------------------------------------------------------------------------------------


def test_mistakes_are_one_line() -> None:
    assert "ranc: the neurons of this chip have no history; right is gungnir, odin, reckon or tinyodin" in refusal(
        "--neuron", "1", chip="ranc"
    )
    assert "--timesteps 3: tinyodin has no timesteps; right is to leave it out" in refusal(
        "--neuron", "1", "--timesteps", "3"
    )
    assert "--neuron a:1: right is the number of a neuron, such as 17" in refusal("--neuron", "a:1")
    assert "--neuron 256: tinyodin has neurons 0..255" in refusal("--neuron", "256")
    assert "--synapse 256: tinyodin has neurons 0..255" in refusal("--neuron", "1", "--synapse", "256")
    assert "right is 0.." in refusal("--neuron", "1", "--cycle", "99999999")
    assert "--sample: tinyodin does not take it; right is to give a folder that draupnir map wrote" in refusal(
        "--neuron", "1", "--sample", "1"
    )
    assert "error: -o net.toml" in refusal("--neuron", "1", "-o", "net.toml")
    Path("ops.csv").write_text("op,operand\nEVENT,5\n")
    assert "ops.csv: it has operations; right is a file of events" in refusal("--neuron", "1", events="ops.csv")
    usage = CliRunner().invoke(cli, ["explain", "odin", "--neuron", "1"])
    assert usage.exit_code == 2 and "Missing option '--config'" in usage.stderr
    for words in (["--config", "net.toml"], ["--cycle", "3"]):
        both = CliRunner().invoke(
            cli, ["explain", "out", "--samples", "s.npz", "--sample", "0", "--neuron", "a:0", *words]
        )
        assert both.exit_code == 2
        assert f"{words[0]}: out does not take it; right is to give the name of a chip before it" in both.stderr


def test_a_network_that_never_rests_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.toml").write_text(TINY.replace("thr = 20", "thr = 0"))
    monkeypatch.setattr(limits, "BASE", 20_000)
    monkeypatch.setattr(limits, "PER_EVENT", 1)
    monkeypatch.setattr(crossbar_run, "CLOCKS", 5_000)
    assert "the chip has not come to rest" in refusal("--neuron", "17")
    assert "--cycle N explains the clocks up to N" in refusal("--neuron", "17")
    assert explain("--neuron", "17", "--cycle", "9000").exit_code == 0
