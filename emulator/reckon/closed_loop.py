"""ReckOn and its host, clock by clock, at compiled speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emulator.kernel.bits import field
from emulator.kernel.jit import entry
from emulator.reckon import host as hosts
from emulator.reckon.chip import Model
from emulator.reckon.clock import apply_inputs, clock, outputs
from emulator.reckon.host import OUT, Delays, Host, Op
from emulator.reckon.srams import Mems
from emulator.reckon.stretch import can_stretch, stretch
from emulator.runs import new_column, put

Given = tuple[np.record, np.ndarray, Mems, np.record, np.ndarray, Delays, np.ndarray]  # see ``given``


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
class Run(Received):
    """What came of a run.

    rows : (n_cycles,) int64, the packed input pins in each clock, if they were asked for, else empty
    """

    rows: np.ndarray


def run(model: Model, ops: ArrayLike, host: Host, max_cycles: int = 1 << 62, record_rows: bool = False) -> Run:
    """Carry out the operations (see ``host.Op``), for at most ``max_cycles`` clocks.

    ops : (n, 2) integers, ``Op`` and operand
    Both buses must be at rest; SCK, MOSI and RST stay as they are. The run ends before the first edge at which nothing
    is left to do; what the last operation did to the pins is done.
    Raises InputError for an operation that does not exist.
    """
    first_cycle = int(model.registers[0].cycle)
    cycles, received, rows, n_cycles, done = _loop(*given(model, ops, host), max_cycles, record_rows)
    return Run(cycles, received, first_cycle, int(n_cycles), bool(done), rows)


def given(model: Model, ops: ArrayLike, host: Host) -> Given:
    """What the loops of both levels take: state, host, operations, delays, and room for all bytes taken.

    Raises InputError for an operation that does not exist.
    """
    operations = hosts.operations(ops)
    n_taken = int(operations[operations[:, 0] == Op.TAKE, 1].sum())
    started = hosts.start(int(model.registers[0].inputs), host)
    return *model.kernel_state(), started, operations, host.delays, np.empty((n_taken, 2), dtype=np.int64)


@entry
def _loop(
    r: np.record,
    flat: np.ndarray,
    m: Mems,
    h: np.record,
    ops: np.ndarray,
    delays: Delays,
    taken: np.ndarray,
    max_cycles: int,
    record_rows: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, bool]:
    """The clocks of a run: cycles and bytes received, rows, clocks taken, done."""
    rows = new_column()
    n_taken, n_cycles = 0, 0
    while True:
        seen = outputs(r)
        hosts.act(h, ops, delays, seen)
        if h.taken:
            taken[n_taken, 0], taken[n_taken, 1] = r.cycle, field(seen, OUT.OUT_DATA)
            n_taken += 1
        if h.pins != r.inputs:
            apply_inputs(r, flat, h.pins)
        if h.op == len(ops) or n_cycles == max_cycles:
            break
        clocks = stretch(r, m, min(h.still, max_cycles - n_cycles)) if can_stretch(r) else 0
        if clocks == 0:
            clock(r, m)
            clocks = 1
        hosts.skip(h, clocks)
        for i in range(clocks if record_rows else 0):
            rows = put(rows, n_cycles + i, h.pins)
        n_cycles += clocks
    n_rows = n_cycles if record_rows else 0
    return taken[:n_taken, 0].copy(), taken[:n_taken, 1].copy(), rows[:n_rows], n_cycles, h.op == len(ops)
