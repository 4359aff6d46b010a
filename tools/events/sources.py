"""The recordings that a user names: files, folders, and lists in CSV.

A folder has recordings, or a folder of recordings for each label, as N-MNIST has it: the label is the folder's name. A
list has the header `file,label`, or `file,label,begin,end` with a time span of each recording in us; files are named
from its own folder.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.tools.events.binning import TimeSpan
from draupnir.tools.events.files import READERS

MOST_LETTERS = 100  # of a label
MOST_DIGITS = 18  # of a time in us, which may count from 1970
LIST = (["file", "label"], ["file", "label", "begin", "end"])


@dataclass(frozen=True)
class EventSource:
    """A file of recordings. label : as the user wrote it, None for none; span : the part to take, None for the whole"""

    path: Path
    label: str | None = None
    span: TimeSpan | None = None


@dataclass(frozen=True)
class EventSources:
    """All files of recordings. paths : as the user named them; notes : what is worth saying of the files"""

    paths: tuple[Path, ...]
    files: tuple[EventSource, ...]
    notes: tuple[str, ...]

    def names(self) -> str:
        """The paths for messages."""
        return ", ".join(map(str, self.paths))

    def classes(self) -> tuple[str, ...]:
        """The names of the labels, each at the place of its number. Empty if all labels are whole numbers."""
        names = {source.label for source in self.files if source.label is not None}
        return () if all(name.isdecimal() for name in names) else tuple(sorted(names))


def sources(paths: Sequence[Path]) -> EventSources:
    """Return the files of recordings, in order of their names in each folder.

    Raises InputError if there is none, and for a list that is wrong.
    """
    files: list[EventSource] = []
    notes: list[str] = []
    for path in paths:
        if path.is_dir():
            files += _folder(path, notes)
        else:
            files += _list(path) if path.suffix.lower() == ".csv" else [EventSource(path)]
    return EventSources(tuple(paths), tuple(files), tuple(notes))


def number_of(label: str | None, classes: Sequence[str]) -> int | None:
    """The number of a label, None for none."""
    if label is None:
        return None
    return classes.index(label) if classes else int(label)


def _folder(folder: Path, notes: list[str]) -> Iterator[EventSource]:
    """The recordings in a folder, or in the folders in it."""
    recordings = _recordings(folder, notes)
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if recordings:
        if folders:
            raise InputError(f"{folder}: it has recordings, and the folder {folders[0].name}; right is one of the two")
        yield from (EventSource(path) for path in recordings)
        return
    sources = [EventSource(path, label.name) for label in folders for path in _recordings(label, notes)]
    if not sources:
        right = f"right is a folder with files of {', '.join(READERS)}, or with a folder of these for each label"
        raise InputError(f"{folder}: it has no recordings; {right}")
    yield from sources


def _recordings(folder: Path, notes: list[str]) -> list[Path]:
    """The files of recordings in a folder, in order. All other files are left out, with a note."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    recordings = [path for path in files if path.suffix.lower() in READERS]
    if n_others := len(files) - len(recordings):
        notes.append(f"{folder}: {n_others:,} file(s) of other kinds are left out")
    return recordings


# --- Lists ------------------------------------------------------------------------------------------------------


def _list(path: Path) -> Iterator[EventSource]:
    """The recordings of a list, in its order."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.reader(file)
        try:
            header = [name.strip() for name in next(reader, [])]
            if header not in LIST:
                right = " or ".join(map(",".join, LIST))
                raise InputError(f"{path}:1: header '{','.join(header)[:40]}'; right is {right}")
            for cells in reader:
                if cells:
                    yield _source(path, header, [cell.strip() for cell in cells], f"{path}:{reader.line_num}")
        except csv.Error as error:
            raise InputError(f"{path}:{reader.line_num}: {error}") from None


def _source(path: Path, header: list[str], cells: list[str], place: str) -> EventSource:
    if len(cells) != len(header):
        raise InputError(f"{place}: {len(cells)} columns; the header has {len(header)}")
    file, label, *times = cells
    if not file or "\0" in file:
        raise InputError(f"{place}: it names no file")
    if len(label) > MOST_LETTERS:
        raise InputError(f"{place}: a label of {len(label):,} letters; right is at most {MOST_LETTERS}")
    return EventSource(path.parent / file, label or None, _span(times, place) if times else None)


def _span(times: list[str], place: str) -> TimeSpan:
    """The time span of two texts. Raises InputError unless both are whole numbers, the second larger."""
    for text in times:
        if not text.isdecimal() or len(text) > MOST_DIGITS:
            raise InputError(f"{place}: '{text[:40]}' is no time; right is a whole number of us")
    begin, end = map(int, times)
    if end <= begin:
        raise InputError(f"{place}: it ends at {end}, and begins at {begin}; right is an end after the beginning")
    return TimeSpan(begin, end)
