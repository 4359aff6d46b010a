"""ReckOn and its host, clock by clock, at compiled speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry
from draupnir.emulator.parts.handshake import FOREVER
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.clock import apply_inputs, clock, outputs
from draupnir.emulator.reckon.host import OUT, Host, HostDelays
from draupnir.emulator.reckon.srams import Mems
from draupnir.emulator.reckon.stretch import can_stretch, stretch
from draupnir.emulator.speeds import pieces, runs
from draupnir.emulator.speeds.runs import new_column, put

Given = tuple[np.record, np.ndarray, Mems, np.record, np.ndarray, HostDelays]  # see ``given``
LONGEST_PHASE = 1 << 14  # clocks of a stretch that are work; in longer ones nothing moves


@dataclass(frozen=True)
class Received:
    """What comes of a run at either level.

    cycles, received : (n,) int64, the first clock before whose edge OUT_REQ was seen high, and OUT_DATA there; cycles
    count from the model's own first clock
    first_cycle : number of the run's first clock; n_cycles : clocks that the run took
    done : all operations were carried out; False: ``max_cycles`` was reached first
    """

    cycles: np.ndarray
    received: np.ndarray
    first_cycle: int
    n_cycles: int
    done: bool


@dataclass(frozen=True)
class HostedRun(Received):
    """What came of a run.

    rows : (n_cycles,) int64, the packed input pins in each clock, if they were asked for, else empty
    """

    rows: np.ndarray


def run(
    model: Model, ops: ArrayLike, host: Host, max_cycles: int | None = None, record_rows: bool = False
) -> HostedRun:
    """Carry out the operations (see ``host.Op``), for at most ``max_cycles`` clocks.

    ops : (n, 2) integers, ``Op`` and operand
    max_cycles : None: as many as should do (``host.clock_limit``); NotAtRest is raised if they do not
    With ``model.stretch`` False every clock is run by itself.
    Both buses must be at rest; SCK, MOSI and RST stay as they are. The run ends before the first edge at which nothing
    is left to do; what the last operation did to the pins is done.
    Raises InputError for an operation that does not exist.
    """
    first_cycle = int(model.registers[0].cycle)
    taken = given(model, ops, host)
    most = hosts.clock_limit(taken[4], host) if max_cycles is None else max_cycles
    columns, (n_cycles,), done = in_pieces(lambda clocks: _loop(*taken, clocks, model.stretch, record_rows), 1, most)
    cycles, received, rows = columns
    return runs.check_at_rest(HostedRun(cycles, received, first_cycle, n_cycles, done, rows), max_cycles)


def given(model: Model, ops: ArrayLike, host: Host) -> Given:
    """What the loops of both levels take: state, host, operations, delays.

    Raises InputError for an operation that does not exist.
    """
    started = hosts.start(int(model.registers[0].inputs), host)
    return *model.kernel_state(), started, hosts.operations(ops), host.delays


def in_pieces(
    piece: Callable[[int], Any], n_counts: int, max_cycles: int
) -> tuple[list[np.ndarray], tuple[int, ...], bool]:
    """Call a compiled loop until the host has done all, or for ``max_cycles`` clocks.

    piece : takes clocks; returns columns, ``n_counts`` counts of which the first is the clocks taken, and whether the
    run has ended
    Returns the columns of all pieces, the sums of the counts, and whether all is done (else the clocks were at an end).
    Raises Stopped between two pieces if the work is to stop.
    """
    parts: list[list[np.ndarray]] = []
    totals = [0] * n_counts
    while True:
        try:
            *columns_counts, done, ended = piece(max_cycles - totals[0])
        except SystemError as error:
            raise pieces.raised_by_signal(error) from None
        n_columns = len(columns_counts) - n_counts
        parts.append(columns_counts[:n_columns])
        totals = [total + int(n) for total, n in zip(totals, columns_counts[n_columns:], strict=True)]
        if ended:
            joined = [column[0] if len(parts) == 1 else np.concatenate(column) for column in zip(*parts, strict=True)]
            return joined, tuple(totals), bool(done)
        pieces.between()


@entry
def _loop(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: HostDelays,
    max_cycles: int,
    stretching: bool,
    record_rows: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, bool, bool]:
    """The clocks of a piece of a run: cycles and bytes received, rows, clocks taken, done, ended."""
    cycles, received, rows = new_column(), new_column(), new_column()
    n_taken, n_cycles, work, ended = 0, 0, 0, False
    longest = pieces.WORK if record_rows else FOREVER
    while work < pieces.WORK:
        seen = outputs(r)
        hosts.act(h, ops, delays, seen)
        if h.taken:
            cycles, received = put(cycles, n_taken, r.cycle), put(received, n_taken, field(seen, OUT.OUT_DATA))
            n_taken += 1
        if h.pins != r.inputs:
            apply_inputs(r, flat, h.pins)
        ended = h.op == len(ops) or n_cycles == max_cycles
        if ended:
            break
        clocks = 0
        if stretching and can_stretch(r):
            clocks = stretch(r, m, min(h.still, max_cycles - n_cycles, longest))
        if clocks == 0:
            clock(r, m)
            clocks = 1
        hosts.skip(h, clocks)
        for i in range(clocks if record_rows else 0):
            rows = put(rows, n_cycles + i, h.pins)
        n_cycles += clocks
        work += clocks if record_rows else min(clocks, LONGEST_PHASE)
    n_rows = n_cycles if record_rows else 0
    return cycles[:n_taken], received[:n_taken], rows[:n_rows], n_cycles, h.op == len(ops), ended
