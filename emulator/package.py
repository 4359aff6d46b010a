"""A chip as one object: everything that there is of it, wherever it lives.

A ``ChipPackage`` only names its parts, each as "module:attribute", or "module" where the part is a module. A part is
imported when it is asked for, and then checked to be of its kind; so a list of all chips imports none of them. What a
chip lacks is None, and a part that fails to import is an error, never an absence.

The kinds of parts are ``Part`` objects that stand where the part is used: rtl knows what an RTL is, and tools what
rules are.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeGuard, TypeVar

from draupnir.emulator.declare import Chip, Sized
from draupnir.emulator.declare.parameters import declared
from draupnir.emulator.errors import InputError

if TYPE_CHECKING:
    from draupnir.emulator.model import ClockLevel

T = TypeVar("T")
PAGE = "emulator/ADDING_A_CHIP.md"


@dataclass(frozen=True)
class ChipPackage:
    """A chip, and where its parts are. Only the first three are needed; None is what the chip has not.

    name : what the command line calls it, the same as its declaration's
    declaration : a ``declare.Chip``, or a ``declare.Sized`` of a chip whose sizes can be chosen
    model : the class of its golden model, a ``model.ClockLevel``; its ``chip`` is replaced by that of other sizes
    engine : its event level; closed_loop : the chip between sender and receiver, clock by clock: ``levels.Level``
    host : what leads the chip from timestep to timestep: ``levels.HostRoom``
    port : how its SPI carries writes
    recipes : named stimuli: ``golden.recipes.RecipeBook``; golden : the folder of its golden cases, a folder each
    rtl : an RTL of its own in Amaranth: ``rtl.design.OurChip``
    bench : its cocotb bench, the class; tests : the package whose folder has the cocotb tests, test_*.py
    shared_tests : a package, likewise, with tests that sister chips share
    lint : rules on what in a configuration is hardly meant; workloads : what is measured
    main_job : what ``draupnir sim`` does unless a test is named
    page : what people read about it, in Markdown

    ``golden`` and ``page`` are "package:path", a path below the package's folder.
    """

    name: str
    declaration: str
    model: str
    engine: str | None = None
    closed_loop: str | None = None
    host: str | None = None
    port: str | None = None
    recipes: str | None = None
    golden: str | None = None
    rtl: str | None = None
    bench: str | None = None
    tests: str | None = None
    shared_tests: str | None = None
    lint: str | None = None
    workloads: str | None = None
    main_job: str | None = None
    page: str | None = None

    @property
    def declared(self) -> Chip:
        """Return what is declared of the chip, with all sizes at their defaults: pins, memories, registers, events."""
        return declared(DECLARATION.needed(self), self.name, {})

    def sized(self, **sizes: int) -> Chip:
        """Return what is declared of the chip with these sizes, the others at their defaults.

        Raises InputError for what is no size of it, and for sizes that it cannot have.
        """
        return declared(DECLARATION.needed(self), self.name, sizes)

    @property
    def cases(self) -> Path:
        """The folder of its golden cases. Raises InputError if it has none."""
        folder = place(self, "golden")
        if folder is None:
            raise InputError(f"{lacks(self, 'golden', 'golden cases of its own')}; right is a folder of them")
        return folder


@dataclass(frozen=True)
class Part(Generic[T]):
    """A kind of part.

    name : the attribute of ``ChipPackage`` that says where it is
    what : the part in words; without : what cannot be done without it, a clause
    is_one : whether an object is of this kind; right : what such an object is, in words
    """

    name: str
    what: str
    without: str
    is_one: Callable[[object], TypeGuard[T]]
    right: str

    def of(self, chip: ChipPackage) -> T | None:
        """Import this part of a chip; None if the chip has none.

        Raises InputError if it cannot be imported, or is something else.
        """
        reference: str | None = getattr(chip, self.name)
        if reference is None:
            return None
        found = _imported(chip, f"{self.name}={reference!r}", reference)
        if not self.is_one(found):
            raise InputError(f"{chip.name}: {self.name}={reference!r} is {_kind(found)}; right is {self.right}")
        return found

    def needed(self, chip: ChipPackage) -> T:
        """Import this part of a chip. Raises InputError as ``of`` does, and if the chip has none."""
        found = self.of(chip)
        if found is None:
            raise InputError(f"{lacks(chip, self.name, self.what)}: {self.without}; {PAGE} says what it takes")
        return found


def lacks(chip: ChipPackage, name: str, what: str) -> str:
    """Say which part a chip lacks."""
    return f"{chip.name} has no {what} ({name}= of its ChipPackage)"


def place(chip: ChipPackage, name: str) -> Path | None:
    """The path of a chip's ``golden``, ``page``, ``tests`` or ``shared_tests``; None if the chip has none.

    Raises InputError if the package in which it should be cannot be imported.
    """
    reference: str | None = getattr(chip, name)
    if reference is None:
        return None
    package, _, path = reference.partition(":")
    try:
        spec = find_spec(package)
    except ImportError as error:
        raise InputError(f"{chip.name}: {name}={reference!r}: {error}") from error
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise InputError(f"{chip.name}: {name}={reference!r}: there is no package {package}")
    return Path(folders[0]) / path


def _imported(chip: ChipPackage, where: str, reference: str) -> object:
    """Import what a reference names. Raises InputError, with the line that failed."""
    module, _, path = reference.partition(":")
    try:
        found: object = import_module(module)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{chip.name}: {where} cannot be imported: {failure(error)}") from error
    for attribute in path.split(".") if path else ():
        if not hasattr(found, attribute):
            raise InputError(f"{chip.name}: {where}: there is no {attribute} in {module}")
        found = getattr(found, attribute)
    return found


def failure(error: BaseException) -> str:
    """An error of an import in one line, with the file and line that raised it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    raised = f" ({frames[-1].filename}:{frames[-1].lineno})" if len(frames) > 1 else ""
    return f"{type(error).__name__}: {error}{raised}"


def _kind(found: object) -> str:
    return f"a {type(found).__name__}" if not isinstance(found, type) else f"the class {found.__name__}"


def _is_declaration(found: object) -> TypeGuard[Chip | Sized]:
    return isinstance(found, Chip | Sized)


def _is_model(found: object) -> TypeGuard[type[ClockLevel]]:
    from draupnir.emulator.model import ClockLevel  # needs NumPy and Numba, which a list of chips does not

    return isinstance(found, type) and issubclass(found, ClockLevel)


DECLARATION: Part[Chip | Sized] = Part(
    "declaration", "declaration", "nothing is known of it", _is_declaration, "a declare.Chip, or a declare.Sized"
)
MODEL: Part[type[ClockLevel]] = Part(
    "model", "golden model", "nothing can run it", _is_model, "a class made of model.ClockLevel"
)
