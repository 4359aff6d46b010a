"""`draupnir explain`: stories worked by hand, changes that turn a neuron, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.tools.cli import cli
from draupnir.tools.explain import job
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.network import INPUT, NeuronKind
from draupnir.tools.tests.mapping.networks import connect, network, population, random_network, random_samples

CHIPS = ("odin", "reckon", "tinyodin")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Input 0 gives 7 of a threshold of 22, and input 1 takes 3; four timesteps with 0, then 1, are not enough."""
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", w1=np.array([[1.0], [-3 / 7]]), thr1=3.0)
    spikes = np.zeros((2, 4, 2), np.uint8)
    spikes[0, :3] = 1
    spikes[1, :, 0] = 1
    np.savez("samples.npz", spikes=spikes, labels=np.array([0, 0]))
    result = CliRunner().invoke(cli, ["map", "tinyodin", "net.npz", "-o", "out"])
    assert result.exit_code == 0, result.output


def explain(*words: str, folder: str = "out", samples: str = "samples.npz") -> Result:
    return CliRunner().invoke(cli, ["explain", folder, "--samples", samples, *words])


def refusal(*words: str, **places: str) -> str:
    result = explain(*words, **places)
    assert result.exit_code == 2, result.output
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    return line


def test_a_silent_neuron_is_explained() -> None:
    """7 - 3 + 7 - 3 + 7 = 15, of 22."""
    result = explain("--sample", "0", "--neuron", "layer1:0")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "sample 0 label none, right is 0" in text
    assert "layer1:0 0 spike(s), 0 in floating point; it is neuron 0 of tinyodin" in text
    assert "threshold 22 LSB" in text
    assert "inputs 6 spikes: +21 -9 LSB" in text
    assert "peak 15 LSB in timestep 2, after input:0" in text
    assert "excited most by input:0: +21 LSB in 3 spike(s)" in text
    assert "inhibited most by input:1: -9 LSB in 3 spike(s)" in text
    assert "would spike with the threshold 15 instead of 22" in text
    # 7 + w + 7 + w + 7 is 22 with w = 1, which is 4 more; the other weight is already as large as it can be.
    assert "would spike with the weight from input:1 1 instead of -3" in text


def test_a_neuron_that_spikes_is_explained() -> None:
    """7, 14, 21, 28: a threshold of 29, or a weight of 5, would keep it silent."""
    content = json.loads(explain("--sample", "1", "--neuron", "layer1:0", "--json").stdout)
    assert (content["schema"], content["n_spikes"], content["threshold"]) == ("draupnir.explain", 1, 22)
    assert [step["potential"] for step in content["steps"]] == [7, 14, 21, 28]
    assert [step["spikes"] for step in content["steps"]] == [False, False, False, True]
    assert content["turns"] == [
        {"source": None, "now": 22, "then": 29},
        {"source": "input:0", "now": 7, "then": 5},
    ]


def test_the_picture_is_written() -> None:
    assert explain("--sample", "1", "--neuron", "layer1:0", "-o", "neuron.png").exit_code == 0
    assert Path("neuron.png").read_bytes().startswith(b"\x89PNG")


def test_mistakes_are_one_line() -> None:
    assert "--neuron hidden:0: there is no such neuron that spikes; right is one of layer1:0..0" in refusal(
        "--sample", "0", "--neuron", "hidden:0"
    )
    assert "--neuron layer1:1: right is layer1:0..0" in refusal("--sample", "0", "--neuron", "layer1:1")
    assert "--sample 2: samples.npz has samples 0..1" in refusal("--sample", "2", "--neuron", "layer1:0")
    Path("empty").mkdir()
    assert "plan.json is missing; right is a folder that draupnir map wrote" in refusal(
        "--sample", "0", "--neuron", "layer1:0", folder="empty"
    )
    Path("empty/plan.json").write_text("[]")
    assert "it is no plan that draupnir map wrote" in refusal("--sample", "0", "--neuron", "layer1:0", folder="empty")
    assert "error: -o samples.npz" in refusal("--sample", "0", "--neuron", "layer1:0", "-o", "samples.npz")


@pytest.mark.parametrize("chip", CHIPS)
def test_each_change_of_an_explanation_turns_the_neuron(chip):
    net = random_network(13 if chip == "odin" else 7, one_sign=chip == "odin")
    mapped = mapper_of(chip).map(net, Conventions(1.0, Reset.ZERO), Choices())
    (sample,) = random_samples(3, net, 1)
    n_turns = 0
    for index in range(6):
        explanation = job.explain(mapped, sample, 0, f"hidden:{index}", None)
        n_spikes = int((mapper_of(chip).integer_run(mapped)(sample).spikes == explanation.neuron).sum())
        assert explanation.story.n_spikes == n_spikes
        n_turns += len(explanation.turns)
        for turn in explanation.turns:
            assert turn.then != turn.now
    assert n_turns >= 6


@pytest.mark.parametrize("chip", CHIPS)
def test_potentials_clock_by_clock_are_those_of_the_story(chip):
    """ReckOn forgets its potentials when a sample is over."""
    net = network([population("out", 2, NeuronKind.IF)], [connect(INPUT, "out", [[0.3, 0.2]])])
    mapper = mapper_of(chip)
    mapped = mapper.map(net, Conventions(1.0, Reset.ZERO), Choices())
    sample = np.ones((2, 1), np.uint8)
    n_cycles = mapper.chip_run(mapped)(sample).n_cycles
    assert n_cycles is not None
    potentials = mapper.potentials_at(mapped, sample, range(0, n_cycles + 1, 5))[:, 0]
    story = [step.potential for step in mapper.tell(mapped, sample, 0, None).steps]
    changes = np.flatnonzero(np.diff(potentials, prepend=-1))
    assert potentials[changes].tolist() == [0, *story, *[0] * (chip == "reckon")]
