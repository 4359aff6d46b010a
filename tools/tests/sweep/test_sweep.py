"""`draupnir sweep`: each row is the run that it names, and the table is the same however it came about."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import zarr
from click.testing import CliRunner, Result

import draupnir
from draupnir.emulator import chips
from draupnir.emulator.codec import update
from draupnir.emulator.odin.events import engine
from draupnir.golden.case import digest
from draupnir.tools.cli import cli
from draupnir.tools.sweep import block, on_gpu
from draupnir.tools.tests.gpu.alike import pretend

AXES = """
"neurons[0-9].thr" = { range = [1, 21, 5] }
"synapses.syn_weight" = [1, 7]
"registers.SPI_OPEN_LOOP" = [0, 1]
"""


def sweep(*words: object) -> Result:
    return CliRunner().invoke(cli, ["sweep", *map(str, words)])


def space(folder: Path, axes: str = AXES, chip: str = "odin", head: str = "", tail: str = "") -> Path:
    """Write a space of a chip's example into a folder."""
    for file in Path(f"examples/{chip}").glob("*.*"):
        shutil.copy(file, folder)
    events = "" if "events" in axes or "samples" in head else 'events = "events.csv"\n'
    path = folder / "space.toml"
    path.write_text(f'chip = "{chip}"\nconfig = "net.toml"\n{events}{head}\n[axes]\n{axes}\n{tail}\n')
    return path


def ran(folder: Path, *words: object, **how: str) -> dict[str, Any]:
    """Sweep, and return what ``--json`` says."""
    path = space(folder, **how)
    result = sweep(path, "-o", folder / "out", "--store", folder / "jobs.sqlite", "--json", *words)
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.output)
    return content


