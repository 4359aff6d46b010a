"""The host's end of the serial line. It sends a request and receives the response, and repeats both if one is lost.

If the line fails, an InputError says what to check.
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
    """A serial port, for instance ``serial.Serial``."""

    def read(self, size: int = 1) -> bytes: ...

    def write(self, data: bytes) -> int | None: ...


class BridgeLink:
    """Requests and responses over a line.

    name : the name of the port, for messages; patience : seconds to wait for a response, above 0
    n_repeated : the number of requests that were sent again
    """

    def __init__(self, line: Line, name: str, patience: float = PATIENCE) -> None:
        self._line, self._name, self._patience = line, name, patience
        self._number = 0
        self._deframer = SoftwareDeframer()
        self._n_bytes = 0
        self.n_repeated = 0

    def request(self, command: Command, arguments: bytes = b"") -> bytes:
        """Send a request, and return its response without the head. Raises InputError if there is no response."""
        self._number = (self._number + 1) % 256
        request_frame = frame(bytes([self._number, command]) + arguments)
        self._n_bytes = 0
        for _ in range(TRIES):
            self._write(request_frame)
            answer = self._response()
            if answer is None:
                self.n_repeated += 1
            elif answer[1] == command:
                return answer[HEAD:]
            elif answer[1] == command | REFUSED:
                raise InputError(f"{self._name}: the bridge does not know {command.name}; is its bitstream older?")
            else:  # the answer to another program, which used the same number
                self._number = (self._number + 1) % 256
                request_frame = frame(bytes([self._number, command]) + arguments)
        raise InputError(self._silence(command))

    def _silence(self, command: Command) -> str:
        if self._n_bytes:
            return (
                f"{self._name}: {self._n_bytes} bytes came, but no answer to {command.name};"
                " is the baud rate right (--baud), and is it the bridge's port?"
            )
        return (
            f"{self._name}: no answer to {command.name} within {TRIES} x {self._patience:g} s;"
            " is the board on, and does its bitstream have the bridge?"
        )

    def _response(self) -> bytes | None:
        """The next frame with the request's number, or None if it does not come in time."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            for payload in self._deframer.take(self._read()):
                if len(payload) >= HEAD and payload[0] == self._number:
                    return payload
        return None

    def _read(self) -> bytes:
        try:
            content = self._line.read(1)
            n_waiting = getattr(self._line, "in_waiting", 0)
            content += self._line.read(n_waiting) if n_waiting else b""
        except (OSError, serial.SerialException) as error:
            raise InputError(f"{self._name}: the line is broken; is the board still plugged in?") from error
        self._n_bytes += len(content)
        return content

    def _write(self, content: bytes) -> None:
        try:
            self._line.write(content)
        except (OSError, serial.SerialException) as error:
            raise InputError(f"{self._name}: the line is broken; is the board still plugged in?") from error


def open_port(port: str, baud: int) -> serial.Serial:
    """Open a serial port. baud : bits per second, above 0. Raises InputError if it cannot be opened."""
    try:
        return serial.Serial(port, baud, timeout=0.05, write_timeout=PATIENCE, exclusive=True)
    except (OSError, ValueError, serial.SerialException) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        raise InputError(f"{port}: no serial port: {reason}") from error
