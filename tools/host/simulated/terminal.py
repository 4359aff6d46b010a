"""A board behind a pseudo-terminal, which is to a program what a serial port is."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from draupnir.emulator.speeds import pieces

IDLE = 0.02  # seconds between two looks at whether it should end


class SimulatedBoard(Protocol):
    """A simulated board; busy : it has something to do although nothing comes from the line."""

    @property
    def busy(self) -> bool: ...

    def step(self, received: bytes) -> bytes: ...


@contextmanager
def attached(board: SimulatedBoard) -> Iterator[str]:
    """The name of a port behind which the board is, for as long as the block lasts.

    Whatever the board raises is raised as the block ends.
    """
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    stop = threading.Event()
    failed: list[Exception] = []

    def serve() -> None:
        try:
            while not stop.is_set():
                received = _received(ours, 0 if board.busy else IDLE)
                if received or board.busy:
                    _send(ours, board.step(received), stop)
        except pieces.Stopped:
            return
        except Exception as error:
            failed.append(error)
            os.close(theirs)  # the host notices

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        stop.set()
        thread.join()
        for end in (ours, *([] if failed else [theirs])):
            os.close(end)
        if failed:
            raise failed[0]


def _received(fd: int, patience: float) -> bytes:
    return os.read(fd, 1 << 16) if select.select([fd], [], [], patience)[0] else b""


def _send(fd: int, sent: bytes, stop: threading.Event) -> None:
    """Write all, however slowly it is read."""
    while sent and not stop.is_set():
        if select.select([], [fd], [], IDLE)[1]:
            sent = sent[os.write(fd, sent[:256]) :]
