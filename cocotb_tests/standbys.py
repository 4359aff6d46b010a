"""Run tests in simulators that stand by (``lib.standby``): a second test does not wait for the simulator's start."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from draupnir.cocotb_tests.lib.standby import ANSWERS, CORES, TESTS, USERS
from draupnir.emulator.speeds import pieces
from draupnir.rtl.processes import LOOK

MOST = 2  # so many stand by; each holds some 200 MB
_OF_A_TEST = ("COCOTB_", "DRAUPNIR_SESSION", "PYTEST_")  # A test may change the variables that begin with these.
_idle: list[Standby] = []  # the one that was used last is at the end
_lock = Lock()


class Standby:
    """A simulator that stands by.

    command, env : start it; env without ``lib.standby``'s own variables

    Raises RuntimeError if it ends before it is ready.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.key = _key(command, env)
        tests, self._tests = os.pipe()
        self._answers, answers = os.pipe()
        cores = sorted(os.sched_getaffinity(0))
        own = {TESTS: str(tests), ANSWERS: str(answers), CORES: json.dumps(cores), "PYGPI_USERS": ",".join(USERS)}
        with _on(cores[:1]):
            self._process = subprocess.Popen(
                command,
                env={**env, **own},
                pass_fds=(tests, answers),
                process_group=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        os.close(tests)
        os.close(answers)
        self._text = b""
        self._is_over = False
        self._answer()

    def run(self, env: Mapping[str, str], folder: Path, log: Path) -> int:
        """Run a test, and return its exit status.

        env : all environment variables; folder : where it runs; log : the file for its output
        """
        line = json.dumps({"env": dict(env), "folder": str(folder), "log": str(log)}) + "\n"
        with suppress(BrokenPipeError):  # The answer is then missing, which says more.
            os.write(self._tests, line.encode())
        return int(self._answer())

    def is_alive(self) -> bool:
        """Return True if the simulator has not ended."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the simulator, together with a test that it still runs."""
        if self._is_over:
            return
        self._is_over = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._tests)
        os.close(self._answers)

    def _answer(self) -> str:
        """Return the next line. Signals do not reach a thread, so it checks from time to time whether it is to stop."""
        try:
            while b"\n" not in self._text:
                if not select.select([self._answers], [], [], LOOK)[0]:
                    pieces.check_stop()
                elif piece := os.read(self._answers, 4096):
                    self._text += piece
                else:
                    raise RuntimeError("the simulator that stands by has ended")
        except BaseException:
            self.end()
            raise
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()


@contextmanager
def _on(cores: Iterable[int]) -> Iterator[None]:
    """Let what this thread starts run on these cores only.

    On one core Verilator and OpenBLAS start no threads. A copy of a process has none of its threads, and would wait for
    them at its end.
    """
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def run(command: Sequence[str], env: Mapping[str, str], folder: Path, log: Path) -> int | None:
    """Run a test in a simulator that stands by, and return its exit status.

    command : starts the simulator

    Returns None if the simulator does not come as far as to stand by; started for the test alone, it says why.
    """
    try:
        standby = _take(_key(command, env)) or Standby(command, env)
    except RuntimeError:
        return None
    status = standby.run(env, folder, log)
    with _lock:
        _idle.append(standby)
        surplus = _idle[:-MOST]
        del _idle[:-MOST]
    for one in surplus:
        one.end()
    return status


def _key(command: Sequence[str], env: Mapping[str, str]) -> tuple[tuple[str, ...], frozenset[tuple[str, str]]]:
    """Return what two tests must have in common to run in copies of one simulator."""
    return tuple(command), frozenset(item for item in env.items() if not item[0].startswith(_OF_A_TEST))


def _take(key: object) -> Standby | None:
    with _lock:
        for standby in [one for one in _idle if one.key == key]:
            _idle.remove(standby)
            if standby.is_alive():
                return standby
            standby.end()
        return None


@atexit.register
def end_all() -> None:
    """End all simulators that stand by."""
    while _idle:
        _idle.pop().end()
