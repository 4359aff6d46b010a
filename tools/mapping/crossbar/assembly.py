"""The float crossbar: a network's weights at the rows and columns where a chip has them, before they become integers.

Neurons come first, from 0 on, population after population. Inputs get the last rows, whose own neurons are not in use.
On a chip whose rows have one sign, a source with weights of both signs can have two rows, one for each sign: an input
then stimulates two rows, and a neuron has a twin, which gets the same input and so spikes at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.crossbar.layout import N
from draupnir.tools.mapping.conventions import Conventions
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.network import INPUT, SpikingNetwork
from draupnir.tools.mapping.plan import Plan
from draupnir.tools.mapping.reference import factors
from draupnir.tools.mapping.violations import BrokenRules, Violation

Integers = NDArray[np.int64]
NONE = -1  # an input's second row, where it has only one


@dataclass(frozen=True, eq=False)
class FloatCrossbar:
    """A network in floating point, in the chip's order; n is the number of neurons in use.

    weights : (256, n) float64, the change of a neuron's potential at a spike of a row
    threshold : (n,) float64, a neuron spikes above it, inf for never
    keep : (n,) float64, the share of a potential that a timestep keeps
    neurons, twins : population -> (its neurons,) int64, their numbers on the chip; NONE for a neuron without a twin
    inputs : (inputs, 2) int64, rows that a spike of each input stimulates, or NONE; bias_rows : (0 to 2,) int64
    """

    weights: Reals
    threshold: Reals
    keep: Reals
    neurons: dict[str, Integers]
    twins: dict[str, Integers]
    inputs: Integers
    bias_rows: Integers

    @property
    def n_neurons(self) -> int:
        """The number of neurons in use."""
        return len(self.threshold)


@dataclass(frozen=True, eq=False)
class _Sources:
    """The weights of some sources of one kind to all neurons of the network, and the rows that they need.

    weights : (sources, neurons) float64, times the gain of the neuron; index, sign : (rows,) int64, the source of each
    row, and the sign of the weights that it keeps, 0 for all
    """

    weights: Reals
    index: Integers
    sign: Integers

    def rows(self) -> Reals:
        """(rows, neurons) float64, the weights that each row keeps."""
        weights, sign = self.weights[self.index], self.sign[:, np.newaxis]
        return np.where((sign == 0) | (weights * sign > 0), weights, 0)

    def numbers(self, first: int) -> Integers:
        """(sources, 2) int64, the numbers of each source's rows if they begin with ``first``, or NONE."""
        numbers = np.full((len(self.weights), 2), NONE)
        numbers[self.index, (self.sign < 0).astype(np.int64)] = first + np.arange(len(self.index))
        return numbers


def assemble(
    network: SpikingNetwork, conventions: Conventions, chip: str, one_sign: bool, split_signs: bool
) -> FloatCrossbar:
    """Give every neuron and every input of a network its place.

    one_sign : the chip's rows have one sign; split_signs : a source with weights of both signs may have two rows there
    Raises BrokenRules if there is not enough room, or a source has weights of both signs and one row.
    """
    inputs, neurons, bias = _weights(network, conventions)
    violations = _both_signs(network, inputs, neurons, chip) if one_sign and not split_signs else []
    columns, drivers = (_rows_of(weights, one_sign and split_signs) for weights in (neurons, inputs))
    biases = _rows_of(bias[np.newaxis, :][: int(bias.any())], one_sign)
    n, n_rows = len(columns.index), len(drivers.index) + len(biases.index)
    if n + n_rows > N:
        violations.append(_no_room(network, n, len(drivers.index), len(biases.index), chip))
    if violations:
        raise BrokenRules(chip, violations)
    weights = np.zeros((N, n))
    weights[:n] = columns.rows()[:, columns.index]
    weights[N - n_rows :] = np.concatenate((biases.rows(), drivers.rows()))[:, columns.index]
    keep = np.concatenate([factors(population, conventions)[0] for population in network.populations])
    threshold = np.concatenate([population.threshold for population in network.populations])
    numbers, firsts = columns.numbers(0), _firsts(network)
    by_population = {p.name: numbers[firsts[p.name] : firsts[p.name] + p.size] for p in network.populations}
    return FloatCrossbar(
        weights,
        threshold[columns.index],
        keep[columns.index],
        {name: pair[:, 0] for name, pair in by_population.items()},
        {name: pair[:, 1] for name, pair in by_population.items()},
        drivers.numbers(N - len(drivers.index)),
        np.arange(N - n_rows, N - len(drivers.index)),
    )


