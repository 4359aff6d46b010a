"""A program of its own that reads files with libraries: faery, h5py and Neo. It imports nothing of ours.

A damaged file can make such a library crash, loop or ask for all memory, so a process that may die reads it. Requests
come as lines of JSON on stdin: {"kind": a key of KINDS, "path", "size": [width, height] or null}. The answer is a
sequence of frames on stdout, each a tag and the length of what follows:

R  JSON: a recording begins: {"size", "number", "label", "has_polarity", "begins_at_zero"}
E  events, as ``EVENT`` in recording.py has them
.  JSON: the end of the file: {}, {"missing": the library} or {"broken": why it cannot be read}
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

MOST_MEMORY = 8 << 30  # bytes of address space
UNKNOWN = 65535  # the width and height that faery gives back if a file has none
BLOCK = 1 << 18  # events
MOST_VALUES = 1 << 26  # in an array that is read as a whole
EVENT = [("t", "<i8"), ("x", "<u4"), ("y", "<u2"), ("p", "<u2")]
MOST_US = float(1 << 53)
Answer = Iterator[tuple[str, Any]]


class NoRecording(Exception):
    """The file has something that no recording has."""


def events(t: Any, x: Any, y: Any, p: Any) -> Answer:
    """Frames of the events of four columns."""
    import numpy as np

    table = np.empty(len(t), EVENT)
    table["t"], table["x"], table["y"], table["p"] = t, x, y, p
    for start in range(0, len(table), BLOCK):
        yield "E", table[start : start + BLOCK].tobytes()


def microseconds(seconds: Any) -> Any:
    """Times in seconds as whole microseconds, to the nearest."""
    import numpy as np

    t = np.rint(np.asarray(seconds, np.float64) * 1e6)
    if not (np.abs(t) < MOST_US).all():
        raise NoRecording("a time is no number of seconds")
    return t.astype(np.int64)


def head(size: Any, number: int | None = None, label: int | None = None, begins_at_zero: bool = False) -> Any:
    """The content of a frame R, for a recording of channels."""
    return {"size": size, "number": number, "label": label, "has_polarity": False, "begins_at_zero": begins_at_zero}


# --- faery: AEDAT 4, DAT, EVT 2 and 3, event_stream -----------------------------------------------------------------


def aedat(path: str, size: Any) -> Answer:
    """Frames of the first stream of events of an AEDAT 4 file."""
    import faery

    stream = faery.events_stream_from_file(path, file_type="aedat")
    return _camera(stream.dimensions(), stream)


def evt(path: str, size: Any) -> Answer:
    """Frames of an EVT file."""
    import faery

    stream = faery.events_stream_from_file(path, dimensions_fallback=_fallback(size), file_type="evt")
    return _camera(stream.dimensions(), stream)


def dat(path: str, size: Any) -> Answer:
    """Frames of a DAT file, with events of type 0 or 12, which have the same form."""
    from faery import dat

    with dat.Decoder(path=path, dimensions_fallback=_fallback(size), version_fallback="dat2") as decoder:
        if decoder.event_type not in ("2d", "cd"):
            raise NoRecording(f"its events are of the type '{decoder.event_type}'")
        yield from _camera(decoder.dimensions, decoder)


def es(path: str, size: Any) -> Answer:
    """Frames of a file of event_stream, whose y counts from the bottom; faery turns it round."""
    import faery

    stream = faery.events_stream_from_file(path, file_type="es")
    counter = _EsBytes()
    yield from _camera(stream.dimensions(), map(counter.count, stream))
    if stream.event_type == "dvs" and (n_left := os.path.getsize(path) - counter.n_bytes):
        raise NoRecording(f"it is cut: {n_left} bytes are left after the last whole event")


def _fallback(size: Any) -> tuple[int, int]:
    return tuple(size) if size else (UNKNOWN, UNKNOWN)


def _camera(dimensions: Any, blocks: Iterator[Any]) -> Answer:
    """Frames of a camera's recording, from blocks of faery's."""
    width, height = (int(n) for n in dimensions)
    size = None if (width, height) == (UNKNOWN, UNKNOWN) else [width, height]
    yield "R", head(size) | {"has_polarity": True}
    for block in blocks:
        polarity = block["on"] if "on" in block.dtype.fields else block["payload"] > 0
        yield from events(block["t"], block["x"], block["y"], polarity)


class _EsBytes:
    """The bytes of a file of event_stream: 20 at first, 5 an event, and one for each 127 us that pass before it."""

    def __init__(self) -> None:
        self.n_bytes, self._last = 20, 0

    def count(self, block: Any) -> Any:
        """Count a block of events. Returns it."""
        import numpy as np

        steps = np.diff(block["t"].astype(np.int64), prepend=self._last)
        self.n_bytes += 5 * len(block) + int((steps // 127).sum())
        self._last = int(block["t"][-1]) if len(block) else self._last
        return block


# --- h5py: the Heidelberg data sets, spike trains in NWB --------------------------------------------------------------


def hdf5(path: str, size: Any) -> Answer:
    """Frames of a file of SHD or SSC, or of a NIX file, which PyNN also writes under the name .h5."""
    import h5py

    with h5py.File(path, "r") as file:
        is_nix = file.attrs.get("format") == "nix"
    return (nix if is_nix else heidelberg)(path, size)


def heidelberg(path: str, size: Any) -> Answer:
    """Frames of all recordings of SHD or SSC."""
    import h5py

    with h5py.File(path, "r") as file:
        absent = [name for name in ("spikes/times", "spikes/units") if name not in file]
        if absent:
            raise NoRecording(f"it has no '{absent[0]}', which the files of SHD and SSC have")
        times, units = file["spikes/times"], file["spikes/units"]
        labels = file.get("labels")
        lengths = {len(array) for array in (times, units, labels) if array is not None}
        if len(lengths) != 1:
            raise NoRecording("'spikes/times', 'spikes/units' and 'labels' are not of the same length")
        for i in range(len(times)):
            t, x = microseconds(times[i]), units[i]
            if t.shape != x.shape or t.ndim != 1 or x.dtype.kind not in "iu" or (x < 0).any():
                raise NoRecording(f"spikes/units[{i}] is not a channel for each time")
            yield "R", head(size or [700, 1], i, None if labels is None else int(labels[i]), begins_at_zero=True)
            yield from events(t, x, 0, 1)


def nwb(path: str, size: Any) -> Answer:
    """Frames of the units of an NWB file: a channel a unit, in one recording."""
    import h5py
    import numpy as np

    with h5py.File(path, "r") as file:
        if "units/spike_times" not in file or "units/spike_times_index" not in file:
            raise NoRecording("it has no 'units/spike_times', the spike trains of an NWB file")
        sizes = [file[f"units/{name}"].size for name in ("spike_times", "spike_times_index")]
        if max(sizes) > MOST_VALUES:
            raise NoRecording(f"it has {max(sizes):,} spikes or units; right is at most {MOST_VALUES:,}")
        times, ends = file["units/spike_times"][()], file["units/spike_times_index"][()].astype(np.int64)
        lengths = np.diff(ends, prepend=0)
        if (lengths < 0).any() or lengths.sum() != len(times):
            raise NoRecording("'units/spike_times_index' does not fit 'units/spike_times'")
        yield "R", head(size or [len(ends), 1])
        yield from _trains(microseconds(times), np.repeat(np.arange(len(ends)), lengths))


def _trains(t: Any, x: Any) -> Answer:
    """Frames of spikes, in the order of their times."""
    import numpy as np

    order = np.argsort(t, kind="stable")
    return events(t[order], x[order], 0, 1)


# --- Neo ----------------------------------------------------------------------------------------------------------


def nix(path: str, size: Any) -> Answer:
    """Frames of the segments of a NIX file: a recording a segment, a channel a spike train."""
    import neo
    import nixio  # noqa: F401  # Neo's message for a missing nixio does not name it
    import numpy as np

    for block in neo.io.NixIO(path, mode="ro").read_all_blocks():
        for number, segment in enumerate(block.segments):
            trains = [train.rescale("s") for train in segment.spiketrains]
            start = min((float(train.t_start) for train in trains), default=0.0)
            yield "R", head(size or [len(trains), 1], number, begins_at_zero=True)
            seconds = [train.magnitude - start for train in trains]
            numbers = np.repeat(np.arange(len(trains)), [len(train) for train in seconds])
            yield from _trains(microseconds(np.concatenate([np.zeros(0), *seconds])), numbers)


KINDS = {
    "aedat": aedat,
    "dat": dat,
    "evt": evt,
    "es": es,
    "hdf5": hdf5,
    "nwb": nwb,
    "nix": nix,
}


def answer(request: dict[str, Any]) -> Answer:
    """The frames of the answer to a request."""
    end = {}
    try:
        yield from KINDS[request["kind"]](request["path"], request["size"])
    except ImportError as error:
        end = {"missing": error.name or str(error)}
    except NoRecording as error:
        end = {"broken": str(error)}
    except BaseException as error:  # a library raises whatever it likes, and one in Rust what is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | BrokenPipeError):
            raise
        end = {"broken": f"{type(error).__name__}: {error}"}
    yield ".", end


def main() -> None:
    """Answer the requests, one after the other."""
    warnings.simplefilter("ignore")
    limits = {resource.RLIMIT_AS: MOST_MEMORY, resource.RLIMIT_CORE: 0}
    for kind, limit in limits.items():
        with suppress(ValueError, OSError):  # a system that does not know it, or has a lower one
            resource.setrlimit(kind, (limit, limit))
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        for tag, content in answer(json.loads(line)):
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            output.write(struct.pack("<cq", tag.encode(), len(data)) + data)
        output.flush()


if __name__ == "__main__":
    main()
