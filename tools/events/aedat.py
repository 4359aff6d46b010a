"""AEDAT files of versions 2, 3.0 and 3.1, and the version of any AEDAT file.

Version 2 has pairs of an address and a time, both of 32 bits, big-endian. What an address means depends on the camera,
which the line `# AEChip:` of the header names. Version 3 has packets with a header of 28 bytes; those of polarity
events are read, and events that are marked as invalid are left out.

Sources: iniVation, AEDAT file formats; libcaer, events/common.h and polarity.h; jAER, DVS128.java and
DavisBaseCamera.java. For the DVS128 the page and jAER contradict each other. jAER wrote these files, so we follow it:
there a 0 is on, and x counts from the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.events.recording import EventRecording, Events, FileOptions, SensorSize, events

BLOCK = 1 << 18  # events
MOST_HEADER = 1 << 22  # bytes; jAER may write all settings of a camera into the header
PAIR = np.dtype([("address", ">u4"), ("t", ">u4")])
POLARITY = np.dtype([("word", "<u4"), ("t", "<i4")])
WORDS = ("size", "t_offset", "t_overflow", "capacity", "number", "valid")
PACKET = np.dtype([("kind", "<i2"), ("source", "<i2"), *((word, "<i4") for word in WORDS)])
POLARITY_KIND = 1
CAMERAS = {  # part of the name of a camera, in the spelling of any version, and the size of its sensor
    "dvs128": SensorSize(128, 128),
    "davis128": SensorSize(128, 128),
    "davis240": SensorSize(240, 180),
    "davis208": SensorSize(208, 192),
    "davis346": SensorSize(346, 260),
    "davis640": SensorSize(640, 480),
    "dvxplorer": SensorSize(640, 480),
}


@dataclass(frozen=True)
class AedatHeader:
    """The header of a file. version : 2.0, 3.1, ...; n_bytes : its length; text : all of its lines"""

    version: float
    n_bytes: int
    text: str

    @property
    def camera(self) -> str:
        """The name of the camera in CAMERAS; empty if the header names none of them."""
        lines = re.findall(r"^#\s*(?:AEChip:|Source \d+:)(.*)$", self.text, re.MULTILINE | re.IGNORECASE)
        names = " ".join(lines).lower()
        return next((name for name in CAMERAS if name in names), "")


def header(path: Path) -> AedatHeader:
    """Read the header of a file of any version. Raises InputError if it has none."""
    with path.open("rb") as file:
        text = file.readline(100).decode("latin-1")
        version = re.match(r"#!AER-DAT(\d\.\d)\s*$", text)
        if version is None:
            raise InputError(f"{path}: it is not AEDAT of version 2 to 4: it does not begin with '#!AER-DAT'")
        number = float(version.group(1))
        if number < 4:
            text += "".join(_other_lines(file, path, number))
        return AedatHeader(number, file.tell(), text)


def _other_lines(file: BinaryIO, path: Path, version: float) -> Iterator[str]:
    """Yield the lines after the first. Version 3.1 has a last line; before, a line that is no comment ends them."""
    while True:
        start = file.tell()
        line = file.readline(MOST_HEADER)
        if file.tell() > MOST_HEADER:
            raise InputError(f"{path}: its header does not end within {MOST_HEADER:,} bytes")
        if not line.startswith(b"#"):
            if version >= 3.1:
                raise InputError(f"{path}: it is cut: the header has no line '#!END-HEADER'")
            file.seek(start)
            return
        yield line.decode("latin-1")
        if version >= 3.1 and line.startswith(b"#!END-HEADER"):
            return


def read(path: Path, options: FileOptions) -> Iterator[EventRecording]:
    """Yield the recording of a file of version 2, 3.0 or 3.1. Raises InputError for a broken file."""
    head = header(path)
    size = options.size or CAMERAS.get(head.camera)
    if head.version < 3:
        n_bytes = path.stat().st_size - head.n_bytes
        if n_bytes % PAIR.itemsize:
            raise InputError(f"{path}: it is cut: {n_bytes:,} bytes of events; right is {PAIR.itemsize} an event")
        size = size or CAMERAS["dvs128"]
        yield EventRecording(str(path), size, _pairs(path, head, size))
    else:
        yield EventRecording(str(path), size, _polarities(path, head, size))


# --- Version 2 --------------------------------------------------------------------------------------------------


def _pairs(path: Path, head: AedatHeader, size: SensorSize) -> Iterator[Events]:
    is_davis = head.camera.startswith("davis")
    last_raw, last_t = None, 0
    with path.open("rb") as file:
        file.seek(head.n_bytes)
        while chunk := file.read(PAIR.itemsize * BLOCK):
            table = np.frombuffer(chunk, PAIR)
            raw = table["t"].astype(np.uint32)
            # Times are of 32 bits and begin anew after 71 minutes, so only their differences count.
            steps = np.diff(raw, prepend=raw[:1] if last_raw is None else last_raw).view(np.int32).astype(np.int64)
            t = (int(raw[0]) if last_raw is None else last_t) + np.cumsum(steps)
            last_raw, last_t = raw[-1], int(t[-1])
            address = table["address"].astype(np.int64)
            yield _davis(t, address, size, path) if is_davis else _dvs128(t, address, size, path)


def _dvs128(t: np.ndarray, address: np.ndarray, size: SensorSize, path: Path) -> Events:
    """Events of the addresses of a DVS128; bit 15 marks an event of its input pin."""
    if (wrong := address[address >> 16 != 0]).size:
        text = f"{path}: the address {wrong[0]:#x} is of no DVS128, and the header names no other camera that is known"
        raise InputError(f"{text}; right is a line '# AEChip:' with one of {', '.join(CAMERAS)}")
    is_pixel = address >> 15 == 0
    t, address = t[is_pixel], address[is_pixel]
    return _events(t, address >> 1 & 0x7F, address >> 8 & 0x7F, 1 - (address & 1), size, path)


def _davis(t: np.ndarray, address: np.ndarray, size: SensorSize, path: Path) -> Events:
    """Events of the addresses of a DAVIS; bit 31 marks pictures and motion, bit 10 events of its input pin."""
    is_pixel = (address >> 31 == 0) & (address >> 10 & 1 == 0)
    t, address = t[is_pixel], address[is_pixel]
    return _events(t, address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1, size, path)


def _events(t: np.ndarray, x: np.ndarray, y: np.ndarray, p: np.ndarray, size: SensorSize, path: Path) -> Events:
    """Events whose x counts from the right, and y from below. Raises InputError for one outside of the sensor."""
    if (wrong := np.flatnonzero((x >= size.width) | (y >= size.height))).size:
        place = f"x = {x[wrong[0]]} from the right, y = {y[wrong[0]]} from below"
        raise InputError(f"{path}: an event at {place} is outside of {size} pixels; right is with --size WxH")
    return events(t, size.width - 1 - x, size.height - 1 - y, p)


# --- Version 3 --------------------------------------------------------------------------------------------------


def _polarities(path: Path, head: AedatHeader, size: SensorSize | None) -> Iterator[Events]:
    """The polarity events of all packets. In version 3.0 y counts from the bottom."""
    if head.version < 3.1 and size is None:
        raise InputError(f"{path}: the header names no camera that is known; right is with --size WxH")
    with path.open("rb") as file:
        file.seek(head.n_bytes)
        while chunk := file.read(PACKET.itemsize):
            packet = _packet(chunk, path)
            n_bytes = int(packet["size"]) * int(packet["capacity"])
            if packet["kind"] != POLARITY_KIND:
                file.seek(n_bytes, 1)
                continue
            for block in _packet_blocks(file, packet, path):
                if head.version < 3.1 and size:
                    block["y"] = size.height - 1 - block["y"]
                yield block
            file.seek(n_bytes - POLARITY.itemsize * int(packet["number"]), 1)
        if file.tell() > path.stat().st_size:
            raise InputError(f"{path}: it is cut within a packet")


def _packet(chunk: bytes, path: Path) -> np.void:
    """The header of a packet. Raises InputError for an impossible one."""
    if len(chunk) < PACKET.itemsize:
        raise InputError(f"{path}: it is cut within the header of a packet")
    packet: np.void = np.frombuffer(chunk, PACKET)[0]
    is_polarity = packet["kind"] == POLARITY_KIND
    fits = [
        packet["kind"] >= 0,
        packet["size"] >= 0,
        packet["t_overflow"] >= 0,
        packet["capacity"] >= packet["number"] >= 0,
        not is_polarity or packet["size"] == POLARITY.itemsize,
    ]
    if not all(fits):
        raise InputError(f"{path}: it has a packet with an impossible header: {packet}")
    return packet


def _packet_blocks(file: BinaryIO, packet: np.void, path: Path) -> Iterator[Events]:
    """The valid events of a packet of polarity events."""
    for start in range(0, int(packet["number"]), BLOCK):
        n = min(BLOCK, int(packet["number"]) - start)
        chunk = file.read(n * POLARITY.itemsize)
        if len(chunk) < n * POLARITY.itemsize:
            raise InputError(f"{path}: it is cut within a packet")
        table = np.frombuffer(chunk, POLARITY)
        t = table["t"].astype(np.int64) + (int(packet["t_overflow"]) << 31)
        word = table["word"]
        yield events(t, word >> 17, word >> 2 & 0x7FFF, word >> 1 & 1)[word & 1 == 1]
