"""The host's end of the line: a request, its response, and again if the line has lost one of them.

Every way in which a line can fail ends in one InputError that says what to look at.
"""

from __future__ import annotations

import os
import time
from typing import Protocol

import serial

from draupnir.emulator.errors import InputError
from draupnir.rtl.bridge.protocol import HEAD, REFUSED, Command, SoftwareDeframer, frame

PATIENCE = 2.0  # seconds for a response
TRIES = 3


class Line(Protocol):
    """A serial port; ``serial.Serial`` is one."""

    def read(self, size: int = 1) -> bytes: ...

    def write(self, data: bytes) -> int | None: ...


class BridgeLink:
    """Requests and responses over a line.

    name : of the port, for messages; patience : seconds for a response
    n_repeated : requests that had to be sent again
    """

    def __init__(self, line: Line, name: str, patience: float = PATIENCE) -> None:
        self._line, self._name, self._patience = line, name, patience
        self._number = 0
        self._deframer = SoftwareDeframer()
        self._n_bytes = 0
        self.n_repeated = 0

    def request(self, command: Command, arguments: bytes = b"") -> bytes:
        """Return what follows the head of the response. Raises InputError if there is none."""
        self._number = (self._number + 1) % 256
        asked = frame(bytes([self._number, command]) + arguments)
        self._n_bytes = 0
        for _ in range(TRIES):
            self._write(asked)
            answer = self._response()
            if answer is None:
                self.n_repeated += 1
            elif answer[1] == command:
                return answer[HEAD:]
            elif answer[1] == command | REFUSED:
                raise InputError(f"{self._name}: the bridge does not know {command.name}; is its bitstream older?")
            else:  # the answer to what somebody else asked last, who used the same number
                self._number = (self._number + 1) % 256
                asked = frame(bytes([self._number, command]) + arguments)
        raise InputError(self._silence(command))

    def _silence(self, command: Command) -> str:
        if self._n_bytes:
            return (
                f"{self._name}: {self._n_bytes} bytes, but no answer to {command.name} among them;"
                " is the baud rate right (--baud), and is it the bridge's port?"
            )
        return (
            f"{self._name}: no answer to {command.name} within {TRIES} x {self._patience:g} s;"
            " is the board on, and its bitstream one with the bridge?"
        )

    def _response(self) -> bytes | None:
        """The next frame with the request's number, or None if there is none for a while."""
        until = time.monotonic() + self._patience
        while time.monotonic() < until:
            for payload in self._deframer.take(self._read()):
                if len(payload) >= HEAD and payload[0] == self._number:
                    return payload
        return None

    def _read(self) -> bytes:
        try:
            received = self._line.read(1)
            more = getattr(self._line, "in_waiting", 0)
            received += self._line.read(more) if more else b""
        except (OSError, serial.SerialException) as error:
            raise InputError(f"{self._name}: the line has broken off; is the board still plugged in?") from error
        self._n_bytes += len(received)
        return received

    def _write(self, sent: bytes) -> None:
        try:
            self._line.write(sent)
        except (OSError, serial.SerialException) as error:
            raise InputError(f"{self._name}: the line has broken off; is the board still plugged in?") from error


def opened(port: str, baud: int) -> serial.Serial:
    """A serial port. Raises InputError if it cannot be opened."""
    try:
        return serial.Serial(port, baud, timeout=0.05, write_timeout=PATIENCE, exclusive=True)
    except (OSError, ValueError, serial.SerialException) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        raise InputError(f"{port}: no serial port: {reason}") from error
