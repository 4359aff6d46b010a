"""`draupnir run`: events in, spikes with their cycle numbers out, at event level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator import chips
from emulator.declare import Chip
from emulator.errors import InputError
from tools.options import images
from tools.progress import progress

if TYPE_CHECKING:
    from tools.run.session import Outcome
    from tools.run.spikes import Take

DELAY = click.IntRange(min=0)
FILE = click.Path(path_type=Path)


@click.command("run")
@click.argument("chip", metavar="CHIP")
@click.option("--config", metavar="TOML", type=FILE, required=True, help="Registers, neurons, synapses.")
@click.option("--events", metavar="FILE", type=FILE, required=True, help="Events: .csv or .npy.")
@click.option("--timesteps", metavar="N", type=click.IntRange(min=1), help="ReckOn: timesteps of the sample.")
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Spikes, cycle and address of each: .csv or .npy.")
@click.option("--save", metavar="MEM=FILE", multiple=True, help="Memory image after the run ($readmemh).")
@click.option("--gap", metavar="N", type=DELAY, default=1, show_default=True, help="Clocks from ACK's fall to REQ.")
@click.option("--hold", metavar="N", type=DELAY, default=1, show_default=True, help="Clocks from ACK to REQ's fall.")
@click.option("--ack-delay", metavar="N", type=DELAY, default=1, show_default=True, help="Receiver: from REQ to ACK.")
@click.option("--ack-hold", metavar="N", type=DELAY, default=1, show_default=True, help="Receiver: both fall.")
@click.option("--max-cycles", metavar="N", type=click.IntRange(min=1), help="Stop after N clocks.")
@click.option("--clock-level", is_flag=True, help="Run every clock one by one: the same results, later.")
@click.option("--seed", metavar="N", type=click.IntRange(min=0), help="Start state without reset at random.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(
    chip: str,
    config: Path,
    events: Path,
    timesteps: int | None,
    output: Path | None,
    save: tuple[str, ...],
    gap: int,
    hold: int,
    ack_delay: int,
    ack_hold: int,
    max_cycles: int | None,
    clock_level: bool,
    seed: int | None,
    as_json: bool,
) -> None:
    """Send events to a configured chip and write its spikes, each with the cycle in which its REQ is seen.

    Events: a CSV with the header addr, or cycle,addr, or a .npy of one or two columns of integers. Cycle 0 is the first
    clock after the reset. Events follow each other as quickly as the handshake allows, but none is sent before its
    cycle.

    ReckOn is led by its host: a CSV with the header time,addr has the input spikes of a sample by timestep; one with
    op,operand what the host does, in order: SPIKE, TARGET, TICK, TAKE, WAIT, SAMPLE, TARGET_VALID, INFER_ACC.

    \b
    Example: draupnir run odin --config net.toml --events events.csv -o spikes.csv
             draupnir run odin --config net.toml --events events.npy --save synapses=learned.hex --json
             draupnir run reckon --config net.toml --events sample.csv --timesteps 2250
    """
    declared = chips.declaration(chip)
    targets = _targets(declared, save)
    # Only here: help needs none of it.
    from golden import hexfile
    from tools.config.load import load
    from tools.run import hosted, spikes

    configuration = load(config, chip)
    model = chips.model(chip)(seed)
    configuration.apply(model)
    delays = {"gap": gap, "hold": hold, "ack_delay": ack_delay, "ack_hold": ack_hold}
    with spikes.writing(output) if output else nullcontext(lambda cycles, addrs: None) as take:
        if hosted.is_hosted(chip):
            outcome = hosted.run(model, events, timesteps, delays, max_cycles, not clock_level, take)
        elif timesteps is None:
            outcome = _events(model, events, delays, max_cycles, not clock_level, take)
        else:
            raise InputError(f"--timesteps {timesteps}: {chip} has no timesteps; right is to leave it out")
        for name, path in targets.items():
            hexfile.write(path, model.memories[name], declared.memory(name))
    if as_json:
        click.echo(json.dumps({"chip": chip, **asdict(outcome), "warnings": model.warnings()}, indent=2))
    else:
        _print(outcome)
    if not outcome.done and max_cycles is None:
        click.echo("warning: stopped, though the chip had not come to rest; see --max-cycles", err=True)
    for warning in model.warnings():
        click.echo(f"warning: {warning}", err=True)


def _events(
    model: Any, events: Path, delays: dict[str, int], max_cycles: int | None, sweeping: bool, take: Take
) -> Outcome:
    """A chip that is sent events, block by block."""
    from emulator.handshake import Environment
    from tools.run import events as event_files
    from tools.run import session

    environment = Environment(**delays)
    with progress(events.name, event_files.count(events), "events") as advance:
        blocks = event_files.blocks(events, model.chip)
        return session.run(model, blocks, environment, max_cycles, sweeping, take, advance)


def _targets(chip: Chip, given: tuple[str, ...]) -> dict[str, Path]:
    """Where to save which memory."""
    names = [memory.name for memory in chip.memories]
    files = images("--save", given)
    for name, file in files.items():
        if name not in names:
            raise InputError(f"--save {name}={file}: {chip.name} has no memory {name!r}; it has {', '.join(names)}")
        if not file.parent.is_dir():
            raise InputError(f"--save {name}={file}: {file.parent} is not a folder")
    return files


def rows(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """The figures, with names for people."""
    yield "events", f"{outcome.n_events:,}"
    yield "spikes", f"{outcome.n_spikes:,}"
    yield "clocks", f"{outcome.n_cycles:,}" + ("" if outcome.done else ", then stopped")
    yield from _statistics(outcome.statistics or {})
    yield "clocks a second", f"{outcome.n_cycles / outcome.seconds:,.0f}"


def _statistics(statistics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, found in statistics.items():
        words = name.removeprefix("n_").replace("_", " ")
        if isinstance(found, dict):
            yield from ((f"{words} in {part}", f"{n:,}") for part, n in found.items() if n)
        else:
            yield words, f"{found:,}"


def _print(outcome: Outcome) -> None:
    # Only here: JSON needs no table drawn.
    from rich.table import Table

    from tools.console import console

    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(justify="right")
    for row in rows(outcome):
        table.add_row(*row)
    console().print(table)
