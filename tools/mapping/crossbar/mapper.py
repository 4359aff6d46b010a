"""A network on a chip with a crossbar: rules, places, integers, configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.network import CrossbarNetwork, Limits, addresses
from draupnir.tools.mapping.choices import CLIPS, LEAKS_AT, STARTS, Choices, Decision
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.crossbar.assembly import FloatCrossbar, assemble, placed
from draupnir.tools.mapping.crossbar.quantise import quantise, scales
from draupnir.tools.mapping.crossbar.running import CrossbarRuns, integer_answer
from draupnir.tools.mapping.crossbar.samples import inputs
from draupnir.tools.mapping.crossbar.telling import tell
from draupnir.tools.mapping.crossbar.trainable import CrossbarTrainable
from draupnir.tools.mapping.energy import Energy
from draupnir.tools.mapping.mapper import Calibratable, Change, Run, WeightPair
from draupnir.tools.mapping.network import SpikingNetwork
from draupnir.tools.mapping.plan import Mapped, Plan, PopulationPlace
from draupnir.tools.mapping.samples import Spikes
from draupnir.tools.mapping.story import Story
from draupnir.tools.mapping.violations import BrokenRules, Violation
from draupnir.tools.run.events import ADDR, CYCLE, REST

FINE = 1 << 12
FEW = 0.05  # the share of weights below which a layer is called almost empty


@dataclass(frozen=True)
class CrossbarMapper:
    """The mapper of one chip.

    chip : its name; limits : its ranges; one_sign : whether a row has one sign
    visits_all : whether an event visits all 256 neurons, and not only those in use
    configuration : returns the configuration that makes the chip an integer network; network : the other way
    energy : the energy of a synaptic operation, from a paper
    """

    chip: str
    limits: Limits
    one_sign: bool
    visits_all: bool
    configuration: Callable[[CrossbarNetwork], Configuration]
    network: Callable[[Configuration], CrossbarNetwork]
    energy: Energy

    def map(self, network: SpikingNetwork, conventions: Conventions, choices: Choices) -> Mapped:
        """Bring a network to the chip. Raises BrokenRules with a line for each rule that it breaks."""
        decision = self._decision(network, choices)
        crossbar = assemble(network, conventions, self.chip, self.one_sign, choices.split_signs)
        integers = self._integers(crossbar, self.limits, choices)
        plan = Plan(
            places=tuple(_places(network, crossbar, scales(crossbar, self.limits, choices))),
            output=network.output,
            inputs=crossbar.inputs,
            bias_rows=crossbar.bias_rows,
            time_reference=bool(integers.leak.any()),
            decision=decision,
            ties=choices.ties,
        )
        notes = (*_notes(network, conventions), *_losses(network, crossbar, integers))
        choices = replace(choices, decision=decision)
        return Mapped(network, conventions, choices, self.configuration(integers), plan, notes)

    def chip_run(self, mapped: Mapped) -> Run:
        """Return a function that runs samples at event level."""
        return CrossbarRuns(mapped).answer

    def integer_run(self, mapped: Mapped) -> Run:
        """Return a function that runs samples on the integer network."""
        return partial(integer_answer, mapped, self.network(mapped.configuration))

    def unrounded_run(self, mapped: Mapped) -> Run:
        """Return a function that runs samples with all numbers ``FINE`` times as large as on the chip."""
        limits, choices = self.limits, mapped.choices
        fine = replace(choices, start=choices.start * FINE, clip=1.0)
        ranges = {name: getattr(limits, name) * FINE for name in Limits.__annotations__ if name != "depth"}
        crossbar = placed(mapped.network, mapped.conventions, mapped.plan)
        network = self._integers(crossbar, replace(limits, **ranges), fine)
        return partial(integer_answer, mapped, network)

    def event_file(self, mapped: Mapped, sample: Spikes) -> Iterator[str]:
        """Yield the lines of an event file that runs a sample, each event at rest."""
        yield f"{CYCLE},{ADDR}"
        numbers = addresses(mapped.configuration.chip, inputs(mapped.plan, sample))
        yield from (f"{REST},{address}" for address in numbers.tolist())

    def tell(self, mapped: Mapped, sample: Spikes, neuron: int, change: Change | None) -> Story:
        """The story of a neuron in a sample, on the integer network with a change, or without one."""
        network = self.network(mapped.configuration)
        if change:
            network = _with_change(network, change)
        return tell(mapped, network, sample, neuron)

    def potentials_at(self, mapped: Mapped, sample: Spikes, clocks: Sequence[int]) -> NDArray[np.int64]:
        """(clocks, 256) int64, potentials of the neurons after so many clocks of a sample, at event level."""
        return CrossbarRuns(mapped).potentials_at(sample, clocks)

    def weights(self, mapped: Mapped) -> Mapping[str, WeightPair]:
        """The weights to each population."""
        crossbar = placed(mapped.network, mapped.conventions, mapped.plan)
        integers = self.network(mapped.configuration).weights
        pairs = {}
        for place in mapped.plan.places:
            weights = crossbar.weights[:, place.neurons]
            rows = weights != 0
            scaled = (weights * place.scale)[rows]
            on_chip = integers[:, place.neurons][rows]
            pairs[place.name] = WeightPair(scaled, on_chip, self.limits.weight_min, self.limits.weight_max)
        return pairs

    def trainable(self, mapped: Mapped) -> CrossbarTrainable:
        """The numbers that training may change."""
        return CrossbarTrainable(mapped, self.network(mapped.configuration), self.one_sign, self.configuration)

    @property
    def calibratable(self) -> Calibratable:
        """The choices to calibrate: a start above 0 only where potentials are never negative."""
        return {"clip": CLIPS, "leak_at": LEAKS_AT} | ({"start": STARTS} if self.limits.core_min == 0 else {})

    @property
    def potential_range(self) -> tuple[int, int]:
        """The ends of a potential."""
        return self.limits.core_min, self.limits.core_max

    def _integers(self, crossbar: FloatCrossbar, limits: Limits, choices: Choices) -> CrossbarNetwork:
        n_visited = len(crossbar.weights) if self.visits_all else crossbar.n_neurons
        return quantise(crossbar, limits, choices, n_visited)

    def _decision(self, network: SpikingNetwork, choices: Choices) -> Decision:
        """The decision that was chosen, or counts. Raises BrokenRules for spikes of neurons that do not spike."""
        spikes = network.population(network.output).spikes
        if not spikes and choices.decision is not Decision.POTENTIAL:
            kind = network.population(network.output).kind
            message = f"{kind} neurons do not spike, and {self.chip} sends spikes"
            right = "LIF or IF, or --decision potential, which reads potentials over SPI"
            raise BrokenRules(self.chip, [Violation("output-spikes", f"node '{network.output}'", message, right)])
        return choices.decision or Decision.COUNT


def _with_change(network: CrossbarNetwork, change: Change) -> CrossbarNetwork:
    """A network with another threshold or another weight."""
    if change.row is None:
        thr = network.thr.copy()
        thr[change.neuron] = change.content
        return replace(network, thr=thr)
    weights = network.weights.copy()
    weights[change.row, change.neuron] = change.content
    return replace(network, weights=weights)


def _places(network: SpikingNetwork, crossbar: FloatCrossbar, scale: np.ndarray) -> Iterator[PopulationPlace]:
    for population in network.populations:
        numbers, twins = crossbar.neurons[population.name], crossbar.twins[population.name]
        yield PopulationPlace(population.name, numbers, scale[numbers], twins if (twins >= 0).any() else None)


def _notes(network: SpikingNetwork, conventions: Conventions) -> Iterator[str]:
    """The differences between chip and network that no setting removes."""
    if conventions.reset is not Reset.ZERO:
        yield f"a spike takes the threshold from a potential ({conventions.reset}); the chip sets the potential to 0"
    if any(connection.recurrent for connection in network.connections):
        yield "spikes of a loop arrive in the timestep after in the network, and in the same timestep on the chip"


def _losses(network: SpikingNetwork, crossbar: FloatCrossbar, integers: CrossbarNetwork) -> Iterator[str]:
    """The losses in integers: a line for each population of which almost all weights become 0."""
    for population in network.populations:
        columns = crossbar.neurons[population.name]
        is_weight = crossbar.weights[:, columns] != 0
        n_before = int(is_weight.sum())
        n_after = int((is_weight & (integers.weights[:, columns] != 0)).sum())
        if n_after < FEW * n_before:
            largest = abs(crossbar.weights[:, columns]).max()
            path = next(iter(network.inputs_of(population.name))).path
            place = f"node '{path[-1]}'" if path else f"weights to '{population.name}'"
            yield f"{place}: {n_before - n_after:,} of {n_before:,} weights become 0, because one is {largest:.3g}"
