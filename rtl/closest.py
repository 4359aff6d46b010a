"""Find the module of a design that is a chip, or that is closest to it, and describe a module that is not the chip."""

from __future__ import annotations

from collections.abc import Collection

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.differences import are_pins
from draupnir.rtl.hierarchy import ModulePort
from draupnir.rtl.library import Library
from draupnir.rtl.likeness import likeness

ALIKE = 0.4  # a module with at least this part of a declaration counts as close to it
_MOST_LISTED = 8


def matching(library: Library, chip: Chip) -> list[str]:
    """Return the modules whose ports are the declared pins, in alphabetical order."""
    return sorted(name for name in library.files if are_pins(chip, library.ports(name)))


def closest(library: Library, chip: Chip) -> str:
    """Return the module with most of the declaration; if none is close, the one of the top modules with most of it."""
    alike = {name: likeness_of(library, chip, name) for name in library.files}
    strong = [name for name in alike if alike[name] >= ALIKE]
    if not strong:
        tops = set(library.at_the_top) or set(alike)
        most = max(round(alike[name], 1) for name in tops)
        alike = {name: alike[name] for name in tops if round(alike[name], 1) == most}
        return max(alike, key=lambda name: (len(library.tree(name).instances), name))
    return max(strong, key=lambda name: (alike[name], name in library.at_the_top, name))


def likeness_of(library: Library, chip: Chip, module: str) -> float:
    """Return how much of the declaration a module has, 0 to 1."""
    return likeness(chip, library.ports(module), library.tree(module).arrays)


def in_brief(library: Library, chip: Chip, module: str, pins: Collection[str], memories: Collection[str] | None) -> str:
    """Return a text on the part of the declaration that a module has, and on the other top modules.

    pins, memories : the pins and memories of the chip that the module has; None if its memories are not known
    """
    words = f"it has {_some(pins, len(chip.pins), 'pins')}"
    if chip.memories and memories is not None:
        words += f" and {_some(memories, len(chip.memories), 'memories')}"
    tops = [name for name in library.at_the_top if name != module]
    if tops:
        more = f", and {len(tops) - _MOST_LISTED} more" if len(tops) > _MOST_LISTED else ""
        words += f"; also at the top are {', '.join(tops[:_MOST_LISTED])}{more}"
    return words


def other_chip(ports: list[ModulePort], chip: Chip) -> str:
    """Return the name of another chip whose pins these ports are, or "": if possible, of one that extends no other."""
    for name in sorted(chips.names(), key=lambda name: chips.package(name).extends is not None):
        try:
            declaration = chips.declaration(name)
        except InputError:
            continue  # a broken package of somebody else, which other commands report
        if name != chip.name and declaration.pins and are_pins(declaration, ports):
            return name
    return ""


def _some(names: Collection[str], n_all: int, kind: str) -> str:
    text = f" ({', '.join(names)})" if names else ""
    return f"{len(names)} of {n_all} {kind}{text}"
