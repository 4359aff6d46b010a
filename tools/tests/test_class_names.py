"""No class name stands for two things: who reads ``Outcome`` in a traceback, or searches for it, finds one class."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from draupnir.emulator import chips

ROOT = Path(__file__).parents[2]
ROOMS = ("cocotb_tests", "draupnir", "emulator", "golden", "rtl", "tools")


def sources() -> Iterator[Path]:
    """All source files but tests; the links in draupnir/ lead to the other rooms."""
    for room in ROOMS:
        paths = (ROOT / room).glob("*.py") if room == "draupnir" else (ROOT / room).rglob("*.py")
        yield from (
            path.relative_to(ROOT) for path in sorted(paths) if "tests" not in path.parts[len(ROOT.parts) + 1 :]
        )


def owner(path: Path) -> str:
    """Whose file it is: a chip's in one of the rooms ("rtl/odin"), or "" of all.

    Sister chips are built alike, and the RTL of a part opens beside its model; so each chip may have its own
    ``Scheduler`` once in each room.
    """
    room, *folders = path.parts
    for name in sorted(chips.names(), key=len, reverse=True):
        if name in folders[:1] or (folders[0] == "recipes" and f"{path.stem}_".startswith(f"{name}_")):
            return f"{room}/{name}"
    return ""


def classes() -> dict[str, list[tuple[str, str]]]:
    """Name -> owner and place of each class of that name."""
    places_by_name: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sources():
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.ClassDef):
                places_by_name[node.name].append((owner(path), f"{path}:{node.lineno}"))
    return places_by_name


def test_each_class_name_is_one_thing() -> None:
    places_by_name = classes()
    assert len(places_by_name) > 300
    duplicates = []
    for name, places in places_by_name.items():
        owners = [one for one, _ in places]
        if len(places) > 1 and ("" in owners or len(set(owners)) < len(owners)):
            duplicates.append(f"{name}: {', '.join(place for _, place in places)}")
    assert duplicates == []
