"""Many ReckOns, each with its host: the level of ``engine.py`` for several chips, of which one goes on at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import loop
from draupnir.emulator.reckon.events.loop import LoopTerms, Statistics
from draupnir.emulator.reckon.host import Host, HostDelays
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.speeds.many_arrays import indexed
from draupnir.emulator.speeds.runs import N_BUS_WORDS

COUNTS = record_type([("synaptic_operations", np.int64), ("recurrent_spikes", np.int64)])
PHASE, WAIT, OP, N_BYTES, PINS, STABLE_FOR, HAS_ACTED = range(N_BUS_WORDS)  # a host in words; see ``host.STATE``


class ChipArrays(NamedTuple):
    """The arrays of some chips; the first index of each is the chip.

    r, flat : the registers as records, and the same memory as integers
    memories : uint32, in their order; mems : the same memory as bytes, and lanes, as in ``srams.Mems``
    h, counts : records of the host, and of ``COUNTS``
    """

    r: np.ndarray
    flat: np.ndarray
    memories: tuple[np.ndarray, ...]
    mems: Mems
    h: np.ndarray
    counts: np.ndarray


def prepare(model: Model, host: Host) -> ChipArrays:
    """Return the arrays of one chip, which share their memory with the model."""
    _, flat, mems = model.kernel_state()
    h, counts = np.zeros(1, hosts.STATE).view(np.recarray), np.zeros(1, COUNTS).view(np.recarray)
    arrays: ChipArrays = indexed(ChipArrays(model.registers, flat, tuple(model.memories.values()), mems, h, counts))
    return arrays


def words(model: Model, host: Host) -> np.ndarray:
    """Return a host before its first operation, in words."""
    state = np.zeros(N_BUS_WORDS, np.int64)
    state[WAIT], state[PINS] = host.gap, model.registers[0].inputs
    return state


def statistics(counts: np.record) -> Statistics:
    """Return the counts of a record of ``COUNTS``."""
    return Statistics(int(counts.synaptic_operations), int(counts.recurrent_spikes))


@kernel
def run_one(
    arrays: ChipArrays,
    i: int,
    ops: np.ndarray,
    not_before: np.ndarray,
    delays: HostDelays,
    terms: Any,
    columns: Any,
    words: np.ndarray,
) -> tuple[int, int, bool]:
    """Let one of the chips go on; see ``ManyLevel``. A host has no ``not_before``, and ends with its last operation."""
    r, h, mems = arrays.r[i], arrays.h[i], arrays.mems
    lanes: Any = mems.lanes[i : i + 1]
    m = Mems(
        mems.neurons[i],
        mems.winp[i],
        mems.wrec[i],
        mems.wout[i],
        mems.inp_rows[i],
        mems.rec_rows[i],
        lanes,
    )
    operations, spikes = r.n_synaptic_operations, r.n_recurrent_spikes
    h.op, h.phase, h.wait, h.n_bytes = 0, words[PHASE], words[WAIT], words[N_BYTES]
    h.pins, h.stable_for = words[PINS], words[STABLE_FOR]
    of_loop = LoopTerms(terms.max_cycles, terms.stretch, terms.stretch, False, terms.max_work, words[HAS_ACTED] == 1)
    n_taken, clocks, _, is_complete = loop.piece(r, arrays.flat[i], m, h, ops, delays, of_loop, columns)
    words[OP] += h.op
    words[PHASE], words[WAIT], words[N_BYTES] = h.phase, h.wait, h.n_bytes
    words[PINS], words[STABLE_FOR] = h.pins, h.stable_for
    words[HAS_ACTED] = int(clocks == terms.max_cycles and not is_complete)
    arrays.counts[i].synaptic_operations += r.n_synaptic_operations - operations
    arrays.counts[i].recurrent_spikes += r.n_recurrent_spikes - spikes
    return n_taken, clocks, is_complete
