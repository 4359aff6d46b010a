"""The console on which tables are printed: stdout, through rich."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Let tools/terminal/errors.py handle a closed pipe. Rich would exit with status 1, as for a difference."""
        raise BrokenPipeError


def console() -> Console:
    """A console on stdout. It uses colours on a terminal only, and does not highlight words by itself."""
    return _Console(highlight=False)
