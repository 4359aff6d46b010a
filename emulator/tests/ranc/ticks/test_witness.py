"""A slow witness of RANC's simulator, written from its description in plain Python, against the fast one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from draupnir.emulator.ranc.ticks import random_network, rules, simulator
from draupnir.emulator.ranc.ticks.network import CoreGrid, CoreNetwork
from draupnir.emulator.ranc.ticks.random_network import Sort


class SlowSimulator:
    """All cores as dictionaries, one packet and one synapse at a time."""

    def __init__(self, network: CoreNetwork, n_ticks: int) -> None:
        self.network, self.n_ticks = network, n_ticks
        grid = network.grid
        self.pending: dict[tuple[int, int], set[int]] = {}  # (core, tick) -> axons
        self.potentials = {
            (core, n): int(network.neurons[core, n]["current_potential"])
            for core in range(grid.n_cores)
            for n in range(grid.n_neurons)
        }
        self.outputs: list[list[int]] = []
        self.row = [0] * network.n_outputs
        self.warnings: list[tuple[int, int, int, int]] = []
        self.n_operations = self.n_spikes = self.tick = 0
        self.history: list[tuple[dict[tuple[int, int], int], set[tuple[int, int]]]] = []

    def run(self) -> None:
        self.send_input(0)
        for tick in range(1, self.n_ticks + 1):
            self.tick = tick
            self.outputs.append(self.row)
            self.row = [0] * self.network.n_outputs
            if self.tick < self.n_ticks:
                self.send_input(self.tick)
            fired = {key for core in range(self.network.grid.n_cores) for key in self.run_core(core)}
            self.history.append((dict(self.potentials), fired))

    def send_input(self, tick: int) -> None:
        network = self.network
        if tick < network.n_input_ticks:
            for p in network.packets[network.packet_starts[tick] : network.packet_starts[tick + 1]].tolist():
                self.send(p[0] + network.grid.n_x * p[1], p[2], p[3])

    def send(self, core: int, axon: int, delay: int) -> None:
        n_words = self.network.grid.n_ticks
        if core == self.network.output:
            if self.row[axon]:
                self.warnings.append((rules.REPEATED_OUTPUT, self.tick, core, axon))
            self.row[axon] = 1
            return
        arrival = self.tick + 1 + delay
        word = (arrival - 1) % n_words
        if delay == n_words - 1:
            self.warnings.append((rules.CURRENT_WORD, self.tick, core, word))
            return
        axons = self.pending.setdefault((core, arrival), set())
        if axon in axons:
            self.warnings.append((rules.DUPLICATE, self.tick, core, word))
        axons.add(axon)

    def run_core(self, core: int) -> list[tuple[int, int]]:
        network = self.network
        spikes = self.pending.pop((core, self.tick), set())
        fired: list[tuple[int, int]] = []
        if not network.is_core[core] or core == network.output:
            return fired
        for n in range(network.grid.n_neurons):
            q: Any = network.neurons[core, n]
            active = [axon for axon in spikes if network.connections[core, n, axon]]
            self.n_operations += len(active)
            v = self.potentials[core, n] + sum(int(network.weights[core, n, network.axons[core, a]]) for a in active)
            v += int(q["leak"])
            high, low, mode, reset = (int(q[name]) for name in THRESHOLDS)
            if v >= high:
                fired.append((core, n))
                self.n_spikes += 1
                x, y = core % network.grid.n_x + int(q["dx"]), core // network.grid.n_x + int(q["dy"])
                self.send(x + network.grid.n_x * y, int(q["destination_axon"]), int(q["destination_tick"]))
                v = v - high if mode else reset
            elif v < low or (network.reset_type == 1 and v == low):
                v = v - low if mode else -reset
            self.potentials[core, n] = v
        return fired


THRESHOLDS = ("positive_threshold", "negative_threshold", "reset_mode", "reset_potential")


def draw(seed: int) -> tuple[CoreNetwork, int]:
    """A random network of a random size, and a number of ticks that may be less or more than its input has."""
    rng = np.random.default_rng(seed)
    n_x, n_y, n_axons, n_neurons = (int(rng.integers(1, most)) for most in (4, 4, 80, 8))
    grid = CoreGrid(n_x, n_y, n_axons, n_neurons, int(rng.integers(1, 6)), int(rng.integers(1, 19)))
    sort = Sort(n_outputs=int(rng.integers(1, 30)), n_ticks=int(rng.integers(1, 20)), packets=float(rng.random() * 20))
    return random_network.draw(rng, grid, sort), int(rng.integers(1, 24))


@pytest.mark.parametrize("seed", range(30))
def test_simulator_equals_the_witness(seed: int) -> None:
    network, n_ticks = draw(seed)
    witness = SlowSimulator(network, n_ticks)
    witness.run()
    run = simulator.simulate(network, n_ticks, record_warnings=True, record_neurons=True)
    assert run.outputs.tolist() == witness.outputs
    assert run.warnings is not None and run.potentials is not None and run.spikes is not None
    assert list(map(tuple, run.warnings.tolist())) == witness.warnings
    assert (run.counts["synaptic_operations"], run.counts["spikes"]) == (witness.n_operations, witness.n_spikes)
    for tick, (potentials, fired) in enumerate(witness.history):
        assert {tuple(key) for key in np.argwhere(run.spikes[tick]).tolist()} == fired
        assert {key: int(run.potentials[tick][key]) for key in potentials} == potentials


def test_a_long_run_has_all_warnings_though_they_are_recorded_in_pieces() -> None:
    network, _ = draw(1)
    once = simulator.simulate(network, 200, record_warnings=True)
    assert once.warnings is not None
    kinds = [("current_word_warnings", rules.CURRENT_WORD), ("duplicate_warnings", rules.DUPLICATE)]
    kinds.append(("repeated_output_warnings", rules.REPEATED_OUTPUT))
    for name, kind in kinds:
        assert once.counts[name] == int((once.warnings[:, 0] == kind).sum())
    assert len(once.warnings) > 2 * network.grid.n_cores * network.grid.n_neurons
