"""Read a waveform back: the changes of each variable, and the names of its levels."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

import pywellen

Levels = list[tuple[int, int | str]]


class Contents:
    """The contents of a file.

    changes : the full name of each variable, without a range -> its changes: times in picoseconds, and levels
    names : the same -> level -> name; empty for a variable without names
    """

    def __init__(self, path: Path) -> None:
        wave = pywellen.Waveform(str(path), stream_only=True)
        variables = list(wave.all_vars())
        by_signal: dict[str, Levels] = {str(variable.signal_ref): [] for variable in variables}
        wave.stream_changes(lambda time, signal, level: by_signal[str(signal)].append((time, level)), variables)
        full_names = [variable.full_name.replace(".[", "[") for variable in variables]
        self.changes = {
            name: by_signal[str(variable.signal_ref)] for name, variable in zip(full_names, variables, strict=True)
        }
        self.names = {
            name: {int(level, 2): text for level, text in variable.enum_type[1]} if variable.enum_type else {}
            for name, variable in zip(full_names, variables, strict=True)
        }

    def level(self, name: str, time: int) -> int | str:
        """Return the level of a variable at a time."""
        changes = self.changes[name]
        return changes[bisect_right([moment for moment, _ in changes], time) - 1][1]
