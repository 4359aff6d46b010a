"""Links to folders, and docstrings as lists: what the site makes of our pages and docstrings."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.tools.docs import docstrings, links


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
