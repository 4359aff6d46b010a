"""The fields that a chip's SPI makes of the edges in a waveform; ``edges`` has the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from draupnir.emulator.spi.port import Port, Remark, Rest
from draupnir.tools.compile.spi.segments import Segment
from draupnir.tools.decode.edges import SpiEdges

PAUSE = 3  # a host pauses if the time from bit to bit is more than so many times the usual one

UNKNOWN = Remark("unknown bit", "has a bit of MOSI that is X or Z: it is read as 0", "0 or 1 while SCK rises")
TOGETHER = Remark(
    "mosi at edge",
    "has a bit at which MOSI changes together with the rise of SCK: the new level is read; hardware may take either",
    "MOSI changes while SCK is low (SPI mode 0)",
)
SCK_HIGH = Remark(
    "sck high",
    "begins while SCK is high: its fall counts as the end of a first bit, so all bits are late by one",
    "SCK is low between transfers (SPI mode 0)",
)


class SpiWave:
    """The segments of a recording. time_text : a function that returns a time with its unit"""

    def __init__(self, spi_port: Port, edges: SpiEdges, has_miso: bool, time_text: Callable[[int], str]) -> None:
        self._field_bits = spi_port.field_bits
        self._edges, self._has_miso, self._time_text = edges, has_miso, time_text
        n_falls = len(edges.falls)
        segment_of_fall = np.searchsorted(edges.resets, edges.falls, side="right")
        self._segment_of_bit = np.where(edges.counts == 1, segment_of_fall, -1)
        segment_of_rise = np.searchsorted(edges.resets, edges.rises["times"], side="left")
        segment_of_rise = np.where(edges.rises["in_reset"] == 0, segment_of_rise, -1)
        is_cut = np.ones(len(segment_of_rise), bool)  # the segment of the rise does not have the fall
        is_cut[:n_falls] = segment_of_rise[:n_falls] != self._segment_of_bit
        self._segment_of_cut = np.where(is_cut, segment_of_rise, -1)

    def segments(self) -> Iterator[Segment]:
        """Yield the segment before the first reset, that after it, and so on; a segment may be empty."""
        for number in range(len(self._edges.resets) + 1):
            yield self._segment(number, np.flatnonzero(self._segment_of_bit == number))

    def _segment(self, number: int, bits: np.ndarray) -> Segment:
        """bits : (n,) int64, the numbers of the segment's bits among all rises of SCK"""
        rises, n = self._edges.rises, len(bits) // self._field_bits
        whole = bits[: n * self._field_bits]
        times = self._edges.falls[whole].reshape(n, -1)[:, -1].tolist() if n else []
        contents = self._numbers(rises["mosi"][whole])
        rest_time = self._end(number)
        return Segment(
            fields=[(self._time_text(time), content) for time, content in zip(times, contents, strict=True)],
            rest=self._rest(number, bits[len(whole) :], rest_time),
            bursts=self._bursts(bits),
            notes=self._notes(number, bits),
            answers=self._answers(whole),
            times=times,
            rest_time=rest_time,
        )

    def _numbers(self, levels: np.ndarray) -> list[int]:
        """The number in the bits of each field, the most significant first."""
        weights = 1 << np.arange(self._field_bits - 1, -1, -1, dtype=np.int64)
        numbers: list[int] = (levels.reshape(-1, self._field_bits) @ weights).tolist()
        return numbers

    def _answers(self, whole: np.ndarray) -> list[int | None]:
        if not self._has_miso:
            return []
        rises = self._edges.rises
        is_known = rises["miso_known"][whole].reshape(-1, self._field_bits).all(axis=1).tolist()
        return [a if ok else None for a, ok in zip(self._numbers(rises["miso"][whole]), is_known, strict=True)]

    def _end(self, number: int) -> int:
        """The time at which a segment ends: its reset, or its last edge of SCK."""
        if number < len(self._edges.resets):
            return int(self._edges.resets[number])
        some = np.concatenate([self._edges.falls[-1:], self._edges.rises["times"][-1:], [self._edges.first]])
        return int(some.max())

    def _rest(self, number: int, bits: np.ndarray, time: int) -> Rest | None:
        """The bits after the last whole field; bits : their numbers among all rises; time : that of the cut"""
        levels = self._edges.rises["mosi"]
        cut_off = np.flatnonzero(self._segment_of_cut == number)[-1:]
        risen = np.concatenate([bits, cut_off])
        is_reset = number < len(self._edges.resets)
        if not len(risen):
            return None
        content = sum(int(level) << i for i, level in enumerate(reversed(levels[risen].tolist())))
        mosi = int(self._edges.mosi[number]) if is_reset else -1
        return Rest(self._time_text(time), len(bits), content, bool(len(cut_off)), None if mosi < 0 else mosi)

    def _bursts(self, bits: np.ndarray) -> list[int]:
        periods = np.diff(self._edges.rises["times"][bits])
        if not len(periods):
            return []
        pauses: list[int] = (np.flatnonzero(periods > PAUSE * np.median(periods)) + 1).tolist()
        return [*pauses, len(bits)]

    def _notes(self, number: int, bits: np.ndarray) -> dict[int, tuple[Remark, ...]]:
        """The remarks on bits, by the number of the field."""
        notes: dict[int, tuple[Remark, ...]] = {}

        def add(remark: Remark, some: np.ndarray) -> None:
            for field in sorted(set((some // self._field_bits).tolist())):
                notes[field] = (*notes.get(field, ()), remark)

        rises = self._edges.rises
        add(SCK_HIGH, np.zeros(int(bool(len(bits)) and self._begins_high(number, int(bits[0]))), np.int64))
        add(UNKNOWN, np.flatnonzero(rises["known"][bits] == 0))
        add(TOGETHER, np.flatnonzero(rises["together"][bits]))
        return notes

    def _begins_high(self, number: int, bit: int) -> bool:
        """True if SCK rose for the first bit of a segment, by its number, before the segment began."""
        rise = self._edges.rises["times"][bit]
        begin = self._edges.resets[number - 1] if number else self._edges.first
        return bool(self._edges.rises["in_reset"][bit]) or bool(rise <= begin)
