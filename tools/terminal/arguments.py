"""Arguments and options that have the same spelling and the same meaning in every command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.settings import parse
from draupnir.tools.terminal import completion

FOLDER = click.Path(path_type=Path)
IMAGES = click.IntRange(10, 1797)  # of the digits that scikit-learn ships
SECONDS = click.FloatRange(0, 86400, min_open=True)
SEED = click.IntRange(0, (1 << 32) - 1)


class AliasedOption(click.Option):
    """An option with old spellings, which still work, but do not appear in --help. aliases : the old spellings"""

    def __init__(self, *words: Any, aliases: Sequence[str] = (), **how: Any) -> None:
        super().__init__(*words, **how)
        self.aliases = aliases

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        visible = copy(self)
        visible.opts = [word for word in self.opts if word not in self.aliases]
        return click.Option.get_help_record(visible, ctx)


def sizes(chip: str, settings: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Split the options ``--set NAME=N`` into the sizes of a chip, by name, and the options for anything else.

    settings : the texts NAME=N. Raises InputError for another form, and for a size that is not a whole number.
    """
    names = {parameter.name for parameter in chips.parameters(chip)}
    chip_sizes: dict[str, int] = {}
    other_settings = []
    for setting, (name, value) in zip(settings, parse(settings).items(), strict=True):
        if name not in names:
            other_settings.append(setting)
        elif isinstance(value, str):
            raise InputError(f"--set {setting}: right is a whole number")
        else:
            chip_sizes[name] = value
    return chip_sizes, tuple(other_settings)


def declaration_of(chip: str, settings: Sequence[str], case_sizes: Mapping[str, int] | None = None) -> Chip:
    """The declaration of a chip with the sizes that the user has set, or else with those of a recording.

    case_sizes : the sizes of the recording, if there is one
    Raises InputError for a name that is not a size of the chip, and for a size that contradicts the recording.
    """
    chip_sizes, other_settings = sizes(chip, settings)
    if other_settings:
        size_names = ", ".join(map(str, chips.parameters(chip))) or "none to choose"
        raise InputError(f"--set {other_settings[0]}: not a size of {chip}; it has {size_names}")
    for name, size in (case_sizes or {}).items():
        if chip_sizes.get(name, size) != size:
            raise InputError(f"--set {name}={chip_sizes[name]}: it was recorded with {name}={size}")
    return chips.declaration(chip, {**(case_sizes or {}), **chip_sizes})


def backend_option(help_text: str) -> Callable[[Any], Any]:
    """Return the option ``--backend``: "cpu" or "cuda", as for ``draupnir.run_many``."""
    return click.option(
        "--backend", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help=help_text
    )


def case_option(verb: str) -> Callable[[Any], Any]:
    """Return the option ``--case``, as ``names``; verb : what a command does with a case, for instance "Run" """
    return _names_option("--case", f"{verb} only this case; may be repeated.", completion.complete_case)


def recipe_option(help_text: str) -> Callable[[Any], Any]:
    """Return the option ``--recipe``, as ``names``."""
    return _names_option("--recipe", help_text, completion.complete_recipe)


def _names_option(name: str, help_text: str, complete: completion.Complete) -> Callable[[Any], Any]:
    return click.option(name, "names", metavar="NAME", multiple=True, help=help_text, shell_complete=complete)


def limit_option(
    help_text: str, default: float, name: str = "--limit", argument: str = "limit"
) -> Callable[[Any], Any]:
    """Return an option that is a time in seconds. name, argument : its name for the user, and for the command"""
    return click.option(
        name, argument, metavar="SECONDS", type=SECONDS, default=default, show_default=True, help=help_text
    )


chip_argument = click.argument("chip", metavar="CHIP", shell_complete=completion.complete_chip)
set_option = click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="A size of the chip, if it has sizes to choose."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
