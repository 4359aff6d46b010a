"""Links to folders, and docstrings as lists: what the site makes of our pages and docstrings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from draupnir.tools.docs import benchmarks, docstrings, links, words


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("[planes](planes)", "[planes](planes/README.md)"),
        ("[planes](planes/)", "[planes](planes/README.md)"),
        ("[`planes`](planes#gates)", "[`planes`](planes/README.md#gates)"),
        ("[no page](empty)", "no page"),
        ("[a file](planes/README.md)", "[a file](planes/README.md)"),
        ("[elsewhere](https://example.org)", "[elsewhere](https://example.org)"),
        ("```\n[planes](planes)\n```\n[planes](planes)", "```\n[planes](planes)\n```\n[planes](planes/README.md)"),
    ],
)
def test_a_link_to_a_folder_becomes_one_to_its_page(tmp_path: Path, text: str, page: str) -> None:
    (tmp_path / "planes").mkdir()
    (tmp_path / "planes/README.md").write_text("# planes\n")
    (tmp_path / "empty").mkdir()
    assert links.folders_to_pages(text, tmp_path) == page


def test_entries_of_a_docstring_become_a_list() -> None:
    lines = ["Run it.", "", "load, expect : memory -> image,", "    hexadecimal", "n : 1..9", "Returns it.", ""]
    assert docstrings.entries_as_lists(lines) == [
        *("Run it.", "", "", "``load``, ``expect``", "    memory -> image,", "    hexadecimal"),
        *("``n``", "    1..9", "", "Returns it.", ""),
    ]


def test_the_examples_of_a_command_become_code() -> None:
    lines = ["Compare.", "", "| Example: draupnir sim odin", "|          draupnir sim reckon", ""]
    docstrings.convert_help(None, None, lines)
    code = ["    draupnir sim odin", "    draupnir sim reckon"]
    assert lines == ["Compare.", "", "", ".. code-block:: text", "", *code, ""]


def test_a_default_path_is_shown_as_a_user_writes_it() -> None:
    lines = [":default: ``PosixPath('build/area')``"]
    docstrings.convert_options(None, None, lines)
    assert lines == [":default: ``'build/area'``"]


def test_measurements_become_tables(tmp_path: Path) -> None:
    rate = {"median": 2.5e8, "low": 1.0e6, "high": 312_499_999.0}
    report = {
        "chip": {"name": "tally"},
        "machine": {"cpu": "a CPU", "cores": 2, "load_average": 0.5, "date": "2026-11-30T00:52:29+00:00"},
        "origin": {"command": "draupnir bench tally", "commit": "0123456789"},
        "versions": {"python": "3.11.7"},
        "rounds": 5,
        "quick": False,
        "figures": [
            {"name": "model", "workload": "busy", "clocks_per_second": rate},
            {"name": "draupnir --help", "workload": "process"},
        ],
        "ratios": [
            {
                "of": "model",
                "to": "RTL",
                "in": "clocks/s",
                "workload": "busy",
                "median": 2.0,
                "low": 1.5,
                "high": 1234.5,
            }
        ],
    }
    (tmp_path / "tally").mkdir()
    (tmp_path / "tally/bench.json").write_text(json.dumps(report))
    lines = benchmarks.markdown(tmp_path).splitlines()
    assert lines[0] == "## tally"
    start = "`draupnir bench tally`, 2026-11-30, commit 0123456, on a CPU with 2 cores and a load of 0.5. Median of 5"
    assert lines[2].startswith(start)
    assert [line for line in lines if line.startswith("|")] == [
        "| who | workload | clocks/s |",
        "| --- | --- | --- |",
        "| model | busy | 250 M (1 M to 312 M) |",
        "| who | compared with | workload | times |",
        "| --- | --- | --- | --- |",
        "| model | RTL | busy | 2 (1.5 to 1,230) x |",
    ]


def test_a_page_without_measurements_says_so(tmp_path: Path) -> None:
    assert benchmarks.markdown(tmp_path) == "There are no measurements in `build/bench` yet.\n"


def test_the_fields_of_a_word_become_a_table() -> None:
    assert words.markdown("draupnir.emulator.crossbar.layout.SPI_DATA").splitlines() == [
        *("**SPI data field**, 20 bits:", "", "| bits | field | meaning |", "|---|---|---|"),
        "| 15..8 | `mask` | Write mask: 1 keeps the bit. |",
        "| 7..0 | `byte` | Data byte. |",
    ]
