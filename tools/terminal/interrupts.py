"""Ctrl-C and SIGTERM: work stops between two of its pieces, and leaves no half-written file."""

from __future__ import annotations

import signal
import time
from types import FrameType

from draupnir.emulator.speeds import pieces

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "terminated"}
PATIENCE = 5.0  # seconds to clean up, in which another signal has no effect

_first_signal: tuple[int, float] | None = None  # the signal's number, and the time at which it came


def handle() -> None:
    """Install handlers that raise KeyboardInterrupt in the main thread, and stop the work of the other threads.

    A signal that is ignored, as SIGHUP is under nohup, stays ignored. Call this function in the main thread.
    """
    for number in WORDS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _raise)


def ignore_signals() -> None:
    """Ignore the signals from now on, because the process ends with its own status."""
    for number in WORDS:
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_IGN)


def came() -> bool:
    """True if one of the signals has come."""
    return _first_signal is not None


def word() -> str:
    """A word for the user: interrupted or terminated."""
    return WORDS[signal.Signals(_number())]


def status() -> int:
    """The exit status of a process that a signal has ended: 128 plus the signal's number."""
    return 128 + _number()


def _number() -> int:
    return _first_signal[0] if _first_signal else signal.SIGINT


def _raise(number: int, frame: FrameType | None) -> None:
    global _first_signal
    now = time.monotonic()
    if _first_signal is not None and now - _first_signal[1] < PATIENCE:
        return
    _first_signal = number, now
    pieces.stop_everybody()
    raise KeyboardInterrupt
