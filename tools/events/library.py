"""Files that libraries read, in a process that may die of them (``library_child.py``)."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.events import library_child
from draupnir.tools.events.recording import EVENT, EventRecording, Events, FileOptions, SensorSize

SECONDS = 60  # without any answer, until a file counts as one on which a library does not end
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "RUST_BACKTRACE": "0"}
FRAME = struct.Struct("<cq")
Reader = Callable[[Path, FileOptions], Iterator[EventRecording]]


class _Process:
    """The process that reads. It starts with the first file, goes on to the next, and is replaced if it dies.

    is_busy : True from a request to the end of its answer
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.is_busy = False

    def ask(self, request: dict[str, Any]) -> IO[bytes]:
        """Send a request. Returns the stream of the answer."""
        if self.is_busy or (self._process and self._process.poll() is not None):
            self.end()  # what is left of an answer must not become that to the next request
        if self._process is None:
            command = [sys.executable, "-P", library_child.__file__]
            variables, pipe, null = os.environ | ALONE, subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=null, env=variables)
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        self.is_busy = True
        with suppress(BrokenPipeError):  # the answer then has an end before its end
            stdin.write(json.dumps(request).encode() + b"\n")
        return stdout

    def end(self) -> None:
        """End the process, which may be busy."""
        if self._process is not None:
            self._process.kill()
            for stream in (self._process.stdin, self._process.stdout):
                assert stream
                with suppress(BrokenPipeError):
                    stream.close()
            self._process.wait()
        self._process, self.is_busy = None, False


_PROCESS = _Process()


def end() -> None:
    """End the process that reads, if there is one."""
    _PROCESS.end()


def reader(kind: str, title: str) -> Reader:
    """Return the reader of a kind of file. kind : a key of ``library_child.KINDS``; title : "a DAT file", for messages

    The reader raises InputError for whatever the library does not read.
    """

    def read(path: Path, options: FileOptions) -> Iterator[EventRecording]:
        with path.open("rb") as file:  # a file that cannot be opened is no damaged one
            if not file.read(1):
                raise InputError(f"{path}: it is empty; right is {title}")
        size = options.size and [options.size.width, options.size.height]
        stream = _PROCESS.ask({"kind": kind, "path": str(path.absolute()), "size": size})
        yield from _recordings(stream, path, title)

    return read


def _recordings(stream: IO[bytes], path: Path, title: str) -> Iterator[EventRecording]:
    """The recordings of an answer. A recording's events are passed over if nobody has read them."""
    frames = _frames(stream, path, title)
    frame = next(frames, None)
    while frame is not None:
        head, following = json.loads(frame[1]), _Following(frames)
        size = SensorSize(*head["size"]) if head["size"] else None
        blocks = following.events()
        name = str(path) if head["number"] is None else f"{path}: recording {head['number']}"
        yield EventRecording(name, size, blocks, head["has_polarity"], head["begins_at_zero"], head["label"])
        for _ in blocks:
            pass
        frame = following.frame


class _Following:
    """The frames that follow the head of a recording; frame : the head of the next one, None at the end"""

    def __init__(self, frames: Iterator[tuple[bytes, bytes]]) -> None:
        self._frames = frames
        self.frame: tuple[bytes, bytes] | None = None

    def events(self) -> Iterator[Events]:
        """The blocks of the recording."""
        for tag, content in self._frames:
            if tag != b"E":
                self.frame = tag, content
                return
            yield np.frombuffer(content, EVENT)


def _frames(stream: IO[bytes], path: Path, title: str) -> Iterator[tuple[bytes, bytes]]:
    """The frames R and E of an answer. Raises InputError for what the end of it says."""
    not_whole = f"{path}: it is not {title}, or not a whole one"
    while True:
        tag, n_bytes = FRAME.unpack(_read(stream, FRAME.size, not_whole))
        content = _read(stream, n_bytes, not_whole)
        if tag != b".":
            yield tag, content
            continue
        _PROCESS.is_busy = False
        verdict = json.loads(content)
        if "missing" in verdict:
            right = "right is: pip install 'draupnir[events]'"
            raise InputError(f"{path}: {title} needs {verdict['missing']} to be read; {right}")
        if "broken" in verdict:
            raise InputError(f"{not_whole}: {' '.join(verdict['broken'].split())}")
        return


def _read(stream: IO[bytes], n_bytes: int, not_whole: str) -> bytes:
    """Read so many bytes. Raises InputError if the process ends before, or is silent for too long."""
    chunks, n_left = [], n_bytes
    while n_left:
        if not select.select([stream], [], [], SECONDS)[0]:
            raise InputError(f"{not_whole}: reading it does not end")
        chunk = os.read(stream.fileno(), n_left)
        if not chunk:
            raise InputError(f"{not_whole}: the library fails on it")
        chunks.append(chunk)
        n_left -= len(chunk)
    return b"".join(chunks)
