"""ODIN's neurons and synapses spread out, an array a field, so that a whole crossbar row is one vector operation.

The event-level engine works on lanes; whenever a clock is run one by one, what that clock touches goes to the memories
and comes back. A lane is an int16, wide enough for every field with its carry, and computes the same bits compiled and
interpreted. Izhikevich neurons stay in their memory words, but for ``inacc``, which most events alone change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emulator.codec import positions
from emulator.kernel.bits import bit, set_limb_field
from emulator.kernel.bits import limb_field as take
from emulator.kernel.jit import kernel, outlined
from emulator.odin.izh_input import FI_LOWEST
from emulator.odin.layout import IZH, LIF, N_SYN, SYN_BITS, M, N
from emulator.odin.neuron_core import N_LIMBS
from emulator.odin.sdsp import SYN_MASK

L = positions(LIF)
Z = positions(IZH)
NEVER = 0x7FFF  # a threshold that no lane reaches
GROUP_BITS = N_SYN.bit_length() - 1

LANES = (
    ("lif", "1 for a LIF neuron"),
    ("enabled", "1 if the neuron's spikes leave it"),
    ("core", "LIF: membrane potential"),
    ("thr", "LIF: threshold; NEVER for an Izhikevich neuron"),
    ("leak", "LIF: leak_str, or 0 if the leakage is off"),
    ("ca_en", "LIF: 0 for an Izhikevich neuron"),
    ("thetamem", "LIF"),
    ("ca_theta1", "LIF"),
    ("ca_theta2", "LIF"),
    ("ca_theta3", "LIF"),
    ("calcium", "LIF"),
    ("caleak", "LIF"),
    ("caleak_cnt", "LIF"),
    ("v_up", "SDSP potentiation flag, of either model"),
    ("v_down", "SDSP depression flag, of either model"),
    ("inacc", "Izhikevich: input accumulator"),
    ("izh", "1 for an Izhikevich neuron"),
    ("fi", "Izhikevich: mask of the accumulator's bit that moves the membrane"),
    ("quiet", "Izhikevich: 1 if an event that does not toggle that bit changes nothing but the accumulator"),
    ("weight", "of this sweep: what the neuron is stimulated with"),
    ("spike", "of this sweep: 1 if the neuron spikes"),
    ("spk_ref", "of this sweep, if the neuron spikes: further spikes of its burst"),
    ("isi_ref", "of this sweep, if the neuron spikes: their distance"),
    ("needed", "of this sweep: 1 if an Izhikevich neuron has to be evaluated in full"),
    ("moved", "of this row: 1 if the synapse's weight moved"),
)
SCALARS = [("any_izh", np.int64)]  # 1 if there are Izhikevich neurons
DTYPE = np.dtype((np.record, [(name, np.int16, (N,)) for name, _ in LANES] + SCALARS))
MOVED_BY_EVENTS = ("core", "calcium", "v_up", "v_down", "inacc", "quiet")  # what a spike event changes, for good
KEPT = np.dtype(
    (
        np.record,
        [(name, np.int16, (N,)) for name in MOVED_BY_EVENTS]
        + [("row", np.uint8, (N,)), ("words", np.uint32, (N_SYN, N_LIMBS))],
    )
)


def new_lanes() -> np.recarray:
    """An array of one record of lanes; ``load_all`` fills it."""
    return np.zeros(1, dtype=DTYPE).view(np.recarray)


def new_kept() -> np.recarray:
    """An array of one record of what ``keep`` keeps."""
    return np.zeros(1, dtype=KEPT).view(np.recarray)


@kernel
def lane(x: Any) -> Any:
    """As a lane holds it: int16; what is given fits."""
    return np.int16(x)


@kernel
def wide(x: Any) -> Any:
    """As kernels compute: int64."""
    return np.int64(x)


# --- One neuron, one word ---------------------------------------------------------------------------------------


@kernel
def word_of(neurons: np.ndarray, neuron: int, word: np.ndarray) -> None:
    """Copy a memory word into ``word``, (4,) int64."""
    for limb in range(N_LIMBS):
        word[limb] = wide(neurons[neuron, limb])


@kernel
def _load_lif(lanes: np.record, word: np.ndarray, n: int) -> None:
    lanes.spk_ref[n] = lane(0)
    lanes.thr[n] = lane(take(word, L.thr))
    lanes.core[n] = lane(take(word, L.core))
    lanes.leak[n] = lane(take(word, L.leak_str) * take(word, L.leak_en))
    lanes.ca_en[n] = lane(take(word, L.ca_en))
    lanes.thetamem[n] = lane(take(word, L.thetamem))
    lanes.ca_theta1[n] = lane(take(word, L.ca_theta1))
    lanes.ca_theta2[n] = lane(take(word, L.ca_theta2))
    lanes.ca_theta3[n] = lane(take(word, L.ca_theta3))
    lanes.calcium[n] = lane(take(word, L.calcium))
    lanes.caleak[n] = lane(take(word, L.caleak))
    lanes.caleak_cnt[n] = lane(take(word, L.caleak_cnt))


@kernel
def load_neuron(lanes: np.record, r: np.record, neurons: np.ndarray, n: int, word: np.ndarray) -> None:
    """Fill a neuron's lanes from its memory word and its SDSP flags; ``word`` is scratch."""
    word_of(neurons, n, word)
    lif = take(word, L.lif_izh_sel)
    lanes.lif[n] = lane(lif)
    lanes.izh[n] = lane(1 - lif)
    lanes.enabled[n] = lane(1 - take(word, L.neur_disable))
    lanes.v_up[n] = lane(bit(r.neur_v_up[n >> GROUP_BITS], n & (N_SYN - 1)))
    lanes.v_down[n] = lane(bit(r.neur_v_down[n >> GROUP_BITS], n & (N_SYN - 1)))
    if lif == 1:
        _load_lif(lanes, word, n)
    else:
        lanes.any_izh = 1
        lanes.thr[n] = lane(NEVER)
        lanes.ca_en[n] = lane(0)
        lanes.core[n] = lane(0)
        lanes.calcium[n] = lane(0)
        lanes.leak[n] = lane(0)
        lanes.inacc[n] = lane(take(word, Z.inacc))
        lanes.fi[n] = lane(1 << (FI_LOWEST + take(word, Z.fi_sel)))
        lanes.quiet[n] = lane(0)


