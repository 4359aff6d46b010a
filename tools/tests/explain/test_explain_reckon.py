"""`draupnir explain reckon`: histories by hand, none with a hole, each decision of e-prop, one line for a mistake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import columns
from draupnir.emulator.reckon import network as networks
from draupnir.emulator.reckon import pair
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import engine, watched
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.reckon.layout import CHIP, N_OUT, WEIGHT, N
from draupnir.emulator.speeds import limits
from draupnir.emulator.tests.reckon import naive
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml import load
from draupnir.tools.explain import reckon_words, run_job
from draupnir.tools.explain.history import History
from draupnir.tools.explain.part import Question, RunTerms
from draupnir.tools.run import hosted

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "reckon"
N_INP, N_REC, N_OUTPUTS = 9, 21, 3  # odd and even numbers; two groups of e-prop
LEARNING = {
    "SPI_EN_CONF": 0, "SPI_DO_EPROP": 7, "SPI_FP_LOC_WINP": 3, "SPI_FP_LOC_WREC": 3, "SPI_FP_LOC_WOUT": 3,
    "SPI_FP_LOC_TINP": 2, "SPI_FP_LOC_TREC": 2, "SPI_FP_LOC_TOUT": 2, "SPI_LEARN_SIG_SCALE": 5,
    "SPI_EN_STOCH_ROUND": 1, "SPI_NOISE_EN": 1, "SPI_NOISE_STR": 10, "SPI_H_1": 4, "SPI_H_2": 8, "SPI_H_3": 4,
    "SPI_THR_H_0": 0, "SPI_THR_H_1": 200, "SPI_THR_H_2": 400, "SPI_THR_H_3": 600,
    "SPI_LR_P_WINP": 18, "SPI_LR_P_WREC": 18, "SPI_LR_P_WOUT": 13,
    "SPI_REGUL_MODE": 3, "SPI_REGUL_W": 3, "SPI_REGUL_F0": 6, "SPI_REGUL_K_INP_P": 6, "SPI_REGUL_K_REC_P": 6,
    "SPI_SEND_LABEL_ONLY": 0, "SPI_NUM_INP_NEUR": N_INP - 1, "SPI_NUM_REC_NEUR": N_REC - 1,
    "SPI_NUM_OUT_NEUR": N_OUTPUTS - 1,
}  # fmt: skip
FLAT = {"SPI_H_1": 0, "SPI_H_2": 0, "SPI_H_3": 0, "SPI_REGUL_MODE": 0}
INFERRING = {**LEARNING, "SPI_DO_EPROP": 0, "SPI_EN_STOCH_ROUND": 0, "SPI_NOISE_EN": 0, "SPI_REGUL_MODE": 0}


class Job(NamedTuple):
    """A job in files."""

    config: Path
    events: Path

    def history(self, question: Question, terms: RunTerms | None = None) -> History:
        return run_job.explain(load.load(self.config, "reckon"), self.events, question, terms or RunTerms())

    def run(self) -> tuple[Model, Any]:
        """Run the same at event level."""
        model = Model()
        load.load(self.config, "reckon").apply(model)
        return model, engine.run(model, hosted.read(self.events, model), Host(1, 1, 1, 1, 1))


def write_network(folder: Path, registers: Mapping[str, int]) -> Path:
    rng = np.random.default_rng(6)
    lines = ["[registers]", *(f"{name} = {content}" for name, content in registers.items())]
    lines += ["[[neurons]]", f'index = "0-{N // 2 - 1}"', "thr = 500", "alpha = 0xe00"]
    for name, shape, mean in (("winp", (N, N), 40), ("wrec", (N, N), 0), ("wout", (512, N_OUT), 10)):
        np.savetxt(folder / f"{name}.csv", rng.normal(mean, 25, shape).clip(-127, 127).astype(int), "%d", ",")
        lines += [f"[{name}]", f'matrix = "{name}.csv"']
    (folder / "net.toml").write_text("\n".join(lines))
    return folder / "net.toml"


@pytest.fixture(scope="module")
def learning(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Two samples of eight timesteps, with a target in the second half."""
    folder, rng = tmp_path_factory.mktemp("learning"), np.random.default_rng(1)
    ops = ["op,operand"]
    for sample in range(2):
        ops.append("SAMPLE,1")
        for timestep in range(8):
            ops += [f"TARGET,{sample}", "TARGET_VALID,1"] if timestep == 3 else []
            ops += [f"SPIKE,{neuron}" for neuron in np.flatnonzero(rng.random(N_INP) < 0.3)]
            ops.append("TICK,1")
        ops += ["TARGET_VALID,0", "SAMPLE,0", "TICK,0", f"TAKE,{2 * N_OUTPUTS}"]
    (folder / "ops.csv").write_text("\n".join(ops) + "\n")
    return Job(write_network(folder, LEARNING), folder / "ops.csv")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("net.toml", "events.csv"):
        Path(name).write_text((EXAMPLE / name).read_text())