def placed(network: SpikingNetwork, conventions: Conventions, plan: Plan) -> FloatCrossbar:
    """Return a network in floating point at the places that a plan already gives it.

    Training may take away all weights of one sign of a source; the source then keeps its two rows.
    """
    inputs, neurons, bias = _weights(network, conventions)
    twins = [np.full(one.neurons.shape, NONE) if one.twins is None else one.twins for one in plan.places]
    numbers = np.stack([np.concatenate([one.neurons for one in plan.places]), np.concatenate(twins)], axis=1)
    index = np.zeros(int(numbers.max()) + 1, np.int64)
    for own in numbers.T:
        index[own[own >= 0]] = np.flatnonzero(own >= 0)
    weights = np.zeros((N, len(index)))
    of_bias = plan.bias_rows[np.newaxis, :] if len(plan.bias_rows) else np.zeros((0, 2), np.int64)
    for matrix, rows in ((neurons, numbers), (inputs, plan.inputs), (bias[np.newaxis][: len(of_bias)], of_bias)):
        is_double = rows[:, -1] >= 0 if rows.shape[1] == 2 else np.zeros(len(rows), np.bool_)
        weights[rows[:, 0]] = np.where(is_double[:, np.newaxis], np.maximum(matrix, 0), matrix)[:, index]
        weights[rows[is_double, -1]] = np.minimum(matrix[is_double], 0)[:, index]
    keep = np.concatenate([factors(population, conventions)[0] for population in network.populations])
    threshold = np.concatenate([population.threshold for population in network.populations])
    return FloatCrossbar(
        weights,
        threshold[index],
        keep[index],
        {one.name: one.neurons for one in plan.places},
        {one.name: own for one, own in zip(plan.places, twins, strict=True)},
        plan.inputs,
        plan.bias_rows,
    )


def _weights(network: SpikingNetwork, conventions: Conventions) -> tuple[Reals, Reals, Reals]:
    """The weights of all inputs, of all neurons, and of a source that spikes in every timestep, times their gain.

    Returns (inputs, n), (n, n) and (n,) float64 for the network's n neurons in order.
    """
    first = _firsts(network)
    n = sum(population.size for population in network.populations)
    from_inputs, from_neurons, bias = np.zeros((network.n_inputs, n)), np.zeros((n, n)), np.zeros(n)
    for population in network.populations:
        gain = factors(population, conventions)[1]
        targets = slice(first[population.name], first[population.name] + population.size)
        bias[targets] = population.bias * gain
        for connection in network.inputs_of(population.name):
            weights = connection.weights.T * gain
            if connection.source == INPUT:
                from_inputs[:, targets] += weights
            else:
                row = first[connection.source]
                from_neurons[row : row + len(weights), targets] += weights
    return from_inputs, from_neurons, bias


def _firsts(network: SpikingNetwork) -> dict[str, int]:
    """The number of each population's first neuron in the network."""
    sizes = [population.size for population in network.populations]
    firsts = np.cumsum([0, *sizes[:-1]]).tolist()
    return dict(zip((population.name for population in network.populations), firsts, strict=True))


def _rows_of(weights: Reals, one_sign: bool) -> _Sources:
    """The rows that sources need: one, or two for a source with both signs; none for a bias of 0."""
    both = _has_both_signs(weights) if one_sign else np.zeros(len(weights), np.bool_)
    index = np.repeat(np.arange(len(weights)), both.astype(np.int64) + 1)
    is_second = np.concatenate(([False], index[1:] == index[:-1])) if len(index) else np.zeros(0, np.bool_)
    return _Sources(weights, index, np.where(both[index], np.where(is_second, -1, 1), 0))


def _has_both_signs(weights: Reals) -> NDArray[np.bool_]:
    """(sources,) bool, those with weights of both signs."""
    return np.asarray((weights > 0).any(axis=1) & (weights < 0).any(axis=1))


# --- Rules ------------------------------------------------------------------------------------------------------


def _both_signs(network: SpikingNetwork, inputs: Reals, neurons: Reals, chip: str) -> list[Violation]:
    """The lines for sources with weights of both signs: one for the inputs, and one for each population."""
    sources = [("input", "input", inputs)]
    for name, first in _firsts(network).items():
        sources.append((f"node '{name}'", "neuron", neurons[first : first + network.population(name).size]))
    return [
        Violation(
            "both-signs",
            place,
            f"{kind} {_indices(both)} {'have' if both.sum() > 1 else 'has'} weights of both signs, and a row of {chip}"
            " has one",
            "--split-signs, which gives each of them two rows",
        )
        for place, kind, weights in sources
        if (both := _has_both_signs(weights)).any()
    ]


def _indices(mask: NDArray[np.bool_]) -> str:
    """The first index of a mask, and how many more there are."""
    indices = np.flatnonzero(mask)
    return f"{indices[0]}" + (f" (and {len(indices) - 1} more)" if len(indices) > 1 else "")


def _no_room(network: SpikingNetwork, n: int, n_inputs: int, n_biases: int, chip: str) -> Violation:
    """The line for a network that needs more rows than there are."""
    sizes = " + ".join(f"{population.size:,}" for population in network.populations)
    twins = n - sum(population.size for population in network.populations)
    parts = [f"{n_inputs:,} rows of inputs", f"{sizes} neurons"]
    parts += [f"{twins:,} twins"] * bool(twins) + [f"{n_biases} of the biases"] * bool(n_biases)
    message = f"{' + '.join(parts)} = {n + n_inputs + n_biases:,}, and {chip} has {N} rows"
    return Violation("too-large", "the network", message, f"at most {N}: fewer neurons, or pooled inputs")
