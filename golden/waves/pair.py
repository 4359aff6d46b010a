"""The waveform of a golden model and of a source that differs, around the first difference, which it marks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from draupnir.emulator.trace import Trace
from draupnir.golden.compare import FirstDifference, MemoryDifference
from draupnir.golden.compare.comparison import Comparison
from draupnir.golden.rows import join
from draupnir.golden.waves.recorder import recording
from draupnir.golden.waves.signals import WatchedWord
from draupnir.golden.waves.watch import ClockWindow, WaveView

CLOCKS_EARLIER, CLOCKS_LATER = 64, 16  # around a difference


def around(difference: FirstDifference, n_cycles: int, first: int = 0) -> WaveView:
    """Return the view of some clocks around a difference, with the words that differ.

    n_cycles : the number of all clocks, after which memories differ if nobody looked at them earlier
    first : the first clock that there is
    """
    cycle = n_cycles - 1 if difference.cycle is None else difference.cycle
    window = ClockWindow(max(first, cycle - CLOCKS_EARLIER), cycle + CLOCKS_LATER, is_open=True)
    return WaveView(window=window, words=tuple(_words(difference.memories)), marked_cycle=cycle)


def write(model: Any, rows: Trace, difference: FirstDifference, path: Path, absent: Collection[str] = ()) -> None:
    """Write the waveform of a source that has run from its initial state on.

    model : a golden model in this state; rows : all rows of the source, with its outputs
    absent : the probes that the source does not have
    """
    with recording(model, path, around(difference, rows.n_cycles), has_source=True, absent=absent) as recorder:
        recorder.feed(rows)


def write_latest(comparison: Comparison, difference: FirstDifference, path: Path) -> None:
    """Write the waveform of a comparison that has just found a difference, from its latest pieces.

    The model is in the same state afterwards.
    """
    pieces, model = comparison.latest_pieces, comparison.model
    now, first = model.snapshot(), pieces[0].first_cycle
    rows = join([piece.rows for piece in pieces])
    view = around(difference, comparison.n_cycles, first)
    try:
        with recording(model, path, view, has_source=True, absent=comparison.ignored) as recorder:
            recorder.go_to(pieces[0].snapshot, first)
            recorder.feed(rows)
    finally:
        model.restore(now)


def _words(memories: Iterable[MemoryDifference]) -> Iterable[WatchedWord]:
    return (WatchedWord(memory.memory, word.copy or 0, word.addr) for memory in memories for word in memory.words)
