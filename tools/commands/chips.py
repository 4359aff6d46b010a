"""`draupnir chips`: what is supported, and how far; one chip's pins, registers, words and events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from emulator import chips
from emulator.declare import Chip
from tools import tables

ROOT = Path(__file__).parents[2]
PARTS = {"model": "emulator/{}/chip.py", "rtl": "rtl/{}/chip.py", "bench": "cocotb_tests/{}/bench.py"}


def summary(chip: Chip) -> dict[str, Any]:
    """A chip in a few numbers, and which parts of it there are: golden model, RTL, bench, golden cases."""
    return {
        "name": chip.name,
        "title": chip.title,
        "source": chip.source,
        "pins": len(chip.pins),
        "registers": len(chip.registers),
        "events": len(chip.events),
        "memories": {m.name: {"words": m.depth, "bits": m.width} for m in chip.memories},
        **{part: (ROOT / path.format(chip.name)).is_file() for part, path in PARTS.items()},
        "golden_cases": len(list((ROOT / "golden" / chip.name).glob("*/case.toml"))),
    }


def as_json(chip: Chip) -> dict[str, Any]:
    """The summary, and the tables with their rows as objects."""
    rows = {t.title: [dict(zip(t.header, row, strict=True)) for row in t.rows] for t in tables.tables(chip)}
    return {**summary(chip), "tables": rows}


@click.command("chips")
@click.argument("chip", required=False)
@click.option("--markdown", is_flag=True, help="Print CHIP's tables as Markdown.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def command(chip: str | None, markdown: bool, json_wanted: bool) -> None:
    """List what is supported, and how far; with CHIP, its pins, registers, memory words and events.

    \b
    Example: draupnir chips
             draupnir chips odin
    """
    if markdown and (chip is None or json_wanted):
        raise click.UsageError("--markdown prints the tables of one CHIP, without --json", click.get_current_context())
    declared = [chips.declaration(name) for name in ([chip] if chip else chips.names())]
    if json_wanted:
        click.echo(json.dumps(as_json(declared[0]) if chip else [summary(c) for c in declared], indent=2))
    elif markdown:
        click.echo(tables.markdown(declared[0]), nl=False)
    elif chip:
        _print_tables(declared[0])
    else:
        for c in declared:
            click.echo(_line(c))


def _line(chip: Chip) -> str:
    s = summary(chip)
    memories = ", ".join(f"{name} {m['words']} x {m['bits']} bits" for name, m in s["memories"].items())
    parts = ", ".join(f"{part} {'yes' if s[part] else 'not yet'}" for part in PARTS)
    return (
        f"{chip.name:9} {chip.title}\n"
        f"          {s['pins']} pins, {s['registers']} registers, {s['events']} kinds of event; memories: {memories}\n"
        f"          {parts}; {s['golden_cases']} golden cases"
    )


def _print_tables(chip: Chip) -> None:
    # Only here: the other forms need no tables drawn.
    from tools.console import console

    out = console()
    out.print(chip.title, f"({chip.source})", markup=False, soft_wrap=True)
    for table in tables.rich_tables(chip):
        out.print()
        out.print(table)
