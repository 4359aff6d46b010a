"""Samples on a chip with a crossbar: at its event level, and as an integer network without clocks.

Each sample begins with the chip as it is configured. An input is sent when the chip is at rest, so that spikes are
never dropped for want of room, unless one input alone fills the FIFO, and a time reference overtakes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import chips
from draupnir.emulator.crossbar.network import CrossbarNetwork, Schedule, addresses
from draupnir.emulator.crossbar.operations import Operations
from draupnir.emulator.errors import InputError
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.levels import BUS_ENGINE
from draupnir.emulator.speeds.limits import NotAtRest
from draupnir.emulator.speeds.runs import AT_REST, EventRun
from draupnir.tools.mapping.answers import SampleAnswer, decide
from draupnir.tools.mapping.crossbar.samples import inputs, timesteps
from draupnir.tools.mapping.models import ModelPool
from draupnir.tools.mapping.plan import Integers, Mapped

NEURONS = "neurons"


class CrossbarRuns:
    """Runs of samples at event level. Several threads may call ``answer``; each call has a model of its own."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped, self._pool = mapped, ModelPool(mapped)
        self._chip = mapped.configuration.chip
        self._operations = Operations(self._chip)
        self._engine = BUS_ENGINE.require(chips.package(mapped.chip))

    def answer(self, spikes: NDArray[np.uint8]) -> SampleAnswer:
        """Run one sample; spikes : (timesteps, inputs) of 0 and 1"""
        plan = self._mapped.plan
        with self._pool.model() as model:
            run = self._run(model, addresses(self._chip, inputs(plan, spikes)))
            outputs = self._operations.potentials(model.memories[NEURONS])[plan.output_neurons]
        figures = run.statistics
        return SampleAnswer(
            decide(plan, run.addrs, outputs),
            run.addrs,
            outputs,
            figures.dropped_spikes,
            figures.synaptic_operations,
            figures.fifo_high_water,
            run.n_cycles,
        )

    def potentials_at(self, spikes: NDArray[np.uint8], clocks: Sequence[int]) -> Integers:
        """(clocks, 256) int64, the potentials of all neurons after so many clocks of a sample."""
        rows = []
        events = addresses(self._chip, inputs(self._mapped.plan, spikes))
        for n_cycles in clocks:
            with self._pool.model() as model:
                self._engine.run(model, events, Environment(), n_cycles, not_before=np.full(len(events), AT_REST))
                rows.append(self._operations.potentials(model.memories[NEURONS]))
        return np.reshape(rows, (len(clocks), -1))

    def _run(self, model: ClockLevel, events: Integers) -> EventRun:
        """Send each event at rest. Raises InputError for a network that excites itself for ever."""
        try:
            return self._engine.run(model, events, Environment(), not_before=np.full(len(events), AT_REST))
        except NotAtRest as error:
            text = "the network does not come to rest after an input, because its neurons excite each other for ever"
            raise InputError(f"{self._chip.name}: {text}; right is weaker excitation in its loops") from error


def integer_answer(mapped: Mapped, network: CrossbarNetwork, spikes: NDArray[np.uint8]) -> SampleAnswer:
    """Run one sample on the integer network of a configuration; spikes : (timesteps, inputs) of 0 and 1"""
    outcome = network.run(inputs(mapped.plan, spikes), Schedule.AT_REST)
    outputs = outcome.core[mapped.plan.output_neurons]
    label = decide(mapped.plan, outcome.neurons, outputs)
    return SampleAnswer(
        label,
        outcome.neurons,
        outputs,
        outcome.dropped_spikes,
        outcome.synaptic_operations,
        timesteps=timesteps(mapped.plan, spikes)[outcome.inputs],
        lowest=outcome.lowest,
        highest=outcome.highest,
    )
