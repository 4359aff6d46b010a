"""`draupnir rtl`: our RTL as Verilog."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click

from emulator import chips
from emulator.errors import InputError
from rtl import emit

SWITCH = {"yes": True, "no": False}


@click.command("rtl")
@click.argument("chip", metavar="CHIP")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/rtl"), show_default=True)
@click.option("--set", "settings", metavar="NAME=N", multiple=True, help="A parameter of the chip: number, yes or no.")
def command(chip: str, output: Path, settings: tuple[str, ...]) -> None:
    """Write our RTL of a chip as Verilog-2005, in one file; without --set it is the whole chip.

    ODIN's parameters are n_neurons (64, 128, 256), izh, bursts and sdsp; a wrong name is answered with the right ones.

    \b
    Example: draupnir rtl odin --set n_neurons=64 --set izh=no -o build/small
    """
    chips.declaration(chip)
    path = emit.emit(chip, output / chip, **parameters(chip, settings))
    click.echo(f"{path}: {len(path.read_text().splitlines())} lines")


def parameters(chip: str, settings: tuple[str, ...]) -> dict[str, Any]:
    """Keyword arguments of our RTL's top, from NAME=N. Raises InputError for a name or a content that there is not."""
    known = inspect.signature(emit.our_chip(chip).make).parameters
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, content = setting.partition("=")
        if not equals or name not in known:
            raise InputError(f"--set {setting}: right is NAME=N, and {chip} has {', '.join(known)}")
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
