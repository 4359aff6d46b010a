"""`draupnir fuzz`: a planted bug becomes a golden case, with few clocks and few changes of inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import MemoryMoment, Observed
from draupnir.emulator.tinyodin.layout import CHIP
from draupnir.emulator.trace import Trace, column
from draupnir.golden import case, recipes, regress
from draupnir.golden.compare.device import ModelDevice, loaded_model
from draupnir.golden.compare.memories import Memories
from draupnir.rtl import emit, toolchain
from draupnir.tools.cli import cli
from draupnir.tools.fuzz import job
from draupnir.tools.fuzz.compare import FuzzStimulus, difference
from draupnir.tools.fuzz.shrink import shrunk

MODEL = ModelDevice(CHIP)


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, ["fuzz", *map(str, words)])


class Faulty(ModelDevice):
    """A golden model whose output has a wrong bit when the third event is taken, or whose memory has one then."""

    def __init__(self, in_memory: bool = False) -> None:
        super().__init__(CHIP)
        self._in_memory = in_memory

    def run(self, trace: Trace, initial_memories: Memories) -> Observed:
        run = super().run(trace, initial_memories)
        ack = column(CHIP.output_word, "AERIN_ACK", run.outputs)[trace.clk != 0]
        rises = np.flatnonzero((ack[1:] == 1) & (ack[:-1] == 0)) + 1
        if len(rises) < 3:
            return run
        if self._in_memory:
            neurons = run.memories["neurons"].copy()
            neurons[7] ^= 1
            return replace(run, memories=run.memories | {"neurons": neurons})
        outputs = run.outputs.copy()
        outputs[np.flatnonzero(trace.clk)[rises[2]]] ^= 1 << CHIP.output_word["MISO"].lsb
        return replace(run, outputs=outputs)

    def follow(self, trace: Trace, initial_memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        raise AssertionError("nobody follows it")


class SteppedModel:
    """A golden model that can be recorded."""

    def __init__(self) -> None:
        model: Any = loaded_model(CHIP, {})
        self.step, self.run, self._memories = model.step, model.drive, model.memories

    def read_memory(self, name: str) -> np.ndarray:
        words: np.ndarray = self._memories[name].copy()
        return words

    def write_memory(self, name: str, content: np.ndarray) -> None:
        self._memories[name][:] = content


@pytest.fixture(scope="module")
def stimulus() -> FuzzStimulus:
    """A recipe with events, as the golden model has answered to it."""
    recording = recipes.record_recipe(SteppedModel(), CHIP, "lif_events", 3, 3000)
    return FuzzStimulus(CHIP, recording.trace.inputs, recording.trace.clk, recording.memories_before)


# --- Shrinking --------------------------------------------------------------------------------------------------------


def test_a_difference_in_a_pin_keeps_three_events_and_little_else(stimulus: FuzzStimulus) -> None:
    first = difference(stimulus, Faulty(), MODEL)
    assert first is not None and (first.place, first.is_pin) == ("MISO", True)
    small, place = shrunk(stimulus, Faulty(), MODEL)
    assert difference(small, Faulty(), MODEL) == place and (place.place, place.is_pin) == ("MISO", True)
    assert place.row == len(small) - 1, "nothing comes after the difference"
    req = column(CHIP.input_word, "AERIN_REQ", small.inputs)
    assert np.count_nonzero(np.diff(req) == 1) + int(req[0]) == 3
    assert small.n_clocks < 80 < stimulus.n_clocks and small.n_changes < 12 < stimulus.n_changes
    n_words, n_words_before = (sum(np.count_nonzero(m) for m in one.memories.values()) for one in (small, stimulus))
    assert 10 * n_words < n_words_before


def test_a_difference_in_a_memory_is_made_small_too(stimulus: FuzzStimulus) -> None:
    small, place = shrunk(stimulus, Faulty(in_memory=True), MODEL)
    assert (place.place, place.is_pin) == ("neurons", False)
    assert difference(small, Faulty(in_memory=True), MODEL) == place
    assert small.n_clocks < 80 < stimulus.n_clocks


def test_shrinking_is_the_same_each_time(stimulus: FuzzStimulus) -> None:
    one, other = (shrunk(stimulus, Faulty(), MODEL)[0] for _ in range(2))
    assert np.array_equal(one.inputs, other.inputs) and np.array_equal(one.clk, other.clk)


def test_equal_devices_cannot_be_shrunk(stimulus: FuzzStimulus) -> None:
    assert difference(stimulus, MODEL, MODEL) is None
    with pytest.raises(InputError, match="do not differ any more"):
        shrunk(stimulus, MODEL, MODEL)


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Verilog that claims to be tinyODIN, in which potentials saturate one below their largest value."""
    path = emit.emit("tinyodin", tmp_path_factory.mktemp("planted"))
    head, separator, tail = path.read_text().partition("12'h800 : 12'h7ff")
    assert separator and separator not in tail
    path.write_text(head + separator.replace("7ff", "7fe") + tail)
    return path.parent