def explain(*words: str) -> Result:
    return CliRunner().invoke(cli, ["explain", "reckon", "--config", "net.toml", "--events", "events.csv", *words])


def text(*words: str) -> str:
    result = explain(*words)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def refusal(*words: str) -> str:
    result = explain(*words)
    assert result.exit_code == 2, result.output
    (line,) = (line for line in result.stderr.splitlines() if line.lower().startswith("error: "))
    return line


# --- By hand -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("example")
def test_a_spike_at_the_end_of_a_timestep_is_explained() -> None:
    answer = text("--neuron", "3")
    assert "neuron 3 of reckon recurrent LIF; 1 spike(s) and 23 event(s) in 322 clocks" in answer
    assert "timestep 2 of sample 0, at a potential of 800; its threshold is 500" in answer
    assert "because of spike of input neuron 3, with winp 100 << 3, in clock 145" in answer
    assert "raised by spike of input neuron 3: +800 in 1 event(s)" in answer


@pytest.mark.usefixtures("example")
def test_the_clock_selects_the_spike_and_what_it_leaves_is_there_at_the_next() -> None:
    spikes = [visit for visit in json.loads(explain("--neuron", "7", "--json").stdout)["visits"] if visit["spikes"]]
    # The potential keeps 15/16, less the threshold: of 800, of 250 + 800, and, after 453 without input, of 453 + 800.
    assert [visit["state_after"]["neur_u"] for visit in spikes] == [250, 484, 674]
    cycle = spikes[2]["cycle"]
    last = json.loads(explain("--neuron", "7", "--cycle", str(cycle), "--json").stdout)
    assert (last["spike"], last["n_cycles"], last["n_spikes"]) == (cycle, cycle + 1, 3)
    answer = text("--neuron", "7", "--cycle", str(cycle))
    assert f"spikes in clock {cycle}, timestep 3 of sample 0" in answer
    assert "since its spike in clock" in answer and "lowered by end of a timestep" in answer


@pytest.mark.usefixtures("example")
def test_a_silence_is_explained() -> None:
    Path("events.csv").write_text("time,addr\n0,4\n")
    assert "is silent because its threshold is 500, and its highest potential 0" in text("--neuron", "3")
    assert "is silent because no timestep ends for it; SPI_NUM_REC_NEUR is 9" in text("--neuron", "11")
    content = Path("net.toml").read_text()
    Path("net.toml").write_text(content.replace("weight = 100", "weight = 60"))
    Path("events.csv").write_text("time,addr\n1,3\n")
    answer = text("--neuron", "3", "--timesteps", "4")
    assert "its highest potential 480 in clock" in answer and "before end of a timestep" in answer
    assert "timestep 1 of sample 0" in answer


@pytest.mark.usefixtures("example")
def test_a_potential_that_falls_before_the_end_of_the_timestep_gives_no_spike() -> None:
    Path("net.toml").write_text(Path("net.toml").read_text() + "\n[[winp]]\npre = 5\npost = 3\nweight = -60\n")
    Path("events.csv").write_text("time,addr\n0,3\n0,5\n")
    assert "is silent because its threshold is 500, and its highest potential 320 in clock" in text("--neuron", "3")


@pytest.mark.usefixtures("example")
def test_an_output_neuron_is_explained() -> None:
    answer = text("--neuron", "out:0", "--synapse", "2")
    assert "output neuron 0 of reckon leaky integrator; 20 event(s) in 322 clocks" in answer
    assert (
        "highest 2000 in clock 276, timestep 3 of sample 0, after spike of recurrent neuron 4, with wout 50" in answer
    )
    assert "raised by spike of recurrent neuron 2: +400 in 1 event(s)" in answer
    assert "synapse 2 -> out:0 no event writes it, because SPI_DO_EPROP is 0" in answer


