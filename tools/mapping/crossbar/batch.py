"""The integer network of a crossbar for many samples at once: compiled, and so quick enough to train with.

It gives what ``integer_answer`` gives for each sample, and the spikes and potentials in each timestep. Each input is
taken at rest. A time reference belongs to the timestep that it begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.crossbar.network import MOST, MOST_PER_INPUT, CrossbarNetwork
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.tools.mapping.answers import NO_LABEL
from draupnir.tools.mapping.batch import BatchRun, Counts
from draupnir.tools.mapping.choices import Decision, Ties
from draupnir.tools.mapping.plan import Integers, Plan

HEAD, WAITING, SPIKES, DROPPED, PROCESSED, LIMIT, N_STATE = range(7)  # places in the state of a run
NEVER = np.iinfo(np.int64).max


def run(plan: Plan, network: CrossbarNetwork, samples: NDArray[np.uint8]) -> BatchRun:
    """Run samples, (B, timesteps, inputs) of 0 and 1, on an integer network.

    Raises InputError, with the number of the sample, if a network excites itself for ever.
    """
    n = _n_in_use(plan, network)
    shape = (*samples.shape[:2], n)
    spikes, potentials = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    order = np.full((2, len(samples), n), NEVER)  # of the first and of the last spike of each neuron
    states = np.zeros((len(samples), N_STATE), np.int64)
    limits = network.limits
    restless = _run(
        np.ascontiguousarray(samples),
        plan.inputs,
        plan.bias_rows,
        np.ascontiguousarray(network.weights[:, :n]),
        (network.thr, network.leak, network.enabled, network.core),
        (network.closed_loop, plan.time_reference, limits.core_min, limits.core_max, limits.depth),
        (spikes, potentials, order[0], order[1], states),
    )
    if restless >= 0:
        text = f"sample {restless}: the network does not come to rest, because its neurons excite each other for ever"
        raise InputError(f"{text}; right is weaker excitation in its loops")
    outputs = potentials[:, :, plan.output_neurons]
    labels = _labels(plan, spikes.sum(axis=1), order, outputs[:, -1])
    operations = states[:, PROCESSED] * network.n_neurons
    return BatchRun(spikes, potentials, outputs, labels, operations, states[:, DROPPED])


def _n_in_use(plan: Plan, network: CrossbarNetwork) -> int:
    """The number of neurons, from the first on, to which anything can happen."""
    in_use = network.enabled | (network.weights != 0).any(axis=0) | (network.core >= network.thr)
    return 1 + max(int(np.flatnonzero(in_use).max(initial=0)), int(plan.output_neurons.max()))


def _labels(plan: Plan, counts: Integers, order: Integers, potentials: Integers) -> Integers:
    """The labels by the plan's decision: those of ``decide``, for all samples.

    counts : (B, n); order : (2, B, n), when each neuron spikes first and last; potentials : (B, outputs), at the end
    """
    if plan.decision is Decision.POTENTIAL:
        return np.asarray(potentials.argmax(axis=1), np.int64)
    counts, (first, last) = counts[:, plan.output_neurons], order[:, :, plan.output_neurons]
    if plan.decision is Decision.FIRST:
        winners = first.argmin(axis=1)
    elif plan.ties is Ties.LOWEST:
        winners = counts.argmax(axis=1)
    else:
        winners = np.where(counts == counts.max(axis=1, keepdims=True), last, NEVER).argmin(axis=1)
    return np.where(counts.any(axis=1), winners, NO_LABEL)


@entry
def _run(
    samples: NDArray[np.uint8],
    inputs: Integers,
    bias_rows: Integers,
    weights: Integers,
    neurons: tuple[Integers, Integers, NDArray[np.bool_], Integers],
    settings: tuple[bool, bool, int, int, int],
    outcome: tuple[Counts, Counts, Integers, Integers, Integers],
) -> int:
    """Run all samples. Returns the number of the first one that does not come to rest, or -1.

    neurons : thr, leak, enabled, core; settings : closed_loop, time_reference, core_min, core_max, depth
    outcome : arrays that this function fills, see ``run``
    """
    spikes, potentials, first, last, states = outcome
    core, fifo = np.zeros(weights.shape[1], np.int64), np.zeros(settings[4], np.int64)
    for b in range(len(samples)):
        core[:] = neurons[3][: len(core)]
        states[b, LIMIT] = MOST
        for t in range(samples.shape[1]):
            now = (spikes[b, t], first[b], last[b], states[b])
            if t > 0 and settings[1] and not _leak(core, weights, neurons, settings, fifo, now):
                return b
            for row in bias_rows:
                if not _stimulate(row, core, weights, neurons, settings, fifo, now):
                    return b
            for i in range(len(inputs)):
                for row in inputs[i, : inputs.shape[1] * samples[b, t, i]]:
                    if row >= 0 and not _stimulate(row, core, weights, neurons, settings, fifo, now):
                        return b
            for k in range(len(core)):
                potentials[b, t, k] = core[k]
    return -1


@kernel
def _leak(core: Integers, weights: Integers, neurons: Any, settings: Any, fifo: Integers, now: Any) -> bool:
    """Let all neurons leak, and process all that this leads to. Returns False if that does not end."""
    now[3][LIMIT] += MOST_PER_INPUT
    for k in range(len(core)):
        leak = neurons[1][k]
        potential = min(core[k] + leak, 0) if core[k] < 0 else max(core[k] - leak, 0)
        core[k] = _compare(k, potential, neurons, settings[0], fifo, now)
    return _process(core, weights, neurons, settings, fifo, now)


@kernel
def _stimulate(
    row: int, core: Integers, weights: Integers, neurons: Any, settings: Any, fifo: Integers, now: Any
) -> bool:
    """Take a spike of a row, and process all that it leads to. Returns False if that does not end."""
    state = now[3]
    state[LIMIT] += MOST_PER_INPUT
    fifo[state[HEAD]] = row
    state[WAITING] = 1
    return _process(core, weights, neurons, settings, fifo, now)


@kernel
def _process(core: Integers, weights: Integers, neurons: Any, settings: Any, fifo: Integers, now: Any) -> bool:
    """Process the events that wait, until none does. Returns False at the limit of events."""
    state = now[3]
    while state[WAITING]:
        if state[PROCESSED] == state[LIMIT]:
            return False
        row = fifo[state[HEAD]]
        for k in range(len(core)):
            potential = min(max(core[k] + weights[row, k], settings[2]), settings[3])
            core[k] = _compare(k, potential, neurons, settings[0], fifo, now)
        state[HEAD] = (state[HEAD] + 1) % len(fifo)
        state[WAITING] -= 1
        state[PROCESSED] += 1
    return True


@kernel
def _compare(k: int, potential: int, neurons: Any, closed_loop: bool, fifo: Integers, now: Any) -> int:
    """Compare the potential of neuron k with its threshold, let it spike, and return its potential after that."""
    if potential < neurons[0][k]:
        return potential
    if neurons[2][k]:
        spikes, first, last, state = now
        spikes[k] += 1
        first[k] = min(first[k], state[SPIKES])
        last[k] = state[SPIKES]
        state[SPIKES] += 1
        if closed_loop and state[WAITING] < len(fifo):
            fifo[(state[HEAD] + state[WAITING]) % len(fifo)] = k
            state[WAITING] += 1
        elif closed_loop:
            state[DROPPED] += 1
    return 0
