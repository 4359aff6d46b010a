"""Samples on ReckOn: led by a host at event level, and as an integer network without clocks.

After a sample come timesteps without input, in which the spikes of the last one reach the output. As many timesteps at
its beginning, in which nothing has reached the output yet, do not count for the majority.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import chips, columns
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import PAIR
from draupnir.emulator.reckon.network import Network
from draupnir.emulator.speeds.levels import HOSTED_ENGINE
from draupnir.tools.mapping.answers import NO_LABEL, SampleAnswer
from draupnir.tools.mapping.choices import Decision
from draupnir.tools.mapping.models import ModelPool
from draupnir.tools.mapping.plan import Integers, Mapped, Plan

Spikes = NDArray[np.uint8]
NO_SPIKES = np.zeros(0, np.int64)


def inputs(plan: Plan, spikes: Spikes) -> Spikes:
    """(timesteps, input neurons) of 0 and 1: a sample with its bias, and the timesteps after it."""
    silent = np.zeros((plan.extra_timesteps, spikes.shape[1]), spikes.dtype)
    bias = np.ones((len(spikes) + plan.extra_timesteps, len(plan.bias_rows)), spikes.dtype)
    return np.concatenate((np.concatenate((spikes, silent)), bias), axis=1)


def operations(plan: Plan, spikes: Spikes) -> NDArray[np.int64]:
    """The host's operations for a sample: (n, 2) int64, codes of ``Op`` and operands."""
    return np.array(list(_operations(plan, inputs(plan, spikes))), np.int64)


def _operations(plan: Plan, timesteps: Spikes) -> Iterator[tuple[int, int]]:
    yield Op.SAMPLE, 1
    for t, spikes in enumerate(timesteps):
        yield from ((Op.SPIKE, int(neuron)) for neuron in np.flatnonzero(spikes))
        if t == plan.extra_timesteps:
            yield Op.INFER_ACC, 1
        yield Op.TICK, 1
    yield Op.SAMPLE, 0
    yield Op.TICK, 0
    yield Op.TAKE, output_bytes(plan)
    yield Op.INFER_ACC, 0


def output_bytes(plan: Plan) -> int:
    """The number of bytes that the chip sends at the end of a sample: a label, or potentials of 16 bits."""
    return 1 if plan.decision is Decision.MAJORITY else 2 * len(plan.output_neurons)


class ReckonRuns:
    """Runs of samples at event level. Several threads may call ``answer``; each call has a model of its own."""

    def __init__(self, mapped: Mapped) -> None:
        self._plan, self._pool = mapped.plan, ModelPool(mapped)
        self._engine = HOSTED_ENGINE.require(chips.package(mapped.chip))

    def answer(self, spikes: Spikes) -> SampleAnswer:
        """Run one sample; spikes : (timesteps, inputs) of 0 and 1"""
        with self._pool.model() as model:
            return _answer(self._plan, self._engine.run(model, operations(self._plan, spikes), Host()))

    def potentials_at(self, spikes: Spikes, clocks: Sequence[int]) -> Integers:
        """(clocks, 256) int64, the potentials of the recurrent neurons after so many clocks of a sample."""
        rows = []
        for n_cycles in clocks:
            with self._pool.model() as model:
                self._engine.run(model, operations(self._plan, spikes), Host(), n_cycles)
                rows.append(potentials(model))
        return np.reshape(rows, (len(clocks), -1))


def potentials(model: ClockLevel) -> Integers:
    """(256,) int64, potentials of the recurrent neurons; 0 where nothing was written since the sample began."""
    words = model.memories["neurons"]
    u = np.stack([columns.column(PAIR[name], words) for name in ("neur_u0", "neur_u1")], axis=1).ravel()
    since_start: Integers = u * model.registers[0].neur_dirty
    return since_start


def _answer(plan: Plan, run: Any) -> SampleAnswer:
    """The answer in the bytes that the chip sent: a label, or potentials of 16 bits, the low byte first."""
    operations, clocks = run.statistics.synaptic_operations, run.n_cycles
    if plan.decision is Decision.MAJORITY:
        return SampleAnswer(int(run.received[0]), NO_SPIKES, NO_SPIKES, 0, operations, n_cycles=clocks)
    potentials = np.ascontiguousarray(run.received.astype(np.uint8)).view("<i2").astype(np.int64)
    return SampleAnswer(_label(plan, potentials), NO_SPIKES, potentials, 0, operations, n_cycles=clocks)


def _label(plan: Plan, potentials: Integers) -> int:
    """The number of the highest potential; where potentials are counts of spikes, NO_LABEL if all are 0."""
    has_spikes = plan.decision is not Decision.COUNT or potentials.any()
    return int(potentials.argmax()) if has_spikes else NO_LABEL


def integer_answer(mapped: Mapped, network: Network, spikes: Spikes) -> SampleAnswer:
    """Run one sample on the integer network of a configuration; spikes : (timesteps, inputs) of 0 and 1"""
    plan = mapped.plan
    outcome = network.run(inputs(plan, spikes))
    potentials = outcome.outputs[-1]
    counts = np.arange(len(outcome.outputs)) >= plan.extra_timesteps
    label = outcome.label(counts) if plan.decision is Decision.MAJORITY else _label(plan, potentials)
    lowest, highest = outcome.u.min(axis=0), outcome.u.max(axis=0)
    return SampleAnswer(
        label,
        outcome.neurons,
        potentials,
        0,
        outcome.synaptic_operations,
        timesteps=outcome.timesteps,
        lowest=lowest,
        highest=highest,
    )
