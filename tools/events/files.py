"""Any file of recordings, by its suffix and, where several formats share one, by its beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.tools.events import aedat, nmnist, numpy_file, trains
from draupnir.tools.events.library import Reader, reader
from draupnir.tools.events.recording import EventRecording, FileOptions

MOST_HEADER = 1 << 16  # bytes
_aedat4 = reader("aedat", "an AEDAT 4 file")
_dat = reader("dat", "a DAT file")
_evt = reader("evt", "an EVT file")


def read(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """Yield the recordings of a file, one after the other.

    Raises InputError with one line for a file that is none of these, or a broken one; OSError if it cannot be opened.
    """
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        right = "save the spike trains as .nix, .nwb or .txt"
        raise InputError(f"{path}: a pickle can run any program, and is never read; right is: {right}")
    if suffix not in READERS:
        raise InputError(f"{path}: its suffix is '{path.suffix}'; right is one of {', '.join(READERS)}")
    return READERS[suffix](path, options)


def _any_aedat(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """The recording of an AEDAT file of any version."""
    return (_aedat4 if aedat.header(path).version >= 4 else aedat.read)(path, options)


def _prophesee_dat(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """The recording of a DAT file. Events of eight bytes follow the header and the two bytes after it."""
    n_header, _ = _percent_lines(path)
    _check_words(path, n_header + 2, 8)
    return _dat(path, options)


def _prophesee_raw(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """The recording of a RAW file with EVT 2 or 3, words of four or two bytes."""
    n_header, text = _percent_lines(path)
    if not re.search(r"^%\s*(evt [23]\.0|format EVT[23]\b)", text, re.MULTILINE):
        raise InputError(f"{path}: its header does not say that it is EVT 2 or 3; right is a line '% evt 3.0'")
    is_evt3 = re.search(r"evt 3|EVT3", text) is not None
    _check_words(path, n_header, 2 if is_evt3 else 4)
    return _evt(path, options)


def _percent_lines(path: Path) -> tuple[int, str]:
    """The length and the text of the lines at the beginning that begin with %."""
    with path.open("rb") as file:
        text, n_bytes = "", 0
        while (line := file.readline(MOST_HEADER)).startswith(b"%") and n_bytes < MOST_HEADER:
            text, n_bytes = text + line.decode("latin-1"), n_bytes + len(line)
    return n_bytes, text


def _check_words(path: Path, n_header: int, n_word: int) -> None:
    """Raise InputError if the words after the header are not all whole."""
    n_bytes = path.stat().st_size - n_header
    if n_bytes < 0 or n_bytes % n_word:
        raise InputError(f"{path}: it is cut: {max(n_bytes, 0):,} bytes of events; right is a multiple of {n_word}")


READERS: Mapping[str, Reader] = {
    ".aedat": _any_aedat,
    ".aedat4": _any_aedat,
    ".dat": _prophesee_dat,
    ".raw": _prophesee_raw,
    ".es": reader("es", "a file of event_stream"),
    ".bin": nmnist.read,
    ".h5": reader("hdf5", "a file of SHD or SSC"),
    ".hdf5": reader("hdf5", "a file of SHD or SSC"),
    ".nwb": reader("nwb", "an NWB file"),
    ".nix": reader("nix", "a NIX file"),
    ".txt": trains.read,
    ".npy": numpy_file.read,
}
PICKLES = (".pkl", ".pickle")