def test_why_a_weight_moves_or_stays_is_explained(learning: Job, tmp_path: Path) -> None:
    picture = tmp_path / "neuron.png"
    files = ["--config", str(learning.config), "--events", str(learning.events), "-o", str(picture)]
    result = CliRunner().invoke(cli, ["explain", "reckon", "--neuron", "17", "--synapse", "4", *files])
    assert result.exit_code == 0, result.output
    answer = " ".join(result.stdout.split())
    assert "winp 4 -> 17 weight" in answer and "wrec 4 -> 17 weight" in answer
    assert "stays in" in answer and "event(s), because" in answer
    assert "learning signal" in answer and "reaches the random number" in answer
    assert picture.read_bytes().startswith(b"\x89PNG")


# --- No hole ---------------------------------------------------------------------------------------------------------


def check_chain(history: History, end: Mapping[str, int]) -> None:
    own = history.own
    assert all(later.state_before == earlier.state_after for earlier, later in pairwise(own))
    assert own[-1].state_after == end


@pytest.mark.parametrize("neuron", [0, 5, 17, N_REC - 1])
def test_a_history_has_no_hole_and_ends_as_the_run_does(learning: Job, neuron: int) -> None:
    history, (model, run) = learning.history(Question(neuron, 3)), learning.run()
    assert history.n_cycles == run.n_cycles
    state = int(pair.half_at(model.memories["neurons"], neuron >> 1, neuron & 1))
    state = state if model.registers[0].neur_dirty[neuron] else 0
    traces = {f"trace_{kind}": int(getattr(pair, f"trace_{kind}")(state)) for kind in ("inp", "rec", "out")}
    check_chain(history, {"neur_u": int(pair.u(state)), **traces})
    for memory in ("winp", "wrec"):
        turns = [turn for _, turn in history.turns()[f"{memory} 3 -> {neuron}"]]
        assert all(later.fields_before == earlier.fields_after for earlier, later in pairwise(turns))
        weights = columns.entries(WEIGHT["w"], CHIP.memory(memory), model.memories[memory])
        assert turns[-1].fields_after["w"] == weights[3, neuron]


def test_an_output_neuron_has_no_hole_and_sends_what_its_history_says(learning: Job) -> None:
    model, run = learning.run()
    sent_potentials = run.received.reshape(2, N_OUTPUTS, 2) @ [1, 256]
    for k in range(N_OUTPUTS):
        history = learning.history(Question(k, 5, population="out"))
        check_chain(history, {"oneur_u": 0})
        ends = [history.subject.potential_before(visit) for visit in history.own if visit.clears]
        assert [potential & 0xFFFF for potential in ends] == sent_potentials[:, k].tolist()
        (turns,) = history.turns().values()
        assert all(later.fields_before == earlier.fields_after for (_, earlier), (_, later) in pairwise(turns))
        content = model.memories["wout"].view(np.uint8)[5, k]
        assert turns[-1][1].fields_after["w"] & 0xFF == content


def test_all_spikes_of_a_run_are_in_the_histories(learning: Job) -> None:
    _, run = learning.run()
    n = sum(sum(v.spikes for v in learning.history(Question(neuron)).visits) for neuron in range(N_REC + 1))
    assert n == run.statistics.recurrent_spikes > 50


def test_spikes_come_in_the_timesteps_of_the_network_of_integers(tmp_path: Path) -> None:
    spikes = np.random.default_rng(2).random((12, N_INP)) < 0.3
    spikes[-1, 0] = True
    rows = [f"{timestep},{neuron}" for timestep, neuron in np.argwhere(spikes)]
    (tmp_path / "events.csv").write_text("\n".join(["time,addr", *rows]) + "\n")
    job = Job(write_network(tmp_path, INFERRING), tmp_path / "events.csv")
    outcome = networks.network(load.load(job.config, "reckon")).run(spikes)
    for neuron in (2, 9, 16):
        history = job.history(Question(neuron))
        moments = [visit.moment for visit in history.own if visit.spikes]
        right = outcome.timesteps[outcome.neurons == neuron]
        assert moments == [f"timestep {timestep} of sample 0" for timestep in right] and len(right) > 1
        potentials = [history.subject.potential_after(visit) for visit in history.own if visit.ends_timestep]
        assert potentials == outcome.u[:, neuron].tolist()


