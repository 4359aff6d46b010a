"""Sizes of a chip that its user chooses: parameters, and the function of them that declares the chip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from draupnir.emulator.declare.chip import Chip
from draupnir.emulator.declare.errors import DeclarationError, unique
from draupnir.emulator.errors import InputError


@dataclass(frozen=True)
class Parameter:
    """A size of a chip, by the name that it has in the chip's RTL.

    default : its value where nobody chooses one; low, high : the smallest and the largest
    meaning : one line
    """

    name: str
    default: int
    low: int
    high: int
    meaning: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise DeclarationError(f"parameter {self.name!r}: right is a Python identifier, for it is an argument")
        if not self.low <= self.default <= self.high:
            raise DeclarationError(f"parameter {self.name}: default {self.default} is not in {self.low}..{self.high}")

    def __str__(self) -> str:
        return f"{self.name} ({self.low}..{self.high}, else {self.default}: {self.meaning})"


@dataclass(frozen=True)
class Sized:
    """A chip of which there are several sizes; called with some of its sizes, it gives the declaration.

    parameters : what can be chosen
    function : the declaration, given all parameters as keyword arguments
    """

    parameters: tuple[Parameter, ...]
    function: Callable[..., Chip]

    def __post_init__(self) -> None:
        unique("a chip with sizes", "parameter", [parameter.name for parameter in self.parameters])

    def __call__(self, **sizes: int) -> Chip:
        """The chip with these sizes, and the others at their defaults.

        Raises InputError for a size that there is not or that is out of range, or where sizes do not go together.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, size in sizes.items():
            if name not in known:
                raise InputError(f"{name}={size}: there is no such size; there are {_listed(self.parameters)}")
            low, high = known[name].low, known[name].high
            if not low <= size <= high:
                raise InputError(f"{name}={size}: right is {low}..{high}: {known[name].meaning}")
        chosen = {name: sizes.get(name, parameter.default) for name, parameter in known.items()}
        try:
            return replace(self.function(**chosen), sizes=chosen)
        except DeclarationError as error:
            said = ", ".join(f"{name}={size}" for name, size in chosen.items())
            raise InputError(f"{said}: these sizes do not go together: {error}") from error


def sized(*parameters: Parameter) -> Callable[[Callable[..., Chip]], Sized]:
    """Decorate the function that declares a chip of several sizes, with its parameters."""

    def decorate(function: Callable[..., Chip]) -> Sized:
        return Sized(parameters, function)

    return decorate


def declared(declaration: Chip | Sized, name: str, sizes: Mapping[str, int]) -> Chip:
    """The chip of a declaration, of one size or of several; name : that of the chip. Raises InputError."""
    if isinstance(declaration, Chip):
        if sizes:
            said = ", ".join(f"{size}={value}" for size, value in sizes.items())
            raise InputError(f"{said}: {name} has no sizes to choose")
        return declaration
    return declaration(**sizes)


def _listed(parameters: Iterable[Parameter]) -> str:
    return ", ".join(map(str, parameters))
