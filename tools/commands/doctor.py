"""`draupnir doctor`: say what is installed and what is missing, and run a self-test."""

from __future__ import annotations

from collections.abc import Iterable

import click

from draupnir.tools.doctor.finding import Health
from draupnir.tools.report import schema
from draupnir.tools.terminal.arguments import json_option
from draupnir.tools.terminal.errors import DifferenceFound

STATE, PART = 8, 28  # the widths of two columns


@click.command("doctor")
@click.option("--no-self-test", is_flag=True, help="Only look at what is installed.")
@json_option
def command(no_self_test: bool, as_json: bool) -> None:
    """Say what is installed, which simulator would be used, where the caches are; then run a self-test of a minute.

    A part that only some commands need may be absent. Whatever is at fault must be mended, and each line says how.
    The first self-test compiles kernels, and takes longer.
    Exit status: 0 nothing is at fault, 1 something is.

    \b
    Example: draupnir doctor
             draupnir doctor --no-self-test --json
    """
    from draupnir.tools.doctor import installed, self_test

    parts = _show(installed.healths(), as_json)
    if not no_self_test:
        lacking = frozenset(health.part for health in parts if health.state != "ok")
        parts += _show(self_test.healths(lacking), as_json)
    faults = [health for health in parts if health.state == "fault"]
    if as_json:
        schema.echo("doctor", {"healthy": not faults, "parts": [health.as_json() for health in parts]})
    else:
        click.echo(f"{len(faults)} at fault" if faults else "nothing is at fault")
    if faults:
        raise DifferenceFound


def _show(healths: Iterable[Health], is_quiet: bool) -> list[Health]:
    """Print each line as soon as it is known, unless all is to be quiet; return them all."""
    all_healths = []
    for health in healths:
        all_healths.append(health)
        if not is_quiet:
            remedy = f": {health.remedy}" if health.remedy else ""
            click.echo(f"{health.state:<{STATE}}{health.part:<{PART}}{health.text}{remedy}")
    return all_healths
