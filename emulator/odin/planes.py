"""ODIN's neurons and synapses turned over: a plane holds one bit of all 256 neurons, and a gate is an operation on it.

The event-level engine computes on planes as the chip does on wires. A plane is four int64; neuron n is bit n % 64 of
word n // 64. Whenever a clock is run one by one, what that clock touches goes to the memories and comes back. A row of
synapses is turned over when it is first needed.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from emulator.codec import LIMB_BITS
from emulator.declare import Word
from emulator.kernel.jit import kernel, outlined
from emulator.odin.gates import select
from emulator.odin.layout import IZH, LIF, N_SYN, NEURONS, SYN_BITS, SYN_WEIGHT, M, N

WORD_BITS = 64
N_WORDS = N // WORD_BITS  # of a plane
HALF = (1 << LIMB_BITS) - 1
N_LIMBS = NEURONS.n_limbs
GROUP_BITS = N_SYN.bit_length() - 1
GROUP_MASK = (1 << N_SYN) - 1
GROUPS = N // N_SYN
GROUPS_PER_WORD = WORD_BITS // N_SYN
STATE_BEGIN = min(f.lsb for word in (LIF, IZH) for f in word if f.kind == "state")
LIF_STATE_END = max(f.msb for f in LIF if f.kind == "state") + 1
STATE_END = max(f.msb for f in IZH if f.kind == "state") + 1
CACHE_LINE = 64  # bytes

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
]
DTYPE = np.dtype((np.record, [(name, np.int64, (*shape, N_WORDS)) for name, shape, _ in PLANES] + SCALARS))


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
def wide(x: Any) -> Any:
    """As kernels compute: int64."""
    return np.int64(x)


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
def word_of(neurons: np.ndarray, neuron: int, word: np.ndarray) -> None:
    """Copy a memory word into ``word``, (4,) int64."""
    for limb in range(N_LIMBS):
        word[limb] = wide(neurons[neuron, limb])


@kernel
def _flush_bits(p: np.record, neurons: np.ndarray, n: int, begin: int, end: int) -> None:
    """Bring the bits from ``begin`` to before ``end`` of a neuron's memory word up to date."""
    w, shift = n // WORD_BITS, n % WORD_BITS
    for limb in range(begin // LIMB_BITS, (end - 1) // LIMB_BITS + 1):
        content = wide(neurons[n, limb])
        first, stop = max(begin - LIMB_BITS * limb, 0), min(end - LIMB_BITS * limb, LIMB_BITS)
        content &= ~(((1 << (stop - first)) - 1) << first)
        for b in range(first, stop):
            content |= ((p.neurons[LIMB_BITS * limb + b, w] >> shift) & 1) << b
        neurons[n, limb] = content


@outlined
def flush_neuron(p: np.record, neurons: np.ndarray, n: int) -> None:
    """Bring a neuron's memory word up to date."""
    if bit_of(p.neurons[L.lif_izh_sel], n):
        _flush_bits(p, neurons, n, STATE_BEGIN, LIF_STATE_END)
    else:
        _flush_bits(p, neurons, n, STATE_BEGIN, STATE_END)


@kernel
def load_neuron(p: np.record, neurons: np.ndarray, n: int, before: np.ndarray) -> None:
    """Take over where a neuron's memory word differs from what it was ``before``, (4,) int64."""
    for limb in range(N_LIMBS):
        differs = wide(neurons[n, limb]) ^ before[limb]
        b = LIMB_BITS * limb
        while differs != 0:
            if differs & 1:
                set_bit(p.neurons[b], n, 1 - bit_of(p.neurons[b], n))
                p.any_lif |= int(b == L.lif_izh_sel)
                p.any_izh |= int(b == L.lif_izh_sel)
            differs >>= 1
            b += 1


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


@kernel
def flush_flags(p: np.record, r: np.record, group: int) -> None:
    """Bring the SDSP flags of 8 neurons up to date."""
    r.neur_v_up[group] = byte_of(p.v_up, group)
    r.neur_v_down[group] = byte_of(p.v_down, group)


@kernel
def load_flags(p: np.record, r: np.record, group: int) -> None:
    """Take over the SDSP flags of 8 neurons."""
    set_byte(p.v_up, group, r.neur_v_up[group])
    set_byte(p.v_down, group, r.neur_v_down[group])


@kernel
def _together(word: int) -> int:
    """The lowest bits of a word's 8 synapses as a byte."""
    x = word & 0x11111111
    x = (x | x >> 3) & 0x03030303
    x = (x | x >> 6) & 0x000F000F
    return (x | x >> 12) & 0xFF


@kernel
def _apart(byte: int) -> int:
    """The inverse of ``_together``."""
    x = (byte | byte << 12) & 0x000F000F
    x = (x | x << 6) & 0x03030303
    return (x | x << 3) & 0x11111111


@kernel
def load_synapses(p: np.record, synapses: np.ndarray, addr: int) -> None:
    """Take over a synapse memory word, if its row is here."""
    word = wide(synapses[addr, 0])
    pre, group = addr >> (M - GROUP_BITS), addr & (GROUPS - 1)
    if p.row_here[pre]:
        for b in range(SYN_BITS):
            set_byte(p.rows[pre, b], group, _together(word >> b))


@kernel
def flush_synapses(p: np.record, synapses: np.ndarray, addr: int) -> None:
    """Bring a synapse memory word up to date, if its row is here."""
    pre, group = addr >> (M - GROUP_BITS), addr & (GROUPS - 1)
    if p.row_here[pre]:
        word = wide(0)
        for b in range(SYN_BITS):
            word |= _apart(byte_of(p.rows[pre, b], group)) << b
        synapses[addr, 0] = word


# --- A row of synapses ------------------------------------------------------------------------------------------


@outlined
def load_row(p: np.record, synapses: np.ndarray, pre: int) -> None:
    """Turn over a pre-synaptic neuron's row of synapses."""
    p.row_here[pre] = 1
    for w in range(N_WORDS):
        addr = pre * GROUPS + w * GROUPS_PER_WORD
        for b in range(SYN_BITS):
            plane = wide(0)
            for i in range(GROUPS_PER_WORD):
                plane |= _together(wide(synapses[addr + i, 0]) >> b) << (N_SYN * i)
            p.rows[pre, b, w] = plane


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
def _between(w: int, first: int, stop: int) -> int:
    """Word w of the plane of the neurons from ``first`` to before ``stop``."""
    begin, end = max(0, min(WORD_BITS, first - WORD_BITS * w)), max(0, min(WORD_BITS, stop - WORD_BITS * w))
    return _below(end) & ~_below(begin)


@outlined
def put_back(p: np.record, pre: int, first: int, stop: int) -> None:
    """All neurons but those from ``first`` to before ``stop`` as they were when they were kept."""
    for w in range(N_WORDS):
        taken = _between(w, first, stop)
        for b in range(STATE_BEGIN, STATE_END):
            p.neurons[b, w] = select(taken, p.neurons[b, w], p.state_before[b - STATE_BEGIN, w])
        for b in range(SYN_BITS):
            p.rows[pre, b, w] = select(taken, p.rows[pre, b, w], p.row_before[b, w])
        p.v_up[w] = select(taken, p.v_up[w], p.v_up_before[w])
        p.v_down[w] = select(taken, p.v_down[w], p.v_down_before[w])
        p.moved[w] &= taken


# --- All of them ------------------------------------------------------------------------------------------------


@outlined
def _turn(x: np.ndarray, first: int) -> None:
    """Turn over 32 limbs from ``first`` on: bit b of limb i becomes bit i of limb b."""
    distance, low = LIMB_BITS // 2, wide(HALF >> LIMB_BITS // 2)
    while distance > 0:
        for i in range(first, first + LIMB_BITS):
            if i & distance == 0:
                swapped = ((x[i] >> distance) ^ x[i + distance]) & low
                x[i + distance] ^= swapped
                x[i] ^= swapped << distance
        distance //= 2
        low ^= low << distance


@outlined
def load_all(p: np.record, r: np.record, neurons: np.ndarray) -> None:
    """Fill the neurons' planes from their memory and the SDSP flags; rows of synapses follow as they are needed."""
    x = p.limbs
    for w in range(N_WORDS):
        for limb in range(N_LIMBS):
            for i in range(WORD_BITS):
                x[i] = wide(neurons[WORD_BITS * w + i, limb])
            _turn(x, 0)
            _turn(x, LIMB_BITS)
            for b in range(LIMB_BITS):
                p.neurons[LIMB_BITS * limb + b, w] = x[b] | x[LIMB_BITS + b] << LIMB_BITS
        p.any_lif |= int(p.neurons[L.lif_izh_sel, w] != 0)
        p.any_izh |= int(p.neurons[L.lif_izh_sel, w] != -1)
    for group in range(GROUPS):
        load_flags(p, r, group)


@outlined
def flush_all(p: np.record, r: np.record, neurons: np.ndarray, synapses: np.ndarray) -> None:
    """Bring the memories and the SDSP flags up to date."""
    x = p.limbs
    for w in range(N_WORDS):
        for limb in range(STATE_BEGIN // LIMB_BITS, N_LIMBS):
            for b in range(LIMB_BITS):
                plane = p.neurons[LIMB_BITS * limb + b, w]
                x[b], x[LIMB_BITS + b] = plane & HALF, (plane >> LIMB_BITS) & HALF
            _turn(x, 0)
            _turn(x, LIMB_BITS)
            for i in range(WORD_BITS):
                neurons[WORD_BITS * w + i, limb] = x[i]
    for group in range(GROUPS):
        flush_flags(p, r, group)
    for pre in range(N):
        if p.row_here[pre]:
            for group in range(GROUPS):
                flush_synapses(p, synapses, pre * GROUPS + group)
