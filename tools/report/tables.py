"""A chip's declaration as tables for terminal and documents.

They are its sizes, pins, probes, buses, registers, memory words and events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from draupnir.emulator.declare import Chip, Event, Field, Memory, Parameter, Pin, Register, WiredBus, Word

if TYPE_CHECKING:
    from rich.table import Table as RichTable

MEANING_WIDTH = 20  # the least width of the column that is wrapped


@dataclass(frozen=True)
class Table:
    """A table of text. Each row has the same number of cells as the header.

    note : a line below the title, "" if there is none
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(chip: Chip, parameters: Sequence[Parameter] = ()) -> tuple[Table, ...]:
    """All tables of a chip that have rows. parameters : its own, for a chip of which there are several sizes"""
    words = tuple(_word(memory, word) for memory in chip.memories for word in memory.words)
    outside = (*_sizes(chip, parameters), _pins(chip), *_probes(chip), *_buses(chip))
    every = (*outside, _registers(chip.registers), *words, _events(chip.events))
    return tuple(table for table in every if table.rows)


def markdown(chip: Chip, parameters: Sequence[Parameter] = ()) -> str:
    """All tables of a chip for its README.md, each under a heading of the third level. It ends with a line feed."""
    return "\n".join(_markdown(table) for table in tables(chip, parameters))


def rich_tables(chip: Chip, parameters: Sequence[Parameter] = ()) -> Iterator[RichTable]:
    """All tables of a chip for a terminal. If there is no room, the last column, the meaning, is wrapped."""
    from rich.markup import escape
    from rich.table import Table as RichTable

    for table in tables(chip, parameters):
        title = f"{table.title}: {table.note}" if table.note else table.title
        rich_table = RichTable(title=escape(title), title_justify="left")
        for number, column in enumerate(table.header, start=1):
            rich_table.add_column(column, no_wrap=number < len(table.header))
        for row in table.rows:
            rich_table.add_row(*(escape(cell) for cell in row))
        yield rich_table


def least_width(table: RichTable) -> int:
    """The width in characters that a table needs, so that none of its text is cut off."""
    column_widths = [max(len(str(text)) for text in (column.header, *column.cells)) for column in table.columns[:-1]]
    longest_word = max((len(word) for cell in table.columns[-1].cells for word in str(cell).split()), default=0)
    return sum(column_widths) + max(longest_word, MEANING_WIDTH) + 3 * len(table.columns) + 1


def _sizes(chip: Chip, parameters: Sequence[Parameter]) -> tuple[Table, ...]:
    """One table, or none for a chip of which there is one size."""
    rows = tuple((p.name, str(chip.sizes[p.name]), f"{p.low}..{p.high}", str(p.default), p.meaning) for p in parameters)
    return (Table("Sizes", ("size", "here", "range", "default", "meaning"), rows),) if rows else ()


def _pins(chip: Chip) -> Table:
    rows = tuple((p.name, p.direction, str(p.width), *_place(chip, p), p.meaning) for p in chip.pins)
    return Table("Pins", ("pin", "direction", "bits", "bus", "role", "meaning"), rows)


def _place(chip: Chip, pin: Pin) -> tuple[str, str]:
    """The bus of a pin and its role there; of a clock and of a reset no bus, and how it acts."""
    if pin.role == "clock":
        return "", f"clock, {pin.edges} edge{'s' if pin.edges == 'both' else ''}"
    if pin.role == "reset":
        return "", f"reset, active {pin.active}, {'a' if pin.asynchronous else ''}synchronous"
    return chip.place_of(pin)


def _probes(chip: Chip) -> tuple[Table, ...]:
    """One table, or none for a chip without a probe."""
    rows = tuple((p.name, str(p.width), p.path, p.meaning) for p in chip.probes)
    return (Table("Probes", ("probe", "bits", "path", "meaning"), rows),) if rows else ()


def _buses(chip: Chip) -> tuple[Table, ...]:
    """One table, or none for a chip without a bus."""
    rows = tuple((bus.name, _kind(chip, bus), bus.side, bus.bus.meaning) for bus in chip.wired_buses)
    return (Table("Buses", ("bus", "kind", "the chip is its", "meaning"), rows),) if rows else ()


def _kind(chip: Chip, bus: WiredBus) -> str:
    """The kind of a bus with its numbers, and the clock at whose edges a clocked one is looked at."""
    numbers = [f"{each.name} {bus.parameter(each.name)}" for each in bus.kind.parameters]
    clock = [f"at {chip.clock_of_bus(bus.bus).pin.name}"] if bus.kind.clocked else []
    return ", ".join([bus.kind.name, *numbers, *clock])


def _registers(registers: tuple[Register, ...]) -> Table:
    rows = tuple(
        (_addresses(r), r.name, str(r.width), f"{r.low}..{r.high}", _reset(r), r.unit, r.meaning) for r in registers
    )
    header = ("address", "register", "bits", "range", "after reset", "unit", "meaning")
    return Table("Configuration registers", header, rows)


def _reset(register: Register) -> str:
    return "" if register.reset is None else str(register.reset)


def _addresses(register: Register) -> str:
    last_addr = register.addr + register.n_addrs - 1
    return str(register.addr) if last_addr == register.addr else f"{register.addr}..{last_addr}"


def _word(memory: Memory, word: Word) -> Table:
    copies = "" if memory.copies is None else f"{memory.copies} copies of "
    note = f"{copies}{memory.depth} words of {memory.width} bits"
    view_contents = [str(content) for content, name in memory.view.items() if name == word.name]
    if view_contents:
        note += f"; this view where {memory.view_field} is {' or '.join(view_contents)}"
    rows = tuple((_bits(f), f.name, f.kind, _range(f), f.unit, f.meaning) for f in word)
    return Table(
        f"Memory {memory.name}, word {word.name}", ("bits", "field", "kind", "range", "unit", "meaning"), rows, note
    )


def _bits(f: Field) -> str:
    return str(f.lsb) if f.width == 1 else f"{f.msb}..{f.lsb}"


def _range(f: Field) -> str:
    return f"{f.low}..{f.high}"


def _events(events: tuple[Event, ...]) -> Table:
    rows = tuple((e.name, e.pattern, _event_fields(e), str(e.cycles), e.meaning) for e in events)
    note = "a dash is a bit that the kind of event leaves free"
    return Table("Events", ("event", "address bits", "fields", "clocks", "meaning"), rows, note)


def _event_fields(event: Event) -> str:
    return ", ".join(f"{f.name} {_bits(f)}" for f in event.fields)


def _markdown(table: Table) -> str:
    lines = [f"### {table.title}", ""]
    if table.note:
        lines += [f"{table.note[0].upper()}{table.note[1:]}.", ""]
    lines += [_markdown_row(table.header), "|" + " --- |" * len(table.header)]
    lines += [_markdown_row(row) for row in table.rows]
    return "\n".join(lines) + "\n"


def _markdown_row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
