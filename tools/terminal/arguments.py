"""Arguments and options that are spelt alike, and mean the same, in every command."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from draupnir.emulator import chips

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


chip_argument = click.argument("chip", metavar="CHIP", shell_complete=complete_chip)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
