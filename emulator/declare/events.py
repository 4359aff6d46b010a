"""Events on an address bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from draupnir.emulator.declare.words import Field


@dataclass(frozen=True)
class Event:
    """An event on an address bus: the bits that identify it, and the fields that it carries.

    pattern : the bits of the bus, the most significant one first: '0' and '1' are fixed, '-' is free. "1" + 16 * "-" is
        a bus of 17 bits.
    fields : the free bits that have a meaning
    cycles : the number of clocks from the idle state to the end of the event
    pins : name of another pin of the bus -> its level, where the address alone does not identify the event
    """

    name: str
    pattern: str
    fields: tuple[Field, ...]
    cycles: int
    meaning: str
    source: str = ""
    pins: Mapping[str, int] = field(default_factory=dict, hash=False)

    def matches(self, addr: int) -> bool:
        """True if all fixed bits of the pattern are as in ``addr``, 0 or more, and ``addr`` has no bit beyond them."""
        bits = format(addr, f"0{len(self.pattern)}b")
        return len(bits) == len(self.pattern) and all(p in ("-", b) for p, b in zip(self.pattern, bits, strict=True))

    def __getitem__(self, name: str) -> Field:
        """Return the field of this name. Raises KeyError if there is none."""
        for f in self.fields:
            if f.name == name:
                return f
        raise KeyError(f"event {self.name} has no field {name!r}; it has {', '.join(f.name for f in self.fields)}")

    def encode(self, **values: int) -> int:
        """The address of an event with these field values; all other fields are 0.

        Raises ValueError for a field that the event does not have, and for a value that does not fit.
        """
        addr = int(self.pattern.replace("-", "0"), 2)
        fields = {f.name: f for f in self.fields}
        for name, number in values.items():
            if name not in fields:
                raise ValueError(f"event {self.name}: no field {name!r}; it has {', '.join(fields) or 'none'}")
            f = fields[name]
            if not f.low <= number <= f.high:
                raise ValueError(f"event {self.name}.{name}: {number} is not within {f.low}..{f.high}")
            addr |= (number & ((1 << f.width) - 1)) << f.lsb
        return addr

    def decode(self, addr: int) -> dict[str, int]:
        """The fields of an address, by name; a signed field has its sign."""
        return {f.name: f.take(addr) for f in self.fields}
