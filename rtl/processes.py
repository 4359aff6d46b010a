"""Start programs that end together with this one when it is interrupted."""

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
    """Run a program as ``run`` does, and keep the text that it writes to standard output and standard error."""
    return run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **options)


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a program as ``subprocess.run`` does, in a process group of its own.

    An exception during the run (KeyboardInterrupt, or Stopped in a thread that is to stop) kills the whole group: make
    with its compilers, or a simulator with its own processes. The program reads nothing from the terminal.

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
    """Wait for the end. Signals do not reach a thread, so a thread checks from time to time whether it is to stop."""
    while True:
        try:
            return process.communicate(timeout=LOOK)
        except subprocess.TimeoutExpired:
            pieces.check_stop()
