"""A progress bar for long work, with rate and remaining time. It appears only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(title: str, total: int, unit: str = "clocks") -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while the ``with`` block runs. Yields a function that takes the number of further units.

    title : the name of the work, a few words
    total : the number of units of the whole work, at least 0
    """
    if not sys.stderr.isatty():
        yield lambda n: None
        return
    # Imported here, because most calls of draupnir show no bar.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.completed:,.0f} of {total:,} {unit}, {_rate(task.speed or 0.0)}/s")

    columns = (TextColumn("{task.description}"), BarColumn(), Rate(""), TimeRemainingColumn())
    # Lines on a terminal's stdout go above the bar; those in a pipe stay in it.
    to_terminal = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=to_terminal) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda n: bars.advance(bar, n)


def _rate(per_second: float) -> str:
    for prefix, size in (("M", 1e6), ("k", 1e3)):
        if per_second >= size:
            return f"{per_second / size:.2f} {prefix}"
    return f"{per_second:.0f} "
