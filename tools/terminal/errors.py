"""The end of a command: its error message and its exit status. No other module decides these.

status  meaning
0       success
1       a comparison found a difference
2       the input is wrong: one line on stderr
70      a defect of draupnir: a traceback
129     ended by SIGHUP, because the terminal was closed; no file is half-written
130     interrupted from the keyboard (SIGINT); no file is half-written
141     the reader of the output has ended (`draupnir ... | head`)
143     ended by SIGTERM; no file is half-written
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
    """A comparison has found a difference, and the command has already reported it: exit status 1."""


def exit_status(run: Callable[[], object]) -> int:
    """Call ``run``, print its error on stderr if it raises one, and return the exit status of the process."""
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
    """Call ``run``. If a signal has come, raise KeyboardInterrupt in place of any other exception."""
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
    """True if stdout cannot be written; an error without a file's name then comes from stdout."""
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False


def _discard_stdout() -> None:
    """Discard the rest of stdout, because Python flushes it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
