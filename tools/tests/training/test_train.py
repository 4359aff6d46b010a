"""`draupnir train`: from a mapped folder to a better one, and one line for each mistake. A part needs no PyTorch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.tools.cli import cli
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.tests.mapping.networks import random_network
from draupnir.tools.training import job
from draupnir.tools.training.curve import Curve, TrainingEpoch
from draupnir.tools.training.split import split

ROOT = Path(__file__).resolve().parents[3]
CHIPS = ("odin", "reckon", "tinyodin")
N_SAMPLES, N_INPUTS, N_LABELS = 120, 12, 3
needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="needs the extra [train]: pip install 'draupnir[train]'"
)
START = "from draupnir.tools.start import main; main()"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with samples of three kinds, and networks with random weights."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, N_LABELS, N_SAMPLES)
    rates = np.where(np.arange(N_INPUTS) % N_LABELS == labels[:, np.newaxis], 0.6, 0.15)
    spikes = (rng.random((N_SAMPLES, 4, N_INPUTS)) < rates[:, np.newaxis]).astype(np.uint8)
    np.savez("samples.npz", spikes=spikes, labels=labels)
    w1, w2 = rng.normal(0, 0.3, (N_INPUTS, 16)), rng.normal(0, 0.3, (16, N_LABELS))
    np.savez("net.npz", w1=w1, beta1=0.9, w2=w2, beta2=0.9)
    np.savez("potential.npz", w1=w1, w2=w2, readout="potential")
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def map_network(chip: str) -> None:
    words = ["--decision", "potential", "--split-signs", "--start", "100"] if chip == "odin" else []
    network = "potential.npz" if chip == "odin" else "net.npz"
    result = call("map", chip, network, "-o", "net", *words)
    assert result.exit_code == 0, result.output


def refusal(*words: str) -> str:
    """The one line of a refusal, after which nothing is written."""
    result = call("train", "net", "-o", "out", *words)
    assert result.exit_code == 2, result.output
    assert not Path("out").exists()
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    return line


@needs_torch
@pytest.mark.parametrize("chip", CHIPS)
def test_a_network_learns_and_the_chip_has_just_the_accuracy_that_is_printed(chip):
    map_network(chip)
    words = ("--epochs", "10", "--batch", "8", "--seed", "1", "-o", "out", "--json")
    result = call("train", "net", "--samples", "samples.npz", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    content = json.loads(result.stdout)
    assert (content["schema"], content["chip"], content["options"]["seed"]) == ("draupnir.train", chip, 1)
    start, best = content["epochs"][0], content["epochs"][content["best_epoch"]]
    assert best["accuracy"] > start["accuracy"] + 0.15
    with np.load("samples.npz") as samples:
        part = split(samples["labels"], 0.2, 1).validation
        np.savez("part.npz", spikes=samples["spikes"][part], labels=samples["labels"][part])
    trial = json.loads(call("run", chip, "--config", "out", "--samples", "part.npz", "--json").stdout)
    assert trial["n_right"] == best["n_right"]
    assert trial["synaptic_operations"]["mean"] == best["synaptic_operations"]
    assert call("config", "check", chip, "out/net.toml").exit_code == 0
    assert json.loads(Path("out/training.json").read_text())["epochs"] == content["epochs"]
    assert Path("out/training.png").read_bytes().startswith(b"\x89PNG")


@needs_torch
def test_people_get_five_lines_and_the_same_seed_gives_the_same_network() -> None:
    map_network("tinyodin")
    words = (
        "--samples",
        "samples.npz",
        "--epochs",
        "4",
        "--batch",
        "8",
        "--drop",
        "0.1",
        "--spike-cost",
        "0.001",
        "--clip",
        "1",
    )
    first, second = (call("train", "net", *words, *target) for target in ((), ("-o", "other")))
    lines = first.stdout.splitlines()
    assert lines[0] == "samples     96 to train, 24 to validate"
    assert lines[1].startswith("accuracy    ") and lines[1].endswith(" of 4, on the validation part")
    assert lines[2].startswith("operations  ") and lines[2].endswith(" after, a sample")
    assert lines[3:] == ["folder      net-trained"]
    assert first.stderr == ""
    assert second.stdout.splitlines()[:3] == lines[:3]
    one, other = (folder.read(Path(name)).configuration for name in ("net-trained", "other"))
    assert one == other != folder.read(Path("net")).configuration


@needs_torch
def test_without_a_validation_part_the_last_epoch_is_kept() -> None:
    map_network("tinyodin")
    result = call("train", "net", "--samples", "samples.npz", "--epochs", "2", "--validate", "0", "--json")
    content = json.loads(result.stdout)
    assert (content["best_epoch"], content["n_training"], content["n_validation"]) == (2, N_SAMPLES, 0)


@needs_torch
@pytest.mark.slow
def test_ctrl_c_ends_it_and_leaves_nothing(place):
    map_network("tinyodin")
    words = ["train", "net", "--samples", "samples.npz", "--epochs", "100000", "-o", "out"]
    command = [sys.executable, "-c", START, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        time.sleep(8)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, error_text = running.communicate(timeout=60)
    assert (running.returncode, error_text) == (130, "interrupted\n")
    assert not Path("out").exists()


def test_the_task_that_needs_a_memory_is_balanced_and_comes_to_reckon(monkeypatch):
    monkeypatch.setattr("sys.argv", ["memory.py", "3"])
    run_path(str(ROOT / "examples/mapping/memory.py"))
    with np.load("memory_train.npz") as train, np.load("memory_test.npz") as test:
        assert (train["spikes"].shape, test["spikes"].shape) == ((1250, 80, 30), (400, 80, 30))
        assert 0.45 < train["labels"].mean() < 0.55
        cues, pause = (test["spikes"][:, when, :20].sum(axis=(1, 2)) for when in (slice(70, 75), slice(35, 40)))
    assert cues.mean() > 5 * pause.mean()  # the second cue, and the pause between both
    result = call("map", "reckon", "memory.npz", "--reset", "subtract-after-leak", "--decision", "potential", "-o", "m")
    assert (result.exit_code, result.stderr) == (0, "")


# --- Mistakes --------------------------------------------------------------------------------------------------


def test_without_torch_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(job, "find_spec", lambda name: None)
    map_network("tinyodin")
    line = refusal("--samples", "samples.npz")
    assert line == "error: draupnir train needs PyTorch: pip install 'draupnir[train]'"


def test_samples_need_labels_that_the_network_can_give() -> None:
    map_network("tinyodin")
    with np.load("samples.npz") as samples:
        np.savez("alone.npz", spikes=samples["spikes"])
        np.savez("more.npz", spikes=samples["spikes"], labels=np.arange(N_SAMPLES) % 5)
    right = "right is an array 'labels' in an .npz, with a whole number for each sample"
    assert refusal("--samples", "alone.npz") == f"error: alone.npz: it has no labels to learn from; {right}"
    right = "right is 0..2, because the network has 3 outputs"
    assert refusal("--samples", "more.npz") == f"error: more.npz: labels[4] is 4; {right}"


def test_a_sample_is_left_to_train_with() -> None:
    map_network("tinyodin")
    np.savez("one.npz", spikes=np.ones((1, 2, N_INPUTS), np.uint8), labels=[0])
    line = refusal("--samples", "one.npz", "--validate", "0.9")
    assert line == "error: --validate 0.9: no sample of 1 is left to train with"


def test_another_folder_and_an_output_that_is_the_input_are_named() -> None:
    Path("net").mkdir()
    assert "net: plan.json is missing" in refusal("--samples", "samples.npz")
    result = call("train", "net", "--samples", "samples.npz", "-o", "net")
    assert (result.exit_code, result.stderr.startswith("error: -o net: it is the input NETWORK net")) == (2, True)


# --- Parts without PyTorch -------------------------------------------------------------------------------------


def test_both_parts_have_the_same_share_of_each_label() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    parts = split(labels, 0.2, 3)
    assert np.bincount(labels[parts.validation]).tolist() == [10, 6, 4]
    assert np.sort(np.concatenate((parts.training, parts.validation))).tolist() == list(range(100))
    assert split(labels, 0.2, 3).validation.tolist() == parts.validation.tolist()
    assert split(labels, 0.2, 4).validation.tolist() != parts.validation.tolist()
    assert len(split(labels, 0, 3).validation) == 0


def test_more_right_labels_are_better_then_fewer_operations() -> None:
    epochs = [
        TrainingEpoch(0, None, 5, 10, 100.0),
        TrainingEpoch(1, 0.5, 6, 10, 90.0),
        TrainingEpoch(2, 0.4, 6, 10, 80.0),
    ]
    assert max(epochs, key=TrainingEpoch.rank).number == 2
    curve = Curve(tuple(epochs), 2, 40, 10)
    assert curve.lines()[1] == ("accuracy", "50.0 % before, 60.0 % after epoch 2 of 2, on the validation part")
    assert curve.as_json()["epochs"][1] == {
        "number": 1,
        "loss": 0.5,
        "n_right": 6,
        "n": 10,
        "synaptic_operations": 90.0,
        "accuracy": 0.6,
    }


def test_a_network_that_was_better_before_stays_and_a_note_says_so() -> None:
    mapped = mapper_of("tinyodin").map(random_network(2), Conventions(1.0, Reset.ZERO), Choices())
    curve = Curve((TrainingEpoch(0, None, 9, 10, 1.0), TrainingEpoch(1, 0.1, 8, 10, 1.0)), 0, 40, 10)
    (note,) = job.TrainingOutcome(mapped, curve).notes()
    assert "--validate 0 keeps the last epoch" in note
    assert job.TrainingOutcome(mapped, Curve(curve.epochs, 1, 40, 0)).notes() == []
