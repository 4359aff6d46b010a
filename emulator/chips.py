"""All chips, by name: those of this tree, and those that an installed package offers.

In the tree a chip is a folder with a ``package.py``, in which ``PACKAGE`` is its ``ChipPackage``. Any other package
offers a chip by an entry point of the group ``draupnir.chips``, which has the chip's name. A chip's own modules are
imported only when somebody asks for the chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from draupnir.emulator import package as parts
from draupnir.emulator.declare import Chip, Parameter, Sized
from draupnir.emulator.declare.parameters import chip_of
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
    """The names of all chips, in alphabetical order."""
    return tuple(sorted(_offers()))


@cache
def package(name: str) -> ChipPackage:
    """The chip of this name.

    Raises InputError for a name that is not one of ``names()`` or that two packages offer, and for a package that
    cannot be loaded or gives its chip another name.
    """
    offers = _offers().get(name)
    if offers is None:
        raise InputError(f"no chip {name!r}; there are: {', '.join(names())}")
    if len(offers) > 1:
        raise InputError(f"chip {name!r} exists {len(offers)} times, in {' and in '.join(map(_origin, offers))}")
    chip = _load(offers[0])
    if not isinstance(chip, ChipPackage):
        raise InputError(f"{_describe(offers[0])} is a {type(chip).__name__}; right is a ChipPackage")
    if chip.name != name:
        raise InputError(f"{_describe(offers[0])} calls its chip {chip.name!r}; right is the same name in both places")
    return chip


def declaration(name: str, sizes: Mapping[str, int] | None = None) -> Chip:
    """The declaration of a chip: pins, memories, registers, events.

    sizes : parameter -> value, for each parameter that does not have its default

    Raises InputError as ``package`` does, and for sizes that the chip cannot have.
    """
    return chip_of(parts.DECLARATION.require(package(name)), name, sizes or {})


def declared_as(chip: str | Chip) -> Chip:
    """A declaration itself, or the one of a chip's name, with all sizes at their defaults.

    Raises InputError as ``declaration`` does.
    """
    return declaration(chip) if isinstance(chip, str) else chip


def parameters(name: str) -> tuple[Parameter, ...]:
    """The sizes that a user can choose for a chip; most chips have none. Raises InputError as ``package`` does."""
    declaration_of_chip = parts.DECLARATION.require(package(name))
    return declaration_of_chip.parameters if isinstance(declaration_of_chip, Sized) else ()


def model(name: str, sizes: Mapping[str, int] | None = None) -> type[ClockLevel]:
    """The class of a chip's clock-level golden model, with the declaration of these sizes as its ``chip``.

    Raises InputError as ``declaration`` does.
    """
    model_class = parts.MODEL.require(package(name))
    if not sizes and not model_class.chip.sizes:
        return model_class
    return _model(name, model_class, tuple((sizes or {}).items()))


@cache
def _model(name: str, model_class: type[ClockLevel], sizes: tuple[tuple[str, int], ...]) -> type[ClockLevel]:
    """The class of a model with the declaration of these sizes: one class for each."""
    chip = declaration(name, dict(sizes))
    if chip.sizes == model_class.chip.sizes:
        return model_class
    return type(
        model_class.__name__,
        (model_class,),
        {"chip": chip, "__module__": model_class.__module__, "__doc__": model_class.__doc__},
    )


@cache
def _offers() -> Mapping[str, list[EntryPoint]]:
    """Return name of a chip -> its entry points. The chips of the tree have one, too, which belongs to no package."""
    from importlib.metadata import EntryPoint, entry_points  # a command's help takes no time for it

    offers: dict[str, list[EntryPoint]] = {}
    for path in FOLDER.glob("*/package.py"):
        room = path.parent.name
        offers.setdefault(room, []).append(EntryPoint(room, f"draupnir.emulator.{room}.package:PACKAGE", GROUP))
    for offer in entry_points(group=GROUP):
        offers.setdefault(offer.name, []).append(offer)
    return offers


def _load(offer: EntryPoint) -> object:
    try:
        return offer.load()
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{_describe(offer)} cannot be loaded: {parts.failure(error)}") from error


def _describe(offer: EntryPoint) -> str:
    return f"chip {offer.name!r}: {offer.value} in {_origin(offer)}"


def _origin(offer: EntryPoint) -> str:
    return f"the package {offer.dist.name} {offer.dist.version}" if offer.dist else IN_TREE
