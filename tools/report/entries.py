"""The declaration of a chip as entries to look up.

They are its sizes, pins, buses, probes, registers, memories, fields, events and state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from draupnir.emulator.declare import Chip, Event, Field, Memory, Parameter, Pin, Register, WiredBus
from draupnir.emulator.errors import InputError

N_CLOSE = 5


@dataclass(frozen=True)
class Entry:
    """One entry of a declaration.

    kind : "size", "pin", "bus", "probe", "register", "memory", "field", "event" or "state"
    path : its name after the names of its owners: ("neurons", "lif", "thr")
    facts : its properties by name; numbers are integers, and None means that the entry has no such property
    """

    kind: str
    path: tuple[str, ...]
    facts: Mapping[str, Any]
    meaning: str

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def as_json(self) -> dict[str, Any]:
        """The entry as one flat object."""
        return {"kind": self.kind, "name": self.name, **self.facts, "meaning": self.meaning}


def entries(chip: Chip, parameters: Sequence[Parameter] = ()) -> Iterator[Entry]:
    """All entries of a chip, in the order of its declaration. The parts of an entry follow it.

    parameters : the parameters of the chip, if it has sizes to choose
    """
    yield from (_size(chip, parameter) for parameter in parameters)
    yield from (_pin(chip, pin) for pin in chip.pins)
    yield from (_bus(chip, bus) for bus in chip.wired_buses)
    for probe in chip.probes:
        yield Entry("probe", (probe.name,), {"bits": probe.width, "source": probe.path}, probe.meaning)
    yield from map(_register, chip.registers)
    for memory in chip.memories:
        yield from _memory(memory)
    for event in chip.events:
        yield from _event(event)
    for block in chip.blocks:
        for reg in block.state:
            facts = {"bits": reg.width, "shape": list(reg.shape), "reset": reg.reset, "source": block.source}
            yield Entry("state", (block.name, reg.name), facts, reg.meaning)


def look_up(chip: Chip, name: str, parameters: Sequence[Parameter] = ()) -> list[Entry]:
    """The entries with a name such as ``thr``, or a part of a path such as ``lif.thr``, and the parts of these entries.

    Upper and lower case differ only if both exist. Raises InputError, with names that are close, if there is no entry.
    """
    every = list(entries(chip, parameters))
    name_parts = tuple(name.split("."))
    matches = [entry for entry in every if _matches(entry.path, name_parts)]
    if not matches:
        low = tuple(part.lower() for part in name_parts)
        matches = [entry for entry in every if _matches(tuple(part.lower() for part in entry.path), low)]
    if not matches:
        raise InputError(f"{chip.name} has no {name!r}; {_close(chip, every, name)}")
    return matches


def lines(chip: Chip, parameters: Sequence[Parameter] = ()) -> Iterator[str]:
    """One line for each entry, with its kind, name, facts and meaning in columns. The only source is a probe's path."""
    every = list(entries(chip, parameters))
    width = max(len(entry.name) for entry in every)
    facts = [", ".join(_on_a_line(entry)) for entry in every]
    facts_width = max(map(len, facts))
    for entry, text in zip(every, facts, strict=True):
        yield f"{entry.kind:8}  {entry.name:{width}}  {text:{facts_width}}  {entry.meaning}".rstrip()


def description_lines(entry: Entry) -> Iterator[str]:
    """Lines for one entry: its kind and name, then a line for each fact."""
    yield f"{entry.kind} {entry.name}"
    for label, text in (*_facts(entry), ("meaning", entry.meaning)):
        if text:
            yield f"  {label:13} {text}"


def _size(chip: Chip, parameter: Parameter) -> Entry:
    facts = {"size": chip.sizes[parameter.name], "low": parameter.low, "high": parameter.high}
    return Entry("size", (parameter.name,), facts | {"default": parameter.default}, parameter.meaning)


def _pin(chip: Chip, pin: Pin) -> Entry:
    bus, role = chip.place_of(pin)
    facts = {"direction": pin.direction, "bits": pin.width, "role": pin.role, "bus": bus, "bus_role": role}
    if pin.role == "clock":
        facts |= {"edges": pin.edges}
    if pin.role == "reset":
        facts |= {"active": pin.active, "asynchronous": pin.asynchronous}
    return Entry("pin", (pin.name,), facts, pin.meaning)


def _bus(chip: Chip, wired: WiredBus) -> Entry:
    facts: dict[str, Any] = {"bus_kind": wired.kind.name, "chip_is": wired.side}
    if wired.kind.clocked:
        clock = chip.clock_of_bus(wired.bus).pin
        facts |= {"clock": clock.name, "edges": clock.edges}
    facts["parameters"] = {each.name: wired.parameter(each.name) for each in wired.kind.parameters}
    return Entry("bus", (wired.name,), facts, wired.bus.meaning)


