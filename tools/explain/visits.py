"""The visits of a neuron: each clock in which the chip writes it, or in which one of its watched synapses may learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SynapseTurn:
    """A clock in which a synapse may learn.

    synapse : its name, such as winp 3 -> 17
    fields_before, fields_after : its fields before and after the clock
    why : the reason, in words, for the change or for its absence; "" if the chip says nothing but the neuron's state
    terms : the numbers that decide, by name
    """

    synapse: str
    fields_before: Mapping[str, int]
    fields_after: Mapping[str, int]
    why: str = ""
    terms: Mapping[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """True if the synapse has changed."""
        return self.fields_before != self.fields_after


@dataclass(frozen=True)
class Visit:
    """A clock in which the chip writes a neuron, or in which a synapse that is watched may learn.

    cycle : the clock, counted from 0
    event : the event that the chip processes, in words
    state_before, state_after : the fields of the neuron that change with time; None if the neuron is not written
    stimulus : the numbers that the event adds, by name; empty for an event that adds none
    spikes : True if the neuron spikes
    turns : the turns of the watched synapses
    detail : the stimulus in words, to follow the event
    moment : the timestep in words, for a chip that has timesteps
    ends_timestep : True if the timestep ends for the neuron; then the potential before it decides about a spike
    clears : True if the neuron begins anew, as at the end of a sample
    learning : the numbers that the chip computes for the neuron, by which its synapses learn
    """

    cycle: int
    event: str
    state_before: Mapping[str, int] | None
    state_after: Mapping[str, int] | None
    stimulus: Mapping[str, int]
    spikes: bool
    turns: tuple[SynapseTurn, ...] = ()
    detail: str = ""
    moment: str = ""
    ends_timestep: bool = False
    clears: bool = False
    learning: Mapping[str, int] = field(default_factory=dict)
