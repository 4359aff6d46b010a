"""A network as we map it: populations of neurons, weights between them, spikes in and out.

Everything is float64, numbering is row-major, and all chains of nodes without a memory have become matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import prod

from draupnir.tools.mapping.graph import Reals

INPUT = ""  # the source of a connection from the network's input


class NeuronKind(StrEnum):
    """The neurons of NIR that have one state, the potential: leaky or not, with or without spikes."""

    LIF = "LIF"
    IF = "IF"
    LI = "LI"
    INTEGRATOR = "I"


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one kind. Potentials are told from the leak potential, where they start.

    name : the path of the node; shape : theirs, with a product of n
    tau : (n,) time constant in the unit of the network's time, inf without a leak; r : (n,) resistance
    threshold : (n,), inf where neurons do not spike; a spike comes when the potential is above it
    v_reset : (n,), where the reset "zero" leaves the potential; bias : (n,) current in each timestep
    """

    name: str
    kind: NeuronKind
    shape: tuple[int, ...]
    tau: Reals
    r: Reals
    threshold: Reals
    v_reset: Reals
    bias: Reals

    @property
    def size(self) -> int:
        """The number of neurons."""
        return prod(self.shape)

    @property
    def spikes(self) -> bool:
        """Tell whether these neurons spike, and are not read by their potentials."""
        return self.kind in (NeuronKind.LIF, NeuronKind.IF)


@dataclass(frozen=True, eq=False)
class Connection:
    """All weights from one population, or the input, to another.

    source : a population's name, or ``INPUT``; weights : (neurons of the target, values of the source)
    recurrent : spikes of the timestep before arrive, not those of the same timestep
    path : the nodes that the weights come from
    """

    source: str
    target: str
    weights: Reals
    recurrent: bool
    path: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SpikingNetwork:
    """A whole network.

    populations : in the order in which a timestep visits them; output : the name of the one that is read
    dt : the timestep where the network's unit of time is its own (1.0: timesteps); None where it is seconds
    """

    input_shape: tuple[int, ...]
    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    output: str
    dt: float | None = None

    @property
    def n_inputs(self) -> int:
        """The number of inputs that spike."""
        return prod(self.input_shape)

    def population(self, name: str) -> Population:
        """The population of a name; KeyError if there is none."""
        return {population.name: population for population in self.populations}[name]

    def heard(self) -> frozenset[str]:
        """The populations that have an effect on the output, itself among them."""
        names: set[str] = set()
        waiting = [self.output]
        while waiting:
            name = waiting.pop()
            if name not in names | {INPUT}:
                names.add(name)
                waiting += [connection.source for connection in self.inputs_of(name)]
        return frozenset(names)

    def inputs_of(self, name: str) -> tuple[Connection, ...]:
        """The connections to a population."""
        return tuple(connection for connection in self.connections if connection.target == name)
