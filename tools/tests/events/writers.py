"""Writers of small files of recordings, by hand, from the definitions of their formats."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from draupnir.tools.events.recording import EVENT, Events, SensorSize

CAMERA = SensorSize(34, 30)


def random_events(n: int = 300, size: SensorSize = CAMERA, seed: int = 1, longest_gap: int = 400) -> Events:
    """Events in order of time, the first at 0, with several at one time."""
    rng = np.random.default_rng(seed)
    table = np.empty(n, EVENT)
    table["t"] = np.concatenate([[0], np.cumsum(rng.integers(0, longest_gap, n - 1))])
    table["x"], table["y"] = rng.integers(0, size.width, n), rng.integers(0, size.height, n)
    table["p"] = rng.integers(0, 2, n)
    return table


def write_nmnist(path: Path, events: Events) -> None:
    """Five bytes an event; an event with y = 240 adds 2**13 us to all times after it."""
    data, later = bytearray(), 0
    for t, x, y, p in events.tolist():
        while t - later >= 1 << 23:
            data += bytes([0, 240, 0, 0, 0])
            later += 1 << 13
        data += bytes([x, y]) + struct.pack(">I", (p << 23) | (t - later))[1:]
    path.write_bytes(data)


def write_aedat2(path: Path, addresses: list[int], times: list[int], chip: str | None = None) -> None:
    """Pairs of address and time, big-endian."""
    header = "#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n"
    header += f"# AEChip: {chip}\r\n" if chip else ""
    pairs = b"".join(struct.pack(">II", a, t % (1 << 32)) for a, t in zip(addresses, times, strict=True))
    path.write_bytes(header.encode() + pairs)


def dvs128_addresses(events: Events) -> list[int]:
    """Addresses of a DVS128: x from the right in bits 7 to 1, y from below in bits 14 to 8, 0 is on in bit 0."""
    return [(127 - y) << 8 | (127 - x) << 1 | (1 - p) for _, x, y, p in events.tolist()]


def davis_addresses(events: Events, size: SensorSize) -> list[int]:
    """Addresses of a DAVIS: y from below in bits 30 to 22, x from the right in bits 21 to 12, 1 is on in bit 11."""
    return [(size.height - 1 - y) << 22 | (size.width - 1 - x) << 12 | p << 11 for _, x, y, p in events.tolist()]


def write_aedat3(path: Path, events: Events, version: str = "3.1", camera: str = "DVS128", n_packet: int = 100) -> None:
    """Packets of polarity events, with a packet of another kind before each and an invalid event at its end."""
    lines = [
        f"#!AER-DAT{version}",
        "#Format: RAW",
        f"#Source 1: {camera}",
        "#Start-Time: 2026-11-28 22:00:00 (TZ+0000)",
    ]
    data = "".join(f"{line}\r\n" for line in [*lines, *(["#!END-HEADER"] if version == "3.1" else [])]).encode()
    for start in range(0, len(events), n_packet):
        part = events[start : start + n_packet].tolist()
        overflow = part[0][0] >> 31
        words = [(t - (overflow << 31), x << 17 | y << 2 | p << 1 | 1) for t, x, y, p in part]
        words.append((words[-1][0], 5 << 17))
        data += struct.pack("<hhiiiiii", 0, 1, 8, 4, overflow, 2, 2, 2) + bytes(16)  # special events
        data += struct.pack("<hhiiiiii", 1, 1, 8, 4, overflow, len(words) + 1, len(words), len(part))
        data += b"".join(struct.pack("<Ii", word, t) for t, word in words) + bytes(8)
    path.write_bytes(data)


def write_dat(path: Path, events: Events, version: int = 2, size: SensorSize | None = CAMERA, kind: int = 12) -> None:
    """Eight bytes an event: the time, and x, y and polarity in 14, 14 and 4 bits; in version 1 in 9, 8 and 1."""
    lines = ["Data file containing CD events.", f"Version {version}"]
    lines += [f"Width {size.width}", f"Height {size.height}"] if size else []
    x_bits, y_bits = (14, 14) if version == 2 else (9, 8)
    data = "".join(f"% {line}\n" for line in lines).encode() + bytes([kind, 8])
    for t, x, y, p in events.tolist():
        data += struct.pack("<II", t, x | y << x_bits | p << (x_bits + y_bits))
    path.write_bytes(data)


def write_evt2(path: Path, events: Events, size: SensorSize | None = CAMERA) -> None:
    """Words of 32 bits: kind 8 has the upper 28 bits of the time, 0 and 1 an event with the lower 6."""
    lines = ["evt 2.0"] + ([f"geometry {size.width}x{size.height}"] if size else [])
    data, high = "".join(f"% {line}\n" for line in lines).encode(), None
    for t, x, y, p in events.tolist():
        if t >> 6 != high:
            high = t >> 6
            data += struct.pack("<I", 8 << 28 | high)
        data += struct.pack("<I", p << 28 | (t & 63) << 22 | x << 11 | y)
    path.write_bytes(data)


def write_evt3(path: Path, events: Events, size: SensorSize | None = CAMERA) -> None:
    """Words of 16 bits: kind 8 has bits 23 to 12 of the time, 6 bits 11 to 0, 0 has y, and 2 x and polarity."""
    lines = ["evt 3.0"] + ([f"geometry {size.width}x{size.height}"] if size else [])
    data = "".join(f"% {line}\n" for line in lines).encode()
    for t, x, y, p in events.tolist():
        words = [8 << 12 | (t >> 12 & 0xFFF), 6 << 12 | (t & 0xFFF), y, 2 << 12 | p << 11 | x]
        data += struct.pack("<4H", *words)
    path.write_bytes(data)


def write_es(path: Path, events: Events, size: SensorSize = CAMERA) -> None:
    """Five bytes an event, after a byte 255 for each 127 us that pass before it; y counts from below."""
    data = b"Event Stream" + bytes([2, 0, 0, 1]) + struct.pack("<HH", size.width, size.height)
    last = 0
    for t, x, y, p in events.tolist():
        n_overflows, step = divmod(t - last, 127)
        data += b"\xff" * n_overflows + bytes([step << 1 | p]) + struct.pack("<HH", x, size.height - 1 - y)
        last = t
    path.write_bytes(data)


def write_aedat4(path: Path, events: Events, size: SensorSize = CAMERA) -> None:
    """A file of faery's own writer."""
    import faery

    table = np.empty(len(events), faery.EVENTS_DTYPE)
    table["t"], table["x"], table["y"], table["on"] = events["t"], events["x"], events["y"], events["p"]
    faery.events_stream_from_array(table, (size.width, size.height)).to_file(path)


