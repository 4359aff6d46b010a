"""Decode what a host has done to a chip: a stream of SPI transfers in a file, or a waveform of the chip's pins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import port
from draupnir.golden.levels import PinMoments, SomePins
from draupnir.golden.wave import is_waveform
from draupnir.tools.compile import packed
from draupnir.tools.compile.spi import reading
from draupnir.tools.compile.spi.stream import Odd, SpiListener, Unpacked, first_of_kinds
from draupnir.tools.decode.edges import EdgeCollector
from draupnir.tools.decode.entries import HostAct, SpiEntries, of_bus
from draupnir.tools.decode.events import BusEvent, readers
from draupnir.tools.decode.spi_wave import SpiWave


@dataclass(frozen=True)
class WavePins:
    """The way to the pins in a waveform.

    scope : the scope of the pins, with dots; None to search it
    names : pin -> name of its variable, for pins with another name in the file
    """

    scope: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoded:
    """The result of decoding.

    entries : what the host has done, in the order of time
    contents : the contents of the chip at the end
    scope : the scope of the pins, None for a file without pins
    absent : the names of buses that were not recorded, or not with all of their pins
    """

    entries: tuple[HostAct, ...]
    contents: Unpacked
    scope: str | None = None
    absent: tuple[str, ...] = ()

    @property
    def mistakes(self) -> tuple[Odd, ...]:
        """The mistakes, one for each kind with their number, and the place of the first."""
        return first_of_kinds(odd for entry in self.entries for odd in entry.odd() if odd.right)

    @property
    def n_mistakes(self) -> int:
        """The number of all mistakes."""
        return sum(odd.n for odd in self.mistakes)

    def as_json(self, n_max: int) -> dict[str, Any]:
        """The result as an object for JSON, with at most ``n_max`` entries; without the configuration."""
        unwritten = self.contents.as_json()
        return {
            "n_entries": len(self.entries),
            "entries": [entry.as_json() for entry in self.entries[:n_max]],
            "n_mistakes": self.n_mistakes,
            "mistakes": [asdict(odd) for odd in self.mistakes],
            "never_written": unwritten["never_written"],
            "unknown_parts": unwritten["unknown_parts"],
        }


def decode(path: Path, chip: Chip, present: packed.Memories | None = None, pins: WavePins | None = None) -> Decoded:
    """Decode a file.

    path : a waveform (VCD, FST), or a stream of SPI transfers in any form that ``config unpack`` reads
    present : memory -> its earlier contents, (depth, limbs) uint32; None means that they are not known
    pins : the pins of a waveform; None for the usual names in any scope

    Raises InputError for any other file, for one without a transfer, and for pins of a file that has none.
    """
    port(chip)
    if is_waveform(path):
        return _decode_wave(path, chip, present, pins or WavePins())
    if pins is not None and (pins.scope is not None or pins.names):
        option = "--pin" if pins.names else "--scope"
        raise InputError(f"{option}: {path} is not a waveform, which alone has pins; right is a VCD or FST")
    listener = SpiListener(chip, present)
    entries = tuple(SpiEntries(listener).of_segment(reading.read(path, chip)))
    if not entries:
        raise InputError(f"{path}: no SPI transactions")
    return _decoded(listener, entries)


def _decoded(
    listener: SpiListener, entries: tuple[HostAct, ...], scope: str | None = None, absent: tuple[str, ...] = ()
) -> Decoded:
    odd = [remark for entry in entries for remark in entry.odd()]
    return Decoded(entries, listener.contents(odd, may_be_empty=True), scope, absent)


class WaveDecoder:
    """Decodes moments of pins, piece by piece.

    needed, pins : the names of the pins without which nothing can be decoded, and of all pins that can be
    """

    def __init__(self, chip: Chip, present: packed.Memories | None = None) -> None:
        self._edges, self._buses = EdgeCollector(chip), readers(chip)
        self._listener = SpiListener(chip, present)
        self._events: list[BusEvent] = []
        self._last_time = 0
        self._present: frozenset[str] = frozenset()
        self.needed = self._edges.needed
        self.pins = (*self._edges.pins, *(pin for bus in self._buses for pin in bus.pins))

    def feed(self, moments: PinMoments) -> None:
        """Take the next moments."""
        reset = self._edges.feed(moments)
        for bus in self._buses:
            self._events.extend(bus.feed(moments, reset))
        self._last_time = int(moments.times[-1])
        self._present = frozenset(moments.level)

    def finish(self, time_text: Callable[[int], str], scope: str | None = None) -> Decoded:
        """Return the result.

        time_text : a function that returns a time of the moments with its unit; scope : that of the pins
        """
        for bus in self._buses:
            self._events.extend(bus.finish(self._last_time))
        entries = [*self._of_spi(time_text), *(of_bus(event, time_text(event.time)) for event in self._events)]
        absent = tuple(bus.bus.name for bus in self._buses if not self._present.issuperset(bus.pins))
        return _decoded(self._listener, tuple(sorted(entries, key=lambda entry: entry.time)), scope, absent)

    def _of_spi(self, time_text: Callable[[int], str]) -> Iterator[HostAct]:
        """Yield the entries of all segments, and between them the resets."""
        edges = self._edges.edges()
        has_miso = self._edges.miso in self._present
        entries = SpiEntries(self._listener)
        for number, segment in enumerate(SpiWave(self._listener.record.port, edges, has_miso, time_text).segments()):
            yield from entries.of_segment(segment)
            if number < len(edges.resets):
                time = int(edges.resets[number])
                self._listener.record.reset()
                yield HostAct("reset", time_text(time), time, "reset", "reset")


def _decode_wave(path: Path, chip: Chip, present: packed.Memories | None, pins: WavePins) -> Decoded:
    decoder = WaveDecoder(chip, present)
    wave = SomePins(path, chip, decoder.needed, decoder.pins, pins.scope, pins.names)
    wave.stream(decoder.feed)
    result = decoder.finish(wave.time_text, wave.scope)
    if not result.entries:
        raise InputError(f"{path}: no edge of {decoder.needed[0]} and no event in scope {wave.scope or '(top)'}")
    return result
