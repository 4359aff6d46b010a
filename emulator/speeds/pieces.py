"""Long work in pieces of less than a second. Between two of them Python takes signals, and whoever is to stop does.

A compiled function cannot be interrupted: Python's handler of a signal runs once the function has come back. And a
thread is not told of signals at all: it looks here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

WORK = 1 << 23  # of a piece: clocks that are run one by one, or as much of another kind
ROWS = 1 << 19  # of a piece

_everybody = threading.Event()
_here = threading.local()


class Stopped(BaseException):
    """The work was to stop, and has stopped between two pieces."""


def stop_everybody() -> None:
    """Have all work, in all threads, stop after its present piece."""
    _everybody.set()


def go_on() -> None:
    """Take ``stop_everybody`` back."""
    _everybody.clear()


@contextmanager
def stoppable(stop: threading.Event) -> Iterator[None]:
    """Work of this thread in the block stops after its present piece once ``stop`` is set."""
    before = getattr(_here, "stop", None)
    _here.stop = stop
    try:
        yield
    finally:
        _here.stop = before


def raised_by_signal(error: SystemError) -> BaseException:
    """Return what the handler of a signal raised while Numba converted an argument or a result.

    Numba calls Python for that and does not look at the outcome. Python then raises SystemError, with the handler's
    exception as its cause; or without any, where Numba has cleared the exception, which then was KeyboardInterrupt.
    """
    first: BaseException = error
    while first.__cause__ is not None:
        first = first.__cause__
    return KeyboardInterrupt() if first is error else first


def between() -> None:
    """Call this between two pieces. Raises Stopped if the work is to stop."""
    stop = getattr(_here, "stop", None)
    if _everybody.is_set() or (stop is not None and stop.is_set()):
        raise Stopped
