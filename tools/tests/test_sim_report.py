"""What cocotb tests leave: a page with links, JUnit XML and JSON, each of which says where it comes from."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from draupnir.cocotb_tests.catalogue import Test
from draupnir.cocotb_tests.runner import BenchOutcome
from draupnir.golden.compare import ComparedBits, FirstDifference
from draupnir.tools.experiments import main_job
from draupnir.tools.experiments.digits import lockstep
from draupnir.tools.experiments.digits.main_job import JOB
from draupnir.tools.report import junit, pages, sim_report
from draupnir.tools.report.provenance import Origin

ORIGIN = Origin(
    "draupnir sim odin --test <all>", "2026-01-02T03:04:05+00:00", (7,), "c0ffee", {"folder": "x"}, {"p": "1"}
)


@pytest.fixture
def outcomes(tmp_path: Path) -> list[BenchOutcome]:
    notes = {"compared": 1200, "mismatches": 0, "output_bits": 13_200, "unknown": {"MISO": 5}}
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.txt").touch()
    why = "assert 1 == 2\n\x1b[31mhere & <there>"
    return [
        BenchOutcome(Test("neurons", "lif", "test_neurons.test_lif"), "", 1.5, tmp_path / "good", notes),
        BenchOutcome(
            Test("spi", "write", "test_spi.test_write"),
            why,
            0.5,
            tmp_path / "bad",
            {},
        ),
    ]


def test_the_page_has_a_row_a_test_with_links_and_why_one_failed(outcomes: list[BenchOutcome], tmp_path: Path) -> None:
    page = sim_report.write(tmp_path, "odin in icarus", outcomes, "1 of 2 tests passed", ORIGIN)
    assert page == tmp_path / pages.PAGE
    text = page.read_text()
    assert '<p class="bad">1 of 2 tests passed</p>' in text
    assert '<a href="good/log.txt">log.txt</a>' in text and "FAILED" in text
    assert "here &amp; &lt;there&gt;" in text and "13,195" in text
    for part in ("draupnir sim odin --test &lt;all&gt;", "2026-01-02T03:04:05+00:00", "<th>seed<td>7", "c0ffee"):
        assert part in text
    assert "width=device-width" in text


def test_junit_and_json_say_the_same_and_where_they_come_from(outcomes: list[BenchOutcome], tmp_path: Path) -> None:
    sim_report.write(tmp_path, "odin in icarus", outcomes, "", ORIGIN)
    suite = ElementTree.parse(tmp_path / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    properties = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    assert properties.items() >= {"command": ORIGIN.command, "seed": "7", "sources: folder": "x", "p": "1"}.items()
    (failure,) = suite.findall("testcase[@name='write']/failure")
    assert failure.get("message") == "assert 1 == 2"
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["schema"], report["version"], report["holds"]) == ("draupnir.sim", 1, False)
    assert report["origin"]["commit"] == "c0ffee"
    assert [test["bits_compared"] for test in report["tests"]] == [13_195, 0]


def test_characters_that_no_xml_may_have_are_left_out() -> None:
    text = junit.xml("suite", [junit.JUnitResult("a", "b", "\x1b[31mred\x1b[0m\0")], ORIGIN)
    assert ElementTree.fromstring(text).findall("testcase/failure")[0].text == "[31mred[0m"


def test_where_the_rtl_leaves_the_model_the_page_says_so(tmp_path: Path) -> None:
    outcome = lockstep.LockstepOutcome(1_234, ComparedBits(13_574), None, None, "cycle 1,234: AEROUT_REQ <expected> 1")
    page = main_job.write_difference(JOB, tmp_path, outcome, ORIGIN).read_text()
    assert '<p class="bad">1,234 clocks compared without a difference, 13,574 of 13,574 output bits compared,' in page
    assert "cycle 1,234: AEROUT_REQ &lt;expected&gt; 1" in page and "c0ffee" in page


@pytest.mark.parametrize("success", [True, False])
def test_a_main_job_leaves_junit_and_json(success: bool, tmp_path: Path) -> None:
    difference = None if success else FirstDifference(1_234, time_text="9 ns")
    outcome = lockstep.LockstepOutcome(
        1_234, ComparedBits(13_574), None, difference, "" if success else "cycle 1,234: X"
    )
    report_object = main_job.as_json(JOB, outcome, []) | {"origin": ORIGIN.as_json()}
    sim_report.write_results(tmp_path, report_object, JOB.title, [main_job.junit_result(JOB, outcome)], ORIGIN)
    suite = ElementTree.parse(tmp_path / sim_report.JUNIT).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0" if success else "1")
    properties = {each.get("name"): each.get("value") for each in suite.findall("testcase/properties/property")}
    assert (properties["clocks compared"], properties["mismatches"]) == ("1234", "0" if success else "1")
    assert [failure.text for failure in suite.findall("testcase/failure")] == (
        [] if success else [f"{main_job.counts(outcome)}\ncycle 1,234: X"]
    )
    report_file = json.loads((tmp_path / sim_report.JSON).read_text())
    assert (report_file["schema"], report_file["holds"], report_file["compared"]) == ("draupnir.sim", success, 1_234)
    assert report_file["origin"]["commit"] == "c0ffee"
