"""The chips that there are, by name: those of this tree, and those of every installed package that offers one.

In the tree a chip is a folder with a ``package.py``, in which ``PACKAGE`` is its ``ChipPackage``. Any other package
offers a chip as an entry point of the group ``draupnir.chips``, by the chip's name. A chip's own modules are imported
only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from draupnir.emulator import package as parts
from draupnir.emulator.declare import Chip, Parameter, Sized
from draupnir.emulator.declare.parameters import declared
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import ChipPackage

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from draupnir.emulator.model import ClockLevel

FOLDER = Path(__file__).parent
GROUP = "draupnir.chips"
IN_TREE = "draupnir's own tree"


@cache
def names() -> tuple[str, ...]:
    """Names of all chips, in alphabetical order."""
    return tuple(sorted(_offers()))


@cache
def package(name: str) -> ChipPackage:
    """The chip of this name.

    Raises InputError for a name that is not one of ``names()``, or that is there twice, and for a package that cannot
    be loaded or calls its chip by another name.
    """
    offers = _offers().get(name)
    if offers is None:
        raise InputError(f"no chip {name!r}; there are: {', '.join(names())}")
    if len(offers) > 1:
        raise InputError(f"chip {name!r} is there {len(offers)} times, in {' and in '.join(map(_origin, offers))}")
    found = _loaded(offers[0])
    if not isinstance(found, ChipPackage):
        raise InputError(f"{_said(offers[0])} is a {type(found).__name__}; right is a ChipPackage")
    if found.name != name:
        raise InputError(f"{_said(offers[0])} calls its chip {found.name!r}; right is the same name in both places")
    return found


def declaration(name: str, sizes: Mapping[str, int] | None = None) -> Chip:
    """Return what is declared of a chip: pins, memories, registers, events.

    sizes : of its parameters that are not at their defaults, for a chip that has any
    Raises InputError as ``package`` does, and for sizes that the chip cannot have.
    """
    return declared(parts.DECLARATION.needed(package(name)), name, sizes or {})


def declared_as(chip: str | Chip) -> Chip:
    """A declaration; of a name that with all sizes at their defaults. Raises InputError as ``declaration`` does."""
    return declaration(chip) if isinstance(chip, str) else chip


def parameters(name: str) -> tuple[Parameter, ...]:
    """Return what can be chosen of a chip; nothing of most. Raises InputError as ``package`` does."""
    found = parts.DECLARATION.needed(package(name))
    return found.parameters if isinstance(found, Sized) else ()


def model(name: str, sizes: Mapping[str, int] | None = None) -> type[ClockLevel]:
    """The class of a chip's clock-level golden model, with the declaration of these sizes as its ``chip``.

    Raises InputError as ``declaration`` does.
    """
    found = parts.MODEL.needed(package(name))
    if not sizes and not found.chip.sizes:
        return found
    return _model(name, found, tuple((sizes or {}).items()))


@cache
def _model(name: str, found: type[ClockLevel], sizes: tuple[tuple[str, int], ...]) -> type[ClockLevel]:
    """The class of a model with the declaration of these sizes: one class for each."""
    chip = declaration(name, dict(sizes))
    if chip.sizes == found.chip.sizes:
        return found
    return type(found.__name__, (found,), {"chip": chip, "__module__": found.__module__, "__doc__": found.__doc__})


@cache
def _offers() -> Mapping[str, list[EntryPoint]]:
    """Return who offers a chip, by the chip's name. The tree offers its chips as if by entry points, of no package."""
    from importlib.metadata import EntryPoint, entry_points  # a command's help takes no time for it

    found: dict[str, list[EntryPoint]] = {}
    for path in FOLDER.glob("*/package.py"):
        room = path.parent.name
        found.setdefault(room, []).append(EntryPoint(room, f"draupnir.emulator.{room}.package:PACKAGE", GROUP))
    for offer in entry_points(group=GROUP):
        found.setdefault(offer.name, []).append(offer)
    return found


def _loaded(offer: EntryPoint) -> object:
    try:
        return offer.load()
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{_said(offer)} cannot be loaded: {parts.failure(error)}") from error


def _said(offer: EntryPoint) -> str:
    return f"chip {offer.name!r}: {offer.value} in {_origin(offer)}"


def _origin(offer: EntryPoint) -> str:
    return f"the package {offer.dist.name} {offer.dist.version}" if offer.dist else IN_TREE
