"""The module of a design that is a chip, or comes closest to it; and what is said where none is the chip."""

from __future__ import annotations

from collections.abc import Collection

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.differences import are_pins
from draupnir.rtl.hierarchy import ModulePort
from draupnir.rtl.library import Library
from draupnir.rtl.likeness import likeness

ALIKE = 0.4  # of a declaration, which a module must have to come close to it
_MOST_LISTED = 8


def matching(library: Library, chip: Chip) -> list[str]:
    """The modules whose ports are the declared pins, in alphabetical order."""
    return sorted(name for name in library.files if are_pins(chip, library.ports(name)))


def closest(library: Library, chip: Chip) -> str:
    """The module that has most of the declaration; if none comes close, the one of those at the top that has most."""
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
    """Return what a module that is far from the chip has of it, in words, and what else stands at the top.

    pins, memories : those of the chip that were found in the module; None where its memories are not known
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
    """The chip whose pins these ports are, if there is one and it is another; else ""."""
    for name in chips.names():
        try:
            declared = chips.declaration(name)
        except InputError:
            continue  # somebody's package that is broken; this is not the place to say so
        if name != chip.name and declared.pins and are_pins(declared, ports):
            return name
    return ""


def _some(names: Collection[str], n_all: int, kind: str) -> str:
    listed = f" ({', '.join(names)})" if names else ""
    return f"{len(names)} of {n_all} {kind}{listed}"
