"""A sign-off says what the results say: each kind present, absent, failing, stale, or of another chip."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markupsafe import escape

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden import case
from draupnir.tools.cli import cli
from draupnir.tools.report import provenance, schema
from draupnir.tools.report.provenance import Origin
from draupnir.tools.signoff import job, page, quirks, stages
from draupnir.tools.signoff.sections import Section

CHIP = "tinyodin"
COMMIT, OLDER = "c0ffee" * 6 + "0123", "decade" * 6 + "0123"
NOW = Origin("draupnir signoff tinyodin", "2026-02-03T04:05:06+00:00", (), COMMIT, {}, {"draupnir": "0.1.0"})
CASES = [one.name for one in case.of_chip(CHIP)]
GIVEN = {"folder": "/mine", "repository": "https://example.org/tinyODIN", "commit": "sha256 1234"}
SIDES = {"ours": {}, "original": GIVEN}


def origin(command: str, **changes: Any) -> dict[str, Any]:
    origin_of_result = replace(NOW, command=f"draupnir {command} {CHIP}", date="2026-02-03T00:00:00+00:00", seeds=(7,))
    return origin_of_result.as_json() | changes


def golden_case(name: str, holds: bool = True, words: int | None = 0) -> dict[str, Any]:
    return {"case": name, "holds": holds, "words": words}


REGRESS = {"holds": True, "sim": "verilator", "netlist": None, "cases": [golden_case(name) for name in CASES]}
SIM = {"holds": True, "sim": "icarus", "tests": [{"test": "neurons", "passed": True}, {"test": "spi", "passed": True}]}
FULL = {"hit": 90, "of": 100, "waived": 10}
WAIVER = {"place": "fifo: x <= 1;", "kind": "proof", "reason": "No <state> leads there.", "points": 10, "proved": 10}
COVER = {
    "holds": True,
    "cases": CASES,
    "figures": dict.fromkeys(("line", "branch", "expression", "toggle"), FULL),
    "waivers": [WAIVER],
    "open": [],
    "functional": [{"group": "events", "hit": 3, "of": 4, "empty": [["leak"]]}],
}
COUNTS = {"mutants": 1000, "killed": 950, "equivalent": 45, "hole": 0, "open": 5}
MUTATE = {**COUNTS, "modules": {"fifo": COUNTS}, "outcomes": [{"number": 3, "verdict": "open", "module": "fifo"}]}


def proof(part: str, rtl: str = "our RTL", holds: bool | None = True) -> dict[str, Any]:
    texts = {"part": part, "rtl": rtl, "claim": "both compute the same", "solver": "Bitwuzla 0.9"}
    return {**texts, "holds": holds, "assumptions": ["no reset"], "seconds": 1.25}


PROVE = {"holds": True, "proofs": [proof(part) for part in ("lif", "clock-edge", "pin-edges")]}
PLACE = {"place": "neurons", "faults": 100000, "outcomes": {"masked": 100000}, "visible": 0.0, "low": 0.0, "high": 0.1}
INJECT = {
    "holds": True,
    "outcomes": {"masked": 100000},
    "groups": [PLACE],
    "null_runs": 1000,
    "null_runs_that_differ": 0,
    "in_rtl": 1000,
}
ALL = {"regress": REGRESS, "sim": SIM, "cover": COVER, "mutate": MUTATE, "prove": PROVE, "inject": INJECT}
BAD: dict[str, dict[str, Any]] = {
    "regress": {**REGRESS, "holds": False, "cases": [golden_case(name, name != CASES[0]) for name in CASES]},
    "sim": {**SIM, "holds": False, "tests": [{"test": "spi", "passed": False}]},
    "cover": {**COVER, "holds": False},
    "mutate": {**MUTATE, "hole": 1, "killed": 949},
    "prove": {"holds": False, "proofs": [proof("lif", holds=False)]},
    "inject": {**INJECT, "holds": False, "null_runs_that_differ": 1},
}
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a result as its command does; returns its path."""

    def write(command: str, content: dict[str, Any], side: str = "ours", chip: str = CHIP, **changes: Any) -> Path:
        name = "report.json" if command in ("regress", "sim") else f"{command}.json"
        path = tmp_path / "results" / chip / side / command / name
        path.parent.mkdir(parents=True, exist_ok=True)
        words = origin(f"{command} {side}", sources=SIDES[side], **changes)
        path.write_text(schema.text(command, {"chip": chip, **content, "origin": words}))
        return path

    (tmp_path / "results").mkdir()
    return write


