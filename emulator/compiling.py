"""A listener is told that kernels are being compiled, which takes a minute, but only once if the result can be kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Tell = Callable[[Path, bool], None]  # the folder for compiled code, and whether it can be kept there

_tell: Tell | None = None


def tell(listener: Tell | None) -> None:
    """Have ``listener`` called once, as the first kernel is about to be compiled in this process; None: nobody."""
    global _tell
    _tell = listener


def begins(folder: Path, kept: bool) -> None:
    """A kernel is about to be compiled."""
    global _tell
    listener, _tell = _tell, None
    if listener is not None:
        listener(folder, kept)
