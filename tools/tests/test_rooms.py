"""The laws of the house: who may import whom, no circle, and a page in each room that says what it answers."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

import pytest

from draupnir.emulator import chips as packages
from draupnir.tools.tests.sources import ROOMS, ROOT, file_of, imports, is_test, paths, trees

BELOW = {  # what each top folder may import beside itself
    "emulator": (),
    "golden": ("emulator",),
    "rtl": ("emulator", "golden"),
    "cocotb_tests": ("emulator", "golden", "rtl"),
    "tools": ("emulator", "golden", "rtl", "cocotb_tests"),
}
Path = PurePosixPath


def arrows() -> Iterator[tuple[Path, int, Path]]:
    """Each import of the product: the file, its line, and the file that it imports."""
    for path, tree in trees().items():
        if not is_test(path):
            for line, name in imports(tree):
                target = file_of(name)
                if target is not None and target != path:
                    yield path, line, target


@cache
def chips() -> frozenset[str]:
    """The folders of chips: those of ``emulator`` with a declaration of their own."""
    packages = (path for path in paths() if path.match("emulator/*/package.py") and len(path.parts) == 3)
    return frozenset(path.parent.name for path in packages)


def chip_of(path: Path) -> str:
    """The chip that a file belongs to, by its folder or its name; "" for what is of none."""
    names = (*path.parts[:-1], path.stem, path.stem.split("_")[0])
    return next((name for name in names if name in chips()), "")


def may_import(path: Path, target: Path) -> bool:
    """True for files of one chip or of none, and if the chip of the first extends that of the other."""
    own, other = chip_of(path), chip_of(target)
    return not own or not other or own == other or packages.package(own).extends == other


def circle(graph: Mapping[Path, Set[Path]]) -> list[str]:
    """Files or rooms that import each other in a ring; [] if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(path) for path in error.args[1]]
    return []


def test_a_top_folder_imports_those_below_it_alone() -> None:
    wrong = [
        f"{path}:{line} imports {target}"
        for path, line, target in arrows()
        if target.parts[0] not in (path.parts[0], *BELOW[path.parts[0]])
    ]
    assert wrong == []


def test_nothing_imports_tools_by_another_name() -> None:
    """Not by a string either, but for the chips' objects, whose parts are imported when they are asked for."""
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        if path.parts[0] != "tools" and not is_test(path) and path.name != "package.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("draupnir.tools")
    ]
    assert wrong == []


def test_a_chip_never_imports_another_chip_unless_it_extends_it() -> None:
    wrong = [f"{path}:{line} imports {target}" for path, line, target in arrows() if not may_import(path, target)]
    assert wrong == []
    gungnir, odin, reckon = (Path("emulator") / name / "chip.py" for name in ("gungnir", "odin", "reckon"))
    assert may_import(gungnir, odin) and not may_import(odin, gungnir) and not may_import(gungnir, reckon)


def test_no_files_import_each_other_in_a_circle() -> None:
    graph: dict[Path, set[Path]] = defaultdict(set)
    for path, _, target in arrows():
        graph[path].add(target)
    assert len(graph) > 200
    assert circle(graph) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    """A room and the rooms inside it are one house: there the files alone must make no circle."""
    graph: dict[Path, set[Path]] = defaultdict(set)
    for path, _, target in arrows():
        inner, outer = sorted((path.parent, target.parent), key=lambda room: -len(room.parts))
        if inner != outer and outer not in inner.parents:
            graph[path.parent].add(target.parent)
    assert len(graph) > 20
    assert circle(graph) == []


def test_a_circle_is_found() -> None:
    one, other, third = Path("a"), Path("b"), Path("c")
    assert circle({one: {other}, other: {third}}) == []
    assert set(circle({one: {other}, other: {third}, third: {one}})) == {"a", "b", "c"}


def test_imports_are_found_wherever_they_stand() -> None:
    text = "def f():\n    from draupnir.emulator import trace, chips\nimport draupnir.rtl.emit\nimport numpy\n"
    names = ["draupnir.rtl.emit", "draupnir.emulator.trace", "draupnir.emulator.chips"]
    assert [name for _, name in imports(ast.parse(text))] == names
    assert file_of("draupnir.emulator.trace.pack") == Path("emulator/trace.py")
    assert file_of("draupnir.emulator.declare.Chip") == Path("emulator/declare/__init__.py")


def rooms() -> list[str]:
    """Each folder with sources of the product."""
    return sorted({str(path.parent) for path in paths() if not is_test(path)})


@pytest.mark.parametrize("room", rooms())
def test_each_room_has_a_page_that_says_which_question_it_answers(room: str) -> None:
    page = ROOT / room / "README.md"
    assert page.is_file(), f"{room} has no README.md"
    title, _, text = page.read_text().partition("\n")
    assert title.startswith("# ") and len(text.split()) >= 20


@pytest.mark.parametrize("room", rooms())
def test_each_file_that_a_page_names_is_there(room: str) -> None:
    page = (ROOT / room / "README.md").read_text()
    links = [part.split(")")[0].split("#")[0] for part in page.split("](")[1:]]
    broken_links = [link for link in links if "://" not in link and link and not (ROOT / room / link).exists()]
    assert broken_links == []


def test_all_rooms_are_read() -> None:
    assert {room.split("/")[0] for room in rooms()} == set(ROOMS)
