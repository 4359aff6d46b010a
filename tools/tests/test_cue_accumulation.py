"""Cue accumulation: against what the original did on its own data, and on data of ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import CHIP
from draupnir.tools.cli import cli
from draupnir.tools.experiments.cue_accumulation.dataset import (
    CUE_EVERY,
    END,
    LEFT,
    N_CUES,
    RECALL,
    RECALL_AT,
    RIGHT,
    CueSample,
    generate,
    read,
    read_weights,
)
from draupnir.tools.experiments.cue_accumulation.experiment import CueExperiment
from draupnir.tools.experiments.cue_accumulation.train import CueTrainer

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DRAUPNIR_SHARED", ROOT.parent / "shared")) / "data" / "reckon"
RECORDED = json.loads(Path(__file__).with_name("cue_accumulation.json").read_text())
PNG = b"\x89PNG\r\n\x1a\n"


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# --- The original's data ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not DATA.is_dir(), reason=f"ReckOn's data set is not in {DATA}")
def test_the_model_learns_as_the_original_did() -> None:
    trainer = CueTrainer(CueExperiment(data=DATA))
    for epoch_record in RECORDED["epochs"]:
        assert_equals(trainer, epoch_record)


def assert_equals(trainer: CueTrainer, epoch_record: dict[str, Any]) -> None:
    """An epoch's answers, their number of right ones, all weights after its training, and the clocks that it took."""
    epoch = trainer.epoch()
    assert "".join(map(str, epoch.train)) == epoch_record["train"]
    assert epoch.n_right_train == epoch_record["n_right_train"]
    assert epoch.digests == epoch_record["digests"]
    assert "".join(map(str, epoch.test)) == epoch_record["test"]
    assert epoch.n_right_test == epoch_record["n_right_test"]
    assert epoch.n_cycles == epoch_record["n_cycles_train"] + epoch_record["n_cycles_test"]


# --- Our data ---------------------------------------------------------------------------------------------------


def test_our_samples_are_the_same_again() -> None:
    first, second, other = generate(rng(), 3), generate(rng(), 3), generate(rng(2), 3)
    assert all(a.label == b.label and (a.spikes == b.spikes).all() for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0].spikes, other[0].spikes)


def test_the_label_is_the_side_of_most_cues() -> None:
    for sample in generate(rng(), 20):
        cues = sample.spikes[sample.spikes[:, 0] < N_CUES * CUE_EVERY]
        sides = [[n_in(cues, i, group) for group in (LEFT, RIGHT)] for i in range(N_CUES)]
        assert sample.label == int(sum(n_right > n_left for n_left, n_right in sides) > N_CUES / 2)
        assert all(min(both) == 0 for both in sides)  # a cue is at one side


def n_in(spikes: np.ndarray, i: int, group: range) -> int:
    """Spikes of a group of neurons during cue i."""
    of_cue = spikes[spikes[:, 0] // CUE_EVERY == i]
    return int(np.isin(of_cue[:, 1], group).sum())


def test_the_recall_comes_at_the_end_alone() -> None:
    for sample in generate(rng(), 5):
        recall = sample.spikes[np.isin(sample.spikes[:, 1], RECALL)]
        assert recall[:, 0].min() >= RECALL_AT and recall[:, 0].max() < END


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What the command says and writes after one epoch."""
    out = tmp_path_factory.mktemp("report")
    words = ["demo", "cue-accumulation", "--epochs", "1", "--seed", "1", "--out", str(out), "--json"]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout), out


def test_our_data_is_learned(trained: tuple[dict[str, Any], Path]) -> None:
    (run,) = trained[0]["runs"]
    (epoch,) = run["epochs"]
    assert (run["n_train"], run["n_test"]) == (50, 50)
    assert run["accuracy"] == epoch["n_right_test"] / 50 >= 0.7


def test_an_epoch_is_the_same_again(trained: tuple[dict[str, Any], Path]) -> None:
    (run,) = trained[0]["runs"]
    epoch = CueTrainer(CueExperiment(1)).epoch()
    assert (epoch.train, epoch.test, epoch.digests) == tuple(run["epochs"][0][n] for n in ("train", "test", "digests"))


def test_the_report_is_complete(trained: tuple[dict[str, Any], Path]) -> None:
    output, out = trained
    pictures = {f"{name}.png" for name in ("learning_curve", "rasters", "traces", "weight_histograms")}
    assert {path.name for path in out.iterdir()} == {*pictures, "results.json", "report.html"}
    assert {Path(path).name for path in output["files"]} == {*pictures, "results.json", "report.html"}
    assert all((out / name).read_bytes().startswith(PNG) for name in pictures)
    assert json.loads((out / "results.json").read_text())["runs"] == output["runs"]
    page = (out / "report.html").read_text()
    assert page.count("<img ") == len(pictures)
    assert "Where this comes from" in page and "draupnir demo cue-accumulation" in page
    report = json.loads((out / "results.json").read_text())
    assert (report["schema"], report["origin"]) == ("draupnir.demo.cue-accumulation", output["origin"])


def test_registers_fit_and_seeds_differ() -> None:
    first, second = CueExperiment(1).registers(), CueExperiment(2).registers()
    assert set(first) == {register.name for register in CHIP.registers}
    assert first["SPI_SEED_INP"] != second["SPI_SEED_INP"]
    assert {name for name in first if first[name] != second[name]} == {n for n in first if "SEED" in n}


def test_a_sample_as_the_host_gives_it() -> None:
    sample = CueSample(1, np.array([[0, 3], [2100, 5]]))
    ops = CueExperiment(1).operations(sample, train=True).tolist()
    assert ops[:3] == [[5, 1], [0, 3], [2, 1]]
    index = ops.index([1, 1])
    assert sum(op == [2, 1] for op in ops[:index]) == RECALL_AT
    assert ops[index : index + 4] == [[1, 1], [6, 1], [7, 1], [0, 5]]
    assert ops[-6:] == [[5, 0], [2, 0], [3, 1], [4, 1], [6, 0], [7, 0]]


# --- Mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n3, 5\n-2, 1\n-1, 2250\n4, 1\n", "1 whole samples; its first number must be the number of samples"),
        ("2\n-2, 1\n-1, 2250\n", "1 whole samples; its first number must be the number of samples"),
        ("", "0 whole samples"),
        ("1\n40, 5\n-2, 1\n-1, 2250\n", "sample 0: spike 40, 5; neurons are 0 to 39, timesteps in order"),
        ("1\n4, 5\n4, 4\n-2, 1\n-1, 2250\n", "sample 0: spike 4, 4; neurons are 0 to 39, timesteps in order"),
        ("1\n-2, 2\n-1, 2250\n", r"sample 0: label 2; labels are 0 \(left\) and 1 \(right\)"),
        ("1\n-1, 2250\n", r"sample 0: ends at 2250; it has a label \(-2, label\), and ends at 2250"),
    ],
)
def test_a_data_set_with_a_mistake_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "set.dat"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read(path)


def test_weights_with_a_mistake_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.dat"
    path.write_text("1 2 3 128")
    with pytest.raises(InputError, match="4 numbers; right are 2 x 2, each -128 to 127"):
        read_weights(path, (2, 2))


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["demo", "cue-accumulation", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert ".dat cannot be read; right is the folder with the .dat files of ReckOn" in result.stderr


@pytest.mark.parametrize(
    ("seed", "epochs", "message"), [(-1, 1, "seed -1; right is 0 or more"), (1, 0, "0 epochs; right is 1 or more")]
)
def test_an_experiment_that_cannot_be_is_refused(seed: int, epochs: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        CueExperiment(seed, epochs)
