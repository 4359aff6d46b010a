"""The page on speeds says what the kept measurements say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from draupnir.tools.bench.suite import PLAIN
from draupnir.tools.docs import speeds

MEASURED = sorted(speeds.FOLDER.glob("*.json"))


def test_the_tables_of_the_page_come_from_the_measurements() -> None:
    page = speeds.PAGE.read_text()
    assert speeds.PLACE.findall(page), "the page has no place for a measurement"
    assert speeds.fill(page) == page, "right is: python -m draupnir.tools.docs.speeds"


def test_each_measurement_has_its_place_on_the_page() -> None:
    assert sorted(chip for _, chip, _ in speeds.PLACE.findall(speeds.PAGE.read_text())) == [p.stem for p in MEASURED]


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_a_measurement_says_how_it_was_made_and_names_no_path(path: Path) -> None:
    report = json.loads(path.read_text())
    assert report["schema"] == "draupnir.bench" and not report["quick"] and report["rounds"] >= 3
    assert report["machine"]["cpu"] and report["machine"]["date"] and report["versions"]["verilator"]
    assert report["origin"]["command"].startswith(f"draupnir bench {path.stem} --rtl ")
    assert not [word for word in path.read_text().replace('"', " ").split() if word.startswith(("/", "~"))]
    assert all(target["met"] for target in report["targets"])


def test_a_kept_measurement_loses_the_paths_of_its_machine() -> None:
    command = "draupnir bench odin --rtl /home/me/ODIN/src --repeat 3 -o /home/me/out"
    report = {"rtl": "/home/me/ODIN/src", "origin": {"command": command, "sources": {"folder": "/home/me/ODIN/src"}}}
    expected = {"command": "draupnir bench odin --rtl ODIN/src --repeat 3", "sources": {"folder": "ODIN/src"}}
    assert speeds.without_paths(report) == {"rtl": "ODIN/src", "origin": expected}


def test_a_new_measurement_fills_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, folder = tmp_path / "speeds.md", tmp_path / "speeds"
    page.write_text("# How fast\n\n<!-- bench odin -->\n<!-- /bench -->\n\nThe end.\n")
    monkeypatch.setattr(speeds, "PAGE", page)
    monkeypatch.setattr(speeds, "FOLDER", folder)
    report = json.loads((Path(speeds.DOCS) / "speeds/odin.json").read_text())
    rates = next(f for f in report["figures"] if (f["name"], f["workload"]) == (PLAIN, "izh"))
    rates["clocks_per_second"]["median"] = 123e6
    (tmp_path / "bench.json").write_text(json.dumps(report))
    speeds.main([str(tmp_path / "bench.json")])
    assert "| the original in Verilator | 0.58 M | 123 M |" in page.read_text().replace(speeds.SPACE, " ")
    assert page.read_text().endswith("<!-- /bench -->\n\nThe end.\n")