def _register(r: Register) -> Entry:
    facts = {"address": r.addr, "last_address": r.addr + r.n_addrs - 1, "bits": r.width, "low": r.low, "high": r.high}
    other_facts = {"reset": r.reset, "unless_configured": r.fallback, "unit": r.unit, "source": r.source}
    return Entry("register", (r.name,), facts | other_facts, r.meaning)


def _memory(memory: Memory) -> Iterator[Entry]:
    meaning = " or ".join(f"{word.name} words" for word in memory.words)
    copies = {} if memory.copies is None else {"copies": memory.copies}
    facts = {**copies, "words": memory.depth, "bits": memory.width, "source": memory.source}
    yield Entry("memory", (memory.name,), facts, meaning)
    for word in memory.words:
        yield from (_field((memory.name, word.name), f) for f in word)
    if matrix := memory.matrix:
        path = (memory.name, matrix.entry.name)
        field_names = {f.name for word in memory.words if word.name == matrix.entry.name for f in word}
        yield from (_field(path, f) for f in matrix.entry if f.name not in field_names)


def _field(owner: tuple[str, ...], f: Field) -> Entry:
    facts = {"lsb": f.lsb, "msb": f.msb, "bits": f.width, "field_kind": f.kind, "low": f.low, "high": f.high}
    path = tuple(name.replace(" ", "_") for name in (*owner, f.name))
    return Entry("field", path, facts | {"unit": f.unit}, f.meaning)


def _event(event: Event) -> Iterator[Entry]:
    facts = {"pattern": event.pattern, "clocks": event.cycles, "source": event.source}
    yield Entry("event", (event.name,), facts, event.meaning)
    yield from (_field((event.name,), f) for f in event.fields)


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    """The facts as label and text, with ranges as one fact, and without empty facts."""
    f = entry.facts
    if "size" in f:
        yield "is", str(f["size"])
    if "address" in f:
        yield "address", _span(f["address"], f["last_address"])
    if "lsb" in f:
        yield "bits", _span(f["lsb"], f["msb"], falling=True)
    elif "bits" in f:
        yield "bits", str(f["bits"])
    if "low" in f:
        yield "range", f"{f['low']}..{f['high']}"
    if "reset" in f:
        yield "after reset", "unchanged" if f["reset"] is None else str(f["reset"])
    if f.get("shape"):
        yield "array of", " x ".join(map(str, f["shape"]))
    labels = {
        "default": "default",
        "bus_kind": "kind",
        "chip_is": "the chip is the",
        "direction": "direction",
        "role": "role",
        "bus": "bus",
        "bus_role": "role",
        "clock": "clock",
        "edges": "edges",
        "active": "active",
        "copies": "copies",
        "words": "words",
        "pattern": "address bits",
        "clocks": "clocks",
    }
    for key, label in (labels | {"field_kind": "kind", "unit": "unit", "source": "source"}).items():
        if f.get(key) not in (None, "") and (key != "role" or f[key] in ("clock", "reset")):
            yield label, str(f[key])
    if "asynchronous" in f:
        yield "kind", "asynchronous" if f["asynchronous"] else "synchronous"
    yield from ((name, str(number)) for name, number in f.get("parameters", {}).items())


def _on_a_line(entry: Entry) -> Iterator[str]:
    for label, text in _facts(entry):
        if label != "source" or entry.kind == "probe":
            yield f"{label} {text}"


def _span(low: int, high: int, falling: bool = False) -> str:
    if low == high:
        return str(low)
    return f"{high}..{low}" if falling else f"{low}..{high}"


def _matches(path: tuple[str, ...], name_parts: tuple[str, ...]) -> bool:
    """True if the names stand side by side in a path."""
    return any(path[i : i + len(name_parts)] == name_parts for i in range(len(path)))


def _close(chip: Chip, every: list[Entry], name: str) -> str:
    """The advice for an unknown name: names that are close to it."""
    names = list(dict.fromkeys([part for entry in every for part in (entry.path[-1], entry.name)]))
    by_lower = {entry_name.lower(): entry_name for entry_name in reversed(names)}
    close = get_close_matches(name.lower(), by_lower, N_CLOSE)
    close += [low for low in by_lower if name.lower() in low and low not in close]
    if close:
        return f"close are {', '.join(by_lower[low] for low in close[:N_CLOSE])}"
    return f"draupnir chips {chip.name} lists all entries"
