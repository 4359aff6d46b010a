"""Read FST files: their variables, and the changes of some of them.

Reader: pywellen (https://github.com/ekiwi/wellen). Its output does not reach the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pywellen

from draupnir.emulator.errors import InputError
from draupnir.golden.rows import Gap, SignalChanges, limbs
from draupnir.golden.scopes import Variable

PIECE = 1 << 16  # changes in a piece
_BLACKOUT = 2  # the block with the times that were not dumped
_GEOMETRY, _GEOMETRY_HEAD = 3, 25  # the block with the width of each signal, a byte or more each
_CHANGES = (1, 5, 8)  # blocks of changes, which end with the bytes of their times, these packed, and how many there are
_DENSEST = 1100  # zlib compresses at most this number of bytes into one


class _SinkFailed(Exception):
    """A RuntimeError of the sink. The reader raises RuntimeError itself, so the sink's error needs another class."""


class Fst:
    """An FST file.

    variables : all variables of the file
    tick, unit : one step of time is ``tick`` units; unit is "" if the file gives none

    Raises InputError for a file that is damaged or not complete.
    """

    broken_off = ""  # a file without its end cannot be read

    def __init__(self, path: Path) -> None:
        self.path = path
        self._gaps = check_blocks(path)
        with _readable(path):
            self._waveform = pywellen.Waveform(str(path), stream_only=True)
            theirs = list(self._waveform.all_vars())
            timescale = self._waveform.timescale
        self.tick: int = timescale.factor if timescale else 1
        self.unit = str(timescale.unit) if timescale else ""
        self.variables = [_variable(var) for var in theirs]
        self._last_time = np.int64(0)
        self._theirs = dict(zip((variable.signal for variable in self.variables), theirs, strict=True))

    def stream(
        self, signals: Sequence[Variable], sink: Callable[[SignalChanges], None], on_gap: Callable[[Gap], None]
    ) -> None:
        """Read the file once, and give the changes of these variables to ``sink``.

        A signal is numbered by its place among these variables. A variable of more than 63 bits takes one number for
        each limb (see ``rows.limbs``).

        on_gap : called between two pieces for times that were not dumped

        Raises InputError for a damaged file.
        """
        self._last_time = np.int64(0)
        number: dict[str, int] = {}
        widths: dict[str, list[int]] = {}
        n_limbs = 0
        for variable in signals:
            number[variable.signal], widths[variable.signal] = n_limbs, limbs(variable.width)
            n_limbs += len(widths[variable.signal])
        times: list[int] = []
        numbers: list[int] = []
        levels: list[int | str] = []
        gaps = list(self._gaps)

        def flush() -> None:
            piece = self._changes(times, numbers, levels)
            times.clear()
            numbers.clear()
            levels.clear()
            try:
                while gaps and len(piece.times) and gaps[0].end <= piece.times[-1]:
                    n_early = int(np.searchsorted(piece.times, gaps[0].end))
                    sink(_part(piece, slice(0, n_early)))
                    on_gap(gaps.pop(0))
                    piece = _part(piece, slice(n_early, None))
                sink(piece)
            except RuntimeError as error:
                raise _SinkFailed from error

        def collect(time: int, signal: object, level: int | str) -> None:
            if len(times) >= PIECE and time != times[-1]:
                flush()
            first, of_limbs = number[str(signal)], widths[str(signal)]
            if len(of_limbs) == 1:
                times.append(time)
                numbers.append(first)
                levels.append(level)
                return
            for i, limb in enumerate(_limbs_of(level, of_limbs)):
                times.append(time)
                numbers.append(first + i)
                levels.append(limb)

        try:
            with _readable(self.path):
                self._waveform.stream_changes(collect, [self._theirs[variable.signal] for variable in signals])
            flush()
        except _SinkFailed as failed:
            raise failed.__cause__ or failed from None

    def _changes(self, times: list[int], numbers: list[int], levels: list[int | str]) -> SignalChanges:
        """Convert lists to arrays. Raises InputError for a time that is too large, or that runs backwards."""
        n = len(times)
        if n and max(times) >> 63:
            raise InputError(f"{self.path}: time {max(times)} is too late; at most {(1 << 63) - 1} can be read")
        moments = np.fromiter(times, np.int64, n)
        for back in np.flatnonzero(np.diff(moments, prepend=self._last_time) < 0)[:1]:
            raise InputError(f"{self.path}: time runs backwards to {times[back]}")
        self._last_time = moments[-1] if n else self._last_time
        level, known_bits = _levels(levels)
        return SignalChanges(moments, np.fromiter(numbers, np.int64, n), level, known_bits)


