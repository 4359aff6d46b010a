"""`draupnir map`: from a file to a folder that other commands take, what is lost, and one line for each mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml.load import load
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.mapper import mapper_of

CHIPS = ("odin", "reckon", "tinyodin")
N_SAMPLES = 6


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with a network of 4 inputs, 3 hidden neurons and 2 outputs, which odin takes, too, and samples."""
    monkeypatch.chdir(tmp_path)
    w1 = np.array([[1.5, 0, 0.4], [1.5, 0.2, 0], [0, 1.5, 0.6], [0, 1.5, 0.9]])
    np.savez("net.npz", w1=w1, beta1=0.9, w2=np.array([[1.2, 0], [0, 1.2], [0.1, 0.1]]), beta2=0.9)
    spikes = np.zeros((N_SAMPLES, 5, 4), np.uint8)
    labels = np.arange(N_SAMPLES) % 2
    for i, label in enumerate(labels):
        spikes[i, ::2, 2 * label] = 1
        spikes[i, 1::2, 2 * label + 1] = 1
    np.savez("samples.npz", spikes=spikes, labels=labels)
    return tmp_path


def map_network(chip: str, *words: str, network: str = "net.npz") -> Result:
    return CliRunner().invoke(cli, ["map", chip, network, "-o", "out", *words])


def refusal(chip: str, *words: str, network: str = "net.npz") -> str:
    """The one line of a refusal, after which nothing is written."""
    result = map_network(chip, *words, network=network)
    assert result.exit_code == 2, result.output
    assert not Path("out").exists()
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    return line


@pytest.mark.parametrize("chip", CHIPS)
def test_the_folder_is_a_configuration_and_a_plan(chip):
    result = map_network(chip)
    assert result.exit_code == 0, result.output
    assert "network  4 inputs, 'layer1' 3 LIF, 'layer2' 2 LIF" in result.stdout
    on_chip = folder.read(Path("out"), chip)
    assert on_chip.configuration == load(Path("out/net.toml"), chip)
    assert on_chip.conventions == Conventions(1.0, Reset.ZERO)
    # The network that is read back runs as the one that was written.
    run = mapper_of(chip).chip_run(on_chip)
    with np.load("samples.npz") as samples:
        assert [run(sample).label for sample in samples["spikes"]] == samples["labels"].tolist()
    check = CliRunner().invoke(cli, ["config", "check", chip, "out/net.toml"])
    assert check.exit_code == 0, check.output


@pytest.mark.parametrize("chip", CHIPS)
def test_losses_are_said_by_cause(chip):
    result = map_network(chip, "--samples", "samples.npz")
    assert f"float 100.0 %, on {chip} 100.0 %: order of events, leak and reset +0.0, weights +0.0" in result.stdout


def test_losses_without_labels_are_told_from_the_float_network(place):
    with np.load("samples.npz") as samples:
        np.savez("alone.npz", spikes=samples["spikes"])
    result = map_network("tinyodin", "--samples", "alone.npz")
    assert "on tinyodin 100.0 % as in float: order of events" in result.stdout


def test_json_has_the_same_figures() -> None:
    content = json.loads(map_network("tinyodin", "--samples", "samples.npz", "--json").stdout)
    assert (content["schema"], content["chip"], content["n_samples"]) == ("draupnir.map", "tinyodin", N_SAMPLES)
    assert content["accuracy"] == {"in_float": 1.0, "unrounded": 1.0, "on_chip": 1.0}
    assert content["has_labels"] is True
    plan = json.loads(Path("out/plan.json").read_text())
    assert plan["places"][1]["neurons"] == [3, 4]
    assert plan["origin"]["network"] == "net.npz"
    assert len(plan["origin"]["sha256"]) == 64


def test_the_recording_of_a_framework_is_held_before_anything_is_written() -> None:
    np.savez("right.npz", spikes=np.zeros((1, 5, 2), np.uint8))
    line = refusal("tinyodin", "--samples", "samples.npz", "--reference", "right.npz")
    assert "--reference right.npz: float reference equal to the recording in 0 of 1 samples" in line
    assert "with --dt 1 --reset zero; sample 0, timestep" in line


def test_a_recording_needs_its_samples() -> None:
    np.savez("right.npz", spikes=np.zeros((1, 5, 2), np.uint8))
    assert "--reference right.npz: right is with --samples" in refusal("tinyodin", "--reference", "right.npz")


