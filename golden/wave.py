"""Read the pins of a chip from a VCD or FST waveform of any simulator or logic analyser.

``rows.RowAssembler`` makes rows of the stream of changes; its docstring has the rules. So the use of memory is constant
for a recording of any length.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace
from draupnir.golden import fst, vcd
from draupnir.golden.fst import Fst
from draupnir.golden.rows import Gap, RowAssembler, SignalChanges, join, limbs
from draupnir.golden.samples import Grid, SampleAssembler
from draupnir.golden.scopes import PinScope, SignalPart, Variable, find_scope
from draupnir.golden.vcd import Vcd

SUFFIXES = (".vcd", ".fst")


class Enough(Exception):
    """A sink raises this to end the reading."""


@dataclass(frozen=True)
class Reading:
    """The options for reading a recording.

    scope : the scope of the pins, with dots; None to search it
    inputs_first : True if inputs that change at the time of a clock edge count as changed before it (see ``rows``)
    ignored : names of pins that count as not recorded: an output is unknown, an input is 0
    clock_per_sample : True if the recording has no clock, but samples by the chip's own clock (see ``samples``)
    sample_time : the time between two samples in the recording's unit; None: the largest step that fits all its times
    from_power_up : True if the state before the first edge is known, so that all clocks count from the first one on
    """

    scope: str | None = None
    inputs_first: bool = False
    ignored: Collection[str] = ()
    clock_per_sample: bool = False
    sample_time: int | None = None
    from_power_up: bool = False


AS_IT_IS = Reading()


class Wave:
    """A waveform with all pins of a chip, open for one reading.

    scope : the scope of the pins, with dots, "" for the top of the file
    rows : the assembler of the rows, which also has the counts
    absent : the chip's probes that were not recorded
    sample_time : the time between two samples, 0 if the recording has a clock

    Raises InputError if the file is not a readable waveform, or does not have the pins.
    """

    def __init__(self, path: Path, chip: Chip, reading: Reading = AS_IT_IS) -> None:
        self.path = path
        self.chip = chip
        self.sample_time = 0
        self._check(reading)
        self._file = open_waveform(path)
        clocks = [clock.pin.name for clock in chip.clocks]
        left_out = {*reading.ignored, *(clocks if reading.clock_per_sample else ())}
        pin_scope: PinScope = find_scope(chip, self._file.variables, path, reading.scope, left_out)
        self.scope = pin_scope.name
        self.absent = tuple(probe.name for probe, parts in zip(chip.probes, pin_scope.probes, strict=True) if not parts)
        self._signals = signals_of(pin_scope)
        parts_of_pin = places(pin_scope, self._signals)
        self.rows: RowAssembler | SampleAssembler
        if reading.clock_per_sample:
            grid = self._grid(reading.sample_time)
            self.sample_time = grid.step
            self.rows = SampleAssembler(chip, parts_of_pin, grid, reading.from_power_up)
        else:
            self.rows = RowAssembler(chip, parts_of_pin, reading.from_power_up, reading.inputs_first)

    def _check(self, reading: Reading) -> None:
        names = [pin.name for pin in self.chip.pins]
        for name in reading.ignored:
            if name not in names:
                raise InputError(f"{self.chip.name} has no pin {name!r} to ignore; it has {', '.join(names)}")
            if any(name == clock.pin.name for clock in self.chip.clocks):
                raise InputError(f"{name} cannot be ignored; a recording without a clock needs --clock-per-sample")
        if reading.clock_per_sample and self.chip.period != (1,):
            raise InputError(
                f"--clock-per-sample: each sample is a rising edge of the one clock; {self.chip.name} uses"
                f" {self.chip.used_edges}"
            )

    def _grid(self, step: int | None) -> Grid:
        """Read all times, and return the grid of the samples."""
        grid = Grid()
        self._stream(lambda changes: grid.add(changes.times), lambda gap: None, marks=True)
        if grid.first < 0:
            raise InputError(f"{self.path}: no samples: the recording has no times")
        grid.last = max(grid.last, end_time(self.path))
        grid.step = step or grid.step or 1
        return grid

    @property
    def broken_off(self) -> str:
        """The place at which the file ends in the middle of a change, "" if it does not; set by ``stream``."""
        return self._file.broken_off

    def time_text(self, time: int) -> str:
        """Return a time of this recording with its unit: ``120 ns``."""
        return f"{time * self._file.tick} {self._file.unit}".rstrip()

    def prepare(self) -> None:
        """Have all that is compiled ready."""
        if isinstance(self._file, Vcd):
            self._file.prepare()

    def stream(self, sink: Callable[[Trace], None]) -> None:
        """Read the recording once, and give its rows to ``sink``, piece by piece, until ``sink`` raises Enough.

        Raises InputError for a damaged file, for one without a clock edge, and for one in which a time between two
        edges was not dumped.
        """
        gaps: list[Gap] = []

        def give(pieces: Iterable[Trace]) -> None:
            for rows in pieces:
                if gaps and rows.n_cycles:
                    raise self._gap(gaps[0])
                sink(rows)

        def on_gap(gap: Gap) -> None:
            if self.rows.n_edges:
                gaps.append(gap)
            elif isinstance(self.rows, RowAssembler):
                self.rows.begin_anew()

        try:
            self._stream(lambda changes: give(self.rows.feed(changes)), on_gap, bool(self.sample_time))
            give(self.rows.finish())
        except Enough:
            return
        if not self.rows.n_edges:
            broken_off = f"; the file breaks off in {self.broken_off}" if self.broken_off else ""
            raise InputError(f"{self.path}: {self._no_edge()}{broken_off}")

    def _stream(self, sink: Callable[[SignalChanges], None], on_gap: Callable[[Gap], None], marks: bool) -> None:
        if isinstance(self._file, Vcd):
            self._file.stream(self._signals, sink, on_gap, marks)
        else:
            self._file.stream(self._signals, sink, on_gap)

    def _no_edge(self) -> str:
        scope = self.scope or "(top)"
        if self.chip.period == (1,):
            return f"{self.chip.clock.name} never rises in scope {scope}"
        return f"no clock has an edge in scope {scope}; {self.chip.name} uses {self.chip.used_edges}"

    def _gap(self, gap: Gap) -> InputError:
        begin, end = self.time_text(gap.begin), self.time_text(gap.end)
        return InputError(
            f"{self.path}: {gap.place}$dumpoff: clocks from {begin} to {end} are missing; what follows cannot be"
            " replayed without them: leave $dumpoff out, or end the file there"
        )


def signals_of(pin_scope: PinScope) -> list[Variable]:
    """Return a variable of each signal. One signal may be several pins if a bench connects them."""
    parts = [part.variable for parts in (*pin_scope.pins, *pin_scope.probes) for part in parts]
    return list({variable.signal: variable for variable in parts}.values())


def places(pin_scope: PinScope, signals: Sequence[Variable]) -> list[list[tuple[int, int, int]]]:
    """Return the signals of each pin: number, width and place of each signal or limb; see ``rows.Assembler``."""
    number, n = {}, 0
    for variable in signals:
        number[variable.signal] = n
        n += len(limbs(variable.width))

    def of_part(part: SignalPart) -> list[tuple[int, int, int]]:
        widths = limbs(part.variable.width)
        first = number[part.variable.signal]
        return [(first + i, width, part.lsb + i * widths[0]) for i, width in enumerate(widths)]

    return [[place for part in parts for place in of_part(part)] for parts in (*pin_scope.pins, *pin_scope.probes)]


def read(path: Path, chip: Chip, reading: Reading = AS_IT_IS) -> Trace:
    """Return the whole recording as one trace. Arguments and errors are as for ``Wave``."""
    pieces: list[Trace] = []
    Wave(path, chip, reading).stream(pieces.append)
    return join(pieces)


def is_waveform(path: Path) -> bool:
    """Return True for a VCD or FST, by its suffix or by its first bytes."""
    if path.suffix.lower() in SUFFIXES or not path.is_file():
        return path.suffix.lower() in SUFFIXES
    return _kind(path) == "VCD"


def end_time(path: Path) -> int:
    """Return the time of the last change by the file's own words, 0 if it has none. It is for progress only."""
    return fst.end_time(path) if _kind(path) == "FST" else vcd.end_time(path)


# --- the kind of a file ------------------------------------------------------------------------------------

_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd"}


def _kind(path: Path) -> str:
    """Return "VCD", "FST", the name of the program that packed the file, or "" for any other file."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.lstrip()[:1] == b"$":
        return "VCD"
    if head[:1] in (b"\0", b"\xfe") and any(head):  # FST's header block, or one packed as a whole
        return "FST"
    return next((name for magic, name in _PACKED.items() if head.startswith(magic)), "")


def open_waveform(path: Path) -> Vcd | Fst:
    """Return a waveform whose header is read. Raises InputError for any other file."""
    if path.is_dir():
        raise InputError(f"{path}: a folder; a VCD or FST waveform is needed")
    if not path.is_file():
        raise InputError(f"{path}: no such file; a VCD or FST waveform is needed")
    kind = _kind(path)
    if kind == "VCD":
        return Vcd(path)
    if kind == "FST":
        return Fst(path)
    if kind:
        raise InputError(f"{path}: packed with {kind}; unpack it first, a VCD or FST waveform is needed")
    empty = "" if path.stat().st_size else " (it is empty)"
    raise InputError(f"{path}: not a waveform{empty}; a VCD or FST waveform is needed")
