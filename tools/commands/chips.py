"""`draupnir chips`: what is supported, and how far; all that one chip declares; one entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip, Memory, Parameter
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import place
from draupnir.tools.report import entries, schema, tables
from draupnir.tools.terminal.arguments import complete_chip, json_option, set_option
from draupnir.tools.terminal.arguments import declared as declared_as

PARTS = ("model", "rtl", "bench")


def summary(chip: Chip) -> dict[str, Any]:
    """A chip in a few numbers, and which parts of it there are: golden model, RTL, bench, golden cases."""
    package = chips.package(chip.name)
    golden = place(package, "golden")
    return {
        "name": chip.name,
        "title": chip.title,
        "source": chip.source,
        "pins": len(chip.pins),
        "registers": len(chip.registers),
        "events": len(chip.events),
        "memories": {m.name: _size(m) for m in chip.memories},
        **{part: getattr(package, part) is not None for part in PARTS},
        "golden_cases": len(list(golden.glob("*/case.toml"))) if golden else 0,
    }


def _size(memory: Memory) -> dict[str, int]:
    size = {"words": memory.depth, "bits": memory.width}
    return size if memory.copies is None else {"copies": memory.copies, **size}


def _complete_entry(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    chip = ctx.params.get("chip")
    if chip not in chips.names():
        return []
    declared = entries.entries(chips.declaration(str(chip)), chips.parameters(str(chip)))
    names = dict.fromkeys(name for entry in declared for name in (entry.path[-1], entry.name))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("chips")
@click.argument("chip", metavar="[CHIP]", required=False, shell_complete=complete_chip)
@click.argument("entry", metavar="[ENTRY]", required=False, shell_complete=_complete_entry)
@click.option("--markdown", is_flag=True, help="Print CHIP's tables as Markdown.")
@set_option
@json_option
def command(chip: str | None, entry: str | None, markdown: bool, settings: tuple[str, ...], as_json: bool) -> None:
    """List what is supported, and how far; with CHIP, all that it declares.

    These are its sizes, pins (with the edges of clocks, and how resets act), buses, probes, registers, memory words,
    events and state. On a terminal they are tables; in a pipe, a line each, for grep. ENTRY is the name of one of them,
    or a path such as neurons.lif.thr: all that is known of it.

    \b
    Example: draupnir chips
             draupnir chips odin
             draupnir chips odin SPI_OPEN_LOOP
             draupnir chips odin | grep FIFO
    """
    if markdown and (chip is None or as_json or entry):
        raise click.UsageError("--markdown prints the tables of one CHIP, without --json", click.get_current_context())
    if settings and chip is None:
        raise click.UsageError("--set chooses a size of one CHIP", click.get_current_context())
    if chip is None:
        _list(as_json)
        return
    declared, parameters = declared_as(chip, settings), chips.parameters(chip)
    if entry is not None:
        _print_entries(entries.look_up(declared, entry, parameters), as_json)
    elif as_json:
        listed = [each.as_json() for each in entries.entries(declared, parameters)]
        schema.echo("chips", {**summary(declared), "entries": listed})
    elif markdown:
        click.echo(tables.markdown(declared, parameters), nl=False)
    else:
        _print_chip(declared, parameters)


def _list(as_json: bool) -> None:
    """Print all chips. Raises InputError at the end for packages that do not load, a line on stderr for each."""
    found, wrong = [], []
    for name in chips.names():
        try:
            found.append(summary(chips.declaration(name)))
        except InputError as error:
            wrong.append(str(error))
    if as_json:
        schema.echo("chips", {"chips": found})
    for one in () if as_json else found:
        click.echo(_line(one))
    for text in wrong[:-1]:
        click.echo(f"error: {text}", err=True)
    if wrong:
        raise InputError(wrong[-1])


def _line(s: dict[str, Any]) -> str:
    memories = ", ".join(f"{name} {' x '.join(map(str, m.values()))} bits" for name, m in s["memories"].items())
    parts = ", ".join(f"{part} {'yes' if s[part] else 'not yet'}" for part in PARTS)
    return (
        f"{s['name']:9} {s['title']}\n"
        f"          {s['pins']} pins, {s['registers']} registers, {s['events']} kinds of event; memories: {memories}\n"
        f"          {parts}; {s['golden_cases']} golden cases"
    )


def _print_entries(found: list[entries.Entry], as_json: bool) -> None:
    if as_json:
        schema.echo("chips", {"entries": [each.as_json() for each in found]})
        return
    for number, each in enumerate(found):
        if number:
            click.echo()
        for line in entries.described(each):
            click.echo(line)


def _print_chip(chip: Chip, parameters: Sequence[Parameter]) -> None:
    # Only here: the other forms need no tables drawn.
    from draupnir.tools.terminal.console import console

    out = console()
    if not out.is_terminal:
        click.echo(f"{chip.title} ({chip.source})")
        for line in entries.lines(chip, parameters):
            click.echo(line)
        return
    out.print(chip.title, f"({chip.source})", markup=False, soft_wrap=True)
    for table in tables.rich_tables(chip, parameters):
        out.width = max(out.width, tables.least_width(table))
        out.print()
        out.print(table)
