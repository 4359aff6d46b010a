"""`draupnir bench` of a chip that has not all that ODIN has, and of a chip of another size."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import ChipPackage
from draupnir.rtl.tests import lanes
from draupnir.rtl.tests.grid.offered import offered
from draupnir.tools.bench import benches, chart, commands, report, suite, workloads
from draupnir.tools.bench.contestants import ENGINE, LOCKSTEP, LOOP, ROWS
from draupnir.tools.bench.measure import Contestant, Figures
from draupnir.tools.bench.suite import CLOCK, OPERATIONS, OURS, SECONDS, BenchReport, Size
from draupnir.tools.bench.workloads import Workload, Workloads
from draupnir.tools.bench.workloads import tinyodin as measured
from draupnir.tools.cli import cli

SMALL = Size(loop_events=6, row_events=4, cocotb_times=1, icarus_clocks=20, replay_clocks=100, least_seconds=0.001)
BARE = Workloads(measured.WORKLOADS.makers[:1])
ABOUT = {"chip": "tinyodin", "machine": {"cpu": "C", "date": "2026-01-02T00:00:00+00:00"}}
Lacking = Callable[..., None]


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Lacking:
    """Take parts away from every chip, and put others in place of them."""
    real = chips.package

    def replace_parts(**parts: Any) -> None:
        def package(name: str) -> ChipPackage:
            return replace(real(name), **parts)

        monkeypatch.setattr(chips, "package", package)

    return replace_parts


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BenchReport, list[str]]:
    """A benchmark of tinyODIN without what is measured as a process; what it says."""
    monkeypatch.setattr(commands, "contestants", lambda *args: [])
    lines: list[str] = []
    return suite.run(chips.declaration("tinyodin"), None, SMALL, 1, tmp_path, lines.append), lines


def test_a_chip_without_silicon_engine_rtl_and_cocotb_test_is_measured_without_them(
    lacking: Lacking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(engine=None, rtl=None)
    monkeypatch.setattr(suite, "workloads", lambda chip: BARE)
    monkeypatch.setattr(benches, "workloads", lambda chip: BARE)
    result, _ = run(tmp_path, monkeypatch)
    assert [each.contestant.name for each in result.figures] == [ROWS, LOOP]
    assert result.silicon is None and result.ratios == []
    assert report.as_json(result, ABOUT)["chip"] == {"name": "tinyodin"}
    rates, *_ = report.tables(result)
    assert [column.header for column in rates.columns] == ["workload", "who", "clocks/s", "syn. operations/s"]
    assert "by its paper" not in str(rates.caption)
    chart.draw(tmp_path / "bars.png", result, ABOUT)
    assert (tmp_path / "bars.png").read_bytes().startswith(b"\x89PNG")


def test_only_the_ratios_to_the_chip_itself_go_without_silicon() -> None:
    figures = [
        Figures(Contestant(name, "w", lambda: None, n_clocks=100, n_synaptic_operations=10), 1, [1.0])
        for name in (ROWS, LOOP, ENGINE, OURS, LOCKSTEP.format(OURS))
    ]
    pairs = {(ratio.a, ratio.b) for ratio in suite.ratios(figures, None) if ratio.quantity != SECONDS}
    assert pairs == {(ROWS, OURS), (LOOP, OURS), (ENGINE, OURS)}
    assert not {CLOCK, OPERATIONS} & {b for _, b in pairs}


# --- Sizes


def count(chip: Chip, n_events: int) -> Workload:
    """Events for all counters of the lanes."""
    rows = np.zeros((1, len(chip.input_word.row)), np.int64)[:, 0]
    return Workload(chip, "count", "all counters", {}, rows, np.ones(1, np.uint8), np.arange(n_events))


@pytest.fixture
def measured_lanes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], None]]:
    """The lanes are the only chip, and what is said is what they offer as their workloads."""
    module = ModuleType("lanes_workloads")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    package = replace(lanes.PACKAGE, workloads=f"{module.__name__}:OFFERED")
    monkeypatch.setattr(lanes, "PACKAGE", package)
    with offered(monkeypatch, lanes="draupnir.rtl.tests.lanes:PACKAGE"):
        yield lambda workloads: setattr(module, "OFFERED", workloads)


def test_a_function_gives_the_workloads_of_a_chip_of_that_size(measured_lanes: Callable[[object], None]) -> None:
    measured_lanes(lambda chip: Workloads((partial(count, chip),)))
    chip = lanes.declare(N=100)
    (make,) = workloads.workloads(chip).makers
    workload = workloads.make_workload(make, chip, 90)
    assert (workload.chip.sizes, len(workload.events)) == ({"N": 100}, 90)
    assert workload.model().memories["counts"].shape == (100, 1)


def test_workloads_of_another_size_are_refused_in_one_line(
    measured_lanes: Callable[[object], None], tmp_path: Path
) -> None:
    measured_lanes(Workloads((partial(count, lanes.declare()),)))
    result = CliRunner().invoke(cli, ["bench", "lanes", "--set", "N=100", "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr == "error: N=100: workload count of lanes is for N=16\n"
    measured_lanes("nothing")
    with pytest.raises(InputError, match=r"right is a tools\.bench\.workloads\.Workloads, or a function that makes it"):
        workloads.workloads(lanes.declare())
