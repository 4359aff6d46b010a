"""The one place that knows what ends a command, and with which exit status.

status  meaning
0       what was claimed holds
1       a difference was found
2       the input is at fault: one line on stderr
70      a defect of draupnir's own: a traceback
129     ended by SIGHUP: its terminal is gone; nothing half-written is left
130     interrupted from the keyboard (SIGINT); likewise
141     nobody reads what is printed any more (`draupnir ... | head`)
143     ended by SIGTERM; likewise
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

import click

from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.pieces import Stopped
from draupnir.tools.terminal import interrupts

HOLDS, DIFFERS, INPUT_AT_FAULT, DEFECT, PIPE_CLOSED = 0, 1, 2, 70, 141


class DifferenceFound(Exception):
    """A comparison ended with a difference, which has already been reported: exit status 1."""


def exit_status(run: Callable[[], object]) -> int:
    """Call ``run`` and say with which status the process should exit; print its error, if it has one, on stderr."""
    status = _status(run)
    try:
        sys.stdout.flush()
    except OSError as error:
        _discard_stdout()
        if status not in (HOLDS, DIFFERS):
            return status
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        print(f"error: standard output: {error.strerror}", file=sys.stderr)
        return INPUT_AT_FAULT
    return status


def _status(run: Callable[[], object]) -> int:
    try:
        _interruptible(run)
    except click.exceptions.Exit as e:
        return e.exit_code
    except DifferenceFound:
        return DIFFERS
    except BrokenPipeError:
        _discard_stdout()
        return PIPE_CLOSED
    except (InputError, click.ClickException, OSError) as e:
        print(f"error: {_one_line(e)}", file=sys.stderr)
        return INPUT_AT_FAULT
    except (KeyboardInterrupt, click.Abort, Stopped):
        print(interrupts.word(), file=sys.stderr)
        return interrupts.status()
    except Exception:
        traceback.print_exc()
        return DEFECT
    return HOLDS


def _interruptible(run: Callable[[], object]) -> None:
    """Call ``run``; whatever it raises after a signal has come, the signal is why it ended."""
    try:
        run()
    except BaseException:
        if interrupts.came():
            raise KeyboardInterrupt from None
        raise


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{os.fsdecode(error.filename)}: {error.strerror}"
    elif isinstance(error, OSError) and error.strerror:
        text = f"standard output: {error.strerror}" if _stdout_fails() else error.strerror
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        text = f"{error.format_message().rstrip('.')}; see {error.ctx.command_path} --help"
    elif isinstance(error, click.ClickException):
        text = error.format_message()
    else:
        text = str(error)
    return " ".join(text.split())


def _stdout_fails() -> bool:
    """Tell whether what is printed cannot be written: then an error that names no file is that of stdout."""
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False


def _discard_stdout() -> None:
    """Python flushes stdout once more at its end: let that go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
