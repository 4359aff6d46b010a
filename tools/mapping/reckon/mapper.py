"""ReckOn's mapper: rules, places, integers, configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.reckon.host import Op
from draupnir.emulator.reckon.layout import N
from draupnir.emulator.reckon.network import U_MAX, U_MIN, Network, configuration, network
from draupnir.tools.mapping import reference
from draupnir.tools.mapping.answers import SampleAnswer
from draupnir.tools.mapping.choices import CLIPS, Choices, Decision
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.energy import RECKON
from draupnir.tools.mapping.labels import float_labels
from draupnir.tools.mapping.mapper import Calibratable, Change, Run, WeightPair
from draupnir.tools.mapping.network import SpikingNetwork
from draupnir.tools.mapping.plan import Mapped, Plan, PopulationPlace
from draupnir.tools.mapping.reckon.layout import FloatLayout, lay_out
from draupnir.tools.mapping.reckon.quantise import W_MAX, W_MIN, out_scale_in_lsb, quantise
from draupnir.tools.mapping.reckon.running import ReckonRuns, integer_answer, operations
from draupnir.tools.mapping.reckon.telling import tell
from draupnir.tools.mapping.reckon.trainable import ReckonTrainable
from draupnir.tools.mapping.samples import Spikes
from draupnir.tools.mapping.story import Story
from draupnir.tools.mapping.violations import BrokenRules, Violation
from draupnir.tools.run.op_files import OPERATIONS


class ReckonMapper:
    """The mapper of ReckOn."""

    energy = RECKON

    def map(self, network: SpikingNetwork, conventions: Conventions, choices: Choices) -> Mapped:
        """Bring a network to the chip. Raises BrokenRules with a line for each rule that it breaks."""
        decision = _decision(network, choices)
        layout = lay_out(network, conventions)
        integers, scale = quantise(layout, conventions, choices)
        n_inputs = network.n_inputs
        plan = Plan(
            places=tuple(_places(network, layout, scale, out_scale_in_lsb(layout, integers))),
            output=network.output,
            inputs=np.arange(n_inputs)[:, np.newaxis],
            bias_rows=np.arange(n_inputs, layout.n_inp),
            time_reference=False,
            decision=decision,
            ties=choices.ties,
            extra_timesteps=layout.n_layers,
        )
        registers = {"SPI_SINGLE_LABEL": 1, "SPI_SEND_LABEL_ONLY": int(decision is Decision.MAJORITY)}
        notes = tuple(_notes(network, conventions))
        choices = replace(choices, decision=decision)
        return Mapped(network, conventions, choices, configuration(integers, **registers), plan, notes)

    def chip_run(self, mapped: Mapped) -> Run:
        """Return a function that runs samples at event level."""
        return ReckonRuns(mapped).answer

    def integer_run(self, mapped: Mapped) -> Run:
        """Return a function that runs samples on the integer network."""
        return partial(integer_answer, mapped, network(mapped.configuration))

    def event_file(self, mapped: Mapped, sample: Spikes) -> Iterator[str]:
        """Yield the lines of a file of operations that runs a sample."""
        yield ",".join(OPERATIONS)
        rows = operations(mapped.plan, sample).tolist()
        yield from (f"{Op(code).name},{operand}" for code, operand in rows)

    def tell(self, mapped: Mapped, sample: Spikes, neuron: int, change: Change | None) -> Story:
        """The story of a recurrent neuron in a sample, on the integer network with a change, or without one."""
        integers = network(mapped.configuration)
        if change:
            integers = _with_change(integers, change)
        return tell(mapped, integers, sample, neuron)

    def potentials_at(self, mapped: Mapped, sample: Spikes, clocks: Sequence[int]) -> NDArray[np.int64]:
        """(clocks, 256) int64, potentials of the recurrent neurons after so many clocks of a sample, at event level."""
        return ReckonRuns(mapped).potentials_at(sample, clocks)

    def weights(self, mapped: Mapped) -> Mapping[str, WeightPair]:
        """The weights in each memory."""
        layout, integers = lay_out(mapped.network, mapped.conventions), network(mapped.configuration)
        scale = np.ones(N)
        for place in mapped.plan.places:
            if mapped.network.population(place.name).spikes:
                scale[place.neurons] = place.scale
        output = mapped.plan.places[[place.name for place in mapped.plan.places].index(mapped.plan.output)]
        out_scale = out_scale_in_lsb(layout, integers) if layout.counts else output.scale
        parts = (
            ("winp", layout.winp * scale, integers.winp << integers.fp_loc_winp),
            ("wrec", layout.wrec * scale, integers.wrec << integers.fp_loc_wrec),
            ("wout", layout.wout * out_scale, integers.wout[:, : integers.n_out] << integers.fp_loc_wout),
        )
        shifts = (integers.fp_loc_winp, integers.fp_loc_wrec, integers.fp_loc_wout)
        return {
            name: WeightPair(in_float[in_float != 0], on_chip[in_float != 0], W_MIN << shift, W_MAX << shift)
            for (name, in_float, on_chip), shift in zip(parts, shifts, strict=True)
            if in_float.any()
        }

    def trainable(self, mapped: Mapped) -> ReckonTrainable:
        """The numbers that training may change."""
        return ReckonTrainable(mapped)

    @property
    def calibratable(self) -> Calibratable:
        """The choices to calibrate."""
        return {"clip": CLIPS}

    @property
    def potential_range(self) -> tuple[int, int]:
        """The ends of a potential."""
        return U_MIN, U_MAX

    def unrounded_run(self, mapped: Mapped) -> Run:
        """Return a function that runs samples in floating point: on this chip only rounding makes a difference."""

        def run(spikes: NDArray[np.uint8]) -> SampleAnswer:
            floats = reference.run(mapped.network, spikes[np.newaxis], mapped.conventions)
            label = int(float_labels(mapped.plan, floats)[0])
            return SampleAnswer(label, np.zeros(0, np.int64), np.zeros(0, np.int64), 0, 0)

        return run


def _with_change(integers: Network, change: Change) -> Network:
    """A network with another threshold, also of the neighbour that shares it, or another weight."""
    if change.row is None:
        thr = integers.thr.copy()
        thr[change.neuron & ~1 : (change.neuron | 1) + 1] = change.content
        return replace(integers, thr=thr)
    name, row = ("wrec", change.row - N) if change.row >= N else ("winp", change.row)
    weights = getattr(integers, name).copy()
    weights[row, change.neuron] = change.content
    return replace(integers, **{name: weights})


def _decision(network: SpikingNetwork, choices: Choices) -> Decision:
    """The decision that was chosen, or the usual one. Raises BrokenRules for one that the chip cannot make."""
    usual = (Decision.COUNT,) if network.population(network.output).spikes else (Decision.MAJORITY, Decision.POTENTIAL)
    decision = choices.decision or usual[0]
    if decision not in usual:
        kind = network.population(network.output).kind
        message = f"--decision {decision} for {kind} neurons: reckon sends potentials and labels, and no spikes"
        raise BrokenRules("reckon", [Violation("decision", f"node '{network.output}'", message, " or ".join(usual))])
    return decision


def _places(
    network: SpikingNetwork, layout: FloatLayout, scale: NDArray[np.float64], out_scale: float
) -> Iterator[PopulationPlace]:
    for population in network.populations:
        own = layout.neurons[population.name]
        of_outputs = np.full(population.size, out_scale)
        yield PopulationPlace(population.name, own, scale[own] if population.spikes else of_outputs)


def _notes(network: SpikingNetwork, conventions: Conventions) -> Iterator[str]:
    """The differences between chip and network that no setting removes."""
    if conventions.reset is Reset.SUBTRACT:
        yield "a spike takes the threshold from a potential before the leak (subtract), and on the chip after it"
    if any(connection.recurrent and connection.source != connection.target for connection in network.connections):
        yield "spikes of a loop over several layers arrive later than in the network: each layer takes one timestep"


MAPPER = ReckonMapper()
