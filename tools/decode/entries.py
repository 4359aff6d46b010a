"""The table of a decoded stream: what the host has done, one line after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from draupnir.emulator.codec import take
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.spi.port import MemoryWrite, RegisterWrite, Remark
from draupnir.tools.compile.spi.segments import Segment
from draupnir.tools.compile.spi.stream import Heard, Odd, SpiListener
from draupnir.tools.compile.toml.registers import signed_number
from draupnir.tools.decode.events import BusEvent

SHOWN_FIELDS = 8  # of a word with more fields only those are listed_fields that are not 0


@dataclass(frozen=True)
class HostAct:
    """A line of the table.

    kind : "register", "word", "transaction" (one that writes nothing), "reset", "event" or "pause"
    place : a time, or a place in the file; time : the same as a number, 0 if the stream has no times
    text : the line in words; subject : what remarks speak of, such as the bits of a transaction
    details : for JSON
    """

    kind: str
    place: str
    time: int
    text: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    def odd(self) -> Iterator[Odd]:
        """The remarks with their place."""
        for remark in self.remarks:
            yield Odd(remark.kind, self.place, self.subject, remark.text, 1, remark.right)

    @property
    def is_mistake(self) -> bool:
        """True if something else would be right."""
        return any(remark.right for remark in self.remarks)

    def as_json(self) -> dict[str, Any]:
        """The entry as an object for JSON."""
        return {
            "kind": self.kind,
            "place": self.place,
            "text": self.text,
            **self.details,
            "remarks": [asdict(remark) for remark in self.remarks],
        }


def of_bus(event: BusEvent, place: str) -> HostAct:
    """Return the entry of an event on a bus."""
    details = {"bus": event.bus, "event": event.name, "fields": dict(event.fields), "pins": dict(event.pins)}
    return HostAct("event", place, event.time, event.text, f"{event.text}:", details, event.remarks)


class SpiEntries:
    """Makes entries of the transactions of segments. Writes to one word that follow each other are one entry."""

    def __init__(self, listener: SpiListener) -> None:
        self._listener = listener
        self._chip: Chip = listener.record.port.chip
        self._word: _WordWrites | None = None

    def of_segment(self, segment: Segment) -> Iterator[HostAct]:
        """Yield the entries of a segment."""
        n_fields, boundaries, all_entries = 0, [0], list[HostAct]()
        for heard in self._listener.hear(segment):
            notes = [note for i in range(n_fields, heard.n_fields) for note in segment.notes.get(i, ())]
            n_fields = heard.n_fields
            if not heard.reception.n_awaited:
                boundaries.append(n_fields * self._listener.record.port.field_bits)
            all_entries += self._entries(replace(heard, remarks=(*notes, *heard.remarks)), segment)
        all_entries += self._finish_word()
        if pause := self._out_of_step(segment, boundaries, all_entries):
            all_entries.append(pause)
        yield from all_entries

    def _entries(self, heard: Heard, segment: Segment) -> Iterator[HostAct]:
        place, time = _when(heard, segment)
        write = heard.write
        if isinstance(write, MemoryWrite):
            if self._word is None or not self._word.takes(write):
                yield from self._finish_word()
                self._word = _WordWrites(write, place, time, heard.reception.bits)
            self._word.add(write, self._listener.record.port.chunk_bits, heard.remarks)
            return
        yield from self._finish_word()
        if isinstance(write, RegisterWrite):
            text, details = register_text(self._chip, write)
            yield HostAct("register", place, time, text, heard.reception.bits, details, heard.remarks)
            return
        text = "; ".join(remark.text for remark in heard.remarks) + self._answer(heard, segment)
        bits = heard.reception.bits
        yield HostAct("transaction", place, time, f"{bits} {text}", bits, {"bits": bits}, heard.remarks)

    def _answer(self, heard: Heard, segment: Segment) -> str:
        """The answer on MISO to a read, in words; "" if the transaction does not read."""
        if not segment.answers or not any(remark.kind == "read" for remark in heard.remarks):
            return ""
        miso = segment.answers[heard.n_fields - 1]
        return "; MISO is unknown" if miso is None else f"; MISO answers {self._listener.record.port.answer(miso):#x}"

    def _finish_word(self) -> Iterator[HostAct]:
        """Yield the entry of the last word that was written."""
        if self._word is not None:
            word, self._word = self._word, None
            content = self._listener.record.word(word.memory, word.word)
            yield word.entry(self._chip.memory(word.memory), content)

    def _out_of_step(self, segment: Segment, boundaries: Sequence[int], entries: Sequence[HostAct]) -> HostAct | None:
        """Return the first burst that ends inside a transaction, if the segment also has mistakes.

        A host may pause anywhere. But if transactions are wrong, their bits are then probably out of step.
        """
        if not any(entry.is_mistake for entry in entries):
            return None
        spi_port, places = self._listener.record.port, segment.fields
        begin = begin_n = 0  # the bits up to the burst, and those of them that belong to an unfinished transaction
        for end in segment.bursts[:-1]:
            n = end - boundaries[bisect_right(boundaries, end) - 1]
            if n and not begin_n and end - begin > spi_port.field_bits:
                i = min((end - 1) // spi_port.field_bits, len(places) - 1)
                text = f"together end {n} bits into a transaction: the chip takes what follows as the rest of it"
                remark = Remark("out of step", text, f"{spi_port.form} in each transaction")
                subject = f"{end - begin} bits"
                time = segment.times[i] if segment.times else 0
                return HostAct("pause", places[i][0], time, f"{subject} {text}", subject, {}, (remark,))
            begin, begin_n = end, n
        return None


def register_text(chip: Chip, write: RegisterWrite) -> tuple[str, dict[str, Any]]:
    """Return a write of a register in words, with its meaning, and as an object for JSON."""
    register = chip.register(write.register)
    number = signed_number(register, write.content)
    name = f"{register.name}[{write.i}]" if register.n_addrs > 1 else register.name
    number_text = f"{number:#x}" if register.n_addrs > 1 else f"{number} {register.unit}".rstrip()
    details = {"register": register.name, "index": write.i, "value": number}
    return f"{name} = {number_text}: {register.meaning}", details


def _when(heard: Heard, segment: Segment) -> tuple[str, int]:
    """Return the place of a transaction and its time: in a waveform those of its last field, which acts."""
    place, i = heard.reception.place, heard.n_fields - 1
    if not segment.times or i < 0 or (segment.rest is not None and place == segment.rest.place):
        return place, segment.rest_time
    return segment.fields[i][0], segment.times[i]


class _WordWrites:
    """Writes to one word of a memory that follow each other."""

    def __init__(self, write: MemoryWrite, place: str, time: int, bits: str) -> None:
        self.memory, self.word = write.memory, write.word
        self._place, self._time, self._bits = place, time, bits
        self._written_bits = 0
        self._remarks: tuple[Remark, ...] = ()

    def takes(self, write: MemoryWrite) -> bool:
        """True if a write goes to the same word."""
        return (write.memory, write.word) == (self.memory, self.word)

    def add(self, write: MemoryWrite, chunk_bits: int, remarks: tuple[Remark, ...]) -> None:
        """Add a write to this word."""
        self._written_bits |= ((1 << chunk_bits) - 1 & ~write.keep) << chunk_bits * write.chunk
        self._remarks += remarks

    def entry(self, memory: Memory, content: int) -> HostAct:
        """Return the entry; content : the word after the last of these writes"""
        word = memory.word_of(content)
        fields = {f.name: take(f, content) for f in word if self._written_bits >> f.lsb & (1 << f.width) - 1}
        view = f" {word.name}" if memory.view_field else ""
        place = f"{memory.name}[{self.word}]{_entries_of(memory, self.word)}{view}"
        listed_fields = fields if len(fields) <= SHOWN_FIELDS else {name: n for name, n in fields.items() if n}
        texts = [f"{name} = {number}" for name, number in listed_fields.items()]
        if len(listed_fields) < len(fields):
            texts.append("all other fields 0" if listed_fields else "all fields 0")
        details = {"memory": memory.name, "word": self.word, "written_bits": f"{self._written_bits:#x}"}
        details |= {"content": f"{content:#x}", "fields": fields}
        text = f"{place}: {', '.join(texts) or 'no bit of a field'}"
        return HostAct("word", self._place, self._time, text, self._bits, details, self._remarks)


def _entries_of(memory: Memory, word: int) -> str:
    """The rows and columns of a matrix that a word holds, in words; "" if the memory is no matrix."""
    if memory.matrix is None:
        return ""
    (row, _), (column, n_columns) = memory.matrix.rows, memory.matrix.columns
    n = memory.width // memory.matrix.entry.width
    first = word * n
    return f" ({row} {first // n_columns}, {column} {first % n_columns}-{(first + n - 1) % n_columns})"