def write_npy(path: Path, events: Events, names: str = "t x y p", types: str = "<u8 <u2 <u2 ?") -> None:
    """A table with these columns, in the order of the names of ours."""
    table = np.zeros(len(events), list(zip(names.split(), types.split(), strict=True)))
    for name, ours in zip(names.split(), "txyp", strict=False):
        table[name] = events[ours]
    np.save(path, table)


def write_heidelberg(path: Path, recordings: list[Events], labels: list[int] | None, times: str = "<f8") -> None:
    """A file as the Heidelberg data sets have it: times in s, channels, labels."""
    import h5py

    with h5py.File(path, "w") as file:
        n = len(recordings)
        t = file.create_dataset("spikes/times", (n,), h5py.vlen_dtype(np.dtype(times)))
        x = file.create_dataset("spikes/units", (n,), h5py.vlen_dtype(np.dtype("<u2")))
        for i, events in enumerate(recordings):
            t[i], x[i] = events["t"] / 1e6, events["x"]
        if labels is not None:
            file["labels"] = np.array(labels, "<u2")


def write_nwb(path: Path, trains: list[list[float]]) -> None:
    """The spike trains of an NWB file: all times one after the other, and where each train ends."""
    import h5py

    with h5py.File(path, "w") as file:
        file["units/spike_times"] = np.concatenate([np.zeros(0), *map(np.array, trains)])
        file["units/spike_times_index"] = np.cumsum([len(train) for train in trains]).astype(np.uint8)


def write_nix(path: Path, segments: list[list[list[float]]]) -> None:
    """Spike trains in s, by Neo's own writer."""
    import neo

    block = neo.Block()
    for trains in segments:
        segment = neo.Segment()
        for train in trains:
            segment.spiketrains.append(neo.SpikeTrain(train, units="s", t_stop=100))
        block.segments.append(segment)
    file = neo.io.NixIO(str(path), mode="ow")
    file.write_block(block)
    file.close()
