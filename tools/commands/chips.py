"""`draupnir chips`: a list of the chips; all entries of one chip's declaration; one entry."""

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
from draupnir.tools.terminal.arguments import declaration_of, json_option, set_option
from draupnir.tools.terminal.completion import complete_chip

PARTS = ("model", "rtl", "bench")


def summary(chip: Chip) -> dict[str, Any]:
    """A chip in a few numbers, and its parts: golden model, RTL, bench, golden cases."""
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
    candidates = entries.entries(chips.declaration(str(chip)), chips.parameters(str(chip)))
    names = dict.fromkeys(name for entry in candidates for name in (entry.path[-1], entry.name))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("chips")
@click.argument("chip", metavar="[CHIP]", required=False, shell_complete=complete_chip)
@click.argument("entry", metavar="[ENTRY]", required=False, shell_complete=_complete_entry)
@click.option("--markdown", is_flag=True, help="Print CHIP's tables as Markdown.")
@set_option
@json_option
def command(chip: str | None, entry: str | None, markdown: bool, settings: tuple[str, ...], as_json: bool) -> None:
    """List the chips; with CHIP, list all entries of its declaration.

    The entries are its sizes, pins (with the edges of clocks, and the kinds of resets), buses, probes, registers,
    memory words, events and state. On a terminal they are tables. In a pipe each entry is one line, for grep. With
    ENTRY, a name or a path such as neurons.lif.thr, everything about this one entry is printed.

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
    declaration, parameters = declaration_of(chip, settings), chips.parameters(chip)
    if entry is not None:
        _print_entries(entries.look_up(declaration, entry, parameters), as_json)
    elif as_json:
        entry_objects = [each.as_json() for each in entries.entries(declaration, parameters)]
        schema.echo("chips", {**summary(declaration), "entries": entry_objects})
    elif markdown:
        click.echo(tables.markdown(declaration, parameters), nl=False)
    else:
        _print_chip(declaration, parameters)


def _list(as_json: bool) -> None:
    """Print all chips, and a line on stderr for each package that does not load.

    Raises InputError at the end, for the last package that does not load.
    """
    summaries, wrong = [], []
    for name in chips.names():
        try:
            summaries.append(summary(chips.declaration(name)))
        except InputError as error:
            wrong.append(str(error))
    if as_json:
        schema.echo("chips", {"chips": summaries})
    for one in () if as_json else summaries:
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


def _print_entries(matches: list[entries.Entry], as_json: bool) -> None:
    if as_json:
        schema.echo("chips", {"entries": [each.as_json() for each in matches]})
        return
    for number, each in enumerate(matches):
        if number:
            click.echo()
        for line in entries.description_lines(each):
            click.echo(line)


def _print_chip(chip: Chip, parameters: Sequence[Parameter]) -> None:
    # Imported here, because only tables need it.
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
