"""Ctrl-C and SIGTERM: work ends between two pieces of it, and leaves nothing half-done behind."""

from __future__ import annotations

import signal
import time
from types import FrameType

from draupnir.emulator.speeds import pieces

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "terminated"}
PATIENCE = 5.0  # seconds to clear away; until then another signal changes nothing

_first: tuple[int, float] | None = None  # the signal, and when it came


def handle() -> None:
    """Let these signals raise KeyboardInterrupt in the main thread, and other threads stop their work.

    A signal that is ignored, as SIGHUP below nohup, stays so. Call it in the main thread.
    """
    for number in WORDS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _raise)


def over() -> None:
    """The process is about to end with a status of its own: from now on a signal changes nothing."""
    for number in WORDS:
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_IGN)


def came() -> bool:
    """Tell whether one of the signals has come."""
    return _first is not None


def word() -> str:
    """Return what happened, for people."""
    return WORDS[signal.Signals(_number())]


def status() -> int:
    """The exit status of a process that a signal has ended: 128 and the signal's number."""
    return 128 + _number()


def _number() -> int:
    return _first[0] if _first else signal.SIGINT


def _raise(number: int, frame: FrameType | None) -> None:
    global _first
    now = time.monotonic()
    if _first is not None and now - _first[1] < PATIENCE:
        return
    _first = number, now
    pieces.stop_everybody()
    raise KeyboardInterrupt
