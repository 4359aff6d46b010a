"""Run a job in a child process: the function that a pool calls, in the client or on a machine of a cluster."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from draupnir.emulator.speeds.pieces import Stopped

N_TRIES = 3  # a job whose process ends is run again: most often somebody has ended it, or the machine lacked memory

_lock = threading.Lock()
_idle: list[JobProcess] = []
_all: set[JobProcess] = set()
_is_closed = False


class JobProcess:
    """A child process that runs jobs one after the other (``draupnir.tools.jobs.child``)."""

    def __init__(self) -> None:
        words = [sys.executable, "-P", "-m", "draupnir.tools.jobs.child"]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def call(self, line: str) -> str:
        """Send a line, and return the reply; "" if the process has ended."""
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError, ValueError):  # ValueError: ``end`` has closed the pipe
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        return ""

    def end(self) -> int:
        """End the process, and return its exit status; that of a process which a signal has ended is negative."""
        status = self._process.poll()
        if status is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe
                pipe.close()
        return status


def perform(request: dict[str, Any]) -> dict[str, Any]:
    """Run a job in a child process; return its reply, with ``seconds`` and ``worker`` as in ``PureJobOutcome``.

    request : as for ``draupnir.tools.jobs.child.perform``, and the client's working folder

    Raises Stopped if ``end_all`` was called.
    """
    line, begin = json.dumps(request), time.monotonic()
    for _ in range(N_TRIES):
        begin, process = time.monotonic(), _take()
        text = process.call(line)
        about = {"seconds": time.monotonic() - begin, "worker": f"{os.uname().nodename} {process.pid}"}
        if text.endswith("\n"):
            reply: dict[str, Any] = json.loads(text)
            _give(process, reply["kind"] != "late")
            return _worded(reply, request["limit"]) | about
        status = _end(process)
        if about["seconds"] >= request["limit"]:
            return _worded({"kind": "late"}, request["limit"]) | about
    return {"kind": "died", "text": f"its process ended {N_TRIES} times, last {_status(status)}", **about}


def open_all() -> None:
    """Allow child processes again after ``end_all``."""
    global _is_closed
    _is_closed = False


def end_all() -> None:
    """End all child processes of this process; jobs that run raise Stopped."""
    global _is_closed
    with _lock:
        _is_closed = True
        processes = list(_all)
        _idle.clear()
        _all.clear()
    for process in processes:
        process.end()


def _take() -> JobProcess:
    with _lock:
        if _is_closed:
            raise Stopped
        process = _idle.pop() if _idle else JobProcess()
        _all.add(process)
    return process


def _give(process: JobProcess, is_usable: bool) -> None:
    """Keep a process for the next job, or end it."""
    if not is_usable:
        _end(process)
        return
    with _lock:
        if not _is_closed:
            _idle.append(process)


def _end(process: JobProcess) -> int:
    with _lock:
        _all.discard(process)
    return process.end()


def _worded(reply: dict[str, Any], limit: float) -> dict[str, Any]:
    """The reply with a text, if the job was late."""
    return reply | {"text": f"not done within {limit:g} s"} if reply["kind"] == "late" else reply


def _status(status: int) -> str:
    """An exit status in words."""
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
