"""Find a chip's pins among the variables of a waveform.

A scope has the chip's pins if it has a variable of each pin's name (upper and lower case count as equal; bits dumped
one by one and side by side are one variable). Of several such scopes, one is taken without asking only where there is
no choice to make: they name the very same signals, or each lies within the other, when the innermost is the chip.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emulator.declare import Chip, Pin
from emulator.errors import InputError

SHOWN = 8  # scopes named in a message


class Variable(Protocol):
    """What this module needs of a waveform's variable."""

    name: str
    full_name: str
    bitwidth: int | None
    signal_ref: object


@dataclass(frozen=True)
class PinScope:
    """A scope that has all pins.

    name : dotted, "" for the file's top
    pins : a variable for each pin of the chip, in declared order
    """

    name: str
    pins: tuple[Variable, ...]

    @property
    def signals(self) -> tuple[str, ...]:
        return tuple(str(var.signal_ref) for var in self.pins)


Scope = dict[str, list[Variable]]  # variables by lower-case name


def find_scope(chip: Chip, variables: list[Variable], path: Path, wanted: str | None = None) -> PinScope:
    """The scope with the chip's pins; ``wanted`` restricts the choice to the scope of that dotted name.

    Raises InputError, naming pin and scopes, when a pin is missing or has another width, or when there is a choice.
    """
    scopes = _by_scope(variables)
    if wanted is not None:
        if wanted not in scopes:
            raise InputError(f"{path}: no scope {wanted!r}; there is {_list(sorted(scopes))}")
        scopes = {wanted: scopes[wanted]}
    complete = {name: scope for name, scope in scopes.items() if not _missing(chip, scope)}
    if not complete:
        raise InputError(f"{path}: {_what_is_missing(chip, scopes)}")
    candidates: list[PinScope] = []
    unfit: list[InputError] = []
    for name, scope in complete.items():
        try:
            candidates.append(PinScope(name, tuple(_pick(pin, scope, name, path) for pin in chip.pins)))
        except InputError as error:
            unfit.append(error)
    if not candidates:
        raise unfit[0]
    return _choose(chip, candidates, path)


def _by_scope(variables: list[Variable]) -> dict[str, Scope]:
    scopes: dict[str, Scope] = {}
    for var in variables:
        name = var.full_name.removesuffix(var.name).removesuffix(".")
        scopes.setdefault(name, {}).setdefault(var.name.removeprefix("\\").strip().lower(), []).append(var)
    return scopes


def _missing(chip: Chip, scope: Scope) -> list[str]:
    return [pin.name for pin in chip.pins if pin.name.lower() not in scope]


def _what_is_missing(chip: Chip, scopes: dict[str, Scope]) -> str:
    """One line: the missing pins of the scopes that come nearest."""
    n_pins = len(chip.pins)
    fewest = min((len(_missing(chip, scope)) for scope in scopes.values()), default=n_pins)
    if fewest == n_pins:
        return f"no pin of {chip.name} ({chip.pins[0].name}, ...) in any scope; looked in {_list(sorted(scopes))}"
    near = {name: _missing(chip, scope) for name, scope in scopes.items()}
    texts = [f"{_list(gone)} in scope {name or '(top)'}" for name, gone in near.items() if len(gone) == fewest]
    return f"missing pin of {chip.name}: {'; '.join(texts[:SHOWN])} (which has the {n_pins - fewest} others)"


def _pick(pin: Pin, scope: Scope, name: str, path: Path) -> Variable:
    variables = scope[pin.name.lower()]
    exact = [var for var in variables if var.name == pin.name] or variables
    fitting = {str(var.signal_ref): var for var in exact if var.bitwidth == pin.width}
    where = f"{path}: pin {pin.name} in scope {name or '(top)'}"
    if not fitting and len(exact) == 1:
        raise InputError(f"{where} has {exact[0].bitwidth} bits; {pin.width} would be right")
    if len(fitting) != 1:
        widths = ", ".join(str(var.bitwidth) for var in exact)
        raise InputError(f"{where} is there {len(exact)} times ({widths} bits); bits must be dumped side by side")
    return next(iter(fitting.values()))


def _choose(chip: Chip, candidates: list[PinScope], path: Path) -> PinScope:
    inner = max(candidates, key=lambda c: len(c.name))
    if all(c.signals == inner.signals for c in candidates):
        return min(candidates, key=lambda c: len(c.name))
    if all(c is inner or c.name == "" or inner.name.startswith(c.name + ".") for c in candidates):
        return inner
    names = _list(sorted(c.name for c in candidates))
    raise InputError(f"{path}: several scopes have the pins of {chip.name}: {names}; choose one with --scope")


def _list(names: list[str]) -> str:
    shown = [name or "(top)" for name in names[:SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "") or "nothing"
