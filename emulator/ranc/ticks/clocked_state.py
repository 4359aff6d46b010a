"""The state of a run with clocks: the cores, the routers, and the times. See clocked.py."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.ranc.layout import N_BUFFERS, N_MERGES
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.state import Mesh, Routers, new_marks, wiring
from draupnir.emulator.ranc.ticks.planes import Planes
from draupnir.emulator.ranc.ticks.rules import Rules

# The positions in ``counts`` after those that all semantics have.
STALLS, MISSED_TICKS, CLEARED_WRITES, PRESENT_WRITES = 7, 8, 9, 10
N_COUNTS = 11
NEVER = 1 << 62
CLOCK, TICK, N_QUEUED, QUEUE_NEXT, SHOWN, N_LISTS, DELAY, N_NOW = range(8)  # the positions in ``now``
NOT_RUN = 2  # in ``spikes``: the neuron did not run in this tick
SET_AFTER = 1  # clocks from the tick to the fall at which the scheduler moves to the next word
FIRST_AFTER = 2  # clocks from the tick to the first axon of the first neuron
IDLE_AFTER = 3  # clocks from the end of the last neuron until a tick is accepted


class TimingSwitches(NamedTuple):
    """The switches that concern time, each 0 or 1, and the time itself.

    travel : packets take clocks, and wait for each other; otherwise they arrive at once
    stalls : a neuron waits while a buffer for its spike is full; otherwise these buffers are never full
    missed : a tick that comes to a core at work is lost for it; otherwise a tick waits until no core is at work
    clearing : a packet that arrives while a word is cleared is lost
    coincide : a packet for the present word acts; otherwise it is dropped, as in the simulator
    end : the clock after the last one of the run
    """

    travel: int
    stalls: int
    missed: int
    clearing: int
    coincide: int
    end: int


class Clocked(NamedTuple):
    """A network in a hardware, and its times. The routers' state changes in a run.

    packets : (C, N) int64, the packet that a neuron sends, as the mesh takes it
    queue : (P,) int64, the input packets
    tick_clocks : (n,) int64, the clock of each tick, in order
    input_clocks : (k,) int64, the clock in which the packets of tick 0, 1, ... are in the input buffer, in order
    """

    planes: Planes
    rules: Rules
    timing: TimingSwitches
    mesh: Mesh
    packets: np.ndarray
    queue: np.ndarray
    tick_clocks: np.ndarray
    input_clocks: np.ndarray


def idle_mesh(s: Sizes) -> Mesh:
    """Routers without a packet."""
    buffers, merges = (s.n_routers, N_BUFFERS), (s.n_routers, N_MERGES)
    shapes = [(*buffers, s.depth), *[buffers] * 5, *[merges] * 2]
    return Mesh(s, wiring(s), Routers(*(np.zeros(shape, np.int64) for shape in shapes)), new_marks(s))


class ClockedCores(NamedTuple):
    """The state of all cores, and what a run records. C cores, N neurons, A axons, T words, V planes, n ticks.

    now : (N_NOW,) int64: the next clock, the ticks up to now, the input packets that are in the input buffer, the next
        of them, the packet that the buffer shows, the ticks whose packets have come, and the clocks by which
        all times are later because a tick waited
    tick : (C,) int64, the tick that a core works at, from 1 on
    word : (C,) int64, the current word; schedulers : (C, T, V) int64
    neuron : (C,) int64, the neuron that is next to end, or -1 for an idle core; end : (C,) its clock
    last : (C,) int64, the neuron that ended last
    set_at, idle_at : (C,) int64, the clock at whose fall the scheduler moves, and the one from which a core is idle
    potential : (C,) int64, what the neuron has before its threshold; is_stalled : (C,) 1 while it waits
    outgoing : (C,) int64, the packet on its way to the router, or -1
    outbox : (C, M) int64, the packets that wait for a buffer if the neurons do not; n_out, out_next : (C,), their
        number and the first of them
    active : (C, V, 3), n_active : (C,), see ``rules.integral``
    arrivals : (C, A, 3) int64, the packets for the present word: axon, place, clock; n_arrivals : (C,)
    potentials : (C, N) int64, as stored
    counts : (N_COUNTS,) int64
    rows : (n, n_outputs) int64, row t has the outputs from tick t on, before tick t + 1; tick 0 is the start
    potentials_by_tick : (n, C, N) int32, potentials after each tick; spikes : (n, C, N) uint8, 0, 1 or ``NOT_RUN``
    """

    now: np.ndarray
    tick: np.ndarray
    word: np.ndarray
    schedulers: np.ndarray
    neuron: np.ndarray
    end: np.ndarray
    last: np.ndarray
    set_at: np.ndarray
    idle_at: np.ndarray
    potential: np.ndarray
    is_stalled: np.ndarray
    outgoing: np.ndarray
    outbox: np.ndarray
    n_out: np.ndarray
    out_next: np.ndarray
    active: np.ndarray
    n_active: np.ndarray
    arrivals: np.ndarray
    n_arrivals: np.ndarray
    potentials: np.ndarray
    counts: np.ndarray
    rows: np.ndarray
    potentials_by_tick: np.ndarray
    spikes: np.ndarray


def start(planes: Planes, rules: Rules, n_axons: int, n_ticks: int) -> ClockedCores:
    """The state before clock 0, with room to record ``n_ticks``."""
    c, n, v = planes.synapses.shape

    def each(fill: int = 0) -> np.ndarray:
        return np.full(c, fill, np.int64)

    return ClockedCores(
        np.zeros(N_NOW, np.int64),
        each(),
        each(rules.n_ticks - 1),
        np.zeros((c, rules.n_ticks, v), np.int64),
        each(-1),
        each(NEVER),
        each(),
        each(NEVER),
        each(),
        each(),
        each(),
        each(-1),
        np.zeros((c, n * (n_ticks + 1)), np.int64),
        each(),
        each(),
        np.zeros((c, v, 3), np.int64),
        each(),
        np.zeros((c, n_axons, 3), np.int64),
        each(),
        planes.potentials.copy(),
        np.zeros(N_COUNTS, np.int64),
        np.zeros((n_ticks, rules.n_outputs), np.int64),
        np.zeros((n_ticks, c, n), np.int32),
        np.full((n_ticks, c, n), NOT_RUN, np.uint8),
    )
