"""Figures of a run on the terminal: one name and one number in each line, the same for all commands."""

from __future__ import annotations

from collections.abc import Iterable

import click


def words(name: str) -> str:
    """The name of a figure for people: ``n_input_events`` is "input events"."""
    return name.removeprefix("n_").replace("_", " ")


def show(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and figures in two columns. Numbers are aligned to the right, texts to the left."""
    all_rows = list(rows)
    width = max((len(name) for name, _ in all_rows), default=0)
    digits = max((len(figure) for _, figure in all_rows if figure[:1].isdecimal()), default=0)
    for name, figure in all_rows:
        click.echo(f"{name:{width}}  {figure:>{digits}}" if figure[:1].isdecimal() else f"{name:{width}}  {figure}")


def show_texts(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and texts in two columns, all aligned to the left."""
    all_rows = list(rows)
    width = max((len(name) for name, _ in all_rows), default=0)
    for name, text in all_rows:
        click.echo(f"{name:{width}}  {text}")
