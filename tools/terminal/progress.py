"""A progress bar for long work: on a terminal, with rate and remaining time; silent anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str, total: int, unit: str = "clocks") -> Iterator[Callable[[int], None]]:
    """A bar on stderr while the ``with`` block runs; yields a function to call with how many more are done.

    what : what is being done, a few words
    total : how many there will be, in ``unit``
    """
    if not sys.stderr.isatty():
        yield lambda n: None
        return
    # Only here: most calls of draupnir show no bar.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.completed:,.0f} of {total:,} {unit}, {_rate(task.speed or 0.0)}/s")

    columns = (TextColumn("{task.description}"), BarColumn(), Rate(""), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda n: bars.advance(bar, n)


def _rate(per_second: float) -> str:
    for prefix, size in (("M", 1e6), ("k", 1e3)):
        if per_second >= size:
            return f"{per_second / size:.2f} {prefix}"
    return f"{per_second:.0f} "
