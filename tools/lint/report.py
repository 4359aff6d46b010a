"""The report of the findings in a configuration: options of commands, lines on stderr, exit status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from draupnir.emulator.errors import InputError

if TYPE_CHECKING:
    from draupnir.emulator.configuration import Configuration
    from draupnir.tools.lint.findings import Finding

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """Add --strict and --allow to a command that takes a configuration."""
    strict = click.option("--strict", is_flag=True, help="End with status 2 if the configuration has a finding.")
    allow = click.option(
        "--allow", "allowed", metavar="NAME", multiple=True, help="A finding that is meant: say nothing of it."
    )
    return strict(allow(command))


def findings(configuration: Configuration, allowed: Sequence[str]) -> list[Finding]:
    """All that is found; raises InputError for an allowed name that is none."""
    from draupnir.tools.lint.findings import lint  # only here: help needs none of it

    return lint(configuration, allowed)


def warn(line: str) -> None:
    """Print a warning on stderr."""
    click.echo(f"warning: {line}", err=True)


def tell(path: Path, some: Sequence[Finding]) -> None:
    """Print a warning for each finding on stderr."""
    for finding in some:
        warn(f"{path}: {finding}")


def insist(path: Path, some: Sequence[Finding]) -> None:
    """Raise InputError if there is a finding, as --strict asks."""
    if some:
        names = ", ".join(dict.fromkeys(finding.name for finding in some))
        raise InputError(f"{path}: --strict, and it has {len(some)} findings: {names}; --allow NAME for what is meant")


def checked(path: Path, configuration: Configuration, strict: bool, allowed: Sequence[str]) -> list[Finding]:
    """All that is found, told on stderr; with ``strict`` an error if there is anything."""
    some = findings(configuration, allowed)
    tell(path, some)
    if strict:
        insist(path, some)
    return some


def explain(some: Sequence[Finding], chip: str, silent: bool, restless: bool) -> None:
    """Print on stderr which findings can be why no spike came out (silent), or why a run did not end (restless)."""
    from draupnir.tools.lint.findings import likely

    names = likely(some, chip, silent, restless)
    if names:
        what = " and ".join(
            [*(["no spike came out"] if silent else []), *(["the chip did not come to rest"] if restless else [])]
        )
        warn(f"{what}; the likely cause is said above: {', '.join(names)}")