def end_time(path: Path) -> int:
    """Return the time at which the file ends, from its header."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(25)[17:25], "big")  # the block's type, its length, the start, the end


def _part(piece: SignalChanges, some: slice) -> SignalChanges:
    return SignalChanges(piece.times[some], piece.signals[some], piece.levels[some], piece.known_bits[some])


def check_blocks(path: Path) -> list[Gap]:
    """Raise InputError unless the file consists of complete blocks: each has a byte for its type, then its length.

    The reader trusts the lengths, and ends the process if there is not enough memory. It also skips the block with the
    times that were not dumped; this function returns them.
    """
    gaps: list[Gap] = []
    size = path.stat().st_size
    position = 0
    with path.open("rb") as file:
        while position < size:
            file.seek(position)
            head = file.read(_GEOMETRY_HEAD)
            end = position + 1 + int.from_bytes(head[1:9], "big")
            if len(head) < 9 or end > size or end < position + 9:
                raise InputError(f"{path}: not a complete FST waveform: it breaks off in its block at byte {position}")
            if head[0] == _GEOMETRY:
                _check_count(path, head[9:17], head[17:25], size)
            elif head[0] in _CHANGES:
                file.seek(end - 24)
                tail = file.read(24)
                _check_count(path, tail[:8], tail[16:], size)
            elif head[0] == _BLACKOUT:
                file.seek(position + 9)
                gaps = _gaps(file.read(end - position - 9))
            position = end
    return gaps


def _gaps(text: bytes) -> list[Gap]:
    """Return the spans of time without a dump.

    text : the number of switches, then for each switch 1 if the dump goes on, else 0, and the time since the last
        switch. Each byte holds seven bits of a number, the lowest first; in the last byte of a number bit 7 is 0.
    """
    position = 0

    def number() -> int:
        nonlocal position
        result = shift = 0
        while position < len(text):
            position += 1
            result |= (text[position - 1] & 127) << shift
            shift += 7
            if text[position - 1] < 128:
                break
        return result

    gaps: list[Gap] = []
    off, now = None, 0
    for _ in range(min(number(), len(text))):
        is_on = text[position : position + 1] == b"\1"
        position += 1
        now += number()
        if is_on and off is not None:
            gaps.append(Gap(off, now))
        off = None if is_on else now
    return gaps


def _check_count(path: Path, table: bytes, count: bytes, size: int) -> None:
    """Raise InputError if a table cannot have this number of entries, or the file cannot have a table of this size."""
    n_bytes, n = int.from_bytes(table, "big"), int.from_bytes(count, "big")
    if n > n_bytes or n_bytes > size * _DENSEST:
        raise InputError(f"{path}: damaged waveform: {n} entries in a table of {n_bytes} bytes")


def _variable(var: Any) -> Variable:
    """Return a variable of the reader. If its range differs from its width, the reader has a row of an array."""
    name, scope = var.name, var.full_name.removesuffix(var.name).removesuffix(".")
    if name.startswith("["):
        scope, _, array = scope.rpartition(".")
        name = array + name
    kind = (
        "a real number"
        if var.is_real
        else "a string"
        if var.is_string
        else "an event"
        if var.var_type == "Event"
        else ""
    )
    return Variable.from_text(name, scope, var.bitwidth or 0, str(var.signal_ref), kind)


_LEVEL = str.maketrans("01lLhHxXzZuUwW-?", "010011" + "0" * 10)
_KNOWN = str.maketrans("01lLhHxXzZuUwW-?", "111111" + "0" * 10)


def _limbs_of(level: int | str, widths: Sequence[int]) -> list[int | str]:
    """Return the limbs of a wide variable's level: numbers, or text if a bit is neither 0 nor 1."""
    ends = np.cumsum(widths).tolist()
    if isinstance(level, str):
        digits = level.rjust(ends[-1], "0")[::-1]
        return [digits[end - width : end][::-1] for end, width in zip(ends, widths, strict=True)]
    return [level >> (end - width) & ((1 << width) - 1) for end, width in zip(ends, widths, strict=True)]


def _levels(levels: list[int | str]) -> tuple[np.ndarray, np.ndarray]:
    """Return levels and masks of known bits: (n,) int64 each; levels : numbers, or text if a bit is neither 0 nor 1."""
    n = len(levels)
    try:
        return np.fromiter(levels, dtype=np.int64, count=n), np.full(n, -1, dtype=np.int64)
    except ValueError:
        level = np.fromiter((int(v.translate(_LEVEL), 2) if isinstance(v, str) else v for v in levels), np.int64, n)
        known_bits = np.fromiter(
            (int(v.translate(_KNOWN), 2) if isinstance(v, str) else -1 for v in levels), np.int64, n
        )
        return level, known_bits


# --- the reader's errors and output -------------------------------------------------------------------------------


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Convert the reader's errors to InputError, and keep its output away from the terminal.

    A panic of the Rust library arrives as a PanicException, which is a BaseException and no Exception, after its
    message was written to file descriptor 2. Warnings go to file descriptor 1.
    """
    try:
        with ExitStack() as stack:
            stack.enter_context(_ours_alone(1, "stdout"))
            stack.enter_context(_ours_alone(2, "stderr"))
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
def _ours_alone(descriptor: int, name: str) -> Iterator[None]:
    """Discard all output to a file descriptor, except that of Python's own sys.stdout or sys.stderr."""
    ours = getattr(sys, name)
    ours.flush()
    saved, theirs = os.dup(descriptor), os.open(os.devnull, os.O_WRONLY)
    try:
        is_theirs = ours.fileno() == descriptor
    except (OSError, ValueError):
        is_theirs = False
    with os.fdopen(saved, "w", buffering=1) as copy:
        os.dup2(theirs, descriptor)
        os.close(theirs)
        if is_theirs:
            setattr(sys, name, copy)
        try:
            yield
        finally:
            copy.flush()
            os.dup2(copy.fileno(), descriptor)
            setattr(sys, name, ours)
