"""Find a chip's pins among the variables of a waveform.

A scope has the chip's pins if it has a variable with each pin's name. Upper and lower case count as equal, and a pin
may be dumped bit by bit. If several scopes have the pins, one is chosen automatically in two cases only: all name the
same signals, or each lies within another, and then the innermost is the chip.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from draupnir.emulator.declare import Chip, OutputPin, Pin, Probe
from draupnir.emulator.errors import InputError

SHOWN = 8  # scopes named in a message

_NAME = re.compile(r"\\?(.*?)\s*(?:\[\s*(-?\d+)\s*(?::\s*(-?\d+)\s*)?\])?\s*", re.DOTALL)


class Variable(NamedTuple):
    """A variable of a waveform.

    name : the name without its range
    scope : the scope with dots, "" for the top of the file
    width : the number of bits that the file declares
    kind : "" for bits, else a description, for instance "a real number"
    span : the range after its name, (4, 4) for [4], None without one
    signal : the file's name of the signal; variables with the same signal change together
    """

    name: str
    scope: str
    width: int
    kind: str
    span: tuple[int, int] | None
    signal: str

    @classmethod
    def from_text(cls, text: str, scope: str, width: int, signal: str, kind: str) -> Variable:
        """Return the variable of a text like ``AERIN_ADDR [9:0]``; the name may be an escaped one."""
        match = _NAME.fullmatch(text)
        if match is None or match[2] is None or (match[3] is None and width != 1):  # a row of an array has its own bits
            return cls(text.removeprefix("\\").strip(), scope, width, kind, None, signal)
        high = int(match[2])
        return cls(match[1], scope, width, kind, (high, high if match[3] is None else int(match[3])), signal)

    @property
    def range_width(self) -> int:
        """The number of bits by the range, or by the declaration if there is no range."""
        return self.width if self.span is None else abs(self.span[0] - self.span[1]) + 1


class SignalPart(NamedTuple):
    """The bits of a pin in one variable, whose lowest bit is bit ``lsb`` of the pin."""

    variable: Variable
    lsb: int


@dataclass(frozen=True)
class PinScope:
    """A scope that has all pins.

    name : the name with dots, "" for the top of the file
    pins : the parts of each pin of the chip, in the order of the declaration; no part for a pin that is left out
    probes : the parts of each probe; no part for one that was not recorded
    """

    name: str
    pins: tuple[tuple[SignalPart, ...], ...]
    probes: tuple[tuple[SignalPart, ...], ...] = ()

    @property
    def signals(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(part.variable.signal for part in parts) for parts in self.pins)


Scope = dict[str, list[Variable]]  # variables by lower-case name


def find_scope(
    chip: Chip, variables: Iterable[Variable], path: Path, scope_name: str | None = None, left_out: Collection[str] = ()
) -> PinScope:
    """Return the scope with the chip's pins.

    scope_name : the name of the scope, with dots; None to search all scopes
    left_out : names of pins that the recording does not have

    Raises InputError, with pin and scopes, if a pin is missing or has another width, or if several scopes are possible.
    """
    scopes = every = _by_scope(variables)
    if scope_name is not None:
        if scope_name not in scopes:
            raise InputError(f"{path}: no scope {scope_name!r}; there is {_list(sorted(scopes))}")
        scopes = {scope_name: scopes[scope_name]}
    pins = [pin for pin in chip.pins if pin.name not in left_out]
    complete = {name: scope for name, scope in scopes.items() if not _absent_pins(pins, scope)}
    if not complete:
        text, absent_pins = _what_is_missing(chip, pins, scopes)
        raise InputError(f"{path}: {text}{_advice(chip, absent_pins)}")
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
    chosen_scope = _choose(chip, candidates, path)
    return replace(chosen_scope, probes=tuple(_probe(probe, chosen_scope.name, every, path) for probe in chip.probes))


def find_some_pins(
    chip: Chip,
    variables: Iterable[Variable],
    path: Path,
    needed: Collection[str],
    pins: Collection[str],
    scope_name: str | None = None,
) -> PinScope:
    """Return the scope that has all needed pins and, of those, the most of the others; absent ones have no parts.

    needed, pins : names of pins that must be there, and of all pins to look for

    Raises InputError as ``find_scope`` does.
    """
    scopes = _by_scope(variables)
    present_by_scope = {
        name: frozenset(pin for pin in pins if pin.lower() in scope)
        for name, scope in scopes.items()
        if scope_name in (None, name)
    }
    complete = {name: present for name, present in present_by_scope.items() if present.issuperset(needed)}
    if not complete and scope_name in (None, *scopes):
        needed_pins = [pin for pin in chip.pins if pin.name in needed]
        text, _ = _what_is_missing(chip, needed_pins, {name: scopes[name] for name in present_by_scope})
        raise InputError(f"{path}: {text}; --pin {needed_pins[0].name}=NAME names it")
    most_present = max(complete.values(), key=len, default=frozenset(needed))
    left_out = [pin.name for pin in chip.pins if pin.name not in most_present]
    candidates = [name for name, present in complete.items() if present == most_present]
    some = [var for name in candidates or scopes for vars_of_name in scopes[name].values() for var in vars_of_name]
    return replace(find_scope(chip, some, path, scope_name, left_out), probes=tuple(() for _ in chip.probes))


def renamed(chip: Chip, variables: Sequence[Variable], path: Path, names: Mapping[str, str]) -> list[Variable]:
    """Return the variables of a waveform after some of them have become pins, in every scope.

    names : pin, or a bit of one such as AERIN_ADDR[3] -> the variable's name, alone or behind its scope with dots

    Raises InputError for a name that no pin or variable has, and for one that several variables have.
    """
    scopes = sorted({var.scope for var in variables})
    pins = {pin.name.lower(): pin.name for pin in chip.pins}
    by_pin: dict[str, list[Variable]] = {}
    for text, name in names.items():
        option = f"--pin {text}={name}"
        pin, bit = _NAME.fullmatch(text)[1], _NAME.fullmatch(text)[2]  # type: ignore[index]
        if pin.lower() not in pins:
            raise InputError(f"{option}: {chip.name} has no pin {pin!r}; it has {', '.join(pins.values())}")
        span = None if bit is None else (int(bit), int(bit))
        of_pin = [var._replace(name=pins[pin.lower()], span=span or var.span) for var in _with_name(variables, name)]
        n_signals = len({var.signal for var in of_pin})
        if n_signals == 0 or (n_signals > 1 and not all(var.span for var in of_pin)):
            problem = f"{len(of_pin)} variables" if of_pin else "no variable"
            raise InputError(f"{option}: {path} has {problem} {name}; right is one, with its scope: {_near(variables)}")
        by_pin.setdefault(pin.lower(), []).extend(of_pin)
    kept_variables = [var for var in variables if var.name.lower() not in by_pin]
    return kept_variables + [
        var._replace(scope=scope) for vars_of_pin in by_pin.values() for var in vars_of_pin for scope in scopes
    ]


def _with_name(variables: Sequence[Variable], name: str) -> list[Variable]:
    """Return the variables with this name: behind a scope if one has it so, or else in any scope."""
    in_scope = [var for var in variables if f"{var.scope}.{var.name}".removeprefix(".") == name]
    return in_scope or [var for var in variables if var.name == name]


def _near(variables: Sequence[Variable]) -> str:
    """Return the names of some variables, for a message."""
    return _list(sorted({f"{var.scope}.{var.name}".removeprefix(".") for var in variables}))


def _by_scope(variables: Iterable[Variable]) -> dict[str, Scope]:
    scopes: dict[str, Scope] = {}
    for var in variables:
        scopes.setdefault(var.scope, {}).setdefault(var.name.lower(), []).append(var)
    return scopes


def _absent_pins(pins: Sequence[Pin], scope: Scope) -> list[str]:
    return [pin.name for pin in pins if pin.name.lower() not in scope]


def _what_is_missing(chip: Chip, pins: Sequence[Pin], scopes: dict[str, Scope]) -> tuple[str, list[str]]:
    """Return one line on the missing pins of the scopes with the most pins, and the missing pins of one of them."""
    fewest = min((len(_absent_pins(pins, scope)) for scope in scopes.values()), default=len(pins))
    if fewest == len(pins):
        return f"no pin of {chip.name} ({pins[0].name}, ...) in any scope; looked in {_list(sorted(scopes))}", []
    near = {
        name: absent_pins for name, scope in scopes.items() if len(absent_pins := _absent_pins(pins, scope)) == fewest
    }
    texts = [f"{_list(absent_pins)} in scope {name or '(top)'}" for name, absent_pins in near.items()]
    has = f"missing pin of {chip.name}: {'; '.join(texts[:SHOWN])} (which has the {len(pins) - fewest} others)"
    return has, next(iter(near.values()))


def _advice(chip: Chip, absent_pins: list[str]) -> str:
    """Return a text that says how a recording without these pins can be replayed."""
    ways = []
    clocks = [clock.pin.name for clock in chip.clocks]
    if any(name in absent_pins for name in clocks) and chip.period == (1,):
        ways.append("samples taken by the chip's own clock, as a vendor's analyser does, need --clock-per-sample")
    if others := [name for name in absent_pins if name not in clocks]:
        options = " ".join(f"--ignore {name}" for name in others)
        ways.append(f"a recording without {'it' if len(others) == 1 else 'them'} needs {options}")
    return "".join(f"; {way}" for way in ways)


def _probe(probe: Probe, top: str, scopes: dict[str, Scope], path: Path) -> tuple[SignalPart, ...]:
    """Return the variables of a probe below the scope of the chip, if there are any."""
    inner, _, name = probe.path.rpartition(".")
    path_of_probe = ".".join(filter(None, (top, inner)))
    scope = scopes.get(path_of_probe, {})
    if name.lower() not in scope:
        return ()
    return _parts(replace(probe, name=name), scope, path_of_probe, path)


def _parts(pin: OutputPin, scope: Scope, name: str, path: Path) -> tuple[SignalPart, ...]:
    """Return the variables of a pin: one with its width, or several that have one or more bits of it."""
    variables = scope[pin.name.lower()]
    exact = [var for var in variables if var.name == pin.name] or variables
    exact = list({(var.signal, var.width, var.kind, var.span): var for var in exact}.values())
    place = f"{path}: pin {pin.name} in scope {name or '(top)'}"
    right = f"{_bits(pin.width)} would be right"
    for var in exact:
        if var.kind:
            raise InputError(f"{place} is {var.kind}; {right}")
        if var.range_width != var.width and var.span:
            text = f"[{var.span[0]}:{var.span[1]}]"
            raise InputError(
                f"{place} has {_bits(var.width)} by its size, {var.range_width} by its range {text}; {right}"
            )
    whole = {var.signal: var for var in exact if var.width == pin.width}
    if len(whole) == 1:
        return (SignalPart(next(iter(whole.values())), 0),)
    if not whole and len(exact) == 1:
        raise InputError(f"{place} has {_bits(exact[0].width)}; {right}")
    if whole or any(var.span is None for var in exact):
        widths = ", ".join(str(var.width) for var in exact)
        raise InputError(f"{place} exists {len(exact)} times ({widths} bits); choose one with --scope, or rename one")
    return _from_bits(pin, exact, place)


def _from_bits(pin: OutputPin, variables: list[Variable], place: str) -> tuple[SignalPart, ...]:
    """Join a pin from variables that have one or more bits of it each, in any order."""
    spans = [(min(var.span), max(var.span), var) for var in variables if var.span]
    lowest = min(low for low, _, _ in spans)
    covered = sorted(bit for low, high, _ in spans for bit in range(low, high + 1))
    if covered != list(range(lowest, lowest + pin.width)):
        has = ", ".join(
            f"[{var.span[0]}:{var.span[1]}]" if var.width > 1 else f"[{low}]" for low, _, var in spans if var.span
        )
        raise InputError(f"{place} is dumped in pieces, {has}; each of {pin.width} bits once would be right")
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
    texts = [name or "(top)" for name in names[:SHOWN]]
    return ", ".join(texts) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "") or "nothing"
