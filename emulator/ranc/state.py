"""The state of a RANC in the form that kernels take: arrays, whose types are the same for all sizes.

So the machine code is the same for all sizes, too: a record has another type for each size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from draupnir.emulator.codec import position
from draupnir.emulator.declare import LIMB_BITS, Chip
from draupnir.emulator.kernel.bits import Position
from draupnir.emulator.ranc.layout import N_BUFFERS, Buffer
from draupnir.emulator.ranc.sizes import Sizes, sizes_of
from draupnir.emulator.ranc.words import neuron_word


class Cores(NamedTuple):
    """The registers of all cores, (n_cores,) int64, by their names in the original, and their memories, uint32.

    data_out : (n_cores, limbs) int64
    csram : (n_cores, n_neurons, limbs); instructions : (n_cores, n_axons, 1); sram : (n_cores, n_ticks, limbs)
    """

    state: np.ndarray
    row_count: np.ndarray
    error: np.ndarray
    scheduler_set: np.ndarray
    scheduler_clr: np.ndarray
    csram_write: np.ndarray
    csram_addr: np.ndarray
    neuron_instruction: np.ndarray
    spike_out: np.ndarray
    neuron_reg_en: np.ndarray
    next_neuron: np.ndarray
    write_current_potential: np.ndarray
    integrator_potential: np.ndarray
    read_address: np.ndarray
    data_out: np.ndarray
    csram: np.ndarray
    instructions: np.ndarray
    sram: np.ndarray


class Routers(NamedTuple):
    """The registers of all routers, int64.

    entries : (n_routers, N_BUFFERS, depth)
    read_pointer, write_pointer, status_counter, output_data : (n_routers, N_BUFFERS)
    read_en : (n_routers, N_BUFFERS), of the merge that reads a buffer of this kind
    merge_dout, wen : (n_routers, N_MERGES)
    """

    entries: np.ndarray
    read_pointer: np.ndarray
    write_pointer: np.ndarray
    status_counter: np.ndarray
    output_data: np.ndarray
    read_en: np.ndarray
    merge_dout: np.ndarray
    wen: np.ndarray


class NeuronPlaces(NamedTuple):
    """The places of the fields of a neuron's word.

    packet : the lowest fields, which are the packet
    weights, connections : the lowest bit of all weights, and of all connections
    """

    packet: Position
    reset_mode: Position
    negative_threshold: Position
    positive_threshold: Position
    leak: Position
    reset_potential: Position
    current_potential: Position
    weights: int
    connections: int


class Wiring(NamedTuple):
    """The wires between routers, (n_routers, N_BUFFERS) int64 each.

    sources : the router whose buffer the merge of this router reads, NOTHING at an edge of the grid, or INPUT
    readers : the router whose merge reads the buffer of this router, NOTHING at an edge of the grid
    """

    sources: np.ndarray
    readers: np.ndarray


class Marks(NamedTuple):
    """The state of each router in a few bits, (n_routers,) int64; ``router.mark`` derives them from its registers.

    packets, full : a bit for each buffer that has a packet, and for each one that is full
    reads : a bit for each read enable, in the order of the buffers
    writes : a bit for each merge that writes
    """

    packets: np.ndarray
    full: np.ndarray
    reads: np.ndarray
    writes: np.ndarray


class Mesh(NamedTuple):
    """All routers, and the wires between them."""

    sizes: Sizes
    wiring: Wiring
    routers: Routers
    marks: Marks


def new_marks(s: Sizes) -> Marks:
    """Return the marks of routers without a packet."""
    return Marks(*np.zeros((len(Marks._fields), s.n_routers), np.int64))


class Derived(NamedTuple):
    """The arrays that a call of ``drive`` derives from the state to be fast; ``clock.begin`` computes them anew.

    fresh : (n_cores,) 1 if data_out is the word of CSRAM at the present address
    changed_cores : (n_cores,) 1 if the outputs or probes of a core may differ from ``row``
    changed_routers : (n_routers,) as ``changed_cores``
    row : (n_words,) the row of outputs that was shown last
    """

    fresh: np.ndarray
    changed_cores: np.ndarray
    changed_routers: np.ndarray
    row: np.ndarray


def new_derived(s: Sizes, n_words: int) -> Derived:
    """Return arrays for what ``clock.begin`` computes; n_words : integers of a row of outputs"""
    n_elements = (s.n_cores, s.n_cores, s.n_routers, n_words)
    return Derived(*(np.zeros(n, np.int64) for n in n_elements))


class Ranc(NamedTuple):
    """A whole chip. inputs, cycle : (1,) int64, as in every model"""

    sizes: Sizes
    places: NeuronPlaces
    cores: Cores
    mesh: Mesh
    derived: Derived
    inputs: np.ndarray
    cycle: np.ndarray


NOTHING, INPUT = -1, -2
_TO = {  # the direction in which the packets of a routing buffer go
    Buffer.EAST_ROUTING: (1, 0),
    Buffer.WEST_ROUTING: (-1, 0),
    Buffer.NORTH_ROUTING: (0, 1),
    Buffer.SOUTH_ROUTING: (0, -1),
}


def wiring(s: Sizes) -> Wiring:
    """Return the wires between the routers of a grid."""
    sources = np.repeat(np.arange(s.n_routers)[:, None], N_BUFFERS, 1)
    readers = sources.copy()
    for n in range(s.n_routers):
        for buffer, (x, y) in _TO.items():
            sources[n, buffer] = _neighbour(s, n, -x, -y)
            readers[n, buffer] = _neighbour(s, n, x, y)
    sources[0, Buffer.EAST_ROUTING] = INPUT
    return Wiring(sources, readers)


def _neighbour(s: Sizes, n: int, x: int, y: int) -> int:
    """Return the number of the router beside router ``n``, NOTHING outside of the grid."""
    column, row = n % s.n_x + x, n // s.n_x + y
    return column + row * s.n_x if 0 <= column < s.n_x and 0 <= row < s.n_y else NOTHING


class Scratch(NamedTuple):
    """The arrays of a model that are not state."""

    wiring: Wiring
    marks: Marks
    derived: Derived


def new_scratch(s: Sizes, n_words: int) -> Scratch:
    """Return the arrays for a model; n_words : integers of a row of outputs"""
    return Scratch(wiring(s), new_marks(s), new_derived(s, n_words))


def of_model(chip: Chip, scratch: Scratch, registers: np.recarray, memories: Mapping[str, np.ndarray]) -> Ranc:
    """Return views of a model's state; a write to them changes the model."""
    s = sizes_of(chip.sizes)
    of_cores = {name: registers[name][0] for name in Cores._fields[: Cores._fields.index("csram")]}
    of_routers = {name: registers[name][0] for name in Routers._fields}
    of_routers["entries"] = of_routers["entries"].reshape(s.n_routers, N_BUFFERS, s.depth)
    cores = Cores(
        **of_cores,
        csram=memories["csram"],
        instructions=memories["neuron_instructions"],
        sram=memories["scheduler_sram"],
    )
    mesh = Mesh(s, scratch.wiring, Routers(**of_routers), scratch.marks)
    return Ranc(s, _places(s), cores, mesh, scratch.derived, registers["inputs"], registers["cycle"])


def _places(s: Sizes) -> NeuronPlaces:
    word = neuron_word(s)
    return NeuronPlaces(
        packet=Position(0, (s.packet_width - 1) // LIMB_BITS, 0, (1 << s.packet_width) - 1),
        reset_mode=position(word["reset_mode"]),
        negative_threshold=position(word["negative_threshold"]),
        positive_threshold=position(word["positive_threshold"]),
        leak=position(word["leak"]),
        reset_potential=position(word["reset_potential"]),
        current_potential=position(word["current_potential"]),
        weights=word[f"weight_{s.n_weights - 1}"].lsb,
        connections=word["connections"].lsb,
    )
