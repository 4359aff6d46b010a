"""Read VCD files: the declarations in the header, and the changes of chosen variables in the body.

Source: IEEE Std 1364-2005, clause 18. A file that breaks off in its body is read up to its last whole change; whatever
else is wrong with it raises InputError with the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.golden import vcd_scan
from draupnir.golden.rows import Gap, SignalChanges, limbs
from draupnir.golden.scopes import Variable

BLOCK = 1 << 18  # bytes scanned at a time

_COMMAND = re.compile(rb"\s*\$(\w+)(?:\s+(.*?))?\s*(?<!\S)\$end(?!\S)", re.DOTALL)
_TIMESCALE = re.compile(r"(\d+)\s*([munpfaz]?s)")
_KINDS = dict.fromkeys(("real", "realtime", "shortreal", "real_parameter"), "a real number")
_KINDS |= {"string": "a string", "event": "an event"}
_BITS = "an extended VCD ($dumpports); one that $dumpvars makes is needed"
_ERRORS = {
    vcd_scan.BAD_WORD: "{word} is no change of a signal",
    vcd_scan.BAD_TIME: "{word} is no time; a # and a whole number, not negative, are right",
    vcd_scan.BACKWARDS: "time runs backwards, from #{time} to {word}",
    vcd_scan.LATE: "time {word} is too late; at most " + str(vcd_scan.N_TIME_DIGITS) + " digits can be read",
    vcd_scan.NO_ID: "{word} changes no signal; an identifier belongs right behind the level",
    vcd_scan.UNKNOWN_ID: "{word} changes a signal that the header does not declare",
    vcd_scan.NOT_BITS: "pin {pin} has a real number or a string for a level; 0, 1, x and z can be read",
    vcd_scan.TOO_LONG: "pin {pin} has a level of more than its {width} bits",
    vcd_scan.EXTENDED: "{word} belongs to " + _BITS,
}


class Vcd:
    """A VCD file whose header was read.

    variables : all variables of the header
    tick, unit : a time of 1 is this many of this unit; unit is "" where the file gives none
    broken_off : where the file ends within a change, in words; "" if it does not, or before ``stream``

    Raises InputError for a header that is damaged or incomplete.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.variables: list[Variable] = []
        self.tick, self.unit = 1, ""
        self.broken_off = ""
        header = _header(path)
        self._body = len(header)
        self._line = header.count(b"\n") + 1
        self._declare(header)

    def _declare(self, header: bytes) -> None:
        scopes: list[str] = []
        for name, text, position in _commands(header, self.path):
            words = text.split()
            if name == "scope":
                scopes.append(" ".join(words[1:]))
            elif name == "upscope" and scopes:
                scopes.pop()
            elif name == "timescale" and (match := _TIMESCALE.fullmatch(text)):
                self.tick, self.unit = int(match[1]), match[2]
            elif name == "var":
                if len(words) < 4 or not words[1].isdecimal():
                    line = _line(header, position)
                    raise InputError(f"{self.path}: line {line}: $var {text}: right is $var TYPE BITS ID NAME $end")
                scope = ".".join(filter(None, scopes))
                kind = _KINDS.get(words[0], "")
                self.variables.append(Variable.from_text(" ".join(words[3:]), scope, int(words[1]), words[2], kind))

    def prepare(self) -> None:
        """Have all that is compiled ready."""
        for _ in _Scan(self, (), False).scanned(b""):
            pass

    def stream(
        self,
        signals: Sequence[Variable],
        sink: Callable[[SignalChanges], None],
        on_gap: Callable[[Gap], None],
        marks: bool = False,
    ) -> None:
        """Read the body once, and give the changes of these variables to ``sink``, numbered by their place.

        A variable of more than 63 bits takes as many numbers as it has limbs (see ``rows.limbs``).

        on_gap : called between two pieces where a stretch was not dumped
        marks : each time in the file is a change, of the signal vcd_scan.MARK

        Raises InputError where the body is damaged.
        """
        scan = _Scan(self, signals, marks)
        rest = _NONE
        with self.path.open("rb") as file:
            file.seek(self._body)
            for piece, gap in scan.pieces(file):
                changes = np.concatenate((rest, piece), axis=1)
                whole = int(np.searchsorted(changes[0], changes[0, -1])) if changes.size else 0
                if gap:
                    whole = changes.shape[1]
                rest = changes[:, whole:]
                sink(SignalChanges(*changes[:, :whole]))
                if gap:
                    on_gap(gap)
        sink(SignalChanges(*rest))
        self.broken_off = scan.broken_off


_NONE = np.zeros((4, 0), np.int64)


