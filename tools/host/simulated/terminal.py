"""Simulated boards behind a pseudo-terminal, which a program uses like a serial port."""

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

IDLE = 0.02  # seconds between two checks whether the board should stop


class SimulatedBoard(Protocol):
    """A simulated board. busy : True if it has work to do although no byte comes from the line"""

    @property
    def busy(self) -> bool: ...

    def step(self, content: bytes) -> bytes: ...


@contextmanager
def serial_port(board: SimulatedBoard) -> Iterator[str]:
    """Connect a board to a pseudo-terminal during the ``with`` block. Yields the name of the port.

    An exception of the board is raised at the end of the block.
    """
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    stop = threading.Event()
    failures: list[Exception] = []

    def serve() -> None:
        try:
            while not stop.is_set():
                content = _receive(ours, 0 if board.busy else IDLE)
                if content or board.busy:
                    _send(ours, board.step(content), stop)
        except pieces.Stopped:
            return
        except Exception as error:
            failures.append(error)
            os.close(theirs)  # so that the host sees the failure

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        stop.set()
        thread.join()
        for end in (ours, *([] if failures else [theirs])):
            os.close(end)
        if failures:
            raise failures[0]


def _receive(fd: int, patience: float) -> bytes:
    return os.read(fd, 1 << 16) if select.select([fd], [], [], patience)[0] else b""


def _send(fd: int, content: bytes, stop: threading.Event) -> None:
    """Write all bytes, however slowly the reader takes them."""
    while content and not stop.is_set():
        if select.select([], [fd], [], IDLE)[1]:
            content = content[os.write(fd, content[:256]) :]