@pytest.fixture
def everything(put: Put) -> None:
    for command, content in ALL.items():
        put(command, content)
    for command in ("regress", "cover", "mutate"):
        put(command, ALL[command], "original")
    parts = {"lif": "lif_neuron", "lif-event": "other kernels", "clock-edge": "ODIN", "pin-edges": "ODIN"}
    put("prove", {"holds": True, "proofs": [proof(*one) for one in parts.items()]}, "original")


def signed(folder: Path, previous: Path | None = None) -> job.SignOff:
    return job.sign_off(CHIP, [folder / "results"], NOW, previous)


def test_all_results_reach_the_last_stage(everything: None, tmp_path: Path) -> None:
    outcome = signed(tmp_path)
    assert (outcome.stage, outcome.gaps, outcome.failing, outcome.stale, outcome.not_measured) == ("V3", [], [], [], [])
    assert outcome.numbers["mutate.ours.killed"] == 99.48 and outcome.numbers["mutate.ours.undecided"] == 0.5
    assert (outcome.numbers["prove.original.proved"], outcome.numbers["prove.original.whole_chip"]) == (3, 2)
    assert outcome.numbers["regress.ours.cases"] == 100 and outcome.numbers["tests.ours.simulators"] == 2


@pytest.mark.parametrize("command", ALL)
def test_a_missing_result_is_not_measured_and_never_a_pass(everything: None, tmp_path: Path, command: str) -> None:
    for path in (tmp_path / "results").rglob(f"{command}/*.json"):
        path.unlink()
    outcome = signed(tmp_path)
    assert [line.partition(" tinyodin")[0] for line in outcome.not_measured] == [f"not measured: draupnir {command}"]
    assert outcome.stage != "V3" and any(f"not measured: draupnir {command}" in line for line in outcome.gaps)
    assert not outcome.failing


