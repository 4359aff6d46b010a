"""The place of each population on ReckOn, and the float weights between neurons there.

Populations that spike become recurrent neurons, one after the other, each from an even number on, because two
neighbours share threshold and decay. Output neurons of the chip add up and do not spike: LI neurons that are read
become these. A population that spikes and is read keeps its recurrent neurons, and each of them leads to an output
neuron without decay, which counts its spikes. A layer takes its spikes in the timestep after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.reckon.layout import N_OUT, N
from draupnir.tools.mapping.conventions import Conventions
from draupnir.tools.mapping.graph import Reals
from draupnir.tools.mapping.network import INPUT, Population, SpikingNetwork
from draupnir.tools.mapping.reference import factors
from draupnir.tools.mapping.violations import BrokenRules, Violation

Integers = NDArray[np.int64]
NEVER = np.inf  # the threshold of a neuron that is not in use


@dataclass(frozen=True, eq=False)
class FloatLayout:
    """A network in floating point, in the chip's order.

    winp, wrec : (256, 256) float64, pre- by post-synaptic neuron, times the gain; wout : (256, outputs) likewise
    threshold, keep : (256,) float64, of the recurrent neurons; out_keep : (outputs,) float64
    neurons : population -> (its neurons,) int64, recurrent neurons; those of LI neurons are output neurons
    counts : whether output neurons count the spikes of recurrent ones
    n_inp, n_rec : the neurons in use; n_layers : recurrent layers, one behind the other, up to the output
    """

    winp: Reals
    wrec: Reals
    wout: Reals
    threshold: Reals
    keep: Reals
    out_keep: Reals
    neurons: dict[str, Integers]
    counts: bool
    n_inp: int
    n_rec: int
    n_layers: int


def lay_out(network: SpikingNetwork, conventions: Conventions) -> FloatLayout:
    """Give every neuron its place. Raises BrokenRules with a line for each limit of the chip that is passed."""
    output = network.population(network.output)
    neurons, n_rec = _number(network)
    violations = [*_sizes(network, n_rec, output), *_outputs_fed(network, output)]
    if violations:
        raise BrokenRules("reckon", violations)
    bias_input = any(population.bias.any() for population in network.populations if population.spikes)
    layout = FloatLayout(
        winp=np.zeros((N, N)),
        wrec=np.zeros((N, N)),
        wout=np.zeros((N, output.size)),
        threshold=np.full(N, NEVER),
        keep=np.ones(N),
        out_keep=np.ones(output.size),
        neurons=neurons,
        counts=output.spikes,
        n_inp=network.n_inputs + bias_input,
        n_rec=n_rec,
        n_layers=_depth(network),
    )
    for population in network.populations:
        if population.spikes or population is output:
            _fill(layout, network, population, conventions)
    if output.spikes:
        layout.wout[neurons[output.name], np.arange(output.size)] = 1
    return layout


def _number(network: SpikingNetwork) -> tuple[dict[str, Integers], int]:
    """The numbers of all neurons, and the number of recurrent neurons, which is even."""
    neurons, n = {}, 0
    for population in network.populations:
        first = n if population.spikes else 0
        neurons[population.name] = first + np.arange(population.size)
        n += population.size + population.size % 2 if population.spikes else 0
    return neurons, max(n, 2)


def _fill(layout: FloatLayout, network: SpikingNetwork, population: Population, conventions: Conventions) -> None:
    """Write the weights and parameters of a population."""
    keep, gain = factors(population, conventions)
    own = layout.neurons[population.name]
    if population.spikes:
        layout.threshold[own], layout.keep[own] = population.threshold, keep
        if population.bias.any():
            layout.winp[network.n_inputs, own] += population.bias * gain
    else:
        layout.out_keep[:] = keep
    for connection in network.inputs_of(population.name):
        weights = connection.weights.T * gain
        if connection.source == INPUT:
            layout.winp[: len(weights), own] += weights
        elif population.spikes:
            layout.wrec[np.ix_(layout.neurons[connection.source], own)] += weights
        else:
            layout.wout[layout.neurons[connection.source]] += weights


def _depth(network: SpikingNetwork) -> int:
    """The most recurrent layers between input and output, without those that lead back."""
    depths: dict[str, int] = {INPUT: 0}
    for population in network.populations:
        forward = [depths[one.source] for one in network.inputs_of(population.name) if not one.recurrent]
        depths[population.name] = max(forward, default=0) + int(population.spikes)
    return depths[network.output]


# --- Limits -----------------------------------------------------------------------------------------------------


def _sizes(network: SpikingNetwork, n_rec: int, output: Population) -> list[Violation]:
    sizes = " + ".join(f"{one.size:,}" for one in network.populations if one.spikes)
    limits = (
        ("too-many-inputs", f"{network.n_inputs:,} inputs, and reckon has {N} input neurons", network.n_inputs, N),
        ("too-many-neurons", f"{sizes} recurrent neurons, and reckon has {N}", n_rec, N),
        ("too-many-outputs", f"{output.size:,} outputs, and reckon has {N_OUT}", output.size, N_OUT),
    )
    return [Violation(rule, "the network", text, f"at most {most}") for rule, text, n, most in limits if n > most]


def _outputs_fed(network: SpikingNetwork, output: Population) -> list[Violation]:
    """Output neurons of the chip take spikes of recurrent neurons, and nothing else."""
    if output.spikes:
        return []
    place, violations = f"node '{output.name}'", []
    if any(one.source == INPUT for one in network.inputs_of(output.name)):
        message = "it takes the input directly, and output neurons of reckon take spikes of recurrent neurons"
        violations.append(Violation("output-of-input", place, message, "LIF or IF neurons before it"))
    if output.bias.any():
        message = f"bias[{np.flatnonzero(output.bias)[0]}] is {output.bias[output.bias != 0][0]:g}"
        violations.append(Violation("output-bias", place, f"{message}, and output neurons of reckon have none", "0"))
    return violations
