"""The console on which tables are printed: stdout, through rich."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave a closed pipe to tools/terminal/errors.py: rich would exit with status 1, which means a difference."""
        raise BrokenPipeError


def console() -> Console:
    """A console on stdout that colours on a terminal only, and no words that it merely guesses to be special."""
    return _Console(highlight=False)