def test_pieces_of_a_run_give_the_same_history(learning: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learning.history(Question(17, 4))
    monkeypatch.setattr(watched, "CLOCKS", 777)
    monkeypatch.setattr(watched, "ROOM", 5)
    assert learning.history(Question(17, 4)) == whole and len(whole.visits) > 100


# --- Learning --------------------------------------------------------------------------------------------------------


def test_each_turn_moves_the_weight_as_the_rule_says_of_its_numbers(learning: Job) -> None:
    reasons = set()
    for question in (Question(17, 4), Question(6, 6), Question(4, 19), Question(1, 5, population="out")):
        for name, turns in learning.history(question).turns().items():
            memory = name.split()[0]
            shifts = LEARNING[f"SPI_LR_P_{memory.upper()}"], LEARNING.get(f"SPI_LR_R_{memory.upper()}", 0)
            for _, turn in turns:
                t, weight, new_weight = turn.terms, turn.fields_before["w"], turn.fields_after["w"]
                bits = 28 if memory == "wout" else 32
                right = naive.stoch_update(t["prob"], weight, shifts[1], shifts[0], t["rnd"], bits)
                right = 0 if t["is_own"] and t["moves"] else right
                assert new_weight == (right if t["is_written"] else weight)
                reasons.add(turn.why.split(" is ")[0].split(" x ")[0])
    assert {reckon_words.STOCHASTIC.split(" is ")[0], "TARGET_VALID"} & reasons
    assert any(reason.startswith("learning signal") for reason in reasons)
    assert any(reason.startswith("error") for reason in reasons)
    assert any(reason.startswith("the trace of") for reason in reasons)


def test_the_learning_signal_is_the_sum_of_errors_times_weights(learning: Job) -> None:
    visits = [visit for visit in learning.history(Question(17)).visits if visit.learning]
    # Eight timesteps with TARGET_VALID or more, and a signal in some of them
    assert len(visits) >= 8 and len({visit.learning["learning_signal"] for visit in visits}) > 4
    assert {visit.event for visit in visits} == {"e-prop"} and all(visit.state_after is None for visit in visits)


@pytest.mark.parametrize(
    ("registers", "reason"),
    [
        ({"SPI_DO_EPROP": 4}, "synapse 4 -> 17 no event writes it, because no timestep with TARGET_VALID comes"),
        ({"SPI_DO_EPROP": 5}, "because SPI_DO_EPROP is 5: wrec does not learn"),
        (FLAT, "because the pseudo-derivative is 0"),
        ({"SPI_NUM_INP_NEUR": 2}, "because input neuron 4 is not in use"),
        ({"SPI_LR_P_WINP": 0}, f"because {reckon_words.STOCHASTIC}"),
    ],
)
def test_the_reason_for_a_weight_that_stays(
    learning: Job, tmp_path: Path, registers: Mapping[str, int], reason: str
) -> None:
    config = write_network(tmp_path, {**LEARNING, **registers})
    files = ["--config", str(config), "--events", str(learning.events)]
    result = CliRunner().invoke(cli, ["explain", "reckon", "--neuron", "17", "--synapse", "4", *files])
    assert result.exit_code == 0, result.output
    assert reason in " ".join(result.stdout.split())


# --- Mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("example")
def test_mistakes_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--neuron 256: reckon has recurrent neurons 0..255" in refusal("--neuron", "256")
    assert "--neuron out:16: reckon has output neurons 0..15" in refusal("--neuron", "out:16")
    assert "--neuron inp:1: right is a number such as 17 for a recurrent neuron, or out:3 for an output neuron" in (
        refusal("--neuron", "inp:1")
    )
    assert "--synapse 256: reckon has neurons 0..255" in refusal("--neuron", "1", "--synapse", "256")
    assert "--cycle 322: the run has 322 clocks; right is 0..321" in refusal("--neuron", "1", "--cycle", "322")
    assert "--timesteps 2: events.csv has a spike in timestep 3" in refusal("--neuron", "1", "--timesteps", "2")
    Path("events.csv").write_text("cycle,addr\n5,5\n")
    assert "events.csv:1: header 'cycle,addr'; right is time,addr, or op,operand" in refusal("--neuron", "1")
    Path("events.csv").write_text("op,operand\nSAMPLE,1\nTICK,1\nTAKE,1\n")
    monkeypatch.setattr(limits, "BASE", 20_000)
    monkeypatch.setattr(limits, "PER_EVENT", 1)
    assert "the chip has not come to rest" in refusal("--neuron", "1")
    assert "--cycle N explains the clocks up to N" in refusal("--neuron", "1")
    assert explain("--neuron", "1", "--cycle", "900").exit_code == 0
