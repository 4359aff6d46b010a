"""Names that a shell completes: chips, and the cases, recipes, boards and cocotb tests that an option takes.

A name may depend on the chip, which stands before the option. Where the chip is not known yet, nothing is completed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import click
from click.shell_completion import CompletionItem

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_chip(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a chip's name."""
    return _items(chips.names(), incomplete)


def of_chip(names: Callable[[str], Iterable[str]]) -> Complete:
    """Return a completion by names that depend on the chip; names : returns those of a chip"""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        for chip in _words(ctx):
            if chip in chips.names():
                with suppress(InputError):  # there is no such part of this chip
                    return _items(names(chip), incomplete)
        return []

    return complete


def _words(ctx: click.Context) -> list[str]:
    """Return the words that may be the chip. Click has not yet read any argument if an option lacks its value."""
    return [str(ctx.params.get("chip")), *ctx.args]


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete)]


# Imported in each function, because a command line that completes nothing needs none of it.


def _cases(chip: str) -> list[str]:
    from draupnir.golden import case

    return [one.name for one in case.holding_on(chip)]


def _recipes(chip: str) -> list[str]:
    from draupnir.golden import recipes

    return list(recipes.recipes(chips.declaration(chip)))


def _tests(chip: str) -> list[str]:
    from draupnir.cocotb_tests import catalogue

    tests = catalogue.tests(chips.declaration(chip))
    return ["all", *(test.module for test in tests), *(test.label for test in tests)]


def _boards(chip: str) -> list[str]:
    from draupnir.rtl.fpga import boards

    return [*boards.BOARDS, *boards.PROJECT_BOARDS]


complete_case, complete_recipe, complete_board = of_chip(_cases), of_chip(_recipes), of_chip(_boards)


def complete_test(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a cocotb test of the chip, or else a user's own file."""
    return of_chip(_tests)(ctx, param, incomplete) or [CompletionItem(incomplete, type="file")]
