"""`draupnir host`: run a network on a board, over a serial port, or on a simulated board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from draupnir.emulator.buses.fifo_pull import FIFO_PULL
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import limits
from draupnir.tools.host.board import BoardOptions, board_options
from draupnir.tools.lint import report as findings
from draupnir.tools.report import figures, schema
from draupnir.tools.run.options import RunOptions, run_options
from draupnir.tools.terminal.arguments import chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.ranges import CYCLES

if TYPE_CHECKING:
    from draupnir.tools.lint.findings import Finding

BLANK_CYCLES = 200_000  # a simulated board without a network may run for ever, so it stops after these clocks


@click.command("host")
@chip_argument
@board_options
@click.option("--verify", is_flag=True, help="Read the memories back after programming, and compare them.")
@run_options
@click.option(
    "--quiet",
    metavar="N",
    type=click.IntRange(min=1),
    help="Take the chip to be at rest after N clocks without an event.",
)
@click.option(
    "--period", metavar="N", type=CYCLES, help="Clocks from a timestep to the next, for files of a simulator."
)
@click.option("--input-delay", metavar="N", type=CYCLES, help="Clocks from a timestep until its packets are there.")
@findings.options
@json_option
def command(
    chip: str,
    board: BoardOptions,
    verify: bool,
    options: RunOptions,
    quiet: int | None,
    period: int | None,
    input_delay: int | None,
    strict: bool,
    allow: tuple[str, ...],
    as_json: bool,
) -> None:
    """Program a chip on a board, send it events, and write its spikes, as `draupnir run` does without a board.

    The board needs a bitstream with the bridge of rtl/bridge. The bridge stops the chip's clock while the chip would
    have to wait for the serial line. So the spikes and their cycles are the same as those of `draupnir run` with the
    same options. A chip that its host leads, timestep by timestep, takes the same files as in `draupnir run`.

    A board does not see when the chip comes to rest. It counts the clocks up to the last event or spike on its buses,
    while `draupnir run` counts them up to rest. So an event that waits for rest is sent when nothing has moved on the
    buses for N clocks (--quiet N, 131,072 by default, which is more than the chip needs for a full FIFO). The spikes
    and their order are then those of `draupnir run`, but they come later.

    The memories of a chip that takes packets out of a FIFO are in its bitstream; on a simulated board --config fills
    them. With --config such a chip takes the files of its own simulator, or a folder of its memory images with packets,
    for --timesteps. Otherwise the events are a CSV with the header cycle,input,level: packets, and levels of other
    pins, each with its clock, and --max-cycles ends the run. The output has a line for each change of an output pin.

    Without --config the chip is not reset, and keeps its state. Without --events nothing is sent.
    Exit status: 0 done, 1 --verify found a difference, and no event was sent, 2 the input is wrong, or the line fails.

    \b
    Example: draupnir host odin --port /dev/ttyUSB0 --config net.toml --events events.csv -o spikes.csv
             draupnir host odin --simulate rtl --config net.toml --onto blank --events events.csv -o spikes.csv
             draupnir host ranc --simulate rtl --config memories --timesteps 20 -o outputs.csv
    """
    _check_board(board, options)
    declaration = board.declaration(chip)
    if any(bus.kind == FIFO_PULL for bus in declaration.buses):
        _run_packets(declaration, board, verify, options, period, input_delay, as_json)
        return
    _check_together(verify, options)
    for name, clocks in (("period", period), ("input-delay", input_delay)):
        if clocks is not None:
            raise InputError(f"--{name} {clocks}: {chip} has no timesteps of its own; right is to leave it out")
    saves = options.checked_saves(declaration)
    # Imported here, because --help needs none of it.
    from draupnir.tools.host import board as boards
    from draupnir.tools.host import job
    from draupnir.tools.run.saving import saving

    present, configuration, config_findings = options.configuration(declaration, strict, allow)
    network = job.BoardNetwork(configuration, present, board.parameters(declaration)) if configuration else None
    blank = board.simulate is not None and network is None and options.max_cycles is None
    send = job.sender(declaration, network, replace(options, max_cycles=BLANK_CYCLES) if blank else options, quiet)
    with (
        saving(options.output, saves, declaration, options.potentials) as outputs,
        boards.opened(board, declaration, options.seed) as device,
    ):
        report = {"chip": chip, **job.run(device, network, verify, send, outputs, saves)}
    _tell(report, options, config_findings, blank, as_json)
    if report.get("n_differences"):
        raise DifferenceFound


def _run_packets(
    chip: Chip,
    board: BoardOptions,
    verify: bool,
    options: RunOptions,
    period: int | None,
    input_delay: int | None,
    as_json: bool,
) -> None:
    """Run a chip that takes packets, and print the report."""
    from draupnir.tools.host import packet_job

    if verify:
        raise InputError(f"--verify: {chip.name} has no SPI, so a board cannot read its memories")
    report = {"chip": chip.name, **packet_job.run(chip, board, options, period, input_delay)}
    if as_json:
        schema.echo("host", report)
    else:
        figures.show(_rows(report))


def _check_board(board: BoardOptions, options: RunOptions) -> None:
    """Raise UsageError unless the options name one board, and for a seed of a board that has none."""
    context = click.get_current_context()
    if (board.port is None) == (board.simulate is None):
        raise click.UsageError("right is one of --port and --simulate", context)
    if options.seed is not None and board.simulate != "model":
        raise click.UsageError(f"--seed {options.seed}: only with --simulate model", context)


def _check_together(verify: bool, options: RunOptions) -> None:
    """Raise UsageError for options that contradict each other, or that need another one."""
    context = click.get_current_context()
    if verify and options.config is None:
        raise click.UsageError("--verify: only with --config", context)
    if options.save and options.config is None:
        raise click.UsageError(
            "--save: only with --config, because reading the memories changes registers, which --config restores",
            context,
        )
    if options.output is not None and options.events is None:
        raise click.UsageError(
            f"-o {options.output}: only with --events; without them there is no spike to write", context
        )


def _tell(
    report: dict[str, Any], options: RunOptions, config_findings: Sequence[Finding], blank: bool, as_json: bool
) -> None:
    """Print the report and its warnings. blank : True for a simulated board without a network"""
    if options.events and "n_spikes" in report:
        options.warn_if_empty(report["n_events"], report["done"])
        findings.explain(config_findings, report["chip"], report["n_spikes"] == 0, report.get("done") is False)
    if as_json:
        schema.echo("host", {**report, "findings": [finding.as_json() for finding in config_findings]})
    else:
        figures.show(_rows(report))
    if options.max_cycles is None and "n_cycles" in report and not report["done"]:
        click.echo(f"warning: {_reason_for_stop(report, blank)}", err=True)
    if options.save and not report.get("done", True):
        click.echo("warning: the chip was not at rest, and its memories changed while they were read", err=True)


def _reason_for_stop(report: dict[str, Any], blank: bool) -> str:
    """Say why a run without --max-cycles was stopped, and what would be right."""
    if blank:
        why = "without --config a simulated board holds zeros, and with them a chip may run for ever"
        return f"stopped after {report['n_cycles']:,} clocks: {why}; right is with --config, or --max-cycles N"
    return f"{limits.not_at_rest(report['n_cycles'], report['n_spikes'])}; --max-cycles N gives another"


def _rows(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The rows of the report: a name for people, and its text."""
    for name, count in report.items():
        if name == "done":
            yield "at rest at the end", "yes" if count else "no"
        else:
            yield figures.words(name), str(count) if isinstance(count, str) else f"{count:,}"
