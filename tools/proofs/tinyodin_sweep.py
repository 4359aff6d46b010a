"""tinyODIN's event level with its neurons side by side is its plain neuron: for 8 neurons, whatever they contain.

The event level holds potentials and parameters in lanes of 16 bits, and the synapses in rows of bytes
(``emulator/tinyodin/events/sweep.py``). All neurons run the same loop, so those of one synapse word are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from draupnir.emulator.crossbar import synaptic_core
from draupnir.emulator.tinyodin import lif, neuron_core
from draupnir.emulator.tinyodin.events import sweep
from draupnir.emulator.tinyodin.layout import LIF, N_SYN, SYN
from draupnir.tools.proofs.claim import Law, Pairs, Unknowns
from draupnir.tools.proofs.heap import UnknownArray
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits

LANES = ("core", "thr", "leak_str", "enabled", "spike")


class Rows(UnknownArray):
    """Rows of weights: written element by element, and read as a row."""

    def __setitem__(self, index: tuple[int, int], content: Any) -> None:
        self.setdefault(index[0], UnknownArray())[index[1]] = content


def _widths(with_synapses: bool) -> dict[str, int]:
    return {f"neuron {n}": LIF.width for n in range(N_SYN)} | ({"synapses": SYN.width} if with_synapses else {})


def _lanes(kernels: Kernels, unknowns: Unknowns, neurons: UnknownArray) -> SimpleNamespace:
    """Lanes and a row, as the event level fills them from the memories."""
    lanes = SimpleNamespace(rows=Rows(), **{name: UnknownArray() for name in LANES})
    for n in range(N_SYN):
        kernels.call(sweep.load_neuron, lanes, neurons, n)
    if "synapses" in unknowns:
        kernels.call(sweep.load_synapses, lanes, {(0, 0): _number(unknowns, "synapses")}, 0)
    return lanes


def _number(unknowns: Unknowns, name: str) -> Bits:
    return unknowns[name].resized(KERNEL_BITS)


def _questions(time_ref: int, kernels: Kernels, unknowns: Unknowns) -> list[Pairs]:
    """The word of each neuron after an event, and whether a spike leaves it, by both ways."""
    neurons = UnknownArray({(n, 0): _number(unknowns, f"neuron {n}") for n in range(N_SYN)})
    lanes = _lanes(kernels, unknowns, neurons)
    if time_ref:
        kernels.call(sweep.leak, lanes, N_SYN)
    else:
        kernels.call(sweep.stimulate, lanes, 0, N_SYN)
    for n in range(N_SYN):
        kernels.call(sweep.flush_neuron, lanes, neurons, n)
    return [_of_neuron(kernels, unknowns, neurons[n, 0], lanes.spike[n], time_ref, n) for n in range(N_SYN)]


def _of_neuron(kernels: Kernels, unknowns: Unknowns, word: Any, spike: Any, time_ref: int, n: int) -> Pairs:
    old = _number(unknowns, f"neuron {n}")
    weight = 0 if time_ref else kernels.call(synaptic_core.synapse, _number(unknowns, "synapses"), n)
    plain = kernels.call(lif.update, old, weight, 1, time_ref)
    leaves = kernels.merge(kernels.truth(kernels.call(neuron_core.enabled, old)), plain.spike, 0)
    results: Mapping[str, tuple[Any, Any]] = {"word": (plain.word, word), "spike": (leaves, spike)}
    return {f"{name} of neuron {n}": (kernels.bits(one), kernels.bits(other)) for name, (one, other) in results.items()}


LAWS = (
    Law("lif-event", "8 neurons in lanes, after a spike, are 8 plain ones", _widths(True), partial(_questions, 0)),
    Law(
        "lif-tref",
        "8 neurons in lanes, after a time reference, are 8 plain ones",
        _widths(False),
        partial(_questions, 1),
    ),
)
