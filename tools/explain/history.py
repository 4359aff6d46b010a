"""The history of a neuron in a run: its visits, the spike that is to be explained, and what led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from draupnir.tools.explain.visits import SynapseTurn, Visit


@dataclass(frozen=True)
class ExplainedNeuron:
    """The neuron that is explained, and the words of its chip.

    name : such as neuron 17; kind : such as lif
    potential : the name of the potential among the fields of its state; weight : that of a synapse's weight
    threshold : None for a neuron that never spikes
    parameters : the parameters of the neuron, by name
    silence : the reason for which no spike leaves it, "" if there is none
    rest : the reason for which no synapse learns, "" if there is none
    learns_by : the names of the fields of its state by which its synapses learn; levels : the parameters beside them
    curves : those of its fields that the picture shows below the potential, each with the parameters beside it
    weight_unit : the unit of a synapse's weight
    """

    name: str
    kind: str
    potential: str
    weight: str
    threshold: int | None
    parameters: Mapping[str, int] = field(default_factory=dict)
    silence: str = ""
    rest: str = ""
    learns_by: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    weight_unit: str = "LSB"

    def potential_before(self, visit: Visit) -> int:
        """The potential before a visit that writes the neuron."""
        assert visit.state_before is not None
        return visit.state_before[self.potential]

    def potential_after(self, visit: Visit) -> int:
        """The potential after a visit that writes the neuron."""
        assert visit.state_after is not None
        return visit.state_after[self.potential]

    def change(self, visit: Visit) -> int:
        """The change of the potential."""
        return self.potential_after(visit) - self.potential_before(visit)


@dataclass(frozen=True)
class History:
    """The visits of a neuron, in order.

    pre : the pre-synaptic neuron of the synapses that are watched, None if none are
    n_cycles : the clocks of the run; cycle : the clock that the user asks about, None for the first spike
    """

    chip: str
    neuron: str
    pre: int | None
    subject: ExplainedNeuron
    visits: Sequence[Visit]
    n_cycles: int
    cycle: int | None = None

    @property
    def own(self) -> list[Visit]:
        """The visits that write the neuron, up to the clock that the user asks about."""
        own = [visit for visit in self.visits if visit.state_after is not None]
        return own if self.cycle is None else [visit for visit in own if visit.cycle <= self.cycle]

    def turns(self) -> dict[str, list[tuple[Visit, SynapseTurn]]]:
        """The turns of each synapse, by its name."""
        turns: dict[str, list[tuple[Visit, SynapseTurn]]] = {}
        for visit in self.visits:
            for turn in visit.turns:
                turns.setdefault(turn.synapse, []).append((visit, turn))
        return turns

    def spike(self) -> Visit | None:
        """The spike that is to be explained: the last one up to ``cycle``, or the first of all; None for a silence."""
        spikes = [visit for visit in self.own if visit.spikes]
        if not spikes:
            return None
        return spikes[0] if self.cycle is None else spikes[-1]

    def cause(self) -> list[Visit]:
        """The visits that lead to the spike, and the spike itself; for a silence all visits.

        They begin after the spike before it, or where the neuron has begun anew, or with the run.
        """
        spike, own = self.spike(), self.own
        if spike is None:
            return own
        own = own[: own.index(spike) + 1]
        earlier = [i for i, visit in enumerate(own[:-1]) if visit.spikes or visit.clears]
        return own[earlier[-1] + 1 :] if earlier else own

    def trigger(self) -> Visit | None:
        """The visit that brings the neuron to its spike; None if the potential never was below the threshold.

        On a chip whose neurons spike where a timestep ends, it is the last one that lifts the potential to the
        threshold. On all others the neuron spikes in this visit itself.
        """
        spike = self.spike()
        if spike is None or not spike.ends_timestep:
            return spike
        threshold = self.subject.threshold
        assert threshold is not None
        lifts = [
            v
            for v in self.cause()[:-1]
            if self.subject.potential_before(v) < threshold <= self.subject.potential_after(v)
        ]
        return lifts[-1] if lifts else None

    def peak(self) -> tuple[Visit, int] | None:
        """The visit with the highest potential that counts, the first of several, and this potential.

        Where neurons spike at the end of a timestep, the potentials before it count, else those after each visit.
        None if there is no such visit.
        """
        own, subject = self.own, self.subject
        ends = [visit for visit in own if visit.ends_timestep]
        if ends and subject.threshold is not None:
            return max(((visit, subject.potential_before(visit)) for visit in ends), key=lambda one: one[1])
        return max(((visit, subject.potential_after(visit)) for visit in own), key=lambda one: one[1], default=None)

    def sums(self) -> dict[str, tuple[int, int]]:
        """Event -> the sum of the changes of the potential in the cause, and the number of visits.

        A spike is no change.
        """
        totals: dict[str, tuple[int, int]] = {}
        for visit in self.cause():
            if not visit.spikes:
                total, n = totals.get(visit.event, (0, 0))
                totals[visit.event] = total + self.subject.change(visit), n + 1
        return totals
