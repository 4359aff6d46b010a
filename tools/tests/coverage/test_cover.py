"""`draupnir cover` measures an RTL over golden cases, and stops at a design that is not the chip."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.golden import case, hexfile
from draupnir.tools.cli import cli
from draupnir.tools.report import schema

# Cases that together reach every line, branch and expression of our tinyODIN that is not waived.
CASES = ("everything", "lif_extremes", "push_priority", "spi_memories")
SMALL = "unconfigured"
NEEDED = "a folder of folders with case.toml is needed"

pytestmark = pytest.mark.verilator


def cover(*words: object) -> Result:
    return CliRunner().invoke(cli, ["cover", "tinyodin", *map(str, words)])


def test_a_few_cases_reach_all_of_our_tinyodin(tmp_path: Path) -> None:
    result = cover(*(word for name in CASES for word in ("--case", name)), "--functional", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if not line.startswith(" ")}
    for kind in ("line", "branch", "expression"):
        assert rows[kind][5] == "100.00" and int(rows[kind][1]) > 100, rows[kind]
    assert float(rows["toggle"][5]) >= 98
    report = json.loads((tmp_path / "cover.json").read_text())
    assert report["schema"] == "draupnir.cover" and report["version"] == schema.VERSION
    assert report["cases"] == list(CASES) and report["holds"]
    groups = {group["group"]: group for group in report["functional"]}
    assert groups["state"] == {"group": "state", "hit": 12, "of": 12, "empty": []}
    assert json.loads((tmp_path / "functional.yml").read_text())["tinyodin.state"]["cover_percentage"] == 100
    info = (tmp_path / "cover.info").read_text()
    assert info.startswith("TN:tinyodin\nSF:") and "tinyODIN.v\n" in info and info.endswith("end_of_record\n")


def test_a_waiver_of_a_point_that_is_reached_is_a_difference(tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        "[[ours]]\nmodule = 'tinyODIN'\nsignal = 'AERIN_ACK'\nreason = 'No event comes.'\nreview = true\n"
    )
    result = cover("--case", SMALL, "-o", tmp_path / "report", "--waivers", waivers)
    assert result.exit_code == 1
    assert "waived, but hit after all: tinyODIN: AERIN_ACK (AERIN_ACK:0->1, AERIN_ACK:1->0)" in result.stdout


def test_a_proof_of_a_waiver_shows_it_or_fails(tmp_path: Path) -> None:
    """The state has no other code, but it has that of TREF, which this case does not reach."""
    pytest.importorskip("bitwuzla", reason="the extra [prove] is not installed")
    waiver = "[[ours]]\nmodule = 'tinyODIN.controller'\nline = '{}'\nreason = 'No event comes.'\nproof = true\n"
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(waiver.format("_next_state: default:") + waiver.format("event__tref: 4'h4:".replace("'", "*")))
    words = ("--case", SMALL, "-o", tmp_path, "--waivers", waivers)
    assert cover(*words).exit_code == 0
    assert [one["proved"] for one in json.loads((tmp_path / "cover.json").read_text())["waivers"]] == [0, 0]
    result = cover(*words, "--prove")
    assert result.exit_code == 1
    assert "waived by a proof, but not proved: tinyODIN.controller: event__tref: 4*h4: (case)" in result.stdout
    assert [one["proved"] for one in json.loads((tmp_path / "cover.json").read_text())["waivers"]] == [1, 0]


def _with_wrong_memory(tmp_path: Path) -> Path:
    """Return a folder of two cases; in the first one a bit of a memory is wrong at the end."""
    golden = tmp_path / "golden"
    for name in (SMALL, "unreset"):
        shutil.copytree(chips.package("tinyodin").cases / name, golden / name)
    one = case.load(golden / SMALL)
    memory = chips.declaration("tinyodin").memory("synapses")
    content = hexfile.read(one.after["synapses"], memory)
    content[3] ^= 1
    hexfile.write(one.after["synapses"], content, memory)
    case.write(one.folder, one.chip, one.why, one.source, one.command, one.seed, undefined=one.undefined)
    return golden


def test_a_case_that_differs_is_a_difference(tmp_path: Path) -> None:
    """The measurement ends at the first case that differs, and says how."""
    golden = _with_wrong_memory(tmp_path)
    result = cover("--golden", golden, "-o", tmp_path / "report")
    assert result.exit_code == 1
    assert "1 cases, 10,000 clocks, 1 cases differ" in result.stdout and "synapses" in result.stdout
    assert json.loads((tmp_path / "report" / "cover.json").read_text())["differing"] == [SMALL]


def test_jobs_measure_the_same(tmp_path: Path) -> None:
    """With --workers the report is the same, of cases that hold and of one that differs, whose waveform is written."""
    names = (SMALL, "unreset")
    words = [*(word for name in names for word in ("--case", name)), "--functional", "-o", tmp_path / "a"]
    of_jobs = ("--workers", 2, "--store", tmp_path / "jobs.sqlite")
    alone, many = cover(*words), cover(*words[:-1], tmp_path / "b", *of_jobs)
    assert alone.exit_code == many.exit_code == 0, many.output
    assert alone.stdout.replace("/a/", "/b/") == many.stdout
    bins, bins_of_jobs = ((tmp_path / folder / "functional.yml").read_text() for folder in ("a", "b"))
    assert bins == bins_of_jobs and f"{len(names)} cases" in many.stdout

    golden = _with_wrong_memory(tmp_path)
    alone = cover("--golden", golden, "-o", tmp_path / "a")
    many = cover("--golden", golden, "-o", tmp_path / "b", *of_jobs)
    assert alone.exit_code == many.exit_code == 1
    assert json.loads((tmp_path / "b" / "cover.json").read_text())["differing"] == [SMALL]
    assert (tmp_path / "b" / f"{SMALL}.fst").is_file()
    reports = [json.loads((tmp_path / folder / "cover.json").read_text()) for folder in ("a", "b")]
    assert reports[0]["figures"] == reports[1]["figures"] and reports[0]["clocks"] == reports[1]["clocks"]


TESTS = """\
import cocotb