@kernel
def flush_neuron(lanes: np.record, neurons: np.ndarray, n: int) -> None:
    """Bring a neuron's memory word up to date."""
    if lanes.lif[n] == 1:
        set_limb_field(neurons, n, L.core, wide(lanes.core[n]))
        set_limb_field(neurons, n, L.calcium, wide(lanes.calcium[n]))
        set_limb_field(neurons, n, L.caleak_cnt, wide(lanes.caleak_cnt[n]))
    else:
        set_limb_field(neurons, n, Z.inacc, wide(lanes.inacc[n]))


@kernel
def flush_flags(lanes: np.record, r: np.record, group: int) -> None:
    """Bring the SDSP flags of 8 neurons up to date."""
    v_up, v_down = 0, 0
    for i in range(N_SYN):
        v_up |= wide(lanes.v_up[group * N_SYN + i]) << i
        v_down |= wide(lanes.v_down[group * N_SYN + i]) << i
    r.neur_v_up[group] = v_up
    r.neur_v_down[group] = v_down


@kernel
def load_synapses(rows: np.ndarray, synapses: np.ndarray, addr: int) -> None:
    """Spread a synapse word over its row: rows is (256, 256) uint8, pre- by post-synaptic neuron, 4 bits used."""
    word = wide(synapses[addr, 0])
    pre, first = addr >> (M - GROUP_BITS), (addr * N_SYN) & (N - 1)
    for i in range(N_SYN):
        rows[pre, first + i] = (word >> (SYN_BITS * i)) & SYN_MASK


@kernel
def flush_synapses(rows: np.ndarray, synapses: np.ndarray, addr: int) -> None:
    """Bring a synapse word up to date."""
    pre, first = addr >> (M - GROUP_BITS), (addr * N_SYN) & (N - 1)
    word = 0
    for i in range(N_SYN):
        word |= wide(rows[pre, first + i]) << (SYN_BITS * i)
    synapses[addr, 0] = word


# --- Kept, and put back -----------------------------------------------------------------------------------------


@outlined
def keep(kept: np.record, lanes: np.record, row: np.ndarray) -> None:
    """Keep what a spike event may change in all lanes, and in a row of synapses."""
    for n in range(N):
        kept.core[n] = lanes.core[n]
        kept.calcium[n] = lanes.calcium[n]
        kept.v_up[n] = lanes.v_up[n]
        kept.v_down[n] = lanes.v_down[n]
        kept.inacc[n] = lanes.inacc[n]
        kept.quiet[n] = lanes.quiet[n]
        kept.row[n] = row[n]


@outlined
def put_back(kept: np.record, lanes: np.record, row: np.ndarray, first: int, stop: int) -> None:
    """The neurons from ``first`` to before ``stop`` as they were when they were kept."""
    for n in range(first, stop):
        lanes.core[n] = kept.core[n]
        lanes.calcium[n] = kept.calcium[n]
        lanes.v_up[n] = kept.v_up[n]
        lanes.v_down[n] = kept.v_down[n]
        lanes.inacc[n] = kept.inacc[n]
        lanes.quiet[n] = kept.quiet[n]
        row[n] = kept.row[n]


@kernel
def keep_words(kept: np.record, neurons: np.ndarray, group: int) -> None:
    """Keep the memory words of 8 neurons."""
    for i in range(N_SYN):
        for limb in range(N_LIMBS):
            kept.words[i, limb] = neurons[group * N_SYN + i, limb]


@kernel
def put_back_words(kept: np.record, neurons: np.ndarray, group: int) -> None:
    """As they were when they were kept."""
    for i in range(N_SYN):
        for limb in range(N_LIMBS):
            neurons[group * N_SYN + i, limb] = kept.words[i, limb]


# --- All of them ------------------------------------------------------------------------------------------------


@kernel
def load_all(
    lanes: np.record, rows: np.ndarray, r: np.record, neurons: np.ndarray, synapses: np.ndarray, word: np.ndarray
) -> None:
    """Fill all lanes from the memories."""
    for n in range(N):
        load_neuron(lanes, r, neurons, n, word)
    for addr in range(len(synapses)):
        load_synapses(rows, synapses, addr)


@kernel
def flush_all(lanes: np.record, rows: np.ndarray, r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Bring the memories and the SDSP flags up to date."""
    for n in range(N):
        flush_neuron(lanes, neurons, n)
    for group in range(N // N_SYN):
        flush_flags(lanes, r, group)
    for addr in range(len(synapses)):
        flush_synapses(rows, synapses, addr)