@pytest.mark.parametrize("command", ALL)
def test_a_failing_result_is_exit_status_1(
    everything: None, put: Put, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(command, BAD[command])
    monkeypatch.setattr(provenance, "origin", lambda: NOW)
    out = tmp_path / "out"
    words = ["signoff", CHIP, "--results", str(tmp_path / "results"), "-o", str(out)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 1 and f"fails: {command} of ours" in result.stdout and str(path) in result.stdout
    suite = ElementTree.parse(out / "signoff.xml").getroot()
    assert suite.get("failures") == "1"
    assert "A result says that something fails." in (out / "signoff.html").read_text()
    content = json.loads((out / "signoff.json").read_text())
    assert content["holds"] is False and content["stage"] != "V3"


@pytest.mark.parametrize("command", ALL)
def test_a_result_of_older_sources_is_named_and_does_not_count(
    everything: None, put: Put, tmp_path: Path, command: str
) -> None:
    path = put(command, ALL[command], commit=OLDER)
    outcome = signed(tmp_path)
    assert (
        len(outcome.stale) == 1 and f"made by commit {OLDER[:12]}" in outcome.stale[0] and str(path) in outcome.stale[0]
    )
    assert outcome.stage != "V3" and outcome.numbers["results.stale"] == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"commit": f"{COMMIT}, with changes"}, "made with changes"),
        ({"versions": {"draupnir": "0.0.9"}}, "made by draupnir 0.0.9, and this is 0.1.0"),
        ({"date": ""}, "does not state its origin"),
    ],
)
def test_a_result_of_unknown_sources_is_stale(put: Put, tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    put("cover", COVER, **changes)
    outcome = signed(tmp_path)
    assert reason in outcome.stale[0] and outcome.numbers["cover.ours.line"] is None


def test_present_sources_with_changes_make_all_results_stale(put: Put, tmp_path: Path) -> None:
    put("cover", COVER)
    origin_now = replace(NOW, commit=f"{COMMIT}, with changes")
    outcome = job.sign_off(CHIP, [tmp_path / "results"], origin_now)
    assert "the present sources have changes" in outcome.stale[0]


def test_other_verilog_than_that_of_the_newest_result_is_stale(everything: None, put: Put, tmp_path: Path) -> None:
    content = json.loads(put("cover", COVER, "original").read_text())
    content["origin"]["sources"] = GIVEN | {"commit": "sha256 0000"}
    content["origin"]["date"] = "2026-01-01T00:00:00+00:00"
    (tmp_path / "results" / CHIP / "original" / "cover" / "cover.json").write_text(json.dumps(content))
    outcome = signed(tmp_path)
    assert outcome.stale and "its Verilog is sha256 0000, and that of the newest result sha256 1234" in outcome.stale[0]


def test_a_result_of_another_chip_or_of_none_is_left_out_and_named(put: Put, tmp_path: Path) -> None:
    path = put("mutate", MUTATE, chip="odin")
    old = put("regress", REGRESS)
    content = json.loads(old.read_text())
    del content["chip"]
    old.write_text(json.dumps(content))
    put("cover", COVER)
    outcome = signed(tmp_path)
    assert [one.command for one in outcome.evidence.results] == ["cover"]
    assert f"{path}: a result of odin" in outcome.evidence.ignored
    assert any(line.startswith(f"{old}: it names no chip") for line in outcome.evidence.ignored)


def test_the_newest_of_the_same_command_line_counts(put: Put, tmp_path: Path) -> None:
    put("cover", COVER)
    later = put("cover", {**COVER, "figures": {"line": {"hit": 1, "of": 2, "waived": 0}}}, date="2026-02-03T01:00:00")
    moved_path = later.rename(later.parent.parent / "cover.json")
    older = put("cover", COVER)
    outcome = signed(tmp_path)
    assert outcome.numbers["cover.ours.line"] == 50 and outcome.numbers["cover.ours.toggle"] is None
    assert outcome.evidence.ignored == [f"{older}: {moved_path} is newer, and of the same command line"]


def test_some_cases_or_cut_cases_are_not_all_cases(put: Put, tmp_path: Path) -> None:
    put("regress", {**REGRESS, "cases": [golden_case(CASES[0]), golden_case(CASES[1], words=None)]})
    assert signed(tmp_path).numbers["regress.ours.cases"] == pytest.approx(100 / len(CASES), abs=0.01)


def test_a_case_that_one_simulator_lets_fail_does_not_hold(put: Put, tmp_path: Path) -> None:
    put("regress", REGRESS)
    put("sim", SIM)
    other = tmp_path / "results" / "icarus" / "report.json"
    other.parent.mkdir()
    content = {"chip": CHIP, **BAD["regress"], "sim": "icarus", "origin": origin("regress --sim icarus")}
    other.write_text(schema.text("regress", content))
    share = signed(tmp_path).numbers["regress.ours.cases"]
    assert share is not None and share < 100


def test_the_golden_model_alone_is_no_rtl(put: Put, tmp_path: Path) -> None:
    put("regress", {**REGRESS, "sim": "model"})
    numbers = signed(tmp_path).numbers
    assert numbers["regress.model.cases"] == 100 and numbers["regress.ours.cases"] is None


def test_an_open_mutant_and_a_proof_by_review_are_missing_and_not_failing(
    everything: None, put: Put, tmp_path: Path
) -> None:
    put("mutate", {**MUTATE, "open": 200, "killed": 755})
    put("cover", {**COVER, "waivers": [WAIVER | {"proved": 0}]})
    outcome = signed(tmp_path)
    assert not outcome.failing and outcome.stage == "V1"
    assert outcome.gaps == [
        "mutants of our RTL that a case kills, of those not proved equivalent, %: 79.06, and at least 90 is needed: "
        "draupnir mutate tinyodin"
    ]
    assert outcome.numbers["cover.ours.waived_by_proof"] == 0


def test_a_share_is_100_only_if_nothing_is_missing(put: Put, tmp_path: Path) -> None:
    put("cover", {**COVER, "figures": {"line": {"hit": 999_999, "of": 1_000_000, "waived": 0}}})
    assert signed(tmp_path).numbers["cover.ours.line"] == 99.99


def test_page_json_and_junit_have_the_same_figures_and_no_address(everything: None, tmp_path: Path) -> None:
    outcome = signed(tmp_path)
    text = job.write(outcome, tmp_path / "out").read_text()
    content = json.loads((tmp_path / "out" / "signoff.json").read_text())
    suite = ElementTree.parse(tmp_path / "out" / "signoff.xml").getroot()
    assert (content["schema"], content["stage"], suite.get("failures"), suite.get("skipped")) == (
        "draupnir.signoff", "V3", "0", None,
    )  # fmt: skip
    properties = {one.get("name"): one.get("value") for one in suite.findall("testcase[1]/properties/property")}
    assert properties == {name: stages.number(figure) for name, figure in content["figures"].items()}
    for figure in ("950", "Bitwuzla 0.9", "no reset", "No &lt;state&gt; leads there.", "100,000", COMMIT, "99.48"):
        assert figure in text
    assert not re.search(r"https?:|//\w|<script|src=|@import|url\(", text)
    assert "prefers-color-scheme:dark" in text and "width=device-width" in text
    odd = quirks.quirks(chips.package(CHIP))
    assert len(odd) > 10 and all(str(escape(row[0])) in text for row in odd)


def test_the_page_stays_small(everything: None, put: Put, tmp_path: Path) -> None:
    point = {"kind": "toggle", "file": "/x/fifo.v", "line": 1, "name": "n" * 900, "text": "t" * 900}
    put("cover", {**COVER, "open": [point] * 5000, "waivers": [WAIVER | {"reason": "r" * 900}] * 5000})
    assert job.write(signed(tmp_path), tmp_path / "out").stat().st_size < 2_000_000
    text = page.page("a", [], [Section("b", ("c",), [("NO",)] * (page.MOST_ROWS + 5))], NOW)
    assert '<td class="bad">NO' in text
    assert "and 5 more; signoff.json has all" in text


def test_the_trend_shows_what_has_changed(everything: None, put: Put, tmp_path: Path) -> None:
    job.write(signed(tmp_path), tmp_path / "last")
    put("mutate", {**MUTATE, "mutants": 1200, "killed": 1150})
    trend = next(
        table for table in signed(tmp_path, tmp_path / "last" / "signoff.json").tables if table.title == "Trend"
    )
    assert ("mutate.ours.mutants", "1,000", "1,200", "+200") in trend.rows
    assert "had reached stage V3" in trend.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON: "),
        ('{"schema": "draupnir.cover"}', "no sign-off; right is a signoff.json"),
        ("[]", "no sign-off; right is a signoff.json"),
        ('{"schema": "draupnir.signoff", "figures": {"golden.cases": "3"}}', "no sign-off; right is a signoff.json"),
        (
            '{"schema": "draupnir.signoff", "figures": {}, "stage": "V1", "chip": "odin"}',
            "a sign-off of odin; right is one of tinyodin",
        ),
    ],
)
def test_an_earlier_sign_off_that_is_none_is_one_line(put: Put, tmp_path: Path, text: str, message: str) -> None:
    previous = tmp_path / "last.json"
    previous.write_text(text)
    with pytest.raises(InputError, match=f"^--previous {re.escape(str(previous))}: {message}"):
        signed(tmp_path, previous)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"figures": 3}, "figures is 3; right is an object"),
        ({"holds": None}, "holds is None; right is true or false"),
        ({"figures": {"line": {"hit": 1}}}, "incomplete: 'of'; run the command that writes it again"),
        ({"waivers": [3]}, "incomplete: "),
    ],
)
def test_a_result_that_is_incomplete_is_one_line(
    put: Put, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = put("cover", {**COVER, **change})
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: {re.escape(message)}"):
        signed(tmp_path)


def test_an_origin_that_is_none_is_one_line(put: Put, tmp_path: Path) -> None:
    path = put("cover", COVER, commit=None)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: origin.commit is None; right is a text"):
        signed(tmp_path)
    path.write_text(path.read_text().replace('"origin": {', '"origin": [], "x": {'))
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: origin is .*; right is an object"):
        signed(tmp_path)


def test_a_result_that_is_no_json_is_one_line(put: Put, tmp_path: Path) -> None:
    path = put("cover", COVER)
    path.write_text("{")
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: not JSON: "):
        signed(tmp_path)


def test_a_result_of_another_version_is_left_out_and_named(put: Put, tmp_path: Path) -> None:
    path = put("cover", COVER)
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    assert signed(tmp_path).evidence.ignored == [f"{path}: version 9 of draupnir.cover; this draupnir reads version 1"]


def test_a_folder_of_results_that_is_none_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["signoff", CHIP, "--results", str(tmp_path / "nothing")])
    assert (result.exit_code, result.stderr) == (2, f"error: --results {tmp_path / 'nothing'}: not a folder\n")


def test_every_line_of_the_checklist_names_a_figure_a_stage_and_a_command(put: Put, tmp_path: Path) -> None:
    lines = signed(tmp_path).lines
    assert {line.stage for line in lines} == set(stages.stages()) == {"V1", "V2", "V3"}
    assert all(line.command.startswith(("draupnir ", "make ")) for line in lines)
    assert not any(line.holds for line in lines if line.figure.split(".")[0] in ALL)
