"""`--workers` and `--cluster`: the same reports as without them, and one line for each mistake."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.tinyodin.layout import CHIP
from draupnir.golden import case, wave, wave_out
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl.design import SourceOptions
from draupnir.tools.cli import cli
from draupnir.tools.jobs.plain import plain, restored
from draupnir.tools.terminal.options import Rtl

GOLDEN = Path(__file__).parents[3] / "golden" / "tinyodin"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Two cases; in the second one a pin differs from the model at cycle 50."""
    folder = tmp_path / "cases"
    for name in ("unconfigured", "unreset"):
        shutil.copytree(GOLDEN / name, folder / name)
    one = case.load(folder / "unreset")
    trace = wave.read(one.wave, CHIP)
    trace.outputs[np.flatnonzero(trace.clk)[50]] ^= 1 << CHIP.output_word["AEROUT_REQ"].lsb
    wave_out.write(trace, one.wave)
    case.write(one.folder, one.chip, one.why, one.source, one.command, one.seed, one.undefined)
    return folder


def regress(cases: Path, report: str, *words: object) -> Result:
    every = ("regress", "tinyodin", "--sim", "model", "--golden", cases, "--report", cases.parent / report, *words)
    return CliRunner().invoke(cli, [str(word) for word in (*every, "--cycles", 100)])


def report_of(cases: Path, name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((cases.parent / name / "report.json").read_text())
    del report["origin"]
    return report


def test_the_report_is_the_same_and_a_second_run_takes_the_results_from_the_store(cases: Path) -> None:
    store = cases.parent / "store.sqlite"
    plain_result = regress(cases, "plain")
    for name in ("many", "again"):
        many = regress(cases, name, "--workers", 2, "--store", store)
        assert (many.exit_code, many.stderr) == (plain_result.exit_code, "") == (1, "")
        assert report_of(cases, name) == report_of(cases, "plain")
        assert (cases.parent / name / "unreset.fst").is_file()
        assert not (cases.parent / name / "unconfigured.fst").exists()
    assert store.is_file()


def test_a_changed_case_runs_again(cases: Path) -> None:
    words = ("--workers", 1, "--store", cases.parent / "store.sqlite")
    assert regress(cases, "report", *words).exit_code == 1
    shutil.rmtree(cases / "unreset")
    shutil.copytree(GOLDEN / "unreset", cases / "unreset")
    assert regress(cases, "report", *words).exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--workers 2 --cluster tcp://127.0.0.1:9", "--workers 2: not with --cluster, whose workers are its own"),
        ("--tls ca=a.pem", "--tls ca=a.pem: only with --cluster tls://..."),
        ("--cluster tls://h:1 --tls me.pem", "--tls me.pem: right is ca=FILE, cert=FILE or key=FILE, each once"),
        ("--cluster tls://h:1 --tls ca=none.pem", "--tls ca=none.pem: no such file"),
        ("--cluster tcp://h:1 --tls ca=a.pem", "--tls: only with an address tls://..., not with --cluster tcp://h:1"),
        ("--cluster tls://127.0.0.1:9", "--cluster tls://127.0.0.1:9: no files for TLS; right is --tls ca=FILE, cert="),
        ("--cluster host", "--cluster host: right is an address such as tcp://127.0.0.1:8786"),
        ("--workers 2 --limit 0", "Invalid value for '--limit'"),
    ],
)
def test_a_mistake_is_one_line(cases: Path, words: str, message: str) -> None:
    if "--cluster" in words and "--workers" not in words and "me.pem" not in words:
        pytest.importorskip("distributed")
    result = regress(cases, "report", *words.split())
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {message}") and result.stderr.count("\n") == 1


def test_a_store_that_is_a_folder_is_one_line(cases: Path) -> None:
    result = regress(cases, "report", "--workers", 2, "--store", cases)
    assert result.exit_code == 2 and result.stderr.startswith(f"error: {cases}: not a store of results")


def test_a_missing_dask_is_one_line(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = regress(cases, "report", "--cluster", "tcp://127.0.0.1:9")
    assert (result.exit_code, result.stderr) == (
        2, "error: --cluster tcp://127.0.0.1:9: Dask is missing: pip install 'draupnir[cluster]'\n",
    )  # fmt: skip


def test_a_netlist_is_no_job(tmp_path: Path) -> None:
    words = ["regress", "tinyodin", "--netlist", "ice40", "--workers", "2", "--report", str(tmp_path)]
    result = CliRunner().invoke(cli, words)
    assert (result.exit_code, result.stderr) == (2, "error: --netlist: not with --workers or --cluster\n")


def test_a_main_job_is_no_set_of_jobs(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["sim", "odin", "--workers", "2", "--report", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr.endswith("is one job; right is --test, for instance --test all\n")


@pytest.mark.slow
@pytest.mark.icarus
def test_a_cocotb_test_in_a_job(tmp_path: Path) -> None:
    words = ["sim", "tinyodin", "--sim", "icarus", "--test", "spi.odd_frames", "--workers", "1", "--json"]
    places = ["--report", str(tmp_path / "report"), "--store", str(tmp_path / "store.sqlite")]
    first, second = (CliRunner().invoke(cli, [*words, *places]) for _ in range(2))
    if first.exit_code == 2:
        pytest.skip(first.stderr)
    assert first.exit_code == second.exit_code == 0
    (test,) = json.loads(first.stdout)["tests"]
    assert test["compared"] > 100 and test["mismatches"] == 0
    assert json.loads(second.stdout)["tests"] == [test]
    assert (tmp_path / "report" / "icarus-spi.odd_frames" / "log.txt").is_file()


# --- Dataclasses as JSON ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inner:
    path: Path
    pair: tuple[str, int]
    many: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outer:
    inner: Inner | None
    by_name: dict[str, Inner] = field(default_factory=dict)
    text: str | int = 0


def test_a_dataclass_comes_back_from_json_as_it_was() -> None:
    inner = Inner(Path("a/b"), ("x", 1), (1, 2, 3))
    for one in (Outer(None), Outer(inner, {"name": inner}, "text"), Outer(inner, {}, 7)):
        assert restored(Outer, json.loads(json.dumps(plain(one)))) == one
    rtl = Rtl(Path("src"), "top", SourceOptions(("A=1",), (Path("i"),), settings=("N=1",)))
    assert restored(Rtl, json.loads(json.dumps(plain(rtl)))) == rtl


def test_a_field_that_is_left_out_is_put_in_again(cases: Path) -> None:
    from draupnir.golden import regress as golden_regress
    from draupnir.golden.compare.device import ModelDevice

    one = case.load(cases / "unreset")
    outcome = golden_regress.hold(ModelDevice(CHIP), CHIP, one, 100)
    assert not outcome.holds and outcome.difference and outcome.difference.pins
    text = json.dumps(plain(outcome, omitted=["case"]))
    assert restored(CaseOutcome, json.loads(text), case=one) == outcome
