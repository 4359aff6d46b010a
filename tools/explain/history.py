"""The history of a neuron in a run: its visits, the spike that is to be explained, and what led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from draupnir.tools.explain.visits import Visit

POTENTIAL, THRESHOLD, DISABLE, WEIGHT = "core", "thr", "neur_disable", "syn_weight"  # fields that all words have
PLASTICITY = ("ca_", "theta")  # the parameters by which a synapse learns begin with one of these


@dataclass(frozen=True)
class History:
    """The visits of a neuron, in order.

    chip, neuron : which neuron; pre : the pre-synaptic neuron of the synapse that is watched, None if none is
    word : the name of the neuron's word, such as lif; parameters : the parameters in it, by name
    n_cycles : the clocks of the run; cycle : the clock that the user asks about, None for the first spike
    """

    chip: str
    neuron: int
    pre: int | None
    word: str
    parameters: Mapping[str, int]
    visits: Sequence[Visit]
    n_cycles: int
    cycle: int | None = None

    @property
    def own(self) -> list[Visit]:
        """The visits that write the neuron, up to the clock that the user asks about."""
        own = [visit for visit in self.visits if visit.state_after is not None]
        return own if self.cycle is None else [visit for visit in own if visit.cycle <= self.cycle]

    @property
    def writes(self) -> list[Visit]:
        """The visits that write the synapse."""
        return [visit for visit in self.visits if visit.synapse is not None]

    def spike(self) -> Visit | None:
        """The spike that is to be explained: the last one up to ``cycle``, or the first of all; None for a silence."""
        spikes = [visit for visit in self.own if visit.spikes]
        if not spikes:
            return None
        return spikes[0] if self.cycle is None else spikes[-1]

    def cause(self) -> list[Visit]:
        """The visits that lead to the spike, and the spike itself; for a silence all visits.

        They begin after the spike before it, or with the run.
        """
        spike, own = self.spike(), self.own
        if spike is None:
            return own
        own = own[: own.index(spike) + 1]
        earlier = [i for i, visit in enumerate(own[:-1]) if visit.spikes]
        return own[earlier[-1] + 1 :] if earlier else own

    def peak(self) -> Visit | None:
        """The visit after which the potential is highest, the first of several; None if there is no visit."""
        return max(self.own, key=lambda visit: potential_after(visit), default=None)


def potential_before(visit: Visit) -> int:
    """The potential before a visit that writes the neuron."""
    assert visit.state_before is not None
    return visit.state_before[POTENTIAL]


def potential_after(visit: Visit) -> int:
    """The potential after a visit that writes the neuron."""
    assert visit.state_after is not None
    return visit.state_after[POTENTIAL]


def change(visit: Visit) -> int:
    """The change of the potential."""
    return potential_after(visit) - potential_before(visit)


def sums(visits: Sequence[Visit]) -> dict[str, tuple[int, int]]:
    """Event -> the sum of the changes of the potential, and the number of visits; a spike is no change."""
    totals: dict[str, tuple[int, int]] = {}
    for visit in visits:
        if not visit.spikes:
            total, n = totals.get(visit.event, (0, 0))
            totals[visit.event] = total + change(visit), n + 1
    return totals