def end_time(path: Path) -> int:
    """The last time in the file, 0 if there is none near its end: for progress only."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        stamps = re.findall(rb"^#(\d+)", file.read(), re.MULTILINE)
    return int(stamps[-1]) if stamps else 0


class _Scan:
    """One reading of a body."""

    def __init__(self, vcd: Vcd, signals: Sequence[Variable], marks: bool) -> None:
        self.vcd = vcd
        self.signals = signals
        self.marks = marks
        self.broken_off = ""
        self.idents = list(dict.fromkeys(variable.signal for variable in vcd.variables))
        number: dict[str, int] = {}
        widths: list[int] = []
        n_limbs = 1
        for variable in signals:
            number[variable.signal] = len(widths)
            of_limbs = limbs(variable.width)
            widths += [variable.width, *of_limbs[1:]]
            n_limbs = max(n_limbs, len(of_limbs))
        self.state = vcd_scan.new_state(vcd._line)
        self.ids = _table(self.idents)
        self.signal_of_id = np.array([number.get(i, vcd_scan.NOT_A_PIN) for i in self.idents], np.int64)
        self.widths = np.array(widths, np.int64)
        self.limbs = np.zeros((2, n_limbs), np.int64)

    def pieces(self, file: BinaryIO) -> Iterator[tuple[np.ndarray, Gap | None]]:
        """The (4, n) changes of each piece of the body, and a gap that follows it."""
        rest = b""
        while block := file.read(BLOCK):
            text = rest + block
            end = max(text.rfind(b"\n"), text.rfind(b" "), text.rfind(b"\t"), text.rfind(b"\r")) + 1
            rest = text[end:]
            yield from self.scanned(text[:end])
        if self._is_whole(rest):
            yield from self.scanned(rest + b"\n")
        elif rest or self.state[vcd_scan.MODE] != vcd_scan.CHANGE:
            self.broken_off = f"line {self.state[vcd_scan.LINE]}"

    def scanned(self, text: bytes) -> Iterator[tuple[np.ndarray, Gap | None]]:
        state = self.state
        array = np.frombuffer(text, np.uint8)
        out = np.empty((4, (len(text) // 2 + 1) * self.limbs.shape[1]), np.int64)
        signals = self.signal_of_id, self.widths, self.limbs
        stop = vcd_scan.GAP
        while stop == vcd_scan.GAP:
            stop, n = vcd_scan.scan(array, state, self.ids, *signals, self.marks, out)
            gap = None
            if stop == vcd_scan.GAP:
                line = f"line {state[vcd_scan.OFF_LINE]}: "
                gap = Gap(int(state[vcd_scan.OFF_TIME]), int(state[vcd_scan.TIME]), line)
                state[vcd_scan.OFF_LINE] = -1
            elif stop != vcd_scan.DONE:
                raise self._error(stop, text)
            yield out[:, :n].copy(), gap

    def _is_whole(self, rest: bytes) -> bool:
        """Tell whether what stands behind the last blank of the file is a whole change: no longer one begins so."""
        mode = self.state[vcd_scan.MODE]
        if not rest or mode == vcd_scan.COMMENT:
            return False
        if mode == vcd_scan.CHANGE:
            if rest[:1] not in (b"0", b"1", b"x", b"X", b"z", b"Z"):
                return rest == b"$end"
            rest = rest[1:]
        ident = rest.decode("latin-1")
        return [i for i in self.idents if i.startswith(ident)] == [ident]

    def _error(self, stop: int, text: bytes) -> InputError:
        state = self.state
        word = text[state[vcd_scan.WORD] : state[vcd_scan.WORD_END]].decode("latin-1")
        signal = next((s for s in self.signals if word == s.signal), None)
        message = _ERRORS[stop].format(
            word=repr(word[:40])[1:-1],
            time=state[vcd_scan.TIME],
            pin=signal.name if signal else "",
            width=signal.width if signal else 0,
        )
        return InputError(f"{self.vcd.path}: line {state[vcd_scan.LINE]}: {message}")


def _table(idents: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hash table of ``vcd_scan.scan`` for these identifiers."""
    coded = [ident.encode("latin-1") for ident in idents]
    text = np.frombuffer(b"".join(coded) or b" ", np.uint8)
    begins = np.cumsum([0, *map(len, coded)], dtype=np.int64)
    slots = np.full(1 << (2 * len(coded) + 1).bit_length(), -1, np.int64)
    vcd_scan.enter_ids(text, begins, slots)
    return text, begins, slots


def _header(path: Path) -> bytes:
    """The file up to the end of its header."""
    with path.open("rb") as file:
        header = b""
        while block := file.read(1 << 20):
            searched = max(0, len(header) - 100)
            header += block
            if match := re.compile(rb"\$enddefinitions\s+\$end(?!\S)").search(header, searched):
                return header[: match.end()]
    raise InputError(f"{path}: not a complete VCD waveform: its header has no $enddefinitions $end")


def _commands(header: bytes, path: Path) -> Iterator[tuple[str, str, int]]:
    """Name, text and place of each command of a header."""
    position = 0
    while position < len(header):
        match = _COMMAND.match(header, position)
        if match is None:
            word = header[position:].split(maxsplit=1)[0]
            line = _line(header, header.index(word, position))
            text = repr(word[:40].decode("latin-1"))
            raise InputError(f"{path}: line {line}: {text} in the header is no command of a VCD, from $ to $end")
        yield match[1].decode("latin-1"), (match[2] or b"").decode("latin-1").strip(), match.start(1)
        position = match.end()


def _line(header: bytes, position: int) -> int:
    return header.count(b"\n", 0, position) + 1
