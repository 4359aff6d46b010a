"""`draupnir host`: a network on a chip on a board, over a serial port; or on a simulated board behind one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator import chips
from emulator.errors import InputError
from tools.errors import Difference
from tools.options import parameters
from tools.progress import progress

if TYPE_CHECKING:
    from tools.config.configuration import Configuration
    from tools.host.device import Device

DELAY = click.IntRange(min=0)
FILE = click.Path(path_type=Path)
BUILD = Path("build/host")


@click.command("host")
@click.argument("chip", metavar="CHIP")
@click.option("--port", metavar="DEVICE", help="Serial port of the board.")
@click.option("--simulate", type=click.Choice(["model", "rtl"]), help="A simulated board instead: golden model or RTL.")
@click.option(
    "--baud", metavar="N", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Of the port."
)
@click.option(
    "--set", "settings", metavar="NAME=N", multiple=True, help="Parameter of the RTL that the bitstream holds."
)
@click.option("--config", metavar="CONFIG", type=FILE, help="Registers, neurons, synapses: TOML, or packed.")
@click.option("--onto", metavar="CONFIG", help="What the memories hold already: a configuration, or blank (all 0).")
@click.option("--verify", is_flag=True, help="Read the memories after programming, and compare.")
@click.option("--events", metavar="FILE", type=FILE, help="Events: .csv or .npy.")
@click.option("--timesteps", metavar="N", type=click.IntRange(min=1), help="ReckOn: timesteps of the sample.")
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Spikes, cycle and address of each: .csv or .npy.")
@click.option("--gap", metavar="N", type=DELAY, default=1, show_default=True, help="Clocks from ACK's fall to REQ.")
@click.option("--hold", metavar="N", type=DELAY, default=1, show_default=True, help="Clocks from ACK to REQ's fall.")
@click.option("--ack-delay", metavar="N", type=DELAY, default=1, show_default=True, help="Receiver: from REQ to ACK.")
@click.option("--ack-hold", metavar="N", type=DELAY, default=1, show_default=True, help="Receiver: both fall.")
@click.option("--max-cycles", metavar="N", type=click.IntRange(1, (1 << 32) - 1), help="Stop after N clocks.")
@click.option("--quiet", metavar="N", type=click.IntRange(min=1), help="Clocks without an event that end the run.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(
    chip: str,
    port: str | None,
    simulate: str | None,
    baud: int,
    settings: tuple[str, ...],
    config: Path | None,
    onto: str | None,
    verify: bool,
    events: Path | None,
    timesteps: int | None,
    output: Path | None,
    gap: int,
    hold: int,
    ack_delay: int,
    ack_hold: int,
    max_cycles: int | None,
    quiet: int | None,
    as_json: bool,
) -> None:
    """Program a chip on a board, send it events, and write its spikes: as `draupnir run`, on hardware.

    The board holds a bitstream with the bridge of rtl/bridge. The chip's clock stands still wherever it would have to
    wait for the serial line: so spikes and their cycles are those of `draupnir run`, with the same options.

    ReckOn is led by its host, timestep by timestep: its events are those files that `draupnir run reckon` takes.

    Without --config the chip is not reset, and keeps what it has; without --events nothing is sent.
    Exit status: 0 done, 1 --verify found a difference, and no event was sent, 2 the input, or the line, is at fault.

    \b
    Example: draupnir host odin --port /dev/ttyUSB0 --config net.toml --events events.csv -o spikes.csv
             draupnir host odin --simulate rtl --config net.toml --onto blank --events events.csv -o spikes.csv
    """
    if (port is None) == (simulate is None):
        raise click.UsageError("right is one of --port and --simulate", click.get_current_context())
    if verify and config is None:
        raise click.UsageError("--verify: only with --config", click.get_current_context())
    declared = chips.declaration(chip)
    # Only here: help needs none of it.
    from emulator.handshake import Environment
    from rtl.bridge.board import title
    from tools.config import packed
    from tools.host import led, session
    from tools.host.device import Device
    from tools.host.link import Link, opened
    from tools.run import events as event_files
    from tools.run import hosted, spikes
    from tools.spi import stream

    given = parameters(chip, settings)
    configuration = packed.read(config, chip) if config else None
    present = packed.memories_before(onto, chip)
    is_led = hosted.is_hosted(chip)
    if timesteps is not None and not is_led:
        raise InputError(f"--timesteps {timesteps}: {chip} has no timesteps; right is to leave it out")
    operations = led.read(events, declared, configuration, timesteps) if events and is_led else None
    n_events = event_files.count(events) if events and operations is None else 0
    report: dict[str, Any] = {"chip": chip}
    with (
        spikes.writing(output) if output else nullcontext(lambda cycles, addrs: None) as take,
        _port(port, simulate, chip, given) as name,
        opened(name, baud) as line,
    ):
        device = Device(Link(line, name), declared, title(chip, given))
        if configuration:
            n_transactions = len(stream.pack(configuration, present))
            with progress("programming", n_transactions, "transactions") as advance:
                report["n_transactions"] = session.program(device, configuration, present, advance)
        if configuration and verify:
            report |= _verify(device, configuration, given)
        environment = Environment(gap, hold, ack_delay, ack_hold)
        if operations is not None and not report.get("n_differences"):
            with progress("operations", len(operations), "operations") as advance:
                outcome = session.lead(device, operations, environment, max_cycles, take, advance)
            report |= led.report(operations, outcome)
        elif events and not report.get("n_differences"):
            with progress(events.name, n_events, "events") as advance:
                blocks = event_files.blocks(events, declared)
                outcome = session.run(device, blocks, environment, max_cycles, quiet or session.QUIET, take, advance)
            report |= asdict(outcome)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        for words, count in _lines(report):
            click.echo(f"{words}: {count}")
    if report.get("n_differences"):
        raise Difference


def _verify(device: Device, configuration: Configuration, given: dict[str, Any]) -> dict[str, Any]:
    """Read all words that the chip has; how many, and what differs, for the report."""
    from rtl import emit
    from tools.host import session

    chip = configuration.chip
    words = {m.name: emit.kept_words(chip.name, m.name, **given) for m in chip.memories}
    n_words = sum(map(len, words.values()))
    with progress("reading", n_words, "words") as advance:
        differing = session.verify(device, configuration, words, advance)
    first = {"first_difference": str(differing[0])} if differing else {}
    return {"n_words_read": n_words, "n_differences": len(differing), **first}


def _lines(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The report for people."""
    for name, count in report.items():
        if name == "done":
            yield "at rest at the end", "yes" if count else "no"
        else:
            yield name.removeprefix("n_").replace("_", " "), str(count) if isinstance(count, str) else f"{count:,}"


@contextmanager
def _port(port: str | None, simulate: str | None, chip: str, given: dict[str, Any]) -> Iterator[str]:
    """The name of the port: what was given, or that of a simulated board, for as long as the block lasts."""
    if port is not None:
        yield port
        return
    from rtl.bridge.bridge import EVENT_DEPTH, SPIKE_DEPTH
    from tools.host.simulated.terminal import Board, attached

    board: Board
    if simulate == "model":
        from tools.host.simulated.model import ModelBoard

        if given:
            raise InputError("--set: the golden model is the whole chip, without parameters")
        board = ModelBoard(chips.model(chip)(), chip, EVENT_DEPTH, SPIKE_DEPTH)
    else:
        from tools.host.simulated.rtl import RtlBoard

        board = RtlBoard(chip, BUILD, **given)
    with attached(board) as name:
        yield name
