"""`draupnir run --samples`: labels and figures of many samples, and one line for each mistake."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.tools.cli import cli
from draupnir.tools.mapping.answers import NO_LABEL, SampleAnswer
from draupnir.tools.trials.figures import BINS_A_DOUBLING, Distribution, TrialFigures

CHIPS = ("odin", "reckon", "tinyodin")
LABELS = [0, 1, 0, 1, 1]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Two inputs, each of which drives one of two outputs; the last sample is silent."""
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", w1=np.diag([1.5, 1.5]))
    spikes = np.zeros((len(LABELS), 3, 2), np.uint8)
    for i, label in enumerate(LABELS[:-1]):
        spikes[i, :2, label] = 1
    np.savez("samples.npz", spikes=spikes, labels=np.array(LABELS))
    return tmp_path


def map_network(chip: str, *words: str) -> None:
    result = CliRunner().invoke(cli, ["map", chip, "net.npz", "-o", "out", *words])
    assert result.exit_code == 0, result.output


def run(chip: str, *words: str, config: str = "out", samples: str = "samples.npz") -> Result:
    return CliRunner().invoke(cli, ["run", chip, "--config", config, "--samples", samples, *words])


def figure(result: Result, name: str) -> str:
    """The text of a figure."""
    (line,) = (line for line in result.stdout.splitlines() if line.startswith(name))
    return line.removeprefix(name).strip()


def refusal(chip: str, *words: str, **files: str) -> str:
    result = run(chip, *words, **files)
    assert result.exit_code == 2, result.output
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    return line


@pytest.mark.parametrize("chip", CHIPS)
def test_each_sample_gets_a_label(chip):
    map_network(chip)
    result = run(chip, "-o", "labels.csv")
    assert result.exit_code == 0, result.output
    assert Path("labels.csv").read_text() == "sample,label\n0,0\n1,1\n2,0\n3,1\n4,\n"
    assert "4 of 5, 80.0 %" in figure(result, "right")
    assert figure(result, "without a label") == "1"


def test_figures_of_json_are_counted_by_hand() -> None:
    """On tinyODIN of two neurons a spike event is 2 operations; each of four samples has two inputs and two spikes."""
    map_network("tinyodin")
    content = json.loads(run("tinyodin", "--json").stdout)
    assert content["schema"] == "draupnir.run.samples"
    assert (content["n_samples"], content["n_right"], content["n_without_label"]) == (5, 4, 1)
    assert content["accuracy"] == 0.8
    assert content["confusion"] == [[2, 0, 0], [0, 2, 1]]
    assert content["synaptic_operations"] == {"mean": 3.2, "least": 0, "most": 4}
    assert content["clocks"]["least"] == 0 < content["clocks"]["mean"] < content["clocks"]["most"]
    assert content["picojoules_per_operation"] == 12.7
    assert content["dropped_spikes"] == 0


def test_energy_and_time_name_their_source() -> None:
    map_network("tinyodin")
    lines = run("tinyodin").stdout.splitlines()
    (energy,) = (line for line in lines if line.startswith("energy"))
    assert "estimate: 12.7 pJ an operation, ODIN at 0.55 V, C. Frenkel et al., IEEE TBioCAS" in energy
    assert any(line.startswith("time") and line.endswith("at 75 MHz") for line in lines)
    assert any(line.endswith("at 10 MHz") for line in run("tinyodin", "--clock", "10").stdout.splitlines())


def test_reckon_has_a_time_only_for_a_clock_that_is_given() -> None:
    map_network("reckon")
    assert not any(line.startswith("time") for line in run("reckon").stdout.splitlines())
    assert any(line.endswith("at 13 MHz") for line in run("reckon", "--clock", "13").stdout.splitlines())


def test_dropped_spikes_are_counted_and_warned_of() -> None:
    """One input makes 200 neurons spike, of which ODIN's FIFO holds 32; each drives the last neuron."""
    w1, w2 = np.full((1, 200), 2.0), np.full((200, 1), 0.001)
    np.savez("net.npz", w1=w1, w2=w2)
    np.savez("samples.npz", spikes=np.ones((2, 1, 1), np.uint8))
    map_network("odin")
    result = run("odin", "--json")
    n_dropped = json.loads(result.stdout)["dropped_spikes"]
    assert n_dropped == 2 * (200 - 31)  # the input itself still waits while its neurons spike
    warning = f"warning: {n_dropped} spike(s) found the scheduler's FIFO full and were dropped, in 2 of 2 samples"
    assert warning in result.stderr


def test_samples_without_labels_have_no_accuracy() -> None:
    map_network("tinyodin")
    np.save("alone.npy", np.ones((2, 1, 2), np.uint8))
    result = run("tinyodin", samples="alone.npy")
    assert not any(line.startswith("right") for line in result.stdout.splitlines())


def test_mistakes_are_one_line() -> None:
    map_network("tinyodin")
    assert "there is no plan.json; right is a folder that draupnir map wrote" in refusal("tinyodin", config="net.npz")
    assert "it is a network on tinyodin; right is one on odin" in refusal("odin")
    assert "--samples and --events: right is one of the two" in refusal("tinyodin", "--events", "e.csv")
    np.save("wide.npy", np.ones((2, 1, 3), np.uint8))
    assert "the network has 2 inputs" in refusal("tinyodin", samples="wide.npy")
    assert "error: -o samples.npz" in refusal("tinyodin", "-o", "samples.npz")


