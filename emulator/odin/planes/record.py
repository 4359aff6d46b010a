"""ODIN's neurons and synapses turned over: a plane holds one bit of all 256 neurons, and a gate is an operation on it.

The event-level engine computes on planes as the chip does on wires. A plane is four int64; neuron n is bit n % 64 of
word n // 64. How they are filled from the memories, and emptied into them: memories.py.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from draupnir.emulator.codec import positions
from draupnir.emulator.declare import Word
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import placed
from draupnir.emulator.kernel.jit import kernel, outlined
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.odin.layout import IZH, LIF, N_SYN, NEUR_EVENT, NEURONS, SYN_BITS, SYN_WEIGHT, N
from draupnir.emulator.odin.planes.gates import select

WORD_BITS = 64
N_WORDS = N // WORD_BITS  # of a plane
N_LIMBS = NEURONS.n_limbs
GROUP_MASK = (1 << N_SYN) - 1
GROUPS = N // N_SYN
GROUPS_PER_WORD = WORD_BITS // N_SYN
STATE_BEGIN = min(f.lsb for word in (LIF, IZH) for f in word if f.kind == "state")
LIF_STATE_END = max(f.msb for f in LIF if f.kind == "state") + 1
STATE_END = max(f.msb for f in IZH if f.kind == "state") + 1
CACHE_LINE = 64  # bytes
EVENT_OUT = positions(NEUR_EVENT)

PLANES = (
    ("neurons", (NEURONS.width,), "the neuron memory: plane b is bit b of all neurons' words"),
    ("v_up", (), "SDSP potentiation flag"),
    ("v_down", (), "SDSP depression flag"),
    ("row", (SYN_BITS,), "of this event: the row of synapses"),
    ("weight", (SYN_WEIGHT.width,), "of this event: what the neuron is stimulated with"),
    ("moved", (), "of this row: the synapse's weight moved"),
    ("burst_end", (), "of this event: it is the last spike of this neuron's own burst"),
    ("spike", (), "of this event: the neuron spikes"),
    ("spk_ref", (IZH["spk_ref"].width,), "of this event, where a neuron spikes: further spikes of its burst"),
    ("isi_ref", (IZH["isi_ref"].width,), "of this event, where a neuron spikes: their distance"),
    ("core", (LIF["core"].width,), "of this event: a LIF neuron's potential on its way"),
    ("state_before", (STATE_END - STATE_BEGIN,), "kept: both models' state"),
    ("v_up_before", (), "kept"),
    ("v_down_before", (), "kept"),
    ("row_before", (SYN_BITS,), "kept"),
    ("rows", (N, SYN_BITS), "the synapse memory, pre-synaptic neuron by bit, as far as it is here"),
)
SCALARS = [
    ("row_here", np.int64, (N,)),  # 1 if the row is in ``rows``
    ("any_lif", np.int64),  # 1 if there may be LIF neurons
    ("any_izh", np.int64),  # 1 if there may be Izhikevich neurons
    ("vectors", np.int64),  # 1; see ``words``
    ("limbs", np.int64, (WORD_BITS,)),  # scratch
    ("word", np.int64, (N_LIMBS,)),  # scratch: a neuron's memory word
    ("last_neuron", np.int64, (STATE_END - STATE_BEGIN,)),  # kept: the words of the state's planes with neuron 255
    ("last_word", np.int64, (N_LIMBS,)),  # kept: the memory word of neuron 255
    ("last_synapses", np.int64, (SYN_BITS,)),  # kept: the words of the row's planes with neuron 255
    ("is_neuron_kept", np.int64),  # 1 if the neuron memory's output register is to show the neuron that is kept
    ("are_synapses_kept", np.int64),  # 1 if the synapse memory's output register is to show the synapses kept
]
DTYPE = record_type([*((name, np.int64, (*shape, N_WORDS)) for name, shape, _ in PLANES), *SCALARS])


def new_planes() -> np.recarray:
    """An array of one record of planes; ``load_all`` fills it."""
    room = np.zeros(DTYPE.itemsize + CACHE_LINE, np.uint8)
    begin = -room.ctypes.data % CACHE_LINE
    planes = room[begin : begin + DTYPE.itemsize].view(DTYPE).view(np.recarray)
    planes.vectors[:] = 1
    return planes


def first_bits(word: Word) -> Any:
    """The lowest bit of all fields, as attributes of one named tuple that kernels take as a constant."""
    kind: Any = namedtuple(f"{word.name}_first_bits", [f.name for f in word])  # type: ignore[misc]
    return kind(*(f.lsb for f in word))


L = first_bits(LIF)
Z = first_bits(IZH)


@kernel
def words(p: np.record) -> int:
    """Words of a plane, 4, for a loop that is to become one of vectors: LLVM would unroll one whose length it knows."""
    return N_WORDS * (p.vectors & 0xFF)


# --- One bit, one neuron ----------------------------------------------------------------------------------------


@kernel
def bit_of(plane: np.ndarray, n: int) -> int:
    """A neuron's bit."""
    return (plane[n // WORD_BITS] >> (n % WORD_BITS)) & 1


@kernel
def set_bit(plane: np.ndarray, n: int, bit: int) -> None:
    """Set a neuron's bit."""
    w, shift = n // WORD_BITS, n % WORD_BITS
    plane[w] = plane[w] & ~(wide(1) << shift) | wide(bit) << shift


@kernel
def number_of(planes: np.ndarray, n: int) -> int:
    """A neuron's number, (bits, 4) planes."""
    number = wide(0)
    for b in range(len(planes)):
        number |= bit_of(planes[b], n) << b
    return number


@kernel
def spike_of(p: np.record, n: int) -> int:
    """NEUR_EVENT of a neuron that spikes."""
    spk_ref, isi_ref = number_of(p.spk_ref, n), number_of(p.isi_ref, n)
    return placed(1, EVENT_OUT.spike) | placed(spk_ref, EVENT_OUT.spk_ref) | placed(isi_ref, EVENT_OUT.isi_ref)


# --- Eight neurons, eight synapses ------------------------------------------------------------------------------


@kernel
def byte_of(plane: np.ndarray, group: int) -> int:
    """The bits of 8 neurons."""
    return (plane[group // GROUPS_PER_WORD] >> (N_SYN * (group % GROUPS_PER_WORD))) & GROUP_MASK


@kernel
def set_byte(plane: np.ndarray, group: int, byte: int) -> None:
    """Set the bits of 8 neurons."""
    w, shift = group // GROUPS_PER_WORD, N_SYN * (group % GROUPS_PER_WORD)
    plane[w] = plane[w] & ~(wide(GROUP_MASK) << shift) | wide(byte) << shift


# --- Kept, and put back -----------------------------------------------------------------------------------------


@outlined
def keep(p: np.record, pre: int) -> None:
    """Keep all that a spike event may change; pre : its row of synapses."""
    for w in range(N_WORDS):
        for b in range(STATE_BEGIN, STATE_END):
            p.state_before[b - STATE_BEGIN, w] = p.neurons[b, w]
        for b in range(SYN_BITS):
            p.row_before[b, w] = p.rows[pre, b, w]
        p.v_up_before[w], p.v_down_before[w] = p.v_up[w], p.v_down[w]


@kernel
def _below(n: int) -> int:
    """A word whose lowest ``n`` bits, 0..64, are 1."""
    return 0 if n == 0 else ~(wide(-2) << (n - 1))


@kernel
def _range_mask(w: int, first: int, stop: int) -> int:
    """Word w of the plane of the neurons from ``first`` to before ``stop``."""
    begin, end = max(0, min(WORD_BITS, first - WORD_BITS * w)), max(0, min(WORD_BITS, stop - WORD_BITS * w))
    return _below(end) & ~_below(begin)


@outlined
def put_back(p: np.record, pre: int, first: int, stop: int) -> None:
    """All neurons but those from ``first`` to before ``stop`` as they were when they were kept."""
    for w in range(N_WORDS):
        mask = _range_mask(w, first, stop)
        for b in range(STATE_BEGIN, STATE_END):
            p.neurons[b, w] = select(mask, p.neurons[b, w], p.state_before[b - STATE_BEGIN, w])
        for b in range(SYN_BITS):
            p.rows[pre, b, w] = select(mask, p.rows[pre, b, w], p.row_before[b, w])
        p.v_up[w] = select(mask, p.v_up[w], p.v_up_before[w])
        p.v_down[w] = select(mask, p.v_down[w], p.v_down_before[w])
        p.moved[w] &= mask
