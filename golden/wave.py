"""Read the pins of a chip from a VCD or FST waveform, of any simulator or logic analyser.

Changes are streamed in time order and turned into rows by ``rows.RowAssembler``, whose docstring states the rules, so
memory stays flat however long the recording is.

Reader: pywellen (https://github.com/ekiwi/wellen).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pywellen

from emulator.declare import Chip
from emulator.errors import InputError
from emulator.trace import Trace
from golden.rows import Changes, RowAssembler, join
from golden.scopes import PinScope, find_scope

PIECE = 1 << 16  # changes in a piece


class Enough(Exception):
    """Raised by a sink that wants no more rows."""


class _SinkFailed(Exception):
    """Carries a RuntimeError of the sink past the reader, whose own errors are of that class."""


class Wave:
    """A waveform with all pins of a chip, opened for one reading.

    inputs_first : inputs that change at the very time of a clock edge do so before it, not after (see ``rows``)
    scope : where the pins are, dotted ("" is the file's top)
    tick, unit : a time of 1 is this many of this unit; unit is "" where the file gives none
    n_input_x : input pins that were X or Z at a rising edge and were taken as 0, so far
    n_output_x : output pins that were X or Z, so far
    n_cycles : rising edges so far; n_together : those at whose very time an input changed

    Raises InputError when the file is no readable waveform or does not have the pins.
    """

    def __init__(self, path: Path, chip: Chip, scope: str | None = None, inputs_first: bool = False) -> None:
        if not path.is_file():
            raise InputError(f"{path}: no such file; a VCD or FST waveform is needed")
        self.path = path
        self.chip = chip
        with _readable(path):
            self._waveform = pywellen.Waveform(str(path), stream_only=True)
            found: PinScope = find_scope(chip, list(self._waveform.all_vars()), path, scope)
            timescale = self._waveform.timescale
        self.scope = found.name
        self.tick: int = timescale.factor if timescale else 1
        self.unit = str(timescale.unit) if timescale else ""
        self._pins = found.pins
        # a signal may be several pins, where a bench ties them together
        ids = list(dict.fromkeys(str(var.signal_ref) for var in found.pins))
        self._signal_of_id = {name: s for s, name in enumerate(ids)}
        signals = [self._signal_of_id[str(var.signal_ref)] for var in found.pins]
        self._rows = RowAssembler(chip, signals, inputs_first)

    @property
    def n_input_x(self) -> int:
        return self._rows.n_input_x

    @property
    def n_output_x(self) -> int:
        return self._rows.n_output_x

    @property
    def n_together(self) -> int:
        return self._rows.n_together

    @property
    def n_cycles(self) -> int:
        return self._rows.n_edges

    def time_text(self, time: int) -> str:
        """A time of this recording for people: ``120 ns``."""
        return f"{time * self.tick} {self.unit}".rstrip()

    def stream(self, sink: Callable[[Trace], None]) -> None:
        """Read the recording once, giving its rows to ``sink`` piece by piece until it raises Enough.

        Raises InputError for a damaged file and for one without a rising edge of the clock.
        """
        times: list[int] = []
        signals: list[int] = []
        levels: list[int | str] = []
        signal_of_id = self._signal_of_id

        def flush() -> None:
            piece = _changes(times, signals, levels)
            times.clear()
            signals.clear()
            levels.clear()
            try:
                sink(self._rows.feed(piece))
            except RuntimeError as error:
                raise _SinkFailed from error

        def collect(time: int, signal: object, level: int | str) -> None:
            if len(times) >= PIECE and time != times[-1]:
                flush()
            times.append(time)
            signals.append(signal_of_id[str(signal)])
            levels.append(level)

        try:
            with _readable(self.path):
                self._waveform.stream_changes(collect, self._pins)
            flush()
            sink(self._rows.finish())
        except Enough:
            return
        except _SinkFailed as failed:
            raise failed.__cause__ or failed from None
        if not self.n_cycles:
            raise InputError(f"{self.path}: {self.chip.clock.name} never rises in scope {self.scope or '(top)'}")


def read(path: Path, chip: Chip, scope: str | None = None, inputs_first: bool = False) -> Trace:
    """The whole recording as one trace; arguments and errors as Wave."""
    pieces: list[Trace] = []
    Wave(path, chip, scope, inputs_first).stream(pieces.append)
    return join(pieces)


def end_time(path: Path) -> int:
    """Time of the last change as the file itself tells it, 0 if it does not: for progress only."""
    with path.open("rb") as file:
        head = file.read(25)
        if head[:1] == b"\0":  # FST's header block: after its type come length, start time, end time
            return int.from_bytes(head[17:25], "big")
        file.seek(max(0, path.stat().st_size - 4096))
        stamps = re.findall(rb"^#(\d+)", file.read(), re.MULTILINE)
        return int(stamps[-1]) if stamps else 0


# --- levels ------------------------------------------------------------------------------------------------------

_LEVEL = str.maketrans("01lLhHxXzZuUwW-?", "010011" + "0" * 10)
_KNOWN = str.maketrans("01lLhHxXzZuUwW-?", "111111" + "0" * 10)


def _changes(times: list[int], signals: list[int], levels: list[int | str]) -> Changes:
    """Lists to arrays. A level is a number, or text where a bit of it is neither 0 nor 1."""
    n = len(times)
    try:
        level = np.fromiter(levels, dtype=np.int64, count=n)
        known = np.full(n, -1, dtype=np.int64)
    except ValueError:
        level = np.fromiter((int(v.translate(_LEVEL), 2) if isinstance(v, str) else v for v in levels), np.int64, n)
        known = np.fromiter((int(v.translate(_KNOWN), 2) if isinstance(v, str) else -1 for v in levels), np.int64, n)
    return Changes(np.fromiter(times, np.int64, n), np.fromiter(signals, np.int64, n), level, known)


# --- the reader's errors -----------------------------------------------------------------------------------------


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn the reader's errors into an InputError, and keep its panics off the terminal.

    A panic of the Rust library arrives as a PanicException, which is a BaseException and no Exception, after its
    message was written to file descriptor 2.
    """
    try:
        with _own_stderr():
            yield
    except RuntimeError as error:
        raise InputError(f"{path}: not a complete VCD or FST waveform ({_one_line(error)})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise InputError(f"{path}: damaged waveform ({_one_line(error)})") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]


@contextmanager
def _own_stderr() -> Iterator[None]:
    """Close file descriptor 2 to all but Python's own sys.stderr."""
    sys.stderr.flush()
    saved = os.dup(2)
    ours, theirs = sys.stderr, os.open(os.devnull, os.O_WRONLY)
    try:
        is_fd2 = ours.fileno() == 2
    except (OSError, ValueError):
        is_fd2 = False
    with os.fdopen(saved, "w", buffering=1) as copy:
        os.dup2(theirs, 2)
        os.close(theirs)
        if is_fd2:
            sys.stderr = copy
        try:
            yield
        finally:
            copy.flush()
            os.dup2(copy.fileno(), 2)
            sys.stderr = ours
