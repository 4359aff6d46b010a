"""The differences of RANC's RTL from its simulator, and a switch for each."""

from __future__ import annotations

from dataclasses import dataclass, fields

REASONS = {
    "reset": "the RTL resets a potential below the negative threshold; the simulator may also reset one that equals it",
    "width": "a potential of the RTL has few bits and wraps; the simulator's has 32",
    "coincide": "a packet with the largest destination tick acts at once or a round later; the simulator drops it",
    "clearing": "a packet that arrives in the clock in which its core clears the scheduler's word is lost",
    "stalls": "a core waits while a buffer for its packets is full, so its neurons are later",
    "missed": "a tick that comes to a core at work is lost for this core",
    "travel": "a packet takes clocks to its target; if the next tick comes first, it acts a tick later",
    "repeats": "each packet of an output in a tick counts; the simulator has one bit for them",
}


@dataclass(frozen=True)
class Semantics:
    """The differences that hold; all False is the simulator, all True is the RTL. ``REASONS`` describes each."""

    reset: bool = False
    width: bool = False
    coincide: bool = False
    clearing: bool = False
    stalls: bool = False
    missed: bool = False
    travel: bool = False
    repeats: bool = False

    @property
    def needs_clocks(self) -> bool:
        """True if a difference depends on the clocks of packets and cores."""
        return self.coincide or self.clearing or self.stalls or self.missed or self.travel


SIMULATOR = Semantics()
RTL = Semantics(**{field.name: True for field in fields(Semantics)})
