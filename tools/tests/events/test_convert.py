"""`draupnir convert`: recordings become samples and event files that the other commands take."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.tools.cli import cli
from draupnir.tools.events import samples_file, stimulus
from draupnir.tools.events.recording import EVENT, Events, SensorSize
from draupnir.tools.mapping import samples as sample_files
from draupnir.tools.mapping.samples import read_samples
from draupnir.tools.tests.events import writers
from draupnir.tools.tests.events.test_readers import faery

CHIPS = ("reckon", "tinyodin")
N_EACH = 4


def moving_bar(to_the_right: bool, seed: int) -> Events:
    """A bar of 6 pixels that moves over 30 x 30 pixels in 60 ms, with noise: on in front of it, off behind it."""
    rng = np.random.default_rng(seed)
    events = []
    for step in range(30):
        for y in range(12, 18):
            for x, p in ((step, 1), (step - 3, 0)):
                if 0 <= x < 30 and rng.random() < 0.8:
                    events.append((2000 * step + int(rng.integers(2000)), x if to_the_right else 29 - x, y, p))
    for _ in range(20):
        events.append((int(rng.integers(60_000)), *rng.integers(0, 30, 2).tolist(), int(rng.integers(2))))
    return np.array(sorted(events), EVENT)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Recordings of bars, a folder a direction."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("left", "right")):
        Path("bars", name).mkdir(parents=True)
        for i in range(N_EACH):
            writers.write_nmnist(Path("bars", name, f"{i}.bin"), moving_bar(name == "right", 10 * number + i))
    return tmp_path


def convert(*words: str) -> Result:
    return CliRunner().invoke(cli, ["convert", *words])


def figures(result: Result) -> dict[str, int]:
    assert result.exit_code == 0, result.output
    pairs = (line.rsplit(maxsplit=1) for line in result.stdout.splitlines())
    return {name.strip(): int(figure.replace(",", "")) for name, figure in pairs}


def refusal(*words: str) -> str:
    """The one line of a refusal, after which nothing is written."""
    files = sorted(Path().rglob("*"))
    result = convert(*words)
    assert result.exit_code == 2, result.output
    assert sorted(Path().rglob("*")) == files
    (line,) = result.stderr.splitlines()
    return line.removeprefix("error: ")


def arrays(name: str = "a.npz") -> dict[str, np.ndarray]:
    """All arrays of a file of samples."""
    with np.load(name) as file:
        return dict(file)


def test_a_folder_becomes_samples_with_labels():
    result = convert("bars", "--size", "30x30", "--pool", "3", "--bin", "5ms", "-o", "bars.npz")
    counts = figures(result)
    assert (counts["recordings"], counts["inputs"]) == (2 * N_EACH, 100)
    assert counts["events"] == counts["spikes"] + counts["merged events"] and counts["lost events"] == 0
    file = arrays("bars.npz")
    assert sorted(file) == ["classes", "labels", "spikes"]
    assert file["classes"].tolist() == ["left", "right"]
    assert file["labels"].tolist() == [0] * N_EACH + [1] * N_EACH
    assert file["spikes"].dtype == np.uint8 and file["spikes"].shape == (8, counts["timesteps"], 100)
    assert file["spikes"].sum() == counts["spikes"]
    events = moving_bar(True, 12)
    right = np.zeros(file["spikes"].shape[1:], np.uint8)
    right[events["t"] // 5000, events["y"] // 3 * 10 + events["x"] // 3] = 1
    assert np.array_equal(file["spikes"][6], right)
    samples = read_samples(Path("bars.npz"), 100)
    assert samples.labels is not None and samples.n == 8


@pytest.mark.parametrize("chip", CHIPS)
def test_recordings_are_mapped_and_run(chip):
    """A bar begins at one side, so the first 30 ms tell its direction."""
    words = ["--size", "30x30", "--crop", "0,12,30,6", "--pool", "3x6", "--polarity", "on", "--bin", "5ms"]
    counts = figures(convert("bars", *words, "--timesteps", "6", "-o", "bars.npz"))
    assert counts["inputs"] == 10 and counts["timesteps"] == 6
    assert counts["outside of the crop"] > 0 and counts["of the other polarity"] > 0
    assert counts["events"] == counts["spikes"] + counts["merged events"] + counts["lost events"]
    # Output 0 counts events of the right half, where bars to the left begin, and output 1 those of the left half.
    weights = np.repeat([[0, 1], [1, 0]], 5, axis=0).astype(float)
    np.savez("net.npz", w1=weights, thr1=2.0)
    result = CliRunner().invoke(cli, ["map", chip, "net.npz", "-o", "net"])
    assert result.exit_code == 0, result.output
    run = ["run", chip, "--config", "net", "--samples", "bars.npz", "-o", "labels.csv"]
    result = CliRunner().invoke(cli, run)
    assert result.exit_code == 0, result.output
    labels = [int(line.split(",")[1]) for line in Path("labels.csv").read_text().splitlines()[1:]]
    assert labels == [0] * N_EACH + [1] * N_EACH


def test_json_has_the_counts():
    result = convert("bars", "--size", "30x30", "--pool", "3", "-o", "bars.npz", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["classes"] == ["left", "right"] and report["has_labels"] and report["warnings"] == []
    assert report["counts"]["n_events"] == report["counts"]["n_spikes"] + report["counts"]["n_merged"]


def test_silent_samples_and_other_files_are_told():
    Path("bars/left/notes.md").touch()
    result = convert("bars", "--size", "30x30", "--crop", "0,0,1,1", "-o", "bars.npz")
    assert result.exit_code == 0, result.output
    n_silent = 8 - np.count_nonzero(arrays("bars.npz")["spikes"].any(axis=(1, 2)))
    assert n_silent > 4
    assert result.stderr.splitlines() == [
        "note: bars/left: 1 file(s) of other kinds are left out",
        f"warning: {n_silent} of 8 recordings have no spike: all of their events are lost",
    ]


def test_a_list_cuts_one_recording_into_samples():
    Path("list.csv").write_text("file,label,begin,end\nbars/left/0.bin,5,0,30000\nbars/left/0.bin,6,30000,60000\n")
    figures(convert("list.csv", "--size", "30x30", "--pool", "3", "--bin", "10ms", "-o", "parts.npz"))
    figures(convert("bars/left/0.bin", "--size", "30x30", "--pool", "3", "--bin", "10ms", "-o", "whole.npz"))
    parts, whole = arrays("parts.npz"), arrays("whole.npz")["spikes"][0]
    assert parts["labels"].tolist() == [5, 6]
    assert np.array_equal(parts["spikes"].reshape(6, 100), whole[:6])


# --- Event files ------------------------------------------------------------------------------------------------


def stimulus_of(events: Events, megahertz: float) -> list[list[int]]:
    rows = events["y"] // 6 * 10 + events["x"] // 3
    spikes = sorted(set(zip((events["t"] // 500).tolist(), rows.tolist(), strict=True)))
    return [[int(t * 500 * megahertz), row] for t, row in spikes]


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
@pytest.mark.parametrize("suffix", [".csv", ".npy"])
def test_an_event_file_has_the_clock_of_each_spike(chip, suffix):
    words = ["--size", "30x30", "--pool", "3x6", "--bin", "500us", "--chip", chip, "--clock", "75"]
    figures(convert("bars/left/1.bin", *words, "--first-row", "20", "-o", f"events{suffix}"))
    spike = next(event for event in chips.declaration(chip).events if event.name == "spike")
    right = [[t, spike.encode(pre_neur=20 + row)] for t, row in stimulus_of(moving_bar(False, 1), 75)]
    if suffix == ".csv":
        lines = Path("events.csv").read_text().splitlines()
        assert lines[0] == "cycle,addr"
        assert [list(map(int, line.split(","))) for line in lines[1:]] == right
    else:
        assert np.load("events.npy").tolist() == right
    result = CliRunner().invoke(
        cli, ["run", chip, "--config", net(chip), "--events", f"events{suffix}", "-o", "spikes.csv"]
    )
    assert result.exit_code == 0, result.output
    assert len(Path("spikes.csv").read_text().splitlines()) > 1


def net(chip: str) -> str:
    """A network whose neurons 0 to 9 spike after any input."""
    model = 'model = "lif"\n' if chip == "odin" else ""
    Path("net.toml").write_text(
        f'[registers]\nSPI_OPEN_LOOP = 1\n[[neurons]]\nindex = "0-9"\n{model}thr = 1\n'
        '[[synapses]]\npre = "20-69"\npost = "0-9"\nweight = 3\n'
    )
    return "net.toml"


def test_a_chip_that_its_host_leads_gets_timesteps():
    words = ["--size", "30x30", "--pool", "3x6", "--bin", "500us", "--chip", "reckon"]
    counts = figures(convert("bars/right/2.bin", *words, "-o", "events.csv"))
    right = [f"{t // 500},{row}" for t, row in stimulus_of(moving_bar(True, 12), 1)]
    assert Path("events.csv").read_text().splitlines() == ["time,addr", *right]
    assert counts["timesteps"] == int(right[-1].split(",")[0]) + 1
    Path("net.toml").write_text("")
    result = CliRunner().invoke(cli, ["run", "reckon", "--config", "net.toml", "--events", "events.csv"])
    assert result.exit_code == 0, result.output


def test_the_clock_of_a_late_time_is_exact():
    t = np.array([0, 1, 999_999, (1 << 46) - 1], np.int64)
    assert stimulus.cycles(t, 999.999999).tolist() == [int(us) * 999_999_999 // 1_000_000 for us in t]
    assert stimulus.cycles(t, 0.0000001).tolist() == [int(us) // 1_000_000 for us in t]


# --- Mistakes ---------------------------------------------------------------------------------------------------

BAR = "bars/left/0.bin"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([BAR, "-o", "a.npz"], f"{BAR}: 34 x 34 pixels are 1,156 rows; right is at most 256: --pool 3"),
        ([BAR, "-o", "a.mat"], "-o a.mat: right is .npz for samples, .csv or .npy for an event file"),
        ([BAR, "-o", "a.csv"], "-o a.csv: an event file needs --chip CHIP; samples are written to .npz"),
        ([BAR, "-o", "a.npz", "--chip", "odin"], "-o a.npz: --chip writes an event file; right is .csv or .npy"),
        ([BAR, "-o", "a.npz", "--clock", "75"], "--clock: right is with --chip"),
        ([BAR, "-o", "a.npz", "--first-row", "2"], "--first-row: right is with --chip"),
        ([BAR, "-o", BAR], f"-o {BAR}: it is the input RECORDING {BAR}, which must not be overwritten"),
        (
            ["bars", BAR, "-o", BAR],
            f"-o {BAR}: it is a file of the input RECORDING bars, which must not be overwritten",
        ),
        (["nothing.bin", "-o", "a.npz"], "nothing.bin: No such file or directory"),
        (
            [BAR, "--pool", "3", "--chip", "odin", "-o", "a.csv"],
            "--chip odin: its events need clocks; right is with --clock MHZ, the chip's clock",
        ),
        (
            [BAR, "--pool", "3", "--chip", "reckon", "--clock", "13", "-o", "a.csv"],
            "--clock 13: reckon has timesteps; right is to leave it out",
        ),
        ([BAR, "--pool", "3", "--chip", "reckon", "-o", "a.npy"], "-o a.npy: spikes for reckon are written to .csv"),
        (
            ["bars", "--pool", "3", "--chip", "reckon", "-o", "a.csv"],
            "--chip reckon: an event file is of one recording; right is one file that has one",
        ),
        (
            [BAR, "--pool", "3", "--chip", "reckon", "--first-row", "200", "-o", "a.csv"],
            "--chip reckon: 144 rows from row 200 on; right is at most 56",
        ),
    ],
)
def test_mistakes_give_one_line(words, message):
    assert refusal(*words) == message


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--bin", "1", "'1': right is a number with its unit, us, ms or s: 1ms"),
        ("--bin", "1.0005ms", "'1.0005ms': right is a whole number of us, from 1us to 3600s"),
        ("--bin", "0ms", "'0ms': right is a whole number of us, from 1us to 3600s"),
        ("--bin", "9999s", "'9999s': right is a whole number of us, from 1us to 3600s"),
        ("--crop", "1,2,3", "'1,2,3': right is X,Y,W,H, for instance 32,32,64,64"),
        ("--crop", "1,2,3,0", "'1,2,3,0': right is a width and a height of at least 1"),
        ("--pool", "2x", "'2x': right is N or WxH, for instance 128x128"),
        ("--pool", "0", "'0': right is 1 to 32768 pixels"),
        ("--size", "34", "'34': right is WxH, for instance 128x128"),
        ("--size", "34x99999", "'34x99999': right is 1 to 32768 pixels"),
    ],
)
def test_a_wrong_option_gives_one_line(option, text, message):
    line = refusal(BAR, option, text, "-o", "a.npz")
    assert line == f"Invalid value for '{option}': {message}; see draupnir convert --help"


def test_recordings_that_do_not_go_together_are_refused(monkeypatch):
    writers.write_aedat3(Path("a.aedat"), moving_bar(True, 1))
    line = refusal("bars/left/0.bin", "a.aedat", "--pool", "8", "-o", "a.npz")
    assert (
        line
        == "a.aedat: it has 256 rows, and the recordings before 25; right is the same for all, with --crop or --pool"
    )
    line = refusal("bars", "bars/left/0.bin", "--pool", "3", "-o", "a.npz")
    assert line == "bars/left/0.bin: it has no label, and the recordings before have one; right is all or none"
    line = refusal("bars/left/0.bin", "bars", "--pool", "3", "-o", "a.npz")
    assert line == "bars/left/0.bin: it has a label, and the recordings before have none; right is all or none"
    monkeypatch.setattr(samples_file, "MOST_VALUES", 1000)
    line = refusal("bars", "--pool", "3", "--bin", "5ms", "-o", "a.npz")
    text = "a sample of 12 timesteps and 144 inputs is too large"
    right = "right is at most 1,000 together: a longer --bin, or --timesteps N"
    assert line == f"bars/left/0.bin: {text}; {right}"


def test_a_label_out_of_range_is_refused():
    Path("list.csv").write_text(f"file,label\n{BAR},99999999\n")
    line = refusal("list.csv", "--pool", "3", "-o", "a.npz")
    assert line == f"{BAR}: its label is 99999999; right is within 0..16777216"


def test_no_recording_at_all_is_refused():
    Path("list.csv").write_text("file,label\n")
    assert refusal("list.csv", "-o", "a.npz") == "list.csv: there is no recording; right is at least one"
    line = refusal("list.csv", "--chip", "reckon", "-o", "a.csv")
    assert line == "list.csv: there is no recording; right is one"


def test_an_event_file_has_no_more_timesteps_than_run_takes():
    events = np.array([(0, 1, 1, 1), (10_000_001, 2, 2, 1)], EVENT)
    writers.write_nmnist(Path("long.bin"), events)
    words = ["long.bin", "--pool", "3", "--bin", "1us", "--chip", "reckon", "-o", "a.csv"]
    text = "its last spike is in timestep 10,000,001; right is at most 10,000,000: a longer --bin"
    assert refusal(*words) == f"long.bin: {text}"


@faery
def test_a_size_that_is_not_that_of_the_file_is_refused():
    writers.write_es(Path("a.es"), moving_bar(True, 3), SensorSize(30, 40))
    line = refusal("a.es", "--size", "30x30", "--pool", "3", "-o", "a.npz")
    assert line == "--size 30x30: a.es has 30 x 40 pixels; right is to leave it out"
    figures(convert("a.es", "--size", "30x40", "--pool", "3", "-o", "a.npz"))


@faery
def test_all_formats_of_a_camera_give_the_same_samples():
    events = moving_bar(True, 3)
    size = SensorSize(34, 34)
    writers_of: dict[str, Callable[[Path, Events], None]] = {
        "a.bin": writers.write_nmnist,
        "a.raw": partial(writers.write_evt3, size=size),
        "a.aedat4": partial(writers.write_aedat4, size=size),
    }
    events["t"] -= events["t"][0]  # time 0 of the first format is the beginning, that of the others the first event
    words = ["--size", "34x34", "--pool", "3", "--polarity", "split", "--rows", "300"]
    all_spikes = []
    for name, write in writers_of.items():
        write(Path(name), events)
        figures(convert(name, *words, "-o", "a.npz"))
        all_spikes.append(arrays()["spikes"])
    assert np.array_equal(all_spikes[0], all_spikes[1]) and np.array_equal(all_spikes[0], all_spikes[2])


def test_long_samples_are_read_in_small_pieces(monkeypatch):
    """256 samples of this length would be more values than are read at once."""
    figures(convert("bars", "--size", "30x30", "--pool", "3", "-o", "a.npz"))
    spikes = arrays()["spikes"]
    monkeypatch.setattr(sample_files, "MOST_VALUES", 2 * spikes[0].size)
    samples = read_samples(Path("a.npz"), 100)
    assert [len(batch) for batch in samples.batches()] == [2, 2, 2, 2]
    assert np.array_equal(samples.all(), spikes)
