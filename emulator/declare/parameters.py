"""Chips of several sizes: the parameters that a user chooses, and the function that declares the chip with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from draupnir.emulator.declare.chip import Chip
from draupnir.emulator.declare.errors import DeclarationError, unique
from draupnir.emulator.errors import InputError


@dataclass(frozen=True)
class Parameter:
    """A size of a chip, with the name that it has in the chip's RTL.

    default : the value if nobody chooses one
    low, high : the smallest and the largest value, both allowed
    meaning : one line

    Raises DeclarationError for a name that is not an identifier, and for a default that is out of range.
    """

    name: str
    default: int
    low: int
    high: int
    meaning: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise DeclarationError(f"parameter {self.name!r}: right is a Python identifier, because it is an argument")
        if not self.low <= self.default <= self.high:
            raise DeclarationError(f"parameter {self.name}: default {self.default} is not in {self.low}..{self.high}")

    def __str__(self) -> str:
        return f"{self.name} ({self.low}..{self.high}, else {self.default}: {self.meaning})"


@dataclass(frozen=True)
class Sized:
    """A chip that comes in several sizes. A call with some of the sizes returns the declaration.

    parameters : the sizes that a user can choose
    function : takes all parameters as keyword arguments, and returns the declaration
    """

    parameters: tuple[Parameter, ...]
    function: Callable[..., Chip]

    def __post_init__(self) -> None:
        unique("a chip with sizes", "parameter", [parameter.name for parameter in self.parameters])

    def __call__(self, **sizes: int) -> Chip:
        """The chip with these sizes; all others have their default.

        Raises InputError for a size that does not exist or is out of range, and for sizes that contradict each other.
        """
        parameters = {parameter.name: parameter for parameter in self.parameters}
        for name, size in sizes.items():
            if name not in parameters:
                raise InputError(f"{name}={size}: the chip has no such size; it has {_list_of(self.parameters)}")
            low, high = parameters[name].low, parameters[name].high
            if not low <= size <= high:
                raise InputError(f"{name}={size}: right is {low}..{high}: {parameters[name].meaning}")
        all_sizes = {name: sizes.get(name, parameter.default) for name, parameter in parameters.items()}
        try:
            return replace(self.function(**all_sizes), sizes=all_sizes)
        except DeclarationError as error:
            text = ", ".join(f"{name}={size}" for name, size in all_sizes.items())
            raise InputError(f"{text}: these sizes contradict each other: {error}") from error


def sized(*parameters: Parameter) -> Callable[[Callable[..., Chip]], Sized]:
    """Make a ``Sized`` of the function below, which declares a chip and takes these parameters."""

    def decorate(function: Callable[..., Chip]) -> Sized:
        return Sized(parameters, function)

    return decorate


def chip_of(declaration: Chip | Sized, name: str, sizes: Mapping[str, int]) -> Chip:
    """The chip of a declaration, with these sizes.

    name : the chip's name, for the message

    Raises InputError for sizes that the chip does not have, that are out of range or that contradict each other.
    """
    if isinstance(declaration, Chip):
        if sizes:
            text = ", ".join(f"{size}={value}" for size, value in sizes.items())
            raise InputError(f"{text}: {name} has no sizes to choose")
        return declaration
    return declaration(**sizes)


def _list_of(parameters: Iterable[Parameter]) -> str:
    return ", ".join(map(str, parameters))
