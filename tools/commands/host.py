"""`draupnir host`: a network on a chip on a board, over a serial port; or on a simulated board behind one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import limits
from draupnir.tools.lint import report as findings
from draupnir.tools.report import schema
from draupnir.tools.run.options import RunOptions, run_options
from draupnir.tools.terminal.arguments import chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.options import parameters
from draupnir.tools.terminal.progress import progress

if TYPE_CHECKING:
    import numpy as np

    from draupnir.emulator.configuration import Configuration
    from draupnir.tools.compile.packed import Memories
    from draupnir.tools.host.device import BridgedChip
    from draupnir.tools.run.spikes import Take

    Send = Callable[[BridgedChip, Take], dict[str, Any]]

BUILD = Path("build/host")
BLANK_CYCLES = 200_000  # of a simulated board with nothing in it, which nobody wants to watch for long


@click.command("host")
@chip_argument
@click.option("--port", metavar="DEVICE", help="Serial port of the board.")
@click.option("--simulate", type=click.Choice(["model", "rtl"]), help="A simulated board instead: golden model or RTL.")
@click.option(
    "--baud", metavar="N", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Of the port."
)
@click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="Parameter of the RTL that the bitstream holds."
)
@click.option("--verify", is_flag=True, help="Read the memories after programming, and compare.")
@run_options
@click.option("--quiet", metavar="N", type=click.IntRange(min=1), help="Clocks without an event that end the run.")
@findings.options
@json_option
def command(
    chip: str,
    port: str | None,
    simulate: str | None,
    baud: int,
    settings: tuple[str, ...],
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

    ReckOn is led by its host, timestep by timestep: its events are those files that `draupnir run reckon` takes.

    A board does not see when the chip itself has come to rest: it counts the clocks to the last event or spike on its
    buses, where `draupnir run` counts those until rest.

    Without --config the chip is not reset, and keeps what it has; without --events nothing is sent.
    Exit status: 0 done, 1 --verify found a difference, and no event was sent, 2 the input, or the line, is at fault.

    \b
    Example: draupnir host odin --port /dev/ttyUSB0 --config net.toml --events events.csv -o spikes.csv
             draupnir host odin --simulate rtl --config net.toml --onto blank --events events.csv -o spikes.csv
    """
    _check_together(port, simulate, verify, options)
    declared = chips.declaration(chip)
    saves = options.checked_saves(declared)
    # Only here: help needs none of it.
    from draupnir.rtl.bridge.board import title
    from draupnir.tools.compile import packed
    from draupnir.tools.host.device import BridgedChip
    from draupnir.tools.host.link import BridgeLink, opened
    from draupnir.tools.run import hosted
    from draupnir.tools.run.saving import saving

    settings_given = parameters(chip, settings)
    present = packed.memories_before(options.onto, chip)
    configuration = packed.read(options.config, chip, present, findings.warn) if options.config else None
    found = findings.checked(options.config, configuration, strict, allowed) if options.config and configuration else []
    if options.timesteps is not None and not hosted.is_hosted(chip):
        raise InputError(f"--timesteps {options.timesteps}: {chip} has no timesteps; right is to leave it out")
    blank = simulate is not None and configuration is None and options.max_cycles is None
    sent = replace(options, max_cycles=BLANK_CYCLES) if blank else options
    send = _sender(declared, configuration, sent, quiet)
    report: dict[str, Any] = {"chip": chip}
    with (
        saving(options.output, saves, declared) as (take, save),
        _port(port, simulate, chip, settings_given, options.seed) as name,
        opened(name, baud) as line,
    ):
        device = BridgedChip(BridgeLink(line, name), declared, title(chip, settings_given))
        if configuration:
            report |= _program(device, configuration, present)
        if configuration and verify:
            report |= _verify(device, configuration, settings_given)
        if not report.get("n_differences"):
            report |= send(device, take)
        if configuration and saves:
            for memory, content in _read(device, configuration, saves, settings_given).items():
                save(memory, content)
    if options.events and "n_spikes" in report:
        options.warn_if_empty(report["n_events"], report["done"])
        findings.explain(found, chip, report["n_spikes"] == 0, report.get("done") is False)
    if as_json:
        schema.echo("host", {**report, "findings": [finding.listed() for finding in found]})
    else:
        for words, count in _lines(report):
            click.echo(f"{words}: {count}")
    if options.max_cycles is None and "n_cycles" in report and not report["done"]:
        click.echo(f"warning: {_stopped(report, blank)}", err=True)
    if saves and not report.get("done", True):
        click.echo("warning: the chip had not come to rest, and went on while its memories were read", err=True)
    if report.get("n_differences"):
        raise DifferenceFound


def _stopped(report: dict[str, Any], blank: bool) -> str:
    """Say why a run without --max-cycles was ended, and what would be right."""
    if blank:
        why = "without --config a simulated board holds zeros, with which a chip may go on for ever"
        return f"stopped after {report['n_cycles']:,} clocks: {why}; right is with --config, or --max-cycles N"
    return f"{limits.not_at_rest(report['n_cycles'], report['n_spikes'])}; --max-cycles N gives another"


