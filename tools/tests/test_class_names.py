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
    named: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sources():
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.ClassDef):
                named[node.name].append((owner(path), f"{path}:{node.lineno}"))
    return named


def test_each_class_name_is_one_thing() -> None:
    named = classes()
    assert len(named) > 300
    twice = []
    for name, found in named.items():
        owners = [one for one, _ in found]
        if len(found) > 1 and ("" in owners or len(set(owners)) < len(owners)):
            twice.append(f"{name}: {', '.join(place for _, place in found)}")
    assert twice == []
