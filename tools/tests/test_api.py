"""The library that ``import draupnir`` offers is light to import, strictly typed, and documented by examples."""

from __future__ import annotations

import doctest
import importlib.metadata
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import draupnir
from draupnir import api
from draupnir.emulator.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = [name for name in draupnir.__all__ if name[0].islower()]
USER = """
from pathlib import Path

import numpy as np

import draupnir
from draupnir.emulator.configuration import Configuration


def spikes(config: Path, addrs: list[int]) -> list[tuple[int, int]]:
    network: Configuration = draupnir.load_config("odin", config)
    written: list[Path] = draupnir.pack(network, Path("out"))
    model = draupnir.model("odin", network, seed=3)
    found: draupnir.Run = draupnir.run(model, np.array(addrs), max_cycles=1000)
    return [(int(cycle), int(addr)) for cycle, addr in zip(found.cycles, found.out, strict=True)] if written else []


def holds(wave: Path) -> bool:
    chip = draupnir.chip("odin")
    n_pins: int = len(chip.declared.pins)
    case = draupnir.record("odin", "rtl", "unconfigured", chip.cases / "mine")
    results = draupnir.regress("odin", simulator="model", cases=[case.name])
    runs = draupnir.run_many((draupnir.model(name), [1, 2]) for name in draupnir.chips())
    together = draupnir.compare(chip, draupnir.model("odin"), np.zeros(3, np.int64))
    return draupnir.replay("odin", wave).holds and all(r.holds for r in results) and n_pins + len(list(runs)) > 0


print(draupnir.__version__.upper(), draupnir.nothing)
"""


@pytest.mark.slow
def test_strict_types_hold_for_a_user_s_file(tmp_path: Path) -> None:
    """And are there at all: the two mistakes in the file are found, and nothing else."""
    (tmp_path / "user.py").write_text(USER)
    words = ["-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "user.py"]
    process = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    first, second, _ = (line for line in process.stdout.splitlines() if ": note:" not in line)
    assert 'Argument 1 to "compare" has incompatible type "ChipPackage"; expected "RowDevice"' in first, process.stdout
    assert 'Module has no attribute "nothing"' in second, process.stdout


def test_importing_it_imports_nothing_else() -> None:
    program = "import sys; before = set(sys.modules); import draupnir; print(sorted(set(sys.modules) - before))"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert process.stdout == "['draupnir']\n"


def test_all_that_it_offers_is_there() -> None:
    assert set(draupnir.__all__) == {*api.__all__, "__version__"} <= set(dir(draupnir))
    assert [getattr(draupnir, name) for name in FUNCTIONS] == [getattr(api, name) for name in FUNCTIONS]
    assert draupnir.__version__ == importlib.metadata.version("draupnir")
    with pytest.raises(AttributeError, match="module 'draupnir' has no attribute 'spikes'"):
        draupnir.spikes  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_is_documented_with_an_example(name: str) -> None:
    documented = inspect.getdoc(getattr(api, name)) or ""
    assert name == "record" or ">>> import draupnir" in documented  # record needs Verilog that is not ours
    for parameter in inspect.signature(getattr(api, name)).parameters:
        assert parameter in ("name", "model") or parameter in documented, parameter


@pytest.mark.slow
def test_the_examples_are_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(api)
    assert result.attempted > 20 and result.failed == 0


def test_clocks_before_which_events_are_not_sent_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    tinyodin = draupnir.model("tinyodin", ROOT / "examples/tinyodin/net.toml")
    with pytest.raises(InputError, match=r"^events of shape \(1, 3\); right is \(n,\) addresses, or "):
        draupnir.run(tinyodin, [[1, 2, 3]])
    late = draupnir.run(tinyodin, [[5000, 0x100]])
    assert late.done and late.n_cycles >= 5000
    at_rest, back_to_back = (draupnir.run(tinyodin, [[clock, 200]] * 2).n_cycles for clock in (-1, 0))
    assert at_rest > back_to_back
    fresh = draupnir.model("tinyodin", ROOT / "examples/tinyodin/net.toml")
    (one_of_many,) = draupnir.run_many([(fresh, [[5000, 0x100]])])
    assert one_of_many.n_cycles == late.n_cycles


def test_a_led_chip_is_run_by_its_host_s_operations() -> None:
    models = [draupnir.model("reckon", ROOT / "examples/reckon/net.toml") for _ in range(3)]
    ops = [(5, 1), (2, 1), (5, 0), (2, 0)]  # SAMPLE, TICK
    outcome = draupnir.run(models[0], ops, max_cycles=2000)
    assert outcome.n_cycles == draupnir.run(models[1], ops, max_cycles=2000, clock_level=True).n_cycles
    (second_outcome,) = draupnir.run_many([(models[2], ops)], max_cycles=2000)
    assert second_outcome.n_cycles == outcome.n_cycles and np.array_equal(second_outcome.out, outcome.out)


def test_our_rtl_is_written_with_its_parameters_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    path = draupnir.emit("tinyodin", tmp_path / "rtl", {"n_neurons": 64})
    assert path == tmp_path / "rtl" / "tinyODIN.v" and path.read_text().count("module \\tinyODIN") > 1
    with pytest.raises(InputError, match=r"^tinyodin: no parameter 'neurons'; there are n_neurons, fifo_depth$"):
        draupnir.emit("tinyodin", tmp_path / "wrong", {"neurons": 64})
    with pytest.raises(InputError, match=r"^sne has no RTL of its own"):
        draupnir.emit("sne", tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()


def test_a_run_shows_its_spikes_in_a_notebook() -> None:
    run = draupnir.Run(np.array([20, 543]), np.array([3, 7]), 1000, done=True)
    html = run._repr_html_()
    assert html.startswith("<p>Outputs: 2, in 1,000 clocks; the chip is at rest.</p><svg ")
    assert html.index(">543<") > html.index(">3<") > html.index(">20<")
    empty = draupnir.Run(np.zeros(0, np.int64), np.zeros(0, np.int64), 9, done=False)
    assert empty._repr_html_() == "<p>Outputs: 0, in 9 clocks; the run ended at its limit.</p>"
