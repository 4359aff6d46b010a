"""The fields that reach a chip's SPI from one reset to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from draupnir.emulator.spi.port import FieldAtPlace, Remark, Rest


@dataclass(frozen=True)
class Segment:
    """The fields that a chip receives between two resets, or in a whole stream.

    fields : each with its place, for messages
    rest : the bits after the last whole field, None if there are none
    bursts : the numbers of bits up to the end of each burst, increasing. A host sends the bits of a burst together, and
        then pauses, or begins a new line.
    notes : number of a field, from 0 -> remarks on its bits, whatever they mean
    answers : the bits of MISO in each field, None if they are not known; (), if MISO was not recorded
    times : the time of each field's last edge of SCK; () if the stream has no times
    rest_time : the time at which the rest is cut off
    """

    fields: Sequence[FieldAtPlace]
    rest: Rest | None = None
    bursts: Sequence[int] = ()
    notes: Mapping[int, tuple[Remark, ...]] = field(default_factory=dict)
    answers: Sequence[int | None] = ()
    times: Sequence[int] = ()
    rest_time: int = 0

    def __iter__(self) -> Iterator[FieldAtPlace]:
        return iter(self.fields)


def by_place(fields: Sequence[FieldAtPlace], rest: Rest | None, field_bits: int) -> Segment:
    """Return the segment of a file. The fields of one place, such as a line, are a burst."""
    ends = [i for i, (place, _) in enumerate(fields, start=1) if i == len(fields) or fields[i][0] != place]
    return Segment(fields, rest, [field_bits * end for end in ends])
