"""The report of the findings in a configuration: its options, its lines on stderr, and the exit status."""

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
        "--allow", "allow", metavar="NAME", multiple=True, help="Do not report the finding NAME; may be repeated."
    )
    return strict(allow(command))


def findings(configuration: Configuration, allow: Sequence[str]) -> list[Finding]:
    """All findings in a configuration, without those in ``allow``. Raises InputError for an unknown name."""
    from draupnir.tools.lint.findings import lint  # imported here, because --help needs none of it

    return lint(configuration, allow)


def warn(line: str) -> None:
    """Print a warning on stderr."""
    click.echo(f"warning: {line}", err=True)


def tell(path: Path, some: Sequence[Finding]) -> None:
    """Print a warning for each finding on stderr."""
    for finding in some:
        warn(f"{path}: {finding}")


def insist(path: Path, some: Sequence[Finding]) -> None:
    """Raise InputError if there is a finding, because --strict is given."""
    if some:
        names = ", ".join(dict.fromkeys(finding.name for finding in some))
        raise InputError(
            f"{path}: it has {len(some)} findings, and --strict is given: {names}; --allow NAME allows one"
        )


def check_configuration(path: Path, configuration: Configuration, strict: bool, allow: Sequence[str]) -> list[Finding]:
    """All findings, after they are printed on stderr. With ``strict`` a finding raises InputError."""
    some = findings(configuration, allow)
    tell(path, some)
    if strict:
        insist(path, some)
    return some


def explain(some: Sequence[Finding], chip: str, silent: bool, restless: bool) -> None:
    """Print on stderr which findings can explain a run without a spike (silent), or without an end (restless)."""
    from draupnir.tools.lint.findings import likely

    names = likely(some, chip, silent, restless)
    if names:
        symptoms = " and ".join(
            [*(["no spike came out"] if silent else []), *(["the chip did not come to rest"] if restless else [])]
        )
        warn(f"{symptoms}; the likely cause is among the warnings above: {', '.join(names)}")