def test_a_network_with_both_signs_is_refused_on_odin_and_can_be_split() -> None:
    np.savez("mixed.npz", w1=np.array([[1.0, -1.0], [0.5, 1.0]]))
    assert "right is --split-signs" in refusal("odin", network="mixed.npz")
    assert map_network("odin", "--split-signs", network="mixed.npz").exit_code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "it is no plan that draupnir map wrote"),
        ("[]", "it is no plan that draupnir map wrote"),
        ("{}", "it is no plan that draupnir map wrote: KeyError"),
    ],
)
def test_a_damaged_plan_is_one_line(content, words):
    map_network("tinyodin")
    Path("out/plan.json").write_text(content)
    with pytest.raises(InputError, match=words):
        folder.read(Path("out"), "tinyodin")


def test_a_plan_of_another_chip_or_another_network_is_refusal() -> None:
    map_network("tinyodin")
    with pytest.raises(InputError, match="it is a network on tinyodin; right is one on odin"):
        folder.read(Path("out"), "odin")
    plan = json.loads(Path("out/plan.json").read_text())
    plan["inputs"] = plan["inputs"][1:]
    Path("out/plan.json").write_text(json.dumps(plan))
    with pytest.raises(InputError, match=r"does not fit network\.npz beside it"):
        folder.read(Path("out"), "tinyodin")


def test_a_folder_without_a_plan_is_named() -> None:
    Path("empty").mkdir()
    with pytest.raises(InputError, match=r"plan\.json is missing; right is a folder that draupnir map wrote"):
        folder.read(Path("empty"), "tinyodin")


def test_an_output_that_is_the_network_is_refusal() -> None:
    result = CliRunner().invoke(cli, ["map", "tinyodin", "net.npz", "-o", "net.npz"])
    assert result.exit_code == 2
    assert "-o net.npz" in result.stderr


# --- Calibration ------------------------------------------------------------------------------------------------


def one_large_weight_a_neuron() -> None:
    """A layer of four neurons with a weight that leaves few steps to all others, unless it is cut; samples of it."""
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.3, (16, 4)) + np.repeat(np.eye(4), 4, axis=0)
    weights[[0, 5, 10, 15], range(4)] = 12
    labels = rng.integers(0, 4, 60)
    share = np.repeat(0.2 + 0.25 * np.eye(4), 4, axis=1)[labels]
    np.savez("many.npz", w1=weights, beta1=0.9, thr1=1.5)
    np.savez("many_samples.npz", spikes=(rng.random((60, 8, 16)) < share[:, None, :]).astype(np.uint8), labels=labels)


def test_a_calibration_names_the_best_of_what_it_tried():
    one_large_weight_a_neuron()
    result = map_network("tinyodin", "--calibrate", "many_samples.npz", "--json", network="many.npz")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    calibration = report["calibration"]
    assert calibration["n_samples"] == 60
    first, best = calibration["tried"][0], max(calibration["tried"], key=lambda one: one["share"])
    assert (first["clip"], first["leak_at"]) == (1.0, 0.5)
    assert best["share"] > first["share"]
    assert calibration["choices"] == {"clip": best["clip"], "leak_at": best["leak_at"]}
    # The folder is that of the best: mapping by hand with its choices writes the same.
    on_chip = folder.read(Path("out"))
    assert (on_chip.choices.clip, on_chip.choices.leak_at) == (best["clip"], best["leak_at"])
    words = ("--clip", str(best["clip"]), "--leak-at", str(best["leak_at"]))
    assert map_network("tinyodin", *words, network="many.npz").exit_code == 0
    assert folder.read(Path("out")).configuration == on_chip.configuration


def test_a_choice_that_was_made_by_hand_stays():
    one_large_weight_a_neuron()
    words = ("--calibrate", "many_samples.npz", "--clip", "0.9", "--json")
    result = map_network("odin", *words, "--split-signs", network="many.npz")
    assert result.exit_code == 0, result.output
    calibration = json.loads(result.stdout)["calibration"]
    assert set(calibration["choices"]) == {"leak_at", "start"}
    assert {one["start"] for one in calibration["tried"]} == {0, 50, 100}
    assert folder.read(Path("out")).choices.clip == 0.9


def test_a_calibration_is_one_line_for_people():
    one_large_weight_a_neuron()
    result = map_network("reckon", "--calibrate", "many_samples.npz", network="many.npz")
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("calibration"))
    assert re.search(r"--clip [\d.]+: [\d.]+ % of 60 samples, [\d.]+ % before$", line)


def test_samples_for_a_calibration_must_fit():
    assert refusal("tinyodin", "--calibrate", "none.npz") == "error: none.npz: No such file or directory"
