"""Options that several commands have: whose RTL, with which parameters, and which memory goes with which file."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from emulator.declare import Chip
from emulator.errors import InputError
from rtl.design import Design
from rtl.initial import KINDS, MOST_SEED, Initial, Kind

SWITCH = {"yes": True, "no": False}


def design(chip: Chip, rtl: Path | None, top: str | None, folder: Path) -> Design:
    """The RTL in ``--rtl``, with ``--top``; without it our own, emitted below ``folder``. Raises InputError."""
    if rtl is not None:
        from rtl import foreign  # needs pyverilog

        return foreign.read(rtl, chip, top)
    refuse_top_alone(rtl, top)
    from rtl import emit  # needs Amaranth

    return emit.design(chip.name, folder / "rtl")


def refuse_top_alone(rtl: Path | None, top: str | None) -> None:
    """Raise InputError for ``--top`` without ``--rtl``."""
    if top is not None and rtl is None:
        raise InputError(f"--top {top}: only with --rtl; our RTL has one top")


def initial(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``--initial`` and ``--seed`` of a command that simulates."""
    how = "How registers and memories start. Default: unknown (X) in Icarus, zero elsewhere."
    kind = click.option("--initial", type=click.Choice(KINDS), help=how)
    seed = click.option(
        "--seed", metavar="N", type=click.IntRange(1, MOST_SEED), help="Of --initial random; default: 1."
    )
    return kind(seed(command))


def initial_values(kind: Kind | None, seed: int | None, simulator: str) -> Initial:
    """What ``--initial`` and ``--seed`` stand for in a simulator. Raises InputError where they do not go together."""
    if kind == "unknown" and simulator != "icarus":
        raise InputError(f"--initial unknown: only with --sim icarus; {simulator} knows 0 and 1 only")
    if seed is not None and kind != "random":
        raise InputError(f"--seed {seed}: only with --initial random; nothing else here is random")
    return Initial(kind or ("unknown" if simulator == "icarus" else "zero"), seed or 1)


def images(option: str, given: tuple[str, ...]) -> dict[str, Path]:
    """The files of a repeated option MEM=FILE, by memory. Raises InputError for another form, or one given twice."""
    files: dict[str, Path] = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise InputError(f"{option} {text}: MEM=FILE is needed, for instance {option} neurons=neurons.hex")
        if name in files:
            raise InputError(f"{option} {text}: {name} is given twice")
        files[name] = Path(file)
    return files


def parameters(chip: str, settings: tuple[str, ...]) -> dict[str, Any]:
    """Keyword arguments of our RTL's top, from NAME=N. Raises InputError for a name or a content that there is not."""
    from rtl import emit  # needs Amaranth

    known = inspect.signature(emit.our_chip(chip).make).parameters
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, content = setting.partition("=")
        if not equals or name not in known:
            raise InputError(f"--set {setting}: right is NAME=N, and {chip} has {', '.join(known)}")
        if name in found:
            raise InputError(f"--set {setting}: {name} is given twice")
        found[name] = _content(setting, content, isinstance(known[name].default, bool))
    return found


def _content(setting: str, content: str, switch: bool) -> int | bool:
    if switch:
        if content not in SWITCH:
            raise InputError(f"--set {setting}: right is yes or no")
        return SWITCH[content]
    if not content.isdecimal():
        raise InputError(f"--set {setting}: right is a number")
    return int(content)