@pytest.mark.slow
@pytest.mark.verilator
def test_a_planted_bug_becomes_a_small_golden_case(planted: Path, tmp_path: Path) -> None:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    words = ["--recipe", "lif_extremes", "--cycles", 4000, "-o", tmp_path / "cases", "--store", tmp_path / "s.sqlite"]
    result = draupnir("tinyodin", "--rtl", planted, "-n", 2, *words, "--workers", 2, "--json")
    assert result.exit_code == 1, result.stderr
    report = json.loads(result.stdout)
    assert (report["runs"], report["different"], report["failed"]) == (2, 1, [])
    (new_case,) = report["cases"]
    assert new_case["clocks"] < 1500 and new_case["changes"] < 400
    one = case.load(Path(new_case["folder"]))
    assert one.source["kind"] == "recorded" and one.seed == new_case["seed"]
    assert one.why.startswith(f"Found by fuzzing with recipe lif_extremes and seed {new_case['seed']}: ")
    outcome = regress.hold(ModelDevice(CHIP), CHIP, one)
    assert not outcome.holds and outcome.n_cycles == new_case["clocks"]
    second_run = draupnir("tinyodin", "--rtl", planted, "-n", 2, *words, "--json")
    assert json.loads(second_run.stdout)["digest"] == report["digest"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("tinyodin", "how long? --hours H or -n N is needed"),
        ("tinyodin -n 1 --recipe nothing", "tinyodin: no recipe 'nothing'; there are: "),
        ("tinyodin --hours 0", "Invalid value for '--hours'"),
        ("loki -n 1", "no chip 'loki'"),
        ("snn_accelerator -n 1", "snn_accelerator: all recipes do what the Verilog leaves undefined; right is to name"),
        ("tinyodin -n 1 --rtl nowhere", "nowhere: not a folder"),
    ],
)
def test_a_mistake_is_one_line(words: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = draupnir(*words.split())
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {message}") and result.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("*.sqlite"))


def test_recipes_of_undefined_verilog_are_left_out() -> None:
    every = recipes.require_book(CHIP).recipes
    names = job.names(CHIP, [])
    assert set(names) == {name for name, recipe in every.items() if not recipe.undefined} < set(every)
    assert job.names(CHIP, ["unreset"]) == ["unreset"]


def test_jobs_go_through_all_recipes_and_then_take_the_next_seed() -> None:
    endless = job.jobs({"chip": "tinyodin"}, ["a", "b"], 7, None)
    assert [next(endless).name for _ in range(3)] == ["tinyodin a, seed 7", "tinyodin b, seed 7", "tinyodin a, seed 8"]


def test_a_small_stimulus_comes_back_from_json(stimulus: FuzzStimulus) -> None:
    result = {
        "inputs": [f"{row:x}" for row in stimulus.inputs.tolist()],
        "clk": stimulus.clk.tolist(),
        "memories": {name: job._sparse(words) for name, words in stimulus.memories.items()},
    }
    restored = job.restored(CHIP, json.loads(json.dumps(result)))
    assert np.array_equal(restored.inputs, stimulus.inputs) and np.array_equal(restored.clk, stimulus.clk)
    assert all(np.array_equal(restored.memories[name], words) for name, words in stimulus.memories.items())
    assert any(words.any() for words in stimulus.memories.values())
