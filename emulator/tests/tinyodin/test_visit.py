"""Updates of pairs of neurons give the same as updates of single neurons."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.codec import encode
from draupnir.emulator.crossbar import synaptic_core
from draupnir.emulator.tinyodin import lif, neuron_core, visit
from draupnir.emulator.tinyodin.layout import LIF, N_SYN, N


def random_neurons(rng: np.random.Generator, n_neurons: int) -> np.ndarray:
    """Return neurons of random content, of which few spike."""
    words = rng.integers(1 << LIF.width, size=(n_neurons, 1), dtype=np.uint32)
    quiet = rng.random(n_neurons) < 1 - 1 / n_neurons
    words[quiet] |= encode(LIF, thr=0xFFF)
    return words


def one_by_one(words: np.ndarray, synapses: np.ndarray, time_ref: int) -> list[tuple[int, int]]:
    """Return for each neuron its next word, and 1 if it sends a spike."""
    nexts = []
    for n, word in enumerate(words[:, 0].tolist()):
        result = lif.update(word, synaptic_core.synapse(int(synapses[n // N_SYN, 0]), n), 1, time_ref)
        nexts.append((int(result.word), int(result.spike & neuron_core.enabled(word))))
    return nexts


@pytest.mark.parametrize("time_ref", [0, 1])
@pytest.mark.parametrize("n_neurons", [2, 6, 8, 18, N])
def test_pairs_are_two_neurons(n_neurons: int, time_ref: int) -> None:
    rng = np.random.default_rng(n_neurons)
    lengths = set()
    for _ in range(60):
        words = random_neurons(rng, n_neurons)
        synapses = rng.integers(1 << 32, size=(N // N_SYN, 1), dtype=np.uint32)
        nexts = one_by_one(words, synapses, time_ref)
        n_quiet = next((n for n, (_, spike) in enumerate(nexts) if spike), n_neurons) // 2 * 2
        assert visit.n_quiet(words, synapses, time_ref) == n_quiet
        visited = words.copy()
        visit.visit_pairs(visited[:n_quiet], synapses, time_ref)
        assert visited[:n_quiet, 0].tolist() == [word for word, _ in nexts[:n_quiet]]
        assert (visited[n_quiet:] == words[n_quiet:]).all()
        lengths.add(n_quiet)
    assert len(lengths) > 1  # Some ended at a spike.