from draupnir.cocotb_tests.tinyodin.bench import Bench


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(is_right=[True, False])
async def test_gate(dut, is_right):
    async with Bench(dut) as bench:
        await bench.clock.cycles(100)
        assert is_right, "the second one fails"
"""


@pytest.mark.slow
def test_cocotb_tests_count_too_and_must_pass(tmp_path: Path) -> None:
    """They add to the same points as the cases do; after a test that fails, the measurement says nothing."""
    file = tmp_path / "test_mine.py"
    file.write_text(TESTS)
    report = tmp_path / "report" / "cover.json"
    figures = []
    for words, status in (((), 0), (("--test", f"{file}::gate/is_right=True"), 0), (("--test", file), 1)):
        result = cover("--case", SMALL, "-o", tmp_path / "report", *words)
        assert result.exit_code == status, result.output
        figures.append(json.loads(report.read_text()))
    alone, together, failed = figures
    for kind, row in alone["figures"].items():
        assert together["figures"][kind]["of"] == row["of"] and together["figures"][kind]["hit"] >= row["hit"], kind
    assert together["figures"]["toggle"]["hit"] > alone["figures"]["toggle"]["hit"]
    assert not alone["tests"] and len(together["tests"]) == 1 and together["holds"]
    assert len(failed["failed"]) == 1 and "2 tests, " in result.stdout and "the second one fails" in result.stdout


def test_a_name_of_no_test_is_one_line(tmp_path: Path) -> None:
    result = cover("--test", "nothing", "-o", tmp_path / "report")
    assert result.exit_code == 2 and result.stderr.startswith("error: --test nothing: no such test of tinyodin")


def test_a_folder_without_cases_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = cover("--golden", tmp_path / "empty", "-o", tmp_path / "report")
    assert result.exit_code == 2
    assert result.stderr == f"error: no golden cases in {tmp_path}/empty; {NEEDED}\n"
