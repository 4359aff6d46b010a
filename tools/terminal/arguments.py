"""Arguments and options that are spelt alike, and mean the same, in every command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.settings import parse

FOLDER = click.Path(path_type=Path)
IMAGES = click.IntRange(10, 1797)  # of the digits that scikit-learn ships
SEED = click.IntRange(0, (1 << 32) - 1)


def complete_chip(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a chip's name."""
    return [CompletionItem(name) for name in chips.names() if name.startswith(incomplete)]


class AliasedOption(click.Option):
    """An option with old spellings, which still work and are not shown. aliases : they, among the spellings."""

    def __init__(self, *words: Any, aliases: Sequence[str] = (), **how: Any) -> None:
        super().__init__(*words, **how)
        self.aliases = aliases

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy(self)
        shown.opts = [word for word in self.opts if word not in self.aliases]
        return click.Option.get_help_record(shown, ctx)


def sizes(chip: str, settings: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """The sizes of a chip that options ``--set NAME=N`` choose, and those of the options that choose something else.

    Raises InputError for another form, or a size that is no number.
    """
    names = {parameter.name for parameter in chips.parameters(chip)}
    chosen: dict[str, int] = {}
    others = []
    for setting, (name, value) in zip(settings, parse(settings).items(), strict=True):
        if name not in names:
            others.append(setting)
        elif isinstance(value, str):
            raise InputError(f"--set {setting}: right is a whole number")
        else:
            chosen[name] = value
    return chosen, tuple(others)


def declared(chip: str, settings: Sequence[str], recorded: Mapping[str, int] | None = None) -> Chip:
    """The declaration of a chip, of the sizes that the user has set, or else those of a recording.

    Raises InputError for what is no size of the chip, and for a size that contradicts the recording's.
    """
    chosen, others = sizes(chip, settings)
    if others:
        known = ", ".join(map(str, chips.parameters(chip))) or "none to choose"
        raise InputError(f"--set {others[0]}: no size of {chip}; it has {known}")
    for name, size in (recorded or {}).items():
        if chosen.get(name, size) != size:
            raise InputError(f"--set {name}={chosen[name]}: it was recorded with {name}={size}")
    return chips.declaration(chip, {**(recorded or {}), **chosen})


chip_argument = click.argument("chip", metavar="CHIP", shell_complete=complete_chip)
set_option = click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="A size of the chip, where it has any to choose."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