def table(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(folder / "out" / "runs.parquet").to_pylist()
    return rows


def events_of(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The addresses of ODIN's example, and the clock of each."""
    rows = [line.split(",") for line in (folder / "events.csv").read_text().split()[1:]]
    return np.array([int(row[1], 0) for row in rows]), np.array([int(row[0]) for row in rows])


def test_each_row_is_the_run_that_it_names(tmp_path: Path) -> None:
    ran(tmp_path)
    rows = table(tmp_path)
    assert [row["run"] for row in rows] == list(range(20)) and len({row["n_spikes"] for row in rows}) > 3
    for row in rows[::3]:
        config = draupnir.load_config("odin", tmp_path / "net.toml")
        config.registers["SPI_OPEN_LOOP"] = (row["registers.SPI_OPEN_LOOP"],)
        model = draupnir.model("odin", config)
        layout = model.chip.memory("neurons")
        for neuron in range(10):
            word = model.peek("neurons", neuron)
            model.poke("neurons", update(layout.word_of(word), word, thr=row["neurons[0-9].thr"]), neuron)
        for address in range(8192):
            word = model.peek("synapses", address)
            fields = {f"syn_weight{i}": row["synapses.syn_weight"] for i in range(8)}
            model.poke("synapses", update(model.chip.memory("synapses").words[0], word, **fields), address)
        addrs, clocks = events_of(tmp_path)
        alone = engine.run(model, addrs, draupnir.Environment(), None, clocks + int(model.registers[0].cycle))
        assert (row["n_spikes"], row["n_cycles"], row["done"]) == (len(alone.cycles), alone.n_cycles, alone.done)
        assert row["synaptic_operations"] == alone.statistics.synaptic_operations


MEASURE = 'measure = ["n_spikes", "neurons[0].core", "neurons[0-9].core", "spikes"]\n'
FAULTS = 'fault = { flips = 300, before = 3000, in = ["neurons", "registers"], seed = 3 }\nseed = { seeds = 2 }\n'


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    ran(folder, "--workers", 1, head=MEASURE, axes=FAULTS)
    return folder


def same_files(a: Path, b: Path) -> bool:
    """Tell whether two sweeps have the same table, byte for byte, and the same arrays."""
    groups: list[Any] = [zarr.open_group(str(folder / "out" / "arrays.zarr"), mode="r") for folder in (a, b)]
    names = ["neurons[0-9].core", "spikes/run", "spikes/cycle", "spikes/out"]
    tables = [digest(folder / "out" / "runs.parquet") for folder in (a, b)]
    return tables[0] == tables[1] and all(np.array_equal(groups[0][name], groups[1][name]) for name in names)


def test_two_workers_give_the_same_files(undisturbed: Path, tmp_path: Path) -> None:
    ran(tmp_path, "--workers", 2, head=MEASURE, axes=FAULTS)
    assert same_files(undisturbed, tmp_path)


def test_so_does_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU is the CPU here. Half of the results are from a sweep on the CPU that ended early."""
    pretend(monkeypatch)
    monkeypatch.setattr(block, "RUNS", 64)
    monkeypatch.setattr(on_gpu, "CHUNK", 192)
    ran(tmp_path, "--backend", "cuda", head=MEASURE, axes=FAULTS)
    cpu = tmp_path / "cpu"
    cpu.mkdir()
    ran(cpu, head=MEASURE, axes=FAULTS)
    assert same_files(cpu, tmp_path)
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as connection, connection:
        connection.execute("DELETE FROM results WHERE key < '8'")
    ran(tmp_path, "--backend", "cuda", "--resume", head=MEASURE, axes=FAULTS)
    assert same_files(cpu, tmp_path)


def test_a_gpu_has_a_clear_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = space(tmp_path)
    result = sweep(path, "-o", tmp_path / "out", "--backend", "cuda")
    assert result.exit_code == 2 and result.output.startswith("error: backend 'cuda': ")
    assert len(result.output.splitlines()) == 1 and not (tmp_path / "out").exists()
    pretend(monkeypatch)
    result = sweep(path, "-o", tmp_path / "out", "--backend", "cuda", "--workers", 2)
    assert result.exit_code == 2
    assert result.output.startswith("error: --backend cuda: not with --workers or --cluster; right is one GPU")


def test_so_does_a_sweep_whose_worker_and_client_were_killed(undisturbed: Path, tmp_path: Path) -> None:
    path = space(tmp_path, head=MEASURE, axes=FAULTS)
    words = [str(path), "-o", str(tmp_path / "out"), "--store", str(tmp_path / "jobs.sqlite"), "--workers", "2"]
    client = subprocess.Popen([sys.executable, "-c", "from draupnir.tools.cli import main; main()", "sweep", *words])
    worker = _child_of(client.pid)
    os.kill(worker, signal.SIGKILL)
    while client.poll() is None and not _n_results(tmp_path / "jobs.sqlite"):
        time.sleep(0.05)
    client.send_signal(signal.SIGKILL)
    client.wait()
    assert _n_results(tmp_path / "jobs.sqlite") and not (tmp_path / "out" / "runs.parquet").exists()
    result = sweep(*words, "--resume")
    assert result.exit_code == 0, result.output
    assert same_files(undisturbed, tmp_path)


def _child_of(pid: int) -> int:
    """Wait for a child of a process, and return it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for _ in range(6000):
        if numbers := [n for task in Path(f"/proc/{pid}/task").glob("*/children") for n in task.read_text().split()]:
            return int(numbers[0])
        time.sleep(0.01)
    raise AssertionError(f"{children}: no worker")


def _n_results(file: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM results").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_a_fault_is_a_bit_that_changes_at_its_clock(tmp_path: Path) -> None:
    faults = ["none", "neurons[3] bit 70 at clock 700", "neur_cnt[0] bit 2 at clock 611", "state[0] bit 1 at clock 0"]
    ran(tmp_path, axes=f"fault = {json.dumps(faults)}", head='measure = ["n_spikes", "n_cycles", "spikes"]\n')
    spikes: Any = zarr.open_group(str(tmp_path / "out" / "arrays.zarr"), mode="r")["spikes"]
    addrs, clocks = events_of(tmp_path)
    config = draupnir.load_config("odin", tmp_path / "net.toml")
    for run, fault in enumerate(faults):
        model = draupnir.model("odin", config)
        start = int(model.registers[0].cycle)
        clock = 0 if fault == "none" else int(fault.split()[-1])
        part = engine.run(model, addrs, draupnir.Environment(), clock, clocks + start)
        if fault != "none":
            name, element, bit = fault.split("[")[0], int(fault.split("[")[1].split("]")[0]), int(fault.split()[2])
            model.poke(name, model.peek(name, element) ^ 1 << bit, element)
        n = part.n_sent
        rest = engine.run(model, addrs[n:], draupnir.Environment(), None, clocks[n:] + start, part.buses)
        cycles = np.concatenate([part.cycles, rest.cycles]) - start
        assert np.array_equal(spikes["cycle"][:][spikes["run"][:] == run], cycles)
        assert table(tmp_path)[run]["n_cycles"] == part.n_cycles + rest.n_cycles


def test_samples_have_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    weights = np.where(np.eye(3, 6, dtype=bool), 3.0, 0.0) + np.where(np.eye(3, 6, 3, dtype=bool), 2.0, 0.0)
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", w1=weights.T / 4)
    spikes = rng.integers(0, 2, (8, 4, 6)).astype(np.uint8)
    np.savez("samples.npz", spikes=spikes, labels=np.arange(8) % 3)
    assert CliRunner().invoke(cli, ["map", "tinyodin", "net.npz", "-o", "mapped"]).exit_code == 0
    words = ["run", "tinyodin", "--config", "mapped", "--samples", "samples.npz", "-o", "labels.csv"]
    assert CliRunner().invoke(cli, words).exit_code == 0
    labels = [line.split(",")[1] for line in Path("labels.csv").read_text().split()[1:]]
    Path("space.toml").write_text(
        'chip = "tinyodin"\nconfig = "mapped"\nsamples = "samples.npz"\nmeasure = ["label", "right", "n_spikes"]\n'
    )
    result = sweep("space.toml", "-o", "out")
    assert result.exit_code == 0, result.output
    rows = table(Path())
    assert [row["label"] for row in rows] == [int(label or -1) for label in labels]
    assert [row["right"] for row in rows] == [row["label"] == row["sample"] % 3 for row in rows]
    assert len({row["label"] for row in rows}) > 1


def test_a_chip_that_its_host_leads(tmp_path: Path) -> None:
    axes = '"winp[255][255].w" = [0, 1]\n"winp[0-9][0-255].w" = [0, 40]'
    ran(tmp_path, chip="reckon", axes=axes, head='measure = ["n_cycles"]\n')
    assert len({row["n_cycles"] for row in table(tmp_path)}) == 2
    ran(tmp_path, "--resume", chip="reckon", axes=axes, head='measure = ["n_cycles"]\n')
    unchanged = tmp_path / "unchanged"
    unchanged.mkdir()
    ran(unchanged, chip="reckon", axes='"winp[255][255].w" = [0]')
    words = ["--config", str(tmp_path / "net.toml"), "--events", str(tmp_path / "events.csv"), "--json"]
    plain = json.loads(CliRunner().invoke(cli, ["run", "reckon", *words]).output)
    (row,) = table(unchanged)
    assert (row["n_cycles"], row["done"]) == (plain["n_cycles"], plain["done"])
    assert row["synaptic_operations"] == plain["statistics"]["synaptic_operations"]


def test_a_sweep_stops_where_its_rule_says(tmp_path: Path) -> None:
    axes = '"neurons[0-9].thr" = { range = [1, 255] }\nseed = { seeds = 4 }'
    everything = 'measure = ["n_spikes"]\n[stop]\nmax_cycles = 100000\n'
    ran(tmp_path, axes=axes, head=everything)
    first = next(row["run"] for row in table(tmp_path) if row["n_spikes"] <= 3)
    assert 0 < first < 1019
    other = tmp_path / "other"
    other.mkdir()
    content = ran(other, axes=axes, head=everything + 'when = "n_spikes <= 3"\n')
    assert content["n_runs"] == first + 1 == len(table(other))
    assert table(other) == table(tmp_path)[: first + 1]


def test_points_may_be_drawn(tmp_path: Path) -> None:
    ran(tmp_path, axes=AXES, head="runs = 7\nseed = 5\n")
    rows = table(tmp_path)
    assert len(rows) == 7 and len({(row["neurons[0-9].thr"], row["synapses.syn_weight"]) for row in rows}) > 2


def test_logarithmic_axes_have_each_number_once(tmp_path: Path) -> None:
    ran(tmp_path, axes='"neurons[0].core" = { log = [1, 100, 9] }')
    assert [row["neurons[0].core"] for row in table(tmp_path)] == [1, 2, 3, 6, 10, 18, 32, 56, 100]


def test_a_folder_with_a_sweep_is_not_overwritten(tmp_path: Path) -> None:
    ran(tmp_path)
    content = (tmp_path / "out" / "runs.parquet").read_bytes()
    result = sweep(tmp_path / "space.toml", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.output.startswith(f"error: {tmp_path}/out: it has a sweep already; right is --resume")
    other = tmp_path / "other.toml"
    other.write_text((tmp_path / "space.toml").read_text() + "# a comment\n")
    result = sweep(other, "-o", tmp_path / "out", "--resume")
    assert result.exit_code == 2 and "is another space than" in result.output
    assert (tmp_path / "out" / "runs.parquet").read_bytes() == content


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"axes": '"neurons[0-9].thr" = 3'}, "axes.neurons[0-9].thr: 3 is no axis; right is a list, "),
        ({"axes": '"neurons[0-9].thr" = []'}, "axes.neurons[0-9].thr: 0 values; right is 1..10,000,000"),
        ({"axes": '"neurons[0-9].thr" = [1, 256]'}, "axes.neurons[0-9].thr: 256 is not within 0..255"),
        ({"axes": '"neurons[0-9].thr" = [1.5]'}, "axes.neurons[0-9].thr[0]: 1.5: right is an integer"),
        ({"axes": '"neurons[999].thr" = [1]'}, "axes.neurons[999].thr: [999] is not within 0..255"),
        ({"axes": '"nothing" = [1]'}, "axes.nothing: odin has no nothing here; it has neurons, synapses"),
        ({"axes": '"registers.NOTHING" = [1]'}, "axes.registers.NOTHING: odin has SPI_GATE_ACTIVITY"),
        ({"axes": "seed = { seeds = 0 }"}, "axes.seed.seeds: 0: right is an integer, 1..10000000"),
        ({"axes": "seed = { from = 1 }"}, "axes.seed: right is a list, { range"),
        ({"axes": '"neurons[0].thr" = { range = [3, 1] }'}, "axes.neurons[0].thr.range: right is [first, last, step]"),
        ({"axes": '"neurons[0].thr" = { log = [0, 9, 3] }'}, "axes.neurons[0].thr.log: right is [first, last, n]"),
        ({"axes": 'fault = ["neurons[3] bit 5"]'}, "axes.fault[0]: 'neurons[3] bit 5': right is, for instance, "),
        (
            {"axes": 'fault = ["neurons[3] bit 128 at clock 5"]'},
            "axes.fault[0]: neurons[3] bit 128 at clock 5: neurons",
        ),
        ({"axes": "fault = { flips = 3 }"}, "axes.fault.before: None: right is an integer, 1.."),
        ({"axes": 'fault = { flips = 3, before = 9, in = ["x"] }'}, "axes.fault.in: x: odin has registers, neurons"),
        ({"axes": '"neurons[0].thr" = [1]\n"neurons[0-3].thr" = [2]'}, "axes.neurons[0-3].thr: neurons[0].thr changes"),
        ({"head": 'measure = ["n_spike"]\n'}, "measure: n_spike: odin has no n_spike here; it has neurons"),
        ({"head": "measure = 3\n"}, "measure: 3 is not a list of names"),
        ({"head": 'measure = ["n_spikes", "n_spikes"]\n'}, "measure: a name stands twice"),
        ({"head": "runs = 0\n"}, "runs: 0: right is an integer, 1..1000000000"),
        ({"head": "stops = 3\n"}, "stops: unknown: did you mean 'stop'?"),
        ({"tail": "[stop]\nwhen = 3"}, "stop.when: 3: right is, for instance, 'n_spikes >= 100'"),
        ({"tail": '[stop]\nwhen = "spikes > 3"'}, "stop.when: spikes is not measured as one number; n_sent, "),
        ({"tail": "[stop]\nafter = 3"}, "stop.after: unknown: there are max_cycles, when"),
        ({"tail": "[delays]\npause = 3"}, "delays.pause: unknown: there are gap, hold, ack_delay, ack_hold"),
        ({"tail": "[delays]\ngap = -3"}, "delays.gap: -3: right is an integer, 0..1048576"),
        ({"axes": 'events = ["nowhere.csv"]'}, "axes.events: "),
        ({"chip": "reckon", "axes": 'fault = ["none"]'}, "chip: reckon: its host leads it; right is without faults"),
        ({"chip": "sne", "axes": "seed = [1]"}, "chip: sne has no event-level engine ("),
    ],
)
def test_a_wrong_space_is_named(tmp_path: Path, how: dict[str, str], message: str) -> None:
    path = space(tmp_path, **how)
    result = sweep(path, "-o", tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert len(result.output.splitlines()) == 1 and result.output.startswith(f"error: {path}:"), result.output
    assert message in result.output
    assert not (tmp_path / "out").exists()


def test_packages_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    result = sweep(space(tmp_path), "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.output == "error: draupnir sweep: zarr is missing: pip install 'draupnir[sweep]'\n"


def test_every_chip_with_an_event_level_has_a_sweep(tmp_path: Path) -> None:
    for chip in ("odin", "tinyodin", "gungnir"):
        assert chips.package(chip).engine
        folder = tmp_path / chip
        folder.mkdir()
        assert ran(folder, chip=chip, axes='"neurons[0-9].thr" = [1, 50]')["n_runs"] == 2
