"""All tests that the page on the ladder of speeds names exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOM = Path(__file__).resolve().parents[1] / "speeds"
PAGE = (ROOM / "README.md").read_text()
TEST = re.compile(r"\[`([\w/]+\.py)`\]\(([\w./]+)\) `(\w+)`")
FILE = re.compile(r"^\| ((?:\[`\w+\.py`\]\(\w+\.py\)(?:, )?)+) \|", re.MULTILINE)


def test_every_test_on_the_page_is_there() -> None:
    root = ROOM.parents[1]
    links = TEST.findall(PAGE)
    assert len(links) > 15
    for path, link, test in links:
        file = (ROOM / link).resolve()
        assert file == (root / path).resolve(), f"{link} leads to {file}"
        nodes = ast.walk(ast.parse(file.read_text()))
        functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{path} has no {test}"


def test_every_row_that_says_who_is_held_names_a_test() -> None:
    table = PAGE.partition("| what | is held to |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(table) == len(TEST.findall(PAGE))
    assert all(TEST.search(row) for row in table)


def test_the_page_lists_all_files_of_the_room() -> None:
    files = {name for row in FILE.findall(PAGE) for name in re.findall(r"`(\w+\.py)`", row)}
    assert files == {path.name for path in ROOM.glob("*.py")}
