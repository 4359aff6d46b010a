"""Find a chip's pins among the variables of a waveform.

A scope has the chip's pins if it has a variable of each pin's name (upper and lower case count as equal; a pin may be
dumped bit by bit). Of several such scopes, one is taken without asking only where there is
no choice to make: they name the very same signals, or each lies within the other, when the innermost is the chip.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from draupnir.emulator.declare import Chip, Pin, Probe, Shown
from draupnir.emulator.errors import InputError

SHOWN = 8  # scopes named in a message

_NAME = re.compile(r"\\?(.*?)\s*(?:\[\s*(-?\d+)\s*(?::\s*(-?\d+)\s*)?\])?\s*", re.DOTALL)


class Variable(NamedTuple):
    """A variable of a waveform.

    name : without its range; scope : dotted, "" for the file's top
    width : bits, as the file declares them; kind : "" for bits, else what it is instead, for instance "a real number"
    span : the range behind its name, (4, 4) for [4], None without one
    signal : what changes together has the same; how the file tells it
    """

    name: str
    scope: str
    width: int
    kind: str
    span: tuple[int, int] | None
    signal: str

    @classmethod
    def named(cls, text: str, scope: str, width: int, signal: str, kind: str) -> Variable:
        """A variable whose name and range are one text, as in ``AERIN_ADDR [9:0]``; a name may be an escaped one."""
        found = _NAME.fullmatch(text)
        if found is None or found[2] is None or (found[3] is None and width != 1):  # a row of an array has its own bits
            return cls(text.removeprefix("\\").strip(), scope, width, kind, None, signal)
        high = int(found[2])
        return cls(found[1], scope, width, kind, (high, high if found[3] is None else int(found[3])), signal)

    @property
    def range_width(self) -> int:
        """Bits by the range, or by the declaration if there is none."""
        return self.width if self.span is None else abs(self.span[0] - self.span[1]) + 1


class SignalPart(NamedTuple):
    """Bits of a pin that one variable is: its lowest bit is the pin's bit ``lsb``."""

    variable: Variable
    lsb: int


@dataclass(frozen=True)
class PinScope:
    """A scope that has all pins.

    name : dotted, "" for the file's top
    pins : the parts of each pin of the chip, in declared order; none for a pin that is left out
    probes : the same of its probes; none for one that was not recorded
    """

    name: str
    pins: tuple[tuple[SignalPart, ...], ...]
    probes: tuple[tuple[SignalPart, ...], ...] = ()

    @property
    def signals(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(part.variable.signal for part in parts) for parts in self.pins)


Scope = dict[str, list[Variable]]  # variables by lower-case name


def find_scope(
    chip: Chip, variables: Iterable[Variable], path: Path, wanted: str | None = None, left_out: Collection[str] = ()
) -> PinScope:
    """The scope with the chip's pins; ``wanted`` restricts the choice to the scope of that dotted name.

    left_out : names of pins that are not looked for

    Raises InputError, naming pin and scopes, when a pin is missing or has another width, or when there is a choice.
    """
    scopes = every = _by_scope(variables)
    if wanted is not None:
        if wanted not in scopes:
            raise InputError(f"{path}: no scope {wanted!r}; there is {_list(sorted(scopes))}")
        scopes = {wanted: scopes[wanted]}
    pins = [pin for pin in chip.pins if pin.name not in left_out]
    complete = {name: scope for name, scope in scopes.items() if not _missing(pins, scope)}
    if not complete:
        raise InputError(f"{path}: {_what_is_missing(chip, pins, scopes)}")
    candidates: list[PinScope] = []
    unfit: list[InputError] = []
    for name, scope in complete.items():
        try:
            parts = {pin.name: _parts(pin, scope, name, path) for pin in pins}
            candidates.append(PinScope(name, tuple(parts.get(pin.name, ()) for pin in chip.pins)))
        except InputError as error:
            unfit.append(error)
    if not candidates:
        raise unfit[0]
    chosen = _choose(chip, candidates, path)
    return replace(chosen, probes=tuple(_probe(probe, chosen.name, every, path) for probe in chip.probes))


def _by_scope(variables: Iterable[Variable]) -> dict[str, Scope]:
    scopes: dict[str, Scope] = {}
    for var in variables:
        scopes.setdefault(var.scope, {}).setdefault(var.name.lower(), []).append(var)
    return scopes


