"""A whole job of ``draupnir explain``: why a neuron spiked in a sample, or did not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.tools.explain.causes import extreme_sources, turns
from draupnir.tools.explain.explanation import Explanation
from draupnir.tools.mapping import folder, reference
from draupnir.tools.mapping.mapper import Change, mapper_of
from draupnir.tools.mapping.plan import Mapped
from draupnir.tools.mapping.samples import Spikes, read_samples
from draupnir.tools.mapping.story import Story


def explain(mapped: Mapped, spikes: Spikes, sample: int, name: str, right: int | None) -> Explanation:
    """Explain a neuron in a sample; spikes : (timesteps, inputs); name : population:number

    Raises InputError for a neuron that does not exist, or does not spike on the chip.
    """
    population, index, neuron = _neuron(mapped, name)
    mapper = mapper_of(mapped.chip)
    story = mapper.tell(mapped, spikes, neuron, None)

    def retell(change: Change) -> Story:
        return mapper.tell(mapped, spikes, neuron, change)

    floats = reference.run(mapped.network, spikes[np.newaxis], mapped.conventions)
    return Explanation(
        mapped.chip,
        sample,
        name,
        neuron,
        story,
        int(floats.spikes[population][0, :, index].sum()),
        mapper.integer_run(mapped)(spikes).label,
        right,
        *extreme_sources(story),
        tuple(turns(story, neuron, retell, mapper.potential_range[1])),
    )


def _neuron(mapped: Mapped, name: str) -> tuple[str, int, int]:
    """The population and the number of a neuron in it, and its number on the chip."""
    population, _, digits = name.rpartition(":")
    places = {place.name: place for place in mapped.plan.places if mapped.network.population(place.name).spikes}
    if population not in places or not digits.isdecimal():
        right = ", ".join(f"{one}:0..{len(place.neurons) - 1}" for one, place in places.items())
        raise InputError(f"--neuron {name}: there is no such neuron that spikes; right is one of {right}")
    index = int(digits)
    if index >= len(places[population].neurons):
        raise InputError(f"--neuron {name}: right is {population}:0..{len(places[population].neurons) - 1}")
    return population, index, int(places[population].neurons[index])


def read(place: Path, samples: Path, sample: int) -> tuple[Mapped, Spikes, int | None]:
    """A mapped network, a sample and its right label. Raises InputError for what does not exist."""
    mapped = folder.read(place)
    all_samples = read_samples(samples, mapped.network.n_inputs)
    if sample >= all_samples.n:
        raise InputError(f"--sample {sample}: {samples} has samples 0..{all_samples.n - 1}")
    return mapped, all_samples.one(sample), None if all_samples.labels is None else int(all_samples.labels[sample])


def draw(path: Path, mapped: Mapped, spikes: Spikes, explanation: Explanation) -> None:
    """Write the picture of an explanation."""
    from draupnir.tools.explain import picture  # imported here, because the import takes a second

    mapper = mapper_of(mapped.chip)
    n_cycles = mapper.chip_run(mapped)(spikes).n_cycles or 1
    clocks = np.unique(np.linspace(0, n_cycles, picture.N_POINTS).astype(np.int64)).tolist()
    potentials = mapper.potentials_at(mapped, spikes, clocks)[:, explanation.neuron]
    picture.write(path, explanation, clocks, potentials)
