"""`--waves` of run and replay: what the file shows is what the run did; a mistake is one line, and leaves no file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.emulator.odin.events import closed_loop as odin
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.tinyodin.events import closed_loop as tinyodin
from draupnir.golden import fst_out, wave
from draupnir.golden.wave_out import CLOCK
from draupnir.golden.waves import recorder
from draupnir.golden.waves.tests.reading import Contents
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml.load import load
from draupnir.tools.run import events as event_files

OF_BUSES = {"odin": odin, "tinyodin": tinyodin}
ROOT = Path(__file__).parents[2]
CASE = ROOT / "golden/odin/lif_events"


def files_of(chip: str) -> tuple[str, ...]:
    folder = ROOT / "examples" / chip
    return "--config", str(folder / "net.toml"), "--events", str(folder / "events.csv")


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, words)])


def run_example(chip: str, *words: object) -> Result:
    return draupnir("run", chip, *files_of(chip), *words)


def pins_of_a_whole_run(chip: str) -> tuple[np.ndarray, np.ndarray]:
    """The inputs and outputs of each clock of the example, all in one piece at clock level."""
    model, closed_loop = chips.model(chip)(), OF_BUSES[chip]
    load(ROOT / "examples" / chip / "net.toml", chip).apply(model)
    start = model.snapshot()
    blocks = list(event_files.blocks(ROOT / "examples" / chip / "events.csv", model.chip))
    first = int(model.registers[0].cycle)
    not_before = blocks[0].not_before(first)
    rows = closed_loop.run(model, blocks[0].addrs, Environment(), 10**6, True, not_before).rows
    model.restore(start)
    return rows, model.drive(rows, np.ones(len(rows), np.uint8))


@pytest.mark.parametrize("chip", ["odin", "tinyodin"])
def test_the_window_of_a_run_has_the_pins_of_a_run_in_one_piece(chip: str, tmp_path: Path) -> None:
    inputs, outputs = pins_of_a_whole_run(chip)
    n = len(inputs)
    for name, window, first, end in (("whole", ":", 0, n), ("part", f"{n // 3}:{n // 3 + 150}", n // 3, n // 3 + 150)):
        path = tmp_path / f"{name}.fst"
        assert run_example(chip, "--waves", path, "--window", window, "--level", "pins").exit_code == 0
        trace = wave.read(path, chips.declaration(chip, {}))
        edges = trace.clk != 0
        assert np.array_equal(trace.inputs[edges][: end - first], inputs[first:end]), name
        assert np.array_equal(trace.outputs[edges][: end - first], outputs[first:end]), name
        assert Contents(path).changes[f"{chip}.cycle"][0] == (first * CLOCK, first)


def test_a_run_with_a_waveform_finds_the_same(tmp_path: Path) -> None:
    outputs = []
    for words in ((), ("--waves", tmp_path / "w.fst", "--window", "100:200")):
        spikes, words_after = tmp_path / f"{len(words)}.csv", tmp_path / f"{len(words)}.hex"
        assert run_example("odin", "-o", spikes, "--save", f"neurons={words_after}", *words).exit_code == 0
        outputs.append((spikes.read_text(), words_after.read_text()))
    assert outputs[0] == outputs[1] and outputs[0][0].count("\n") > 1


def test_the_fields_of_a_neuron_and_a_synapse_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "w.fst"
    words = ("--watch", "neurons=0,2", "--watch", "synapses=0:1", "--level", "pins")
    assert run_example("odin", "--waves", path, *words).exit_code == 0
    changes = Contents(path).changes
    assert {"odin.memories.neurons[0].core", "odin.memories.neurons[2].calcium"} <= set(changes)
    assert {"odin.memories.synapses[0][1].mapping", "odin.memories.synapses[0][1].syn_weight"} <= set(changes)
    assert not any("neurons[1]" in name or ".registers." in name for name in changes)
    assert changes["odin.memories.neurons[2].lif_izh_sel"] == [(0, 1)]


def test_events_are_text(tmp_path: Path) -> None:
    assert run_example("odin", "--waves", tmp_path / "w.fst", "--level", "pins").exit_code == 0
    texts = [text for _, text in Contents(tmp_path / "w.fst").changes["odin.AERIN_ADDR_event"]]
    assert "spike pre_neur=100" in texts


@pytest.mark.parametrize("chip", ["reckon", "sne"])
def test_a_chip_with_another_partner_has_a_waveform_of_its_run(chip: str, tmp_path: Path) -> None:
    timesteps = ("--timesteps", "100") if chip == "reckon" else ()
    result = run_example(chip, "--waves", tmp_path / "w.fst", "--window", "100:160", "--level", "pins", *timesteps)
    assert result.exit_code == 0, result.stderr
    trace = wave.read(tmp_path / "w.fst", chips.declaration(chip, {}))
    assert trace.n_cycles == 60 and len(np.unique(trace.inputs, axis=0)) > 1


def test_the_recording_stands_beside_the_model(tmp_path: Path) -> None:
    path = tmp_path / "w.fst"
    assert draupnir("replay", "odin", CASE, "--waves", path, "--window", "1000:1100").exit_code == 0
    changes = Contents(path).changes
    assert changes["odin.differs.any"] == [(1000 * CLOCK, 0)]
    assert changes["odin.rtl.AERIN_ACK"] == changes["odin.model.AERIN_ACK"]
    assert changes["odin.rtl.AERIN_REQ"] == changes["odin.model.AERIN_REQ"]


def test_a_mismatch_leaves_a_waveform_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = draupnir("replay", "odin", CASE / "wave.fst")
    assert result.exit_code == 1
    cycle = int(result.stdout.split("cycle ")[1].split(":")[0])
    assert result.stdout.endswith("waveform: build/replay/lif_events.fst\n")
    changes = Contents(Path("build/replay/lif_events.fst")).changes
    assert changes["odin.cycle"][0] == ((cycle - 64) * CLOCK, cycle - 64)
    levels_of_any = [level for _, level in changes["odin.differs.any"]]
    assert levels_of_any[:2] == [0, 1]
    time = changes["odin.differs.any"][1][0]
    assert cycle * CLOCK < time < (cycle + 1) * CLOCK


def test_memories_that_differ_are_in_the_waveform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = (CASE / "neurons.hex").read_text().splitlines()
    wrong[9] = "1"
    Path("wrong.hex").write_text("\n".join(wrong) + "\n")
    result = draupnir("replay", "odin", CASE, "--expect", "neurons=wrong.hex")
    assert result.exit_code == 1 and result.stdout.endswith("waveform: build/replay/lif_events.fst\n")
    changes = Contents(Path("build/replay/lif_events.fst")).changes
    assert "odin.model.memories.neurons[9].lif_izh_sel" in changes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--window", "1:2"), "--window: only with --waves FILE.fst"),
        (("--level", "all"), "--level: only with --waves FILE.fst"),
        (("--watch", "neurons=1"), "--watch: only with --waves FILE.fst"),
        (("--waves", "w.vcd"), "--waves w.vcd: right is a name that ends in .fst"),
        (("--waves", "w.fst", "--window", "2:1"), "--window 2:1: no clock is in it; right is A:B with A below B"),
        (
            ("--waves", "w.fst", "--watch", "cells=1"),
            "--watch cells=1: odin has no memory 'cells'; it has neurons, synapses",
        ),
        (("--waves", "no/w.fst"), "--waves no/w.fst: no is not a folder"),
        (("--waves", "w.fst", "--level", "everything"), "Invalid value for '--level'"),
    ],
)
@pytest.mark.parametrize("command", ["run", "replay"])
def test_a_mistake_is_one_line_and_leaves_no_file(
    command: str, words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_example("odin", *words) if command == "run" else draupnir("replay", "odin", CASE, *words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"error: {message}") and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("window", "n"), [("60000:", 50_000), ("49990:60000", 50_000)])
def test_a_window_beyond_the_recording_is_refused(
    window: str, n: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_LEVELS", 1 << 62)
    result = draupnir("replay", "odin", CASE, "--waves", tmp_path / "w.fst", "--window", window, "--level", "pins")
    assert result.exit_code == 2
    assert result.stderr == f"error: --window {window}: there are {n:,} clocks; right is within 0:{n}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_window_beyond_the_run_is_refused_and_leaves_no_spikes(tmp_path: Path) -> None:
    spikes = tmp_path / "s.csv"
    result = run_example(
        "odin", "-o", spikes, "--waves", tmp_path / "w.fst", "--window", "0:1000000", "--level", "pins"
    )
    assert result.exit_code == 2 and "error: --window 0:1000000: there are " in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_too_large_a_waveform_is_refused_with_its_size(tmp_path: Path) -> None:
    words = ("--level", "all", "--window", "0:1000000")
    result = draupnir("replay", "odin", CASE, "--waves", tmp_path / "w.fst", *words)
    assert result.exit_code == 2
    assert "are too much for a waveform; right is a --window of at most" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "capture.fst"
    path.write_bytes((CASE / "wave.fst").read_bytes())
    result = draupnir("replay", "odin", path, "--waves", path)
    assert result.exit_code == 2 and "it is the input WAVE" in result.stderr
    assert path.read_bytes() == (CASE / "wave.fst").read_bytes()


def test_a_chip_that_runs_by_timesteps_has_no_clocks(tmp_path: Path) -> None:
    result = draupnir("run", "ranc", "--config", "c.json", "--timesteps", "3", "--waves", tmp_path / "w.fst")
    assert result.exit_code == 2 and "ranc runs by timesteps here, without clocks" in result.stderr


def test_a_run_without_a_waveform_imports_nothing_that_writes_one() -> None:
    program = (
        "import sys; from draupnir.tools.run import hosted, layers, operations, session\n"
        "print(*[name for name in sys.modules if '.waves' in name])"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert process.stdout == "\n"


def test_an_interruption_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fst_out.FstFile, "emit", interrupt)
    result = draupnir("replay", "odin", CASE, "--waves", tmp_path / "w.fst", "--window", "0:10")
    assert result.exit_code != 0
    assert list(tmp_path.iterdir()) == []
