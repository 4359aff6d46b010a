"""SNE's neuron alone, as a chip without a memory: its pins are those of ``rtl/sne/sne_neuron.sv``."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.sne.layout import PARAMETER, STATE, NeuronOp
from draupnir.emulator.sne.neuron import update_all
from draupnir.emulator.trace import column, new_rows

_INPUTS = {"enable": 1, "op": 3, "weight": 4, "now": 8, "state": 32, "cfg_parameter_i": 32}
_OUTPUTS = {"state_next": 32, "spike": 1}
NEURON = Chip(
    name="sne_neuron",
    title="SNE's neuron",
    pins=(
        Pin("clk", "in", 1, "clock", "Not used."),
        *(Pin(name, "in", width, "control", "") for name, width in _INPUTS.items()),
        *(Pin(name, "out", width, "status", "") for name, width in _OUTPUTS.items()),
    ),
    memories=(),
    registers=(),
    blocks=(),
    events=(),
    source="pulp-platform/sne, rtl/neurons/alif_neuron.sv",
)
EDGES = {  # values that are drawn as often as all others together
    "op": (0, 1, 4, 5, 6),
    "weight": (0, 7, 8, 15),
    "now": (0, 1, 31, 32, 255),
}
BYTES = (0, 1, 2, 31, 32, 63, 64, 127, 128, 129, 192, 254, 255)


def vectors(n: int, seed: int) -> dict[str, np.ndarray]:
    """Return n random inputs of the neuron, pin by pin: (n,) int64. Bytes are at their edges often."""
    rng = np.random.default_rng(seed)

    def some(width: int, edges: tuple[int, ...]) -> np.ndarray:
        anything = rng.integers(1 << width, size=n)
        return np.where(rng.random(n) < 0.5, rng.choice(edges, n), anything) if edges else anything

    pins = {name: some(width, EDGES.get(name, ())) for name, width in _INPUTS.items() if width < 32}
    for name in ("state", "cfg_parameter_i"):
        pins[name] = np.sum([some(8, BYTES) << 8 * i for i in range(4)], axis=0)
    return {name: pins[name] for name in _INPUTS}


def answers(device: Any, pins: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the outputs of a simulator for these inputs, pin by pin."""
    n = len(pins["op"])
    rows_in = new_rows(NEURON.input_word, n)
    for piece in NEURON.input_word.pieces:
        rows_in[:, piece.word] |= pins[piece.pin] << piece.shift
    rows = device.run(rows_in, np.ones(n, np.uint8))
    return {name: column(NEURON.output_word, name, rows) for name in _OUTPUTS}


def everything(**ranges: int) -> dict[str, np.ndarray]:
    """Return pin by pin all combinations of some fields, each from 0 to below its number; all other fields are 0.

    ranges : fields of the state and of the parameters, and pins
    """
    axes = np.meshgrid(*(np.arange(n) for n in ranges.values()), indexing="ij")
    levels = dict(zip(ranges, (axis.ravel() for axis in axes), strict=True))
    pins = {name: np.zeros(axes[0].size, np.int64) for name in _INPUTS} | {"enable": np.ones(axes[0].size, np.int64)}
    for name, level in levels.items():
        for pin, word in (("state", STATE), ("cfg_parameter_i", PARAMETER)):
            if name in word:
                pins[pin] = pins[pin] | level << word[name].lsb
        if name in pins:
            pins[name] = level
    return pins


def sets() -> dict[str, dict[str, np.ndarray]]:
    """Return sets of vectors by name, of 2**20 each: the decay, the sum and the comparison, and the threshold."""
    decay = everything(vmem=256, now=256, tscale=16)
    sums = everything(vmem=256, weight=16, vth=256)
    thresholds = everything(avth=256, now=256, davth=16)
    thresholds["state"] |= 127 << STATE["vmem"].lsb
    thresholds["weight"] += 7
    for pins in (decay, sums, thresholds):
        pins["op"] += int(NeuronOp.SPIKE)
    return {"decay": decay, "sums": sums, "thresholds": thresholds}


def digest(outputs: dict[str, np.ndarray]) -> str:
    """Return the sha256 of the outputs: first all states, then all spikes."""
    content = outputs["state_next"].astype("<u4").tobytes() + outputs["spike"].astype("u1").tobytes()
    return hashlib.sha256(content).hexdigest()


def of_kernel(pins: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the outputs of the golden model's neuron for these inputs, pin by pin."""
    weights = pins["weight"] * pins["enable"]
    states, spikes = update_all(pins["state"], pins["op"], weights, pins["now"], pins["cfg_parameter_i"])
    return {"state_next": states, "spike": spikes}
