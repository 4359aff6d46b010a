"""Events on an address bus."""

from __future__ import annotations

from dataclasses import dataclass

from draupnir.emulator.declare.words import Field


@dataclass(frozen=True)
class Event:
    """An event on an address bus: the bits that identify it, and the fields that it carries.

    pattern : the bus from its most significant bit, '0' and '1' fixed, '-' free, for instance "1" + 16 * "-"
    fields : the free bits that mean something
    cycles : clocks from leaving the idle state to having been processed
    """

    name: str
    pattern: str
    fields: tuple[Field, ...]
    cycles: int
    meaning: str
    source: str = ""

    def matches(self, addr: int) -> bool:
        bits = format(addr, f"0{len(self.pattern)}b")
        return len(bits) == len(self.pattern) and all(p in ("-", b) for p, b in zip(self.pattern, bits, strict=True))

    def encode(self, **values: int) -> int:
        """The bus value for the given field values; fields not given are 0.

        Raises ValueError for an unknown field or a value that does not fit.
        """
        addr = int(self.pattern.replace("-", "0"), 2)
        known = {f.name: f for f in self.fields}
        for name, given in values.items():
            if name not in known:
                raise ValueError(f"event {self.name}: no field {name!r}; it has {', '.join(known) or 'none'}")
            f = known[name]
            if not f.low <= given <= f.high:
                raise ValueError(f"event {self.name}.{name}: {given} is not within {f.low}..{f.high}")
            addr |= (given & ((1 << f.width) - 1)) << f.lsb
        return addr

    def decode(self, addr: int) -> dict[str, int]:
        """The fields by name; signed ones with their sign."""
        return {f.name: f.take(addr) for f in self.fields}
