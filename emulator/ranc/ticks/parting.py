"""The place where simulator and RTL part on a network, and the reasons.

The place is the first one in the order of ticks, cores and neurons. The reasons are found by experiment: from the RTL's
semantics, one difference after the other is switched off; it stays off if the two still part at the same place in the
same way. What remains is a smallest set of differences that has this effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from draupnir.emulator.ranc.ticks import hardware, simulator
from draupnir.emulator.ranc.ticks.clocked_state import NOT_RUN
from draupnir.emulator.ranc.ticks.hardware import Hardware
from draupnir.emulator.ranc.ticks.network import CoreNetwork, targets
from draupnir.emulator.ranc.ticks.semantics import REASONS, RTL, Semantics
from draupnir.emulator.ranc.ticks.simulator import TickRun

FIRST_TICKS = 16  # the first attempt looks at so many ticks, and each further one at four times as many
OUTPUT = -1


@dataclass(frozen=True)
class PartingPlace:
    """The first place at which two runs differ.

    tick : from 1 on, or 0 for outputs before the first tick
    core : its number; neuron : its number, or ``OUTPUT`` if the two differ in what an output receives
    output : the output in this case, else -1
    kind : spike, potential, run (the core does not run in this tick), or packets at an output
    simulator, rtl : the two values
    """

    tick: int
    core: int
    neuron: int
    output: int
    kind: str
    simulator: int
    rtl: int


@dataclass(frozen=True)
class Parting:
    """The place at which simulator and RTL part, and the smallest set of differences that explains it.

    reasons : names from ``REASONS``; senders : (core, neuron) of those that send to the output in this tick
    """

    place: PartingPlace
    reasons: tuple[str, ...]
    senders: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class PartingSearch:
    """The comparison of the two semantics; ``parting`` is None if they agree in all ticks.

    simulator, rtl : the two runs, up to the tick that ended the search; n_ticks : the ticks that both have
    """

    parting: Parting | None
    simulator: TickRun
    rtl: TickRun
    n_ticks: int


def compare(
    network: CoreNetwork,
    n_ticks: int,
    chip: Hardware | None = None,
    semantics: Semantics = RTL,
    say: Callable[[str], None] = lambda text: None,
) -> PartingSearch:
    """Run a network with both semantics until they part, and find the reasons.

    semantics : the differences that count as the RTL's; say : receives a line for each run of the search
    Raises InputError as ``simulator.simulate`` and ``hardware.run``.
    """
    n = min(n_ticks, FIRST_TICKS)
    while True:
        say(f"{n} ticks")
        expected = simulator.simulate(network, n, record_neurons=True)
        run = hardware.run(network, n, semantics, chip, finishes=True)
        place = first_difference(network, expected, run)
        if place is not None or n == n_ticks:
            break
        n = min(n_ticks, 4 * n)
    if place is None:
        return PartingSearch(None, expected, run, n)
    reasons = _reasons(network, n, chip, semantics, expected, place, say)
    return PartingSearch(Parting(place, reasons, _senders(network, expected, place)), expected, run, n)


def first_difference(network: CoreNetwork, expected: TickRun, run: TickRun) -> PartingPlace | None:
    """The first place at which a run differs from the simulator's, or None. Both must have recorded their neurons."""
    assert expected.spikes is not None and expected.potentials is not None
    assert run.spikes is not None and run.potentials is not None
    is_core = network.is_core.copy()
    is_core[network.output] = False
    differs = ((expected.spikes != run.spikes) | (expected.potentials != run.potentials)) & is_core[None, :, None]
    tick, core, neuron = np.unravel_index(int(differs.argmax()), differs.shape)
    wrong_rows = np.flatnonzero((expected.outputs != run.outputs).any(1))
    has_neuron = bool(differs.any())
    if len(wrong_rows) and not (has_neuron and tick + 1 <= wrong_rows[0]):
        return _output_place(network, expected, run, int(wrong_rows[0]))
    if not has_neuron:
        return None
    index = (tick, core, neuron)
    spikes = int(expected.spikes[index]), int(run.spikes[index])
    potentials = int(expected.potentials[index]), int(run.potentials[index])
    if spikes[1] == NOT_RUN:
        return PartingPlace(int(tick) + 1, int(core), int(neuron), -1, "run", 1, 0)
    kind, values = ("spike", spikes) if spikes[0] != spikes[1] else ("potential", potentials)
    return PartingPlace(int(tick) + 1, int(core), int(neuron), -1, kind, *values)


def _output_place(network: CoreNetwork, expected: TickRun, run: TickRun, row: int) -> PartingPlace:
    output = int(np.flatnonzero(expected.outputs[row] != run.outputs[row])[0])
    values = int(expected.outputs[row, output]), int(run.outputs[row, output])
    return PartingPlace(row, network.output, OUTPUT, output, "packets", *values)


def _reasons(
    network: CoreNetwork,
    n_ticks: int,
    chip: Hardware | None,
    semantics: Semantics,
    expected: TickRun,
    place: PartingPlace,
    say: Callable[[str], None],
) -> tuple[str, ...]:
    """Switch the differences off, one at a time, and keep those without which the place or its values change."""
    remaining, names = semantics, []
    for name in REASONS:
        if not getattr(remaining, name):
            continue
        fewer = replace(remaining, **{name: False})
        say(f"without {name}")
        run = hardware.run(network, n_ticks, fewer, chip, finishes=True)
        if first_difference(network, expected, run) == place:
            remaining = fewer
        else:
            names.append(name)
    return tuple(names)


def _senders(network: CoreNetwork, expected: TickRun, place: PartingPlace) -> tuple[tuple[int, int], ...]:
    """The neurons that send to the output of a place in its tick, in the simulator."""
    if place.kind != "packets" or place.tick == 0:
        return ()
    assert expected.spikes is not None
    sends = (targets(network) == network.output) & (network.neurons["destination_axon"] == place.output)
    fired = sends & (expected.spikes[place.tick - 1] == 1)
    return tuple((int(core), int(neuron)) for core, neuron in np.argwhere(fired))
