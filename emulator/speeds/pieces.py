"""Long work in pieces of less than a second. Between two pieces Python handles signals, and work can stop.

A compiled function cannot be interrupted, because Python runs the handler of a signal only after the function returns.
Other threads than the main one receive no signals; they look here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

WORK = 1 << 23  # work of a piece, at most: clocks that run one by one, or other work that takes as long
ROWS = 1 << 19  # rows of a piece

_everybody = threading.Event()
_thread = threading.local()


class Stopped(BaseException):
    """The work has stopped between two pieces, because it had to."""


def stop_everybody() -> None:
    """Make all work, in all threads, stop after its present piece."""
    _everybody.set()


def go_on() -> None:
    """Undo ``stop_everybody``."""
    _everybody.clear()


@contextmanager
def stoppable(stop: threading.Event) -> Iterator[None]:
    """Make work of this thread in this block stop after its present piece when ``stop`` is set."""
    previous = getattr(_thread, "stop", None)
    _thread.stop = stop
    try:
        yield
    finally:
        _thread.stop = previous


def raised_by_signal(error: SystemError) -> BaseException:
    """Return the exception that the handler of a signal raised while Numba converted an argument or a result.

    Numba calls Python for the conversion, and does not look for an exception. Python then raises SystemError, with the
    handler's exception as its cause. If there is no cause, Numba has cleared the exception; it was KeyboardInterrupt.
    """
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return KeyboardInterrupt() if cause is error else cause


def check_stop() -> None:
    """Raise Stopped if the work has to stop. Call this between two pieces."""
    stop = getattr(_thread, "stop", None)
    if _everybody.is_set() or (stop is not None and stop.is_set()):
        raise Stopped
