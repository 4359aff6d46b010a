"""Write a waveform of a golden model while it runs the rows of a source, with the source's own outputs beside them.

Before the window the model runs at its full speed; inside it, the state is taken after each row; after it nothing runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace
from draupnir.golden import fst_out
from draupnir.golden.files import replacing_all
from draupnir.golden.rows import cut, join
from draupnir.golden.wave_out import CLOCK
from draupnir.golden.waves import gtkwave, surfer
from draupnir.golden.waves.drawing import Drawing, scopes_of
from draupnir.golden.waves.sampler import StateSampler
from draupnir.golden.waves.signals import register_signals
from draupnir.golden.waves.watch import WaveLevel, WaveView, every_word

STATES = 1 << 25  # bytes of states in memory, at most
LONGEST = 4096  # rows in a chunk
AROUND = 40  # clocks that GTKWave shows on each side of a difference
MOST_LEVELS = 1 << 30  # clocks times signals: the levels that a waveform looks at, at most


class WaveRecorder:
    """A waveform that grows with each call of ``feed``.

    temporary : the path of the file until it is complete
    drawing : the signals, and what is drawn; None before the window
    is_complete : True after the last clock of the window
    n_cycles : the number of clock edges so far
    """

    def __init__(self, model: Any, path: Path, view: WaveView, has_source: bool, absent: Collection[str]) -> None:
        self.is_complete, self.n_cycles = False, 0
        self.temporary = path
        self._model, self._path, self._view = model, path, view
        self._has_source, self._absent = has_source, tuple(absent)
        watched = every_word(model.chip) if view.level == WaveLevel.ALL else view.words
        self._sampler = StateSampler(model, watched, view.level != WaveLevel.PINS or bool(watched))
        self._n_signals = self._count_signals()
        self._waiting: list[Trace] = []  # rows after the last edge
        self.files = ExitStack()
        self.drawing: Drawing | None = None
        if view.window.end is not None:
            self.check_size(view.window.end)

    def go_to(self, snapshot: Any, n_cycles: int) -> None:
        """Continue with another state of the model; n_cycles : the number of clock edges before it"""
        self._model.restore(snapshot)
        self.n_cycles = n_cycles

    def feed(self, rows: Trace) -> None:
        """Run the source's next rows on the model; it does not run rows behind the window.

        Raises InputError if the waveform becomes too large.
        """
        window = self._view.window
        if self.is_complete or not len(rows):
            return
        ends = np.cumsum(rows.clk != 0) + self.n_cycles  # the number of edges after each row
        first = min(int(np.searchsorted(ends, window.first)) + 1, len(rows)) if self.n_cycles < window.first else 0
        last = len(rows) if window.end is None else int(np.searchsorted(ends, window.end)) + 1
        if first:
            early = cut(rows, 0, first)
            self._model.drive(early.inputs, early.clk)
            self.n_cycles += early.n_cycles
        inside = cut(rows, first, last)
        if len(inside):
            self.check_size(self.n_cycles + inside.n_cycles)
            self._draw(inside)
        self.is_complete = window.end is not None and self.n_cycles >= window.end

    def finish(self) -> None:
        """Draw the rest. Raises InputError if the window has no clock, or clocks that the source does not have."""
        window, n = self._view.window, self.n_cycles
        if self.drawing is None or (window.end is not None and n < window.end and not window.is_open):
            raise InputError(f"--window {window}: there are {n:,} clocks; right is within 0:{n}")
        for rows in self._waiting:
            self.drawing.draw(rows)
        self.drawing.finish()
        self.files.close()

    def _marker(self) -> int | None:
        """Return the time in picoseconds that viewers mark."""
        assert self.drawing is not None
        cycle = self._view.marked_cycle
        if self.drawing.first_difference is None and cycle is not None:
            return (cycle + 1) * CLOCK
        return self.drawing.first_difference

    def gtkwave_text(self) -> str:
        """Return the save file for GTKWave; the waveform is complete."""
        assert self.drawing is not None
        begin, end, marker = self.drawing.begin, self.drawing.end, self._marker()
        if marker is not None:
            begin, end = max(begin, marker - AROUND * CLOCK), min(end, marker + AROUND * CLOCK)
        return gtkwave.text(self._model.chip.name, self.drawing.signals, self._path.name, (begin, end), marker)

    def surfer_text(self) -> str:
        """Return the command file for Surfer; the waveform is complete."""
        assert self.drawing is not None
        return surfer.text(self._model.chip.name, self.drawing.signals, self._marker())

    def _draw(self, rows: Trace) -> None:
        """Draw rows chunk by chunk. A chunk ends with an edge; rows behind the last edge wait for the next rows."""
        rows = join([*self._waiting, rows])
        longest = max(1, min(LONGEST, STATES // (8 * max(1, self._sampler.width))))
        ends = np.flatnonzero(rows.clk) + 1
        begin = 0
        while begin < len(rows) and len(ends) and begin < ends[-1]:
            i = int(np.searchsorted(ends, begin + longest, side="right"))
            end = int(ends[i - 1]) if i and ends[i - 1] > begin else int(ends[i])
            self._chunk(cut(rows, begin, end))
            begin = end
        self._waiting = [cut(rows, begin, len(rows))] if begin < len(rows) else []

    def _chunk(self, rows: Trace) -> None:
        if self.drawing is None:
            self.drawing = self._begin()
        self.drawing.draw(rows)
        self.n_cycles += rows.n_cycles

    def _begin(self) -> Drawing:
        file = self.files.enter_context(fst_out.writing_at(self.temporary, self._path))
        return Drawing(file, self._sampler, self._view.level, self.n_cycles, self._has_source, self._absent)

    def _count_signals(self) -> int:
        """Return the number of signals; of a word with several views the longest one counts."""
        chip, has_registers = self._model.chip, self._view.level != WaveLevel.PINS
        n_pins = len(chip.pins) + (3 if self._has_source else 1) * len(chip.outputs_and_probes)
        scopes, dtype = scopes_of(self._has_source), self._model.registers.dtype
        n_registers = sum(1 for _ in register_signals(chip, dtype, scopes)) if has_registers else 0
        n_fields = {memory.name: max(len(word.fields) for word in memory.words) for memory in chip.memories}
        in_entry = {memory.name: len(memory.matrix.entry.fields) for memory in chip.memories if memory.matrix}
        words = self._sampler.words
        n_of_words = sum(n_fields[word.memory] if word.entry is None else in_entry[word.memory] for word in words)
        return n_pins + n_registers + n_of_words

    def check_size(self, end: int) -> None:
        """Raise InputError if a window up to this clock is too long for its signals."""
        n_clocks, most = end - self._view.window.first, MOST_LEVELS // self._n_signals
        if n_clocks > most:
            raise InputError(
                f"{self._path}: {n_clocks:,} clocks of {self._n_signals:,} signals are too much for a waveform;"
                f" right is a --window of at most {most:,} clocks, a lower --level or fewer words with --watch"
            )


@contextmanager
def recording(
    model: Any, path: Path, view: WaveView, has_source: bool = False, absent: Collection[str] = ()
) -> Iterator[WaveRecorder]:
    """Open a waveform. It and its files for viewers appear at the end of the block, and not after an exception.

    model : a golden model in the state before the first row
    has_source : True if the rows have the outputs of a source; these then stand beside the model's
    absent : output pins and probes that the source does not have

    Raises InputError for a window that is too large, or that the rows do not fill.
    """
    recorder = WaveRecorder(model, path, view, has_source, absent)
    with replacing_all(files_of(path)) as (temporary, gtkwave_file, surfer_file), recorder.files:
        recorder.temporary = temporary
        yield recorder
        recorder.finish()
        gtkwave_file.write_text(recorder.gtkwave_text())
        surfer_file.write_text(recorder.surfer_text())


def files_of(path: Path) -> list[Path]:
    """Return all files of a waveform: itself, and beside it a file for each viewer."""
    return [path, gtkwave.path_of(path), surfer.path_of(path)]
