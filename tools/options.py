"""Options that several commands have: whose RTL, and which memory goes with which file."""

from __future__ import annotations

from pathlib import Path

from emulator.declare import Chip
from emulator.errors import InputError
from rtl.design import Design


def design(chip: Chip, rtl: Path | None, top: str | None, folder: Path) -> Design:
    """The RTL in ``--rtl``, with ``--top``; without it our own, emitted below ``folder``. Raises InputError."""
    if rtl is not None:
        from rtl import foreign  # needs pyverilog

        return foreign.read(rtl, chip, top)
    if top is not None:
        raise InputError(f"--top {top}: only with --rtl; our RTL has one top")
    from rtl import emit  # needs Amaranth

    return emit.design(chip.name, folder / "rtl")


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
