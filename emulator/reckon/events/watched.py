"""ReckOn and its host, clock by clock, while one neuron is watched: see ``notes``. In compiled code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon import notes
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.clock import apply_inputs, commit, outputs, wires
from draupnir.emulator.reckon.controller import IDLE, PROP
from draupnir.emulator.reckon.host import Host, HostDelays
from draupnir.emulator.reckon.notes import NOTE, TURN, Watched
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.speeds import pieces

ROOM = 1 << 12  # notes of a piece, at most
CLOCKS = 1 << 20  # clocks of a piece, at most
SAMPLE, TIMESTEP = 0, 1  # the places in ``when``
NEVER = -1


@dataclass(frozen=True)
class NotedPiece:
    """A part of a run.

    noted : (n,) records of type NOTE, one for each clock that writes the neuron or in which a synapse may learn
    turns : (n, N_TURNS) records of type TURN
    n_cycles : the clocks; n_done : the operations that are complete, of the whole run
    is_complete : True if all operations of the host are complete
    """

    noted: np.recarray
    turns: np.recarray
    n_cycles: int
    n_done: int
    is_complete: bool


def run(model: Model, ops: ArrayLike, host: Host, who: Watched, max_cycles: int) -> Iterator[NotedPiece]:
    """Carry out the operations of a host as ``closed_loop.run`` does, and yield the notes piece by piece.

    max_cycles : the clocks after which the run ends, even if it is not complete
    Raises InputError for an operation that does not exist, and Stopped between two pieces if the work has to stop.
    """
    array, state = hosts.operations(ops), model.kernel_state()
    host_state = hosts.start(int(model.registers[0].inputs), host)
    noted, turns = np.zeros(ROOM, NOTE), np.zeros((ROOM, notes.N_TURNS), TURN)
    when = np.full(2, NEVER, np.int64)
    n_cycles, is_complete = 0, False
    while n_cycles < max_cycles and not is_complete:
        room = min(CLOCKS, max_cycles - n_cycles)
        n_clocks, n, is_complete = _loop(*state, host_state, array, host.delays, who, room, when, noted, turns)
        n_cycles += n_clocks
        columns = (noted[:n].copy().view(np.recarray), turns[:n].copy().view(np.recarray))
        yield NotedPiece(*columns, int(n_clocks), int(host_state.op), bool(is_complete))
        pieces.check_stop()


@entry
def _loop(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: HostDelays,
    who: Watched,
    max_cycles: int,
    when: np.ndarray,
    noted: np.ndarray,
    turns: np.ndarray,
) -> tuple[int, int, bool]:
    """Run clocks until the run is complete, ``max_cycles`` have passed, or there is no room for another note.

    Return the clocks, the notes, and True if the run is complete.
    """
    n_cycles, n = 0, 0
    while n_cycles < max_cycles and n < len(noted):
        hosts.act(h, ops, delays, outputs(r))
        if h.pins != r.inputs:
            apply_inputs(r, flat, h.pins)
        if h.op == len(ops):
            return n_cycles, n, True
        w = wires(r)
        note = noted[n]
        is_noted = notes.begin(r, m, w, who, note, turns[n])
        note.sample, note.timestep = when[SAMPLE], when[TIMESTEP]
        commit(r, m, w)
        if is_noted:
            notes.end(r, m, who, note, turns[n])
            n += 1
        if r.state == PROP and w.state != PROP:
            when[SAMPLE] += int(w.state == IDLE)
            when[TIMESTEP] = 0 if w.state == IDLE else when[TIMESTEP] + 1
        hosts.skip(h, 1)
        n_cycles += 1
    return n_cycles, n, False