def test_a_sample_that_never_ends_is_named_and_no_labels_are_written() -> None:
    np.savez("net.npz", w1=np.diag([2.0, 2.0]), rec1=np.array([[0, 2.0], [2.0, 0]]))
    map_network("tinyodin")
    line = refusal("tinyodin", "-o", "labels.csv")
    assert "sample 0: tinyodin: the network does not come to rest after an input" in line
    assert not Path("labels.csv").exists()


@pytest.mark.parametrize("chip", CHIPS)
def test_an_exported_sample_runs_on_the_chip_and_behind_a_simulated_board(chip):
    map_network(chip)
    assert run(chip, "--export", "1=one.csv").exit_code == 0
    words = ["--config", "out/net.toml", "--events", "one.csv"]
    for command in (
        ["run", chip, *words, "-o", "run.csv"],
        ["host", chip, *words, "--simulate", "model", "-o", "host.csv"],
    ):
        result = CliRunner().invoke(cli, command)
        assert result.exit_code == 0, result.output
    on_chip, on_board = (
        [line.split(",")[1] for line in Path(f"{name}.csv").read_text().splitlines()[1:]] for name in ("run", "host")
    )
    assert on_chip == on_board
    # Two spikes of output 1; or on ReckOn 64 LSB for each, in two bytes for each of two outputs.
    assert on_chip == (["0", "0", "128", "0"] if chip == "reckon" else ["1", "1"])


def test_mistakes_of_exports_are_one_line() -> None:
    map_network("tinyodin")
    assert "--export 5=a.csv: samples.npz has samples 0..4" in refusal("tinyodin", "--export", "5=a.csv")
    assert "--export x=a.csv: right is N=FILE" in refusal("tinyodin", "--export", "x=a.csv")
    assert "--export 1=b.csv: sample 1 stands twice" in refusal(
        "tinyodin", "--export", "1=a.csv", "--export", "1=b.csv"
    )
    assert "samples.npz" in refusal("tinyodin", "--export", "1=samples.npz")
    result = CliRunner().invoke(
        cli, ["run", "tinyodin", "--config", "out/net.toml", "--events", "e.csv", "--clock", "3"]
    )
    assert (result.exit_code, "--clock: right is with --samples" in result.stderr) == (2, True)


def test_a_spread_is_what_numbers_are() -> None:
    numbers = np.random.default_rng(1).integers(0, 100_000, 500).tolist()
    spread = Distribution()
    for number in numbers:
        spread.add(number)
    assert (spread.n, spread.total, spread.least, spread.most) == (500, sum(numbers), min(numbers), max(numbers))
    assert spread.bins.sum() == 500
    edges = 2 ** (np.arange(len(spread.bins) + 1) / BINS_A_DOUBLING) - 1
    assert spread.bins.tolist() == np.histogram(numbers, edges)[0].tolist()


def test_figures_confuse_labels_as_they_come() -> None:
    figures = TrialFigures()
    nothing = np.zeros(0, np.int64)
    for label, right in ((0, 0), (2, 1), (NO_LABEL, 2), (1, 0)):
        figures.add(SampleAnswer(label, nothing, nothing, 0, 0), right)
    assert figures.confusion.tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert (figures.n, figures.n_right, figures.accuracy) == (4, 1, 0.25)


# --- The report -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chip", CHIPS)
def test_the_report_is_one_page_with_all_its_pictures(chip):
    map_network(chip)
    result = run(chip, "--report", "page")
    assert result.exit_code == 0, result.output
    page = Path("page/report.html").read_text()
    assert f"float 80.0 %, on {chip} 80.0 %: order of events, leak and reset +0.0, weights +0.0" in page
    assert "layer1" in page
    assert "http" not in page.replace("http://www.w3.org", "")  # nothing is loaded from elsewhere
    for name in ("spike_rates", "weights", "distributions", "confusion", "worst_samples"):
        picture = Path(f"page/{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert base64.b64encode(picture).decode() in page


def test_the_report_s_json_has_the_same_figures() -> None:
    map_network("tinyodin")
    result = run("tinyodin", "--report", "page")
    assert result.exit_code == 0, result.output
    content = json.loads(Path("page/report.json").read_text())
    figures = json.loads(run("tinyodin", "--json").stdout)
    assert {name: content[name] for name in figures if name in content} == {
        name: number for name, number in figures.items() if name in content
    }
    (population,) = content["study"]["populations"].values()
    assert population["spikes_on_chip"] == [4, 4]  # two spikes in each of four samples, by hand
    assert population["spikes_in_float"] == [4, 4]
    assert (population["silent"], population["always_spiking"]) == ([], [])
    assert content["study"]["worst"] == [{"sample": 4, "right": 1, "label": -1, "margin": 0.0}]
    assert content["weights"] == {"layer1": {"n": 2, "n_zeros": 0, "n_at_an_end": 2, "mean_error": 0.0}}
    assert content["origin"]["versions"]["numpy"] == np.__version__


def test_silent_and_always_spiking_neurons_are_named() -> None:
    np.savez("net.npz", w1=np.array([[1.5, 0.001, 1.5], [1.5, 0.001, 0.0]]))
    np.savez("samples.npz", spikes=np.ones((3, 4, 2), np.uint8))
    map_network("tinyodin")
    assert run("tinyodin", "--report", "page").exit_code == 0
    (population,) = json.loads(Path("page/report.json").read_text())["study"]["populations"].values()
    assert (population["silent"], population["always_spiking"]) == ([1], [0, 2])
    assert "<td>layer1:0, layer1:2" in Path("page/report.html").read_text().replace('<td class="text">', "<td>")
