"""The report of golden cases: page, JUnit XML and JSON say the same, and where it comes from."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from draupnir.tools.report import regress_page
from draupnir.tools.report.provenance import Origin

ORIGIN = Origin("draupnir regress odin", "2026-01-02T03:04:05+00:00", (), "c0ffee", {"folder": "mine"}, {"python": "3"})
DARK = {"total": 1_100, "compared": 0, "unknown": {"MISO": 1_100}}
DIFFERENCE = {"text": "cycle 12: MISO expected 0x1, got 0x0"}


def case(name: str, **changes: Any) -> dict[str, Any]:
    bits = {"total": 1_100, "compared": 1_100, "unknown": {}}
    case_object = {
        "case": name,
        "holds": True,
        "undefined": False,
        "clocks": 100,
        "mismatches": 0,
        "words": 0,
        "unknown": 0,
    }
    return {**case_object, "output_bits": bits, "first_difference": None, **changes}


FOUND = {
    "holds": False,
    "cases": [
        case("good"),
        case("other", holds=False, mismatches=3, words=None, first_difference=DIFFERENCE),
        case("dark", holds=False, unknown=1_100, output_bits=DARK),
    ],
}


def test_the_page_has_a_row_a_case_and_leads_to_the_waveform(tmp_path: Path) -> None:
    for name in ("good", "other"):
        (tmp_path / f"{name}.fst").touch()  # that of "good" is of an earlier run
    text = regress_page.write(
        tmp_path,
        "odin: mine",
        FOUND,
        ["odin", "case", "good", "other", "dark", "other: why not", "1 of 3 cases hold"],
        ORIGIN,
    ).read_text()
    assert "<h2>Why</h2><pre>other: why not</pre>" in text
    assert '<p class="bad">1 of 3 cases hold</p>' in text
    assert '<a href="other.fst">' in text and '<a href="good.fst">' not in text
    assert "cycle 12: MISO expected 0x1, got 0x0" in text and "not compared" in text
    for part in ("draupnir regress odin", "2026-01-02T03:04:05+00:00", "c0ffee", "<th>sources: folder<td>mine"):
        assert part in text


def test_junit_and_json_have_what_was_compared(tmp_path: Path) -> None:
    regress_page.write(tmp_path, "odin: mine", FOUND, ["sum"], ORIGIN)
    suite = ElementTree.parse(tmp_path / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert suite.find("properties/property[@name='command']").get("value") == "draupnir regress odin"  # type: ignore[union-attr]
    messages = [each.get("message") for each in suite.findall("testcase/failure")]
    assert messages == ["cycle 12: MISO expected 0x1, got 0x0", "unknown bits: MISO 1,100"]
    (bits,) = suite.findall("testcase[@name='dark']/properties/property[@name='output bits']")
    assert bits.get("value") == "0 of 1,100 output bits compared"
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["schema"], report["version"], report["cases"]) == ("draupnir.regress", 2, FOUND["cases"])
    assert report["origin"]["sources"] == {"folder": "mine"}
