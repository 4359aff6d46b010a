"""The compiled loop of ReckOn and its host: clock by clock, or with whole handshakes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, outlined
from draupnir.emulator.parts.handshake import FOREVER
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.clock import apply_inputs, clock, outputs
from draupnir.emulator.reckon.events.handshakes import may_send, send
from draupnir.emulator.reckon.host import OUT, Host, HostDelays
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.reckon.stretch import can_stretch, stretch
from draupnir.emulator.speeds import pieces, whole
from draupnir.emulator.speeds.loop import Columns

LONGEST_PHASE = 1 << 14  # clocks of a stretch that count as work, at most; in a longer stretch nothing moves
ROOM = 1 << 18  # bytes of a piece, at most
ROWS = 1 << 20  # rows of a piece that records them, at most


@dataclass(frozen=True)
class Statistics:
    """The figures of a run.

    synaptic_operations : weights that were added to a potential, of a recurrent or an output neuron; with an odd count
        of recurrent neurons that is one potential more than there are neurons
    recurrent_spikes : spikes that were found at the ends of timesteps
    """

    synaptic_operations: int
    recurrent_spikes: int


@dataclass(frozen=True)
class Received:
    """The outcome of a run at clock level or at event level.

    cycles : (n,) int64, for each byte the first clock before whose edge OUT_REQ is high, counted from the model's first
        clock
    received : (n,) int64, OUT_DATA of each byte at this edge, 0..255
    first_cycle : the number of the run's first clock
    n_cycles : the clocks of the run
    done : True if all operations are complete; False if ``max_cycles`` ended the run
    statistics : the counts of the run
    """

    cycles: np.ndarray
    received: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool
    statistics: Statistics


class HostedOutcome(NamedTuple):
    """The outcome of the loop: ``Received``, the rows (empty without ``record_rows``), the clocks that ran at once."""

    received: Received
    rows: np.ndarray
    n_swept: int


def run(
    model: Model,
    ops: ArrayLike,
    host: Host,
    max_cycles: int | None,
    whole_handshakes: bool = False,
    record_rows: bool = False,
) -> HostedOutcome:
    """Carry out the operations of a host, in at most ``max_cycles`` clocks (None: ``host.clock_limit``).

    whole_handshakes : True to run a SPIKE at once if the chip waits for it and ``model.stretch`` is True
    record_rows : True to record the packed input pins of each clock

    Raises InputError for an operation that does not exist, and Stopped between two pieces if the work has to stop.
    """
    first_cycle, n_swept, counts_before = int(model.registers[0].cycle), 0, _counters(model)
    host_state = hosts.start(int(model.registers[0].inputs), host)
    array, state = hosts.operations(ops), model.kernel_state()
    at_once = model.stretch, model.stretch and whole_handshakes

    def next_piece(clocks: int) -> whole.WorkPiece:
        nonlocal n_swept
        columns = [np.empty(room, np.int64) for room in (ROOM, ROOM, ROWS if record_rows else 0)]
        terms = LoopTerms(clocks, *at_once, record_rows, pieces.WORK, False)
        n_taken, n_cycles, swept, is_complete = _loop(*state, host_state, array, host.delays, terms, Columns(*columns))
        lengths = n_taken, n_taken, n_cycles if record_rows else 0
        columns = [column[:length].copy() for column, length in zip(columns, lengths, strict=True)]
        n_swept += int(swept)
        return whole.WorkPiece(columns, int(n_cycles), bool(is_complete))

    ran = whole.collect(next_piece, hosts.clock_limit(array, host) if max_cycles is None else max_cycles)
    cycles, received, rows = ran.columns
    figures = Statistics(*(end - start for end, start in zip(_counters(model), counts_before, strict=True)))
    return HostedOutcome(Received(cycles, received, first_cycle, ran.n_cycles, ran.is_complete, figures), rows, n_swept)


def _counters(model: Model) -> tuple[int, int]:
    """Return what the model has counted so far."""
    r = model.registers[0]
    return int(r.n_synaptic_operations), int(r.n_recurrent_spikes)


class LoopTerms(NamedTuple):
    """The terms of a piece of a run.

    max_cycles : clocks, at most
    stretching : True to run clocks in which only one thing moves at once; whole_handshakes : see ``run``
    record_rows : True to record the packed input pins of each clock
    max_work : the piece ends where its work has reached this (see ``pieces.WORK``)
    has_acted : True if the host has acted before the first edge already
    """

    max_cycles: int
    stretching: bool
    whole_handshakes: bool
    record_rows: bool
    max_work: int
    has_acted: bool


@outlined
def piece(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: HostDelays,
    terms: LoopTerms,
    columns: Columns,
) -> tuple[int, int, int, bool]:
    """Run a piece. Return the bytes, the clocks, the clocks that ran at once, and True if the run is complete.

    columns : the cycles of the bytes, the bytes, and the pins; the piece ends before one of them is full

    After the last of ``max_cycles`` clocks the host acts once more, but not after any other piece: it must not act
    twice before one edge.
    """
    cycles, received, rows = columns
    max_cycles, record_rows = terms.max_cycles, terms.record_rows
    n_taken, n_cycles, n_swept, work = 0, 0, 0, 0
    last = len(cycles) - 1
    end = len(rows) if record_rows else FOREVER
    has_acted = terms.has_acted
    while n_cycles == max_cycles or (work < terms.max_work and n_taken < last and n_cycles < end):
        if not has_acted:
            if terms.whole_handshakes and may_send(r, h):
                clocks = send(r, h, ops, delays, max_cycles - n_cycles)
                n_cycles += clocks
                n_swept += clocks
            pins_out = outputs(r)
            hosts.act(h, ops, delays, pins_out)
            if h.is_byte:
                cycles[n_taken], received[n_taken] = r.cycle, field(pins_out, OUT.OUT_DATA)
                n_taken += 1
            if h.pins != r.inputs:
                apply_inputs(r, flat, h.pins)
        has_acted = False
        if h.op == len(ops) or n_cycles == max_cycles:
            break
        clocks = 0
        if terms.stretching and can_stretch(r):
            clocks = stretch(r, m, min(h.stable_for, max_cycles - n_cycles, end - n_cycles))
        n_swept += clocks
        if clocks == 0:
            clock(r, m)
            clocks = 1
        hosts.skip(h, clocks)
        for i in range(clocks if record_rows else 0):
            rows[n_cycles + i] = h.pins
        n_cycles += clocks
        work += clocks if record_rows else min(clocks, LONGEST_PHASE)
    return n_taken, n_cycles, n_swept, h.op == len(ops)


@entry
def _loop(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: HostDelays,
    terms: LoopTerms,
    columns: Columns,
) -> tuple[int, int, int, bool]:
    """Run a piece. The columns are arguments: Numba calls Python to return an array, and a signal at that moment would
    end the process.
    """
    return piece(r, flat, m, h, ops, delays, terms, columns)
