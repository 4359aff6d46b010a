"""`draupnir explain gungnir`: a weight and its fraction, without a hole, and the factors of each step of e-prop."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.gungnir.layout import CHIP, WEIGHT_MAX
from draupnir.emulator.parts.handshake import Environment
from draupnir.tools.compile.toml import load
from draupnir.tools.explain import history_picture, history_text, run_job
from draupnir.tools.explain.gungnir_run import SIXTEENTHS
from draupnir.tools.explain.history import History
from draupnir.tools.explain.part import Question, RunTerms
from draupnir.tools.run import levels

NEURON, PRE = 3, 20
LEARN_SHIFT = 7
NETWORK = f"""
[registers]
SPI_OPEN_LOOP = 1
SPI_EPROP_EN = 1
SPI_TRACE_INCR = 50
SPI_TRACE_DECAY = 20
SPI_LEARN_SHIFT = {LEARN_SHIFT}

[[neurons]]
index = "0-15"
model = "lif"
thr = 30
leak_str = 3
leak_en = 1
eprop_en = 1
readout = 1

[synapses]
matrix = "weights.csv"
"""


def event(name: str, **fields: int) -> int:
    return next(each for each in CHIP.events if each.name == name).encode(**fields)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, dict[str, np.ndarray]]:
    """The history of a synapse under random events, and the memories after the same run in the event level."""
    folder, rng = tmp_path_factory.mktemp("gungnir"), np.random.default_rng(5)
    np.savetxt(folder / "weights.csv", rng.integers(0, 8, (256, 256)), "%d", ",")
    (folder / "net.toml").write_text(NETWORK)
    addrs = []
    for _ in range(60):
        addrs += [event("spike", pre_neur=int(pre)) for pre in (PRE, *rng.integers(16, 24, 2))]
        amount = int(rng.integers(-16, 16))
        addrs += [event("signal", neur=NEURON, amount=amount), event("tref_all"), event("learn", neur=PRE)]
    np.save(folder / "events.npy", np.array(addrs))
    configuration = load.load(folder / "net.toml", "gungnir")
    history = run_job.explain(configuration, folder / "events.npy", Question(NEURON, PRE), RunTerms())
    model = chips.model("gungnir")()
    configuration.apply(model)
    levels.closed_loop("gungnir").run(model, np.array(addrs), Environment())
    return history, model.memories


def entry(memories: dict[str, np.ndarray], name: str) -> int:
    """The bits of the synapse in a memory: 8 synapses of 4 bits a word, 32 words a row."""
    return int(memories[name][PRE << 5 | NEURON >> 3, 0]) >> 4 * (NEURON & 7) & 0xF


def test_a_weight_with_its_fraction_has_no_hole_and_ends_as_the_run_does(
    job: tuple[History, dict[str, np.ndarray]],
) -> None:
    history, memories = job
    (turns,) = history.turns().values()
    pairs = [(turn.fields_before, turn.fields_after) for _, turn in turns]
    assert all(later[0] == earlier[1] for earlier, later in pairwise(pairs))
    end = pairs[-1][1]
    assert end["fraction"] == entry(memories, "fractions")
    assert end[SIXTEENTHS] == 16 * (entry(memories, "synapses") & 7) + end["fraction"]
    assert all(later.state_before == earlier.state_after for earlier, later in pairwise(history.own))


def test_each_step_of_e_prop_has_its_factors(job: tuple[History, dict[str, np.ndarray]]) -> None:
    history, _ = job
    (turns,) = history.turns().values()
    steps = [turn for visit, turn in turns if visit.event.startswith("learn")]
    assert len(steps) > 40 and len({turn.terms["error"] for turn in steps}) > 20
    for turn in steps:
        product = turn.terms["trace"] * turn.terms["error"]
        least = (abs(product) >> LEARN_SHIFT) * (1 if product > 0 else -1)
        most = -(-abs(product) >> LEARN_SHIFT) * (1 if product > 0 else -1)
        old, new = turn.fields_before[SIXTEENTHS], turn.fields_after[SIXTEENTHS]
        assert new in {min(max(old + step, 0), WEIGHT_MAX) for step in (least, most)}
        assert f"trace {turn.terms['trace']} x error {turn.terms['error']} / 2^{LEARN_SHIFT}" in turn.why
    assert {turn.changes for turn in steps} == {True, False}


def test_a_synapse_in_words(job: tuple[History, dict[str, np.ndarray]], tmp_path: Path) -> None:
    history, _ = job
    words = dict(history_text.lines(history))
    assert words[f"synapse {PRE} -> {NEURON}"].startswith("weight ")
    assert " sixteenths at first" in words[f"synapse {PRE} -> {NEURON}"]
    history_picture.write(tmp_path / "neuron.png", history)
    assert (tmp_path / "neuron.png").read_bytes().startswith(b"\x89PNG")
