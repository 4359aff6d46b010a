"""Figures of a run on the terminal: a name and a number a line, the same for all commands."""

from __future__ import annotations

from collections.abc import Iterable

import click


def words(name: str) -> str:
    """The name of a figure for people: ``n_input_events`` is "input events"."""
    return name.removeprefix("n_").replace("_", " ")


def show(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and figures in two columns; numbers stand to the right of theirs, and texts to the left."""
    listed = list(rows)
    width = max((len(name) for name, _ in listed), default=0)
    digits = max((len(figure) for _, figure in listed if figure[:1].isdecimal()), default=0)
    for name, figure in listed:
        click.echo(f"{name:{width}}  {figure:>{digits}}" if figure[:1].isdecimal() else f"{name:{width}}  {figure}")
