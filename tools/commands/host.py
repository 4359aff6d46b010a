"""`draupnir host`: a network on a chip on a board, over a serial port; or on a simulated board behind one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from draupnir.emulator.speeds import limits
from draupnir.tools.host.board import BoardOptions, board_options
from draupnir.tools.lint import report as findings
from draupnir.tools.report import figures, schema
from draupnir.tools.run.options import RunOptions, run_options
from draupnir.tools.terminal.arguments import chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound

if TYPE_CHECKING:
    from draupnir.tools.lint.findings import Finding

BLANK_CYCLES = 200_000  # of a simulated board with nothing in it, which nobody wants to watch for long


@click.command("host")
@chip_argument
@board_options
@click.option("--verify", is_flag=True, help="Read the memories after programming, and compare.")
@run_options
@click.option("--quiet", metavar="N", type=click.IntRange(min=1), help="Clocks without an event that end the run.")
@findings.options
@json_option
def command(
    chip: str,
    board: BoardOptions,
    verify: bool,
    options: RunOptions,
    quiet: int | None,
    strict: bool,
    allowed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Program a chip on a board, send it events, and write its spikes: as `draupnir run`, on hardware.

    The board holds a bitstream with the bridge of rtl/bridge. The chip's clock stands still wherever it would have to
    wait for the serial line: so spikes and their cycles are those of `draupnir run`, with the same options.

    A chip that its host leads, timestep by timestep, takes the files that `draupnir run` takes for it.

    A board does not see when the chip itself has come to rest: it counts the clocks to the last event or spike on its
    buses, where `draupnir run` counts those until rest.

    Without --config the chip is not reset, and keeps what it has; without --events nothing is sent.
    Exit status: 0 done, 1 --verify found a difference, and no event was sent, 2 the input, or the line, is at fault.

    \b
    Example: draupnir host odin --port /dev/ttyUSB0 --config net.toml --events events.csv -o spikes.csv
             draupnir host odin --simulate rtl --config net.toml --onto blank --events events.csv -o spikes.csv
    """
    _check_together(board, verify, options)
    declared = board.declared(chip)
    saves = options.checked_saves(declared)
    # Only here: help needs none of it.
    from draupnir.tools.host import board as boards
    from draupnir.tools.host import job
    from draupnir.tools.run.saving import saving

    present, configuration, found = options.configuration(declared, strict, allowed)
    network = job.BoardNetwork(configuration, present, board.parameters(declared)) if configuration else None
    blank = board.simulate is not None and network is None and options.max_cycles is None
    send = job.sender(declared, network, replace(options, max_cycles=BLANK_CYCLES) if blank else options, quiet)
    with (
        saving(options.output, saves, declared) as (take, save),
        boards.opened(board, declared, options.seed) as device,
    ):
        report = {"chip": chip, **job.run(device, network, verify, send, take, saves, save)}
    _tell(report, options, found, blank, as_json)
    if report.get("n_differences"):
        raise DifferenceFound


def _check_together(board: BoardOptions, verify: bool, options: RunOptions) -> None:
    """Raise UsageError for options that contradict each other, or that need another one."""
    context = click.get_current_context()
    if (board.port is None) == (board.simulate is None):
        raise click.UsageError("right is one of --port and --simulate", context)
    if verify and options.config is None:
        raise click.UsageError("--verify: only with --config", context)
    if options.save and options.config is None:
        raise click.UsageError("--save: only with --config, to which the registers go back after the reading", context)
    if options.output is not None and options.events is None:
        raise click.UsageError(f"-o {options.output}: only with --events; nothing is sent without", context)
    if options.seed is not None and board.simulate != "model":
        raise click.UsageError(f"--seed {options.seed}: only with --simulate model", context)


def _tell(report: dict[str, Any], options: RunOptions, found: Sequence[Finding], blank: bool, as_json: bool) -> None:
    """Print the report, and warn of what the user may not expect. blank : a simulated board without a network"""
    if options.events and "n_spikes" in report:
        options.warn_if_empty(report["n_events"], report["done"])
        findings.explain(found, report["chip"], report["n_spikes"] == 0, report.get("done") is False)
    if as_json:
        schema.echo("host", {**report, "findings": [finding.listed() for finding in found]})
    else:
        figures.show(_rows(report))
    if options.max_cycles is None and "n_cycles" in report and not report["done"]:
        click.echo(f"warning: {_stopped(report, blank)}", err=True)
    if options.save and not report.get("done", True):
        click.echo("warning: the chip had not come to rest, and went on while its memories were read", err=True)


def _stopped(report: dict[str, Any], blank: bool) -> str:
    """Say why a run without --max-cycles was ended, and what would be right."""
    if blank:
        why = "without --config a simulated board holds zeros, with which a chip may go on for ever"
        return f"stopped after {report['n_cycles']:,} clocks: {why}; right is with --config, or --max-cycles N"
    return f"{limits.not_at_rest(report['n_cycles'], report['n_spikes'])}; --max-cycles N gives another"


def _rows(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The report, with names for people."""
    for name, count in report.items():
        if name == "done":
            yield "at rest at the end", "yes" if count else "no"
        else:
            yield figures.words(name), str(count) if isinstance(count, str) else f"{count:,}"