def _missing(pins: Sequence[Pin], scope: Scope) -> list[str]:
    return [pin.name for pin in pins if pin.name.lower() not in scope]


def _what_is_missing(chip: Chip, pins: Sequence[Pin], scopes: dict[str, Scope]) -> str:
    """One line: the missing pins of the scopes that come nearest, and how to go on without them."""
    fewest = min((len(_missing(pins, scope)) for scope in scopes.values()), default=len(pins))
    if fewest == len(pins):
        return f"no pin of {chip.name} ({pins[0].name}, ...) in any scope; looked in {_list(sorted(scopes))}"
    near = {name: gone for name, scope in scopes.items() if len(gone := _missing(pins, scope)) == fewest}
    texts = [f"{_list(gone)} in scope {name or '(top)'}" for name, gone in near.items()]
    has = f"missing pin of {chip.name}: {'; '.join(texts[:SHOWN])} (which has the {len(pins) - fewest} others)"
    return has + _without(chip, next(iter(near.values())))


def _without(chip: Chip, missing: list[str]) -> str:
    """Return how a recording without these pins can be replayed all the same."""
    ways = []
    clocks = [clock.pin.name for clock in chip.clocks]
    if any(name in missing for name in clocks) and chip.period == (1,):
        ways.append("samples taken by the chip's own clock, as a vendor's analyser does, need --clock-per-sample")
    if others := [name for name in missing if name not in clocks]:
        options = " ".join(f"--ignore {name}" for name in others)
        ways.append(f"a recording without {'it' if len(others) == 1 else 'them'} needs {options}")
    return "".join(f"; {way}" for way in ways)


def _probe(probe: Probe, top: str, scopes: dict[str, Scope], path: Path) -> tuple[SignalPart, ...]:
    """The variables that are a probe below the scope of the chip, if there are any."""
    inner, _, name = probe.path.rpartition(".")
    where = ".".join(filter(None, (top, inner)))
    scope = scopes.get(where, {})
    if name.lower() not in scope:
        return ()
    return _parts(replace(probe, name=name), scope, where, path)


def _parts(pin: Shown, scope: Scope, name: str, path: Path) -> tuple[SignalPart, ...]:
    """The variables that are the pin: one of its width, or several that have a bit or more of it each."""
    variables = scope[pin.name.lower()]
    exact = [var for var in variables if var.name == pin.name] or variables
    exact = list({(var.signal, var.width, var.kind, var.span): var for var in exact}.values())
    where = f"{path}: pin {pin.name} in scope {name or '(top)'}"
    right = f"{_bits(pin.width)} would be right"
    for var in exact:
        if var.kind:
            raise InputError(f"{where} is {var.kind}; {right}")
        if var.range_width != var.width and var.span:
            text = f"[{var.span[0]}:{var.span[1]}]"
            raise InputError(
                f"{where} has {_bits(var.width)} by its size, {var.range_width} by its range {text}; {right}"
            )
    whole = {var.signal: var for var in exact if var.width == pin.width}
    if len(whole) == 1:
        return (SignalPart(next(iter(whole.values())), 0),)
    if not whole and len(exact) == 1:
        raise InputError(f"{where} has {_bits(exact[0].width)}; {right}")
    if whole or any(var.span is None for var in exact):
        widths = ", ".join(str(var.width) for var in exact)
        raise InputError(f"{where} is there {len(exact)} times ({widths} bits); choose one with --scope, or rename one")
    return _from_bits(pin, exact, where)


def _from_bits(pin: Shown, variables: list[Variable], where: str) -> tuple[SignalPart, ...]:
    """Put a pin together from bits dumped one by one, or a few at a time, in whatever order."""
    spans = [(min(var.span), max(var.span), var) for var in variables if var.span]
    lowest = min(low for low, _, _ in spans)
    covered = sorted(bit for low, high, _ in spans for bit in range(low, high + 1))
    if covered != list(range(lowest, lowest + pin.width)):
        has = ", ".join(
            f"[{var.span[0]}:{var.span[1]}]" if var.width > 1 else f"[{low}]" for low, _, var in spans if var.span
        )
        raise InputError(f"{where} is dumped in pieces, {has}; each of {pin.width} bits once would be right")
    return tuple(SignalPart(var, low - lowest) for low, _, var in spans)


def _bits(n: int) -> str:
    return f"{n} bit" if n == 1 else f"{n} bits"


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
