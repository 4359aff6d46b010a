"""Tell a listener that kernels are about to be compiled, which takes up to a minute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Tell = Callable[[Path, bool], None]  # takes the folder for compiled code, and whether that can be written

_tell: Tell | None = None


def tell(listener: Tell | None) -> None:
    """Set the function that is called once, before this process compiles its first kernel; None for no function."""
    global _tell
    _tell = listener


def begins(folder: Path, writable: bool) -> None:
    """Call the listener, if there is one: a kernel is about to be compiled.

    writable : True if the folder can keep the result, so that the next start does not compile
    """
    global _tell
    listener, _tell = _tell, None
    if listener is not None:
        listener(folder, writable)
