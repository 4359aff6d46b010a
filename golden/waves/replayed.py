"""The waveform of a recording: the golden model under the recorded inputs, and the recorded outputs beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from draupnir.emulator.trace import Trace
from draupnir.golden import replay
from draupnir.golden.compare import FirstDifference, GoldenModel
from draupnir.golden.replay import ReplayResult
from draupnir.golden.wave import AS_IT_IS, Enough, Reading, Wave
from draupnir.golden.waves.pair import around
from draupnir.golden.waves.recorder import recording
from draupnir.golden.waves.watch import WaveView


@dataclass(frozen=True)
class DrawnRecording:
    """A recording, and how it is replayed.

    new_model : returns a new golden model; path : a waveform, or the folder of a golden case
    reading, load : as for ``replay.replay``
    """

    new_model: Callable[[], GoldenModel]
    path: Path
    reading: Reading = AS_IT_IS
    load: Mapping[str, Path] = field(default_factory=dict)

    def write(self, path: Path, view: WaveView) -> bool:
        """Write the waveform; the recording is read up to the end of the view's window.

        Returns True if the recording differs from the model within the window. Raises InputError for a recording that
        cannot be read, and for a window that it does not fill or that is too large.
        """
        model = self.new_model()
        wave_path, reading, load, _ = replay.as_recorded(model, self.path, self.reading, self.load)
        replay.load_images(model, load)
        wave = Wave(wave_path, model.chip, reading)
        with recording(model, path, view, has_source=True, absent={*reading.ignored, *wave.absent}) as recorder:

            def feed(rows: Trace) -> None:
                recorder.feed(rows)
                if recorder.is_complete:
                    raise Enough

            wave.stream(feed)
        return recorder.drawing is not None and recorder.drawing.first_difference is not None


def around_difference(result: ReplayResult) -> WaveView | None:
    """Return the view of some clocks around the first difference of a replay; None if there is none."""
    if result.mismatches:
        return around(result.mismatches[0], 0)
    memories = [memory for memory in result.memories if memory.n_differing]
    n_cycles = result.early.n_cycles + result.n_cycles
    return around(FirstDifference(None, memories=tuple(memories)), n_cycles) if memories and n_cycles else None
