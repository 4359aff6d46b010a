"""Programs that this one starts, and that end with it when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from draupnir.emulator.speeds import pieces

LOOK = 0.25  # seconds between two looks at whether the work is to stop


def output_of(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """``run`` a program and keep the text that it writes to standard output and standard error."""
    return run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **options)


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a program as ``subprocess.run`` does, in a process group of its own.

    An interruption (KeyboardInterrupt, Stopped in a thread that is to stop, or any other exception while it waits)
    kills the whole group: make with its compilers, a simulator with whatever it has started. The program reads nothing
    from the terminal.

    options : those of ``subprocess.Popen``
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    with subprocess.Popen(command, process_group=0, **options) as process:
        try:
            stdout, stderr = _communicated(process)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _communicated(process: subprocess.Popen[Any]) -> tuple[Any, Any]:
    """Wait for the end; a thread, to which no signal comes, looks whether it is to stop meanwhile."""
    while True:
        try:
            return process.communicate(timeout=LOOK)
        except subprocess.TimeoutExpired:
            pieces.check_stop()
