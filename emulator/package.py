"""A chip as one object that names all of its parts, wherever they are.

A ``ChipPackage`` names each part as "module:attribute", or as "module" if the part is a module. A part is imported, and
its kind checked, only when somebody asks for it; so a list of all chips imports none of them. A part that the chip
lacks is None. A part that fails to import is an error, and never counts as a part that the chip lacks.

A ``Part`` object describes a kind of part. It stands in the room that uses the part: rtl knows what an RTL is, tools
knows what rules are.
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
from draupnir.emulator.declare.parameters import chip_of
from draupnir.emulator.errors import InputError

if TYPE_CHECKING:
    from draupnir.emulator.model import ClockLevel

T = TypeVar("T")
PAGE = "emulator/ADDING_A_CHIP.md"


@dataclass(frozen=True)
class ChipPackage:
    """A chip, and where its parts are. A chip needs only the first three; each other part is None if the chip lacks it.

    name : the chip's name on the command line, the same as in its declaration
    declaration : a ``declare.Chip``, or a ``declare.Sized`` for a chip of several sizes
    model : the class of its golden model, a ``model.ClockLevel``; for other sizes its attribute ``chip`` is replaced
    extends : the name of the chip of which this one is a strict superset, with the same pins: its golden cases hold on
        this chip, too, and the code of this chip may import that chip's
    engine : its event level, a ``levels.Level``
    closed_loop : the chip between a sender and a receiver, clock by clock, a ``levels.ClosedLoopLevel``
    host : the host that leads the chip from timestep to timestep, a ``levels.HostRoom``
    operations : the operations of a host that sends events, resets neurons and reads potentials, a class; see
        ``crossbar/operations.py``
    ticks : the chip by its own timesteps, with the files of its own simulator, a ``levels.TickLevel``
    layers : the form of a layer in files, for a chip that is programmed layer by layer, a ``tools.layers.LayerForm``
    port : the form of writes on its SPI, a ``spi.port.Port``
    recipes : its stimuli by name, a ``golden.recipes.RecipeBook``
    golden : the folder that has a folder for each golden case
    rtl : our RTL of the chip in Amaranth, a ``rtl.design.OurChip``
    bench : the class of its cocotb bench
    tests : the package that has its cocotb tests, test_*.py
    shared_tests : a package with cocotb tests that sister chips share
    lint : rules that find mistakes in a configuration
    mapper : brings trained networks to the chip, a ``mapper.Mapper``
    proofs : what is proved of its kernels and its RTL, a tuple of ``claim.Leaf``, ``claim.Law`` and ``whole.ChipStep``
    waivers : a file that names what no test can reach in its RTL, and why; see tools/coverage
    explainer : explains a neuron in a run, a ``tools.explain.part.Explainer``
    workloads : the workloads of ``draupnir bench``
    main_job : what ``draupnir sim`` does if no test is named
    page : its page for people, in Markdown

    ``golden``, ``waivers`` and ``page`` have the form "package:path", with a path below the package's folder.
    """

    name: str
    declaration: str
    model: str
    extends: str | None = None
    engine: str | None = None
    closed_loop: str | None = None
    host: str | None = None
    operations: str | None = None
    ticks: str | None = None
    layers: str | None = None
    port: str | None = None
    recipes: str | None = None
    golden: str | None = None
    rtl: str | None = None
    bench: str | None = None
    tests: str | None = None
    shared_tests: str | None = None
    lint: str | None = None
    mapper: str | None = None
    proofs: str | None = None
    waivers: str | None = None
    explainer: str | None = None
    workloads: str | None = None
    main_job: str | None = None
    page: str | None = None

    @property
    def declared(self) -> Chip:
        """The declaration of the chip, with all sizes at their defaults: pins, memories, registers, events."""
        return chip_of(DECLARATION.require(self), self.name, {})

    def sized(self, **sizes: int) -> Chip:
        """Return the declaration of the chip with these sizes; all others have their default.

        Raises InputError for a size that the chip does not have, and for sizes that it cannot have.
        """
        return chip_of(DECLARATION.require(self), self.name, sizes)

    @property
    def cases(self) -> Path:
        """The folder of the chip's golden cases. Raises InputError if it has none."""
        folder = place(self, "golden")
        if folder is None:
            raise InputError(f"{lacks(self, 'golden', 'golden cases of its own')}; right is the name of their folder")
        return folder


