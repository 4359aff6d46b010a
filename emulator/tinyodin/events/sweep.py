"""All neurons side by side: what an event does to those that it visits, at once.

The row loops are written so that LLVM makes them vector operations of 16 lanes: int16 throughout, no branches, each a
function of its own. The lanes hold potentials and parameters in place of the neuron memory, and the weights a byte each
in place of the synapse memory; what is read or written otherwise leaves the lanes and comes back.

Source: the same as lif.py, derived anew; a property test holds the two together.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.kernel.arith import signed, wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.tinyodin.layout import LIF, N_SYN, SYN_BITS, N
from draupnir.emulator.tinyodin.lif import CORE_BITS, CORE_MASK, CORE_MAX, CORE_MIN, F

NEVER = 0x7FFF  # a threshold that no lane reaches
HIGHEST_THR = LIF["core"].high  # higher ones are never met
SPIKES_TOGETHER = 4  # in a word of 64 bits
ROW_GROUP_BITS = N.bit_length() - 1 - GROUP_BITS

LANES = record_type(
    [
        ("core", np.int16, (N,)),
        ("thr", np.int16, (N,)),  # NEVER where it is above all potentials
        ("leak_str", np.int16, (N,)),
        ("enabled", np.int16, (N,)),  # 1 if the neuron's spikes leave it
        ("spike", np.int16, (N,)),  # of the last event: 1 if a spike left the neuron
        ("rows", np.int8, (N, N)),  # weights, pre- by post-synaptic neuron
    ]
)


def new_lanes() -> np.recarray:
    """An array of one record of lanes; ``load_all`` fills it."""
    return np.zeros(1, dtype=LANES).view(np.recarray)


@kernel
def lane(x: Any) -> Any:
    """A number as a lane holds it: int16. It must fit."""
    return np.int16(x)


# --- In and out of the lanes ------------------------------------------------------------------------------------


@kernel
def load_neuron(lanes: np.record, neurons: np.ndarray, n: int) -> None:
    """Fill a neuron's lanes from its memory word."""
    word = wide(neurons[n, 0])
    thr = field(word, F.thr)
    lanes.core[n] = lane(signed(field(word, F.core), CORE_BITS))
    lanes.thr[n] = lane(thr if thr <= HIGHEST_THR else NEVER)
    lanes.leak_str[n] = lane(field(word, F.leak_str))
    lanes.enabled[n] = lane(1 - field(word, F.neur_disable))


@kernel
def flush_neuron(lanes: np.record, neurons: np.ndarray, n: int) -> None:
    """Bring a neuron's memory word up to date."""
    neurons[n, 0] = wide(neurons[n, 0]) & ~CORE_MASK | wide(lanes.core[n]) & CORE_MASK


@kernel
def load_synapses(lanes: np.record, synapses: np.ndarray, addr: int) -> None:
    """Spread a synapse word over its row."""
    word = wide(synapses[addr, 0])
    for i in range(N_SYN):
        weight = signed((word >> (SYN_BITS * i)) & ((1 << SYN_BITS) - 1), SYN_BITS)
        lanes.rows[addr >> ROW_GROUP_BITS, (addr * N_SYN + i) % N] = np.int8(weight)


@outlined
def load_all(lanes: np.record, r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Fill all lanes from the memories."""
    for n in range(N):
        load_neuron(lanes, neurons, n)
    for addr in range(len(synapses)):
        load_synapses(lanes, synapses, addr)


@outlined
def flush_all(lanes: np.record, r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Bring the neuron memory up to date; events never change the synapses."""
    for n in range(N):
        flush_neuron(lanes, neurons, n)


# --- Events -----------------------------------------------------------------------------------------------------


@outlined
def list_spikes(lanes: np.record, neurs: np.ndarray) -> None:
    """Put the neurons that spiked into ``neurs``, in ascending order."""
    fours = lanes.spike.view(np.int64)  # most of them have no spike
    n_spikes = 0
    for i in range(N // SPIKES_TOGETHER):
        if fours[i] == 0:
            continue
        for n in range(i * SPIKES_TOGETHER, (i + 1) * SPIKES_TOGETHER):
            neurs[n_spikes] = n
            n_spikes += wide(lanes.spike[n])


@kernel
def spike_of(lanes: np.record, n: int) -> int:
    """A neuron's spike, as the scheduler takes it."""
    return 1


@kernel
def _fire(lanes: np.record, n: int, core: Any) -> Any:
    """A neuron with this potential, before the threshold; returns 1 if a spike leaves it."""
    spike = lane(core >= lanes.thr[n])  # no threshold is negative
    lanes.core[n] = lane(core * (1 - spike))
    lanes.spike[n] = lane(spike & lanes.enabled[n])
    return lanes.spike[n]


@outlined
def stimulate(lanes: np.record, pre: int, n_neurons: int) -> int:
    """The first neurons take a spike of neuron ``pre``; returns how many of them spike."""
    row, n_spikes = lanes.rows[pre], lane(0)
    for n in range(n_neurons):
        core = lane(lanes.core[n] + lane(row[n]))
        core = lane(CORE_MAX) if core > CORE_MAX else core
        core = lane(CORE_MIN) if core < CORE_MIN else core
        n_spikes = lane(n_spikes + _fire(lanes, n, core))
    return wide(n_spikes)


@outlined
def leak(lanes: np.record, n_neurons: int) -> int:
    """The first neurons take a time reference; returns how many of them spike."""
    n_spikes = lane(0)
    for n in range(n_neurons):
        core, step = lanes.core[n], lanes.leak_str[n]
        up, down = lane(core + step), lane(core - step)
        up = lane(0) if up > 0 else up
        down = lane(0) if down < 0 else down
        n_spikes = lane(n_spikes + _fire(lanes, n, up if core < 0 else down))
    return wide(n_spikes)
