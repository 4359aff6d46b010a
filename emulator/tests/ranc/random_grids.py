"""Random grids of RANC with random traffic, for the tests of its stretches.

As a program it prints a digest of the pins and of all state after such runs.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.changes import changes_of
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.ranc.sizes import grid
from draupnir.emulator.trace import pack

GRIDS = [
    grid(3, 2, (2, 1)),
    grid(2, 1, (0, 0), n_axons=2, n_neurons=3, NUM_OUTPUTS=2),
    grid(2, 2, (1, 0), n_axons=70, n_neurons=5, POTENTIAL_WIDTH=32, WEIGHT_WIDTH=32, NUM_WEIGHTS=16),
    grid(4, 1, (3, 0), n_axons=33, ROUTER_BUFFER_DEPTH=1, NUM_RESET_MODES=3, THRESHOLD_WIDTH=12, late_full=1),
]
N_CLOCKS = 4_000


def pair(sizes: dict[str, int], seed: int) -> tuple[Any, Any, np.random.Generator]:
    """Return a model with stretches and one without, with the same random network, some of whose neurons fire."""
    first, second = (chips.model("ranc", sizes)(stretch=stretch) for stretch in (True, False))
    rng, word, csram = np.random.default_rng(seed), first.chip.memory("csram").words[0], first.memories["csram"]
    for place in np.ndindex(csram.shape[:2]):
        neuron = {f.name: int(rng.integers(f.low, f.high, endpoint=True)) for f in word if f.width <= 32}
        neuron |= {"dx": int(rng.integers(-2, 3)), "dy": int(rng.integers(-1, 2))}
        thresholds = {"positive_threshold": int(rng.integers(1, 60)), "negative_threshold": int(rng.integers(-60, 0))}
        synapses = int.from_bytes(rng.bytes(32), "little") & word["connections"].high
        csram[place] = to_limbs(encode(word, **{**neuron, **thresholds, "connections": synapses}), csram.shape[-1])
    instructions = first.memories["neuron_instructions"]
    instructions[:] = rng.integers(first.chip.sizes["NUM_WEIGHTS"], size=instructions.shape)
    second.restore(first.snapshot())
    return first, second, rng


def traffic(model: Any, rng: np.random.Generator, every: int, n_clocks: int = N_CLOCKS) -> np.ndarray:
    """Return input pins for some clocks: ticks, packets for near cores, and rare resets, for an edge or for longer."""
    word, sizes = model.chip.input_word, model.chip.sizes
    packet_word = model.chip.memory("csram").words[0]
    pins: list[int] = []
    while len(pins) < 2 * n_clocks:
        levels = {"input_buffer_empty": 1}
        kind = rng.random()
        if kind < 0.3:
            levels["tick"] = 1
        elif kind < 0.9:
            ticks = int(rng.choice([0, 1, sizes["NUM_TICKS"] - 1]))
            near = {"dx": int(rng.integers(0, 2)), "dy": int(rng.integers(-1, 2)), "tick": ticks}
            axon = int(rng.integers(sizes["NUM_AXONS"]))
            levels |= {"input_buffer_empty": 0, "packet_in": encode(packet_word, **near, axon=axon)}
        else:
            levels["rst"] = int(rng.random() < 0.2)
        pins += [pack(word, levels)] * int(rng.integers(1, 6))
        pins += [pack(word, {**levels, "tick": 0, "rst": 0, "input_buffer_empty": 1})] * int(rng.integers(2 * every))
    return np.array(pins[: 2 * n_clocks])


def digest(n_clocks: int = 300) -> str:
    """Return a digest of a run on each grid; n_clocks : its length"""
    total = hashlib.sha256()
    for seed, sizes in enumerate(GRIDS):
        model, _, rng = pair(sizes, seed)
        changes = model.drive_changes(changes_of(traffic(model, rng, 40, n_clocks)))
        for part in (changes.rows, changes.levels, *model.memories.values()):
            total.update(np.ascontiguousarray(part).tobytes())
        total.update(model.registers.tobytes())
    return total.hexdigest()


if __name__ == "__main__":
    print(digest())