def _check_together(port: str | None, simulate: str | None, verify: bool, options: RunOptions) -> None:
    """Raise UsageError for options that contradict each other, or that need another one."""
    context = click.get_current_context()
    if (port is None) == (simulate is None):
        raise click.UsageError("right is one of --port and --simulate", context)
    if verify and options.config is None:
        raise click.UsageError("--verify: only with --config", context)
    if options.save and options.config is None:
        raise click.UsageError("--save: only with --config, to which the registers go back after the reading", context)
    if options.output is not None and options.events is None:
        raise click.UsageError(f"-o {options.output}: only with --events; nothing is sent without", context)
    if options.seed is not None and simulate != "model":
        raise click.UsageError(f"--seed {options.seed}: only with --simulate model", context)


def _sender(chip: Chip, configuration: Configuration | None, options: RunOptions, quiet: int | None) -> Send:
    """Read the events, or what the host of a chip that is led does; returns what sends them to a device."""
    from draupnir.emulator.parts.handshake import Environment
    from draupnir.tools.host import led, session
    from draupnir.tools.run import events as event_files
    from draupnir.tools.run import hosted

    events, environment = options.events, Environment(**options.delays)
    if events is None:
        return lambda device, take: {}
    if hosted.is_hosted(chip.name):
        operations = led.read(events, chip, configuration, options.timesteps)

        def lead(device: BridgedChip, take: Take) -> dict[str, Any]:
            with progress("operations", len(operations), "operations") as advance:
                outcome = session.lead(device, operations, environment, options.max_cycles, take, advance)
            return led.report(operations, outcome)

        return lead
    n_events = event_files.count(events)

    def send(device: BridgedChip, take: Take) -> dict[str, Any]:
        with progress(events.name, n_events, "events") as advance:
            blocks = event_files.blocks(events, chip)
            limit, rest = options.max_cycles, quiet or session.QUIET
            return session.run(device, blocks, environment, limit, rest, take, advance).report()

    return send


def _program(device: BridgedChip, configuration: Configuration, present: Memories | None) -> dict[str, Any]:
    """Program the chip; how many transactions that took, for the report."""
    from draupnir.tools.compile.spi import stream
    from draupnir.tools.host import session

    n_transactions = len(stream.pack(configuration, present))
    with progress("programming", n_transactions, "transactions") as advance:
        return {"n_transactions": session.program(device, configuration, present, advance)}


def _words_of(chip: Chip, names: Iterable[str], parameters_given: dict[str, Any]) -> dict[str, np.ndarray]:
    """The addresses of the words that the chip with these parameters has, by memory."""
    from draupnir.rtl import emit

    return {name: emit.kept_words(chip.name, name, **parameters_given) for name in names}


def _read(
    device: BridgedChip, configuration: Configuration, names: Iterable[str], parameters_given: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Read these memories, all words that the chip has."""
    from draupnir.tools.host import session

    words = _words_of(configuration.chip, names, parameters_given)
    with progress("reading", sum(map(len, words.values())), "words") as advance:
        return session.read(device, configuration, words, advance)


def _verify(device: BridgedChip, configuration: Configuration, given: dict[str, Any]) -> dict[str, Any]:
    """Read all words that the chip has; how many, and what differs, for the report."""
    from draupnir.tools.host import session

    words = _words_of(configuration.chip, (memory.name for memory in configuration.chip.memories), given)
    n_words = sum(map(len, words.values()))
    with progress("reading", n_words, "words") as advance:
        differing = session.verify(device, configuration, words, advance)
    first = {"first_difference": str(differing[0])} if differing else {}
    return {"n_words_read": n_words, "n_differences": sum(memory.n_differing for memory in differing), **first}


def _lines(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The report for people."""
    for name, count in report.items():
        if name == "done":
            yield "at rest at the end", "yes" if count else "no"
        else:
            yield name.removeprefix("n_").replace("_", " "), str(count) if isinstance(count, str) else f"{count:,}"


@contextmanager
def _port(port: str | None, simulate: str | None, chip: str, given: dict[str, Any], seed: int | None) -> Iterator[str]:
    """The name of the port: what was given, or that of a simulated board, for as long as the block lasts."""
    if port is not None:
        yield port
        return
    from draupnir.rtl.bridge.bridge import EVENT_DEPTH, SPIKE_DEPTH
    from draupnir.tools.host.simulated.terminal import SimulatedBoard, attached

    board: SimulatedBoard
    if simulate == "model":
        from draupnir.tools.host.simulated.model import ModelBoard

        if given:
            raise InputError("--set: the golden model is the whole chip, without parameters")
        board = ModelBoard(chips.model(chip)(seed), chip, EVENT_DEPTH, SPIKE_DEPTH)
    else:
        from draupnir.tools.host.simulated.rtl import RtlBoard

        board = RtlBoard(chip, BUILD, **given)
    with attached(board) as name:
        yield name