@dataclass(frozen=True)
class Part(Generic[T]):
    """A kind of part.

    name : the attribute of ``ChipPackage`` that says where the part is
    title : the part in words
    consequence : a clause that says what cannot be done without it
    is_one : returns True for an object of this kind
    right : a description of such an object, for the message
    """

    name: str
    title: str
    consequence: str
    is_one: Callable[[object], TypeGuard[T]]
    right: str

    def load(self, chip: ChipPackage) -> T | None:
        """Import this part of a chip, and return it; None if the chip lacks it.

        Raises InputError if the part cannot be imported, or is of another kind.
        """
        reference: str | None = getattr(chip, self.name)
        if reference is None:
            return None
        part = _imported(chip, f"{self.name}={reference!r}", reference)
        if not self.is_one(part):
            raise InputError(f"{chip.name}: {self.name}={reference!r} is {_kind(part)}; right is {self.right}")
        return part

    def require(self, chip: ChipPackage) -> T:
        """Import this part of a chip, and return it. Raises InputError as ``load`` does, and if the chip lacks it."""
        part = self.load(chip)
        if part is None:
            raise InputError(f"{lacks(chip, self.name, self.title)}: {self.consequence}; {PAGE} shows how to add one")
        return part


def lacks(chip: ChipPackage, name: str, title: str) -> str:
    """Return the message that a chip lacks a part; title : the part in words."""
    return f"{chip.name} has no {title} ({name}= of its ChipPackage)"


def place(chip: ChipPackage, name: str) -> Path | None:
    """Return the path of a chip's ``golden``, ``waivers``, ``page``, ``tests`` or ``shared_tests``.

    None if the chip lacks it.
    Raises InputError if the package that should hold it cannot be imported.
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


def _imported(chip: ChipPackage, attribute_text: str, reference: str) -> object:
    """Import the object that a reference names. Raises InputError, with the line that fails."""
    module, _, path = reference.partition(":")
    try:
        imported: object = import_module(module)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{chip.name}: {attribute_text} cannot be imported: {failure(error)}") from error
    for attribute in path.split(".") if path else ():
        if not hasattr(imported, attribute):
            raise InputError(f"{chip.name}: {attribute_text}: there is no {attribute} in {module}")
        imported = getattr(imported, attribute)
    return imported


def failure(error: BaseException) -> str:
    """Return an import's error as one line of text, with the file and line that raised it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    raised = f" ({frames[-1].filename}:{frames[-1].lineno})" if len(frames) > 1 else ""
    return f"{type(error).__name__}: {error}{raised}"


def _kind(part: object) -> str:
    return f"a {type(part).__name__}" if not isinstance(part, type) else f"the class {part.__name__}"


def _is_declaration(part: object) -> TypeGuard[Chip | Sized]:
    return isinstance(part, Chip | Sized)


def _is_model(part: object) -> TypeGuard[type[ClockLevel]]:
    from draupnir.emulator.model import ClockLevel  # needs NumPy and Numba, which a list of chips does not import

    return isinstance(part, type) and issubclass(part, ClockLevel)


DECLARATION: Part[Chip | Sized] = Part(
    "declaration", "declaration", "nothing can be done with it", _is_declaration, "a declare.Chip, or a declare.Sized"
)
MODEL: Part[type[ClockLevel]] = Part(
    "model", "golden model", "nothing can run it", _is_model, "a subclass of model.ClockLevel"
)
