"""The input of many runs of one chip, and their states and figures as columns (see ``many_runs.py``)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.speeds import many, runs

SPIKE = np.dtype([("run", np.int64), ("cycle", np.int64), ("out", np.int64)])
NO_CHANGES = np.zeros((0, many.N_COLUMNS), np.int64)


@dataclass(frozen=True)
class ChipStates:
    """The states of n chips of one kind, which may be read and written.

    registers : (n,) record array; memories : name -> (n, *Memory.shape) uint32
    buses : (n, ``runs.N_BUS_WORDS``) int64, see ``runs.keep``; None if both buses are at rest
    """

    registers: np.recarray
    memories: dict[str, np.ndarray]
    buses: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of chips."""
        return len(self.registers)

    def part(self, selection: Any) -> ChipStates:
        """Return a copy of some states, in this order. selection : numbers, or (n,) bool"""
        numbers = np.arange(len(self))[selection].reshape(-1)
        buses = None if self.buses is None else self.buses[numbers]
        return ChipStates(self.registers[numbers], {name: m[numbers] for name, m in self.memories.items()}, buses)

    @property
    def arrays(self) -> many.ManyStates:
        """The same arrays in the form that compiled code takes."""
        return many.ManyStates(integers(self.registers), tuple(_flat(m) for m in self.memories.values()))


def states_of(model: Any) -> ChipStates:
    """Return the present state of a model as the only one."""
    return ChipStates(model.registers.copy(), {name: m[np.newaxis].copy() for name, m in model.memories.items()})


def new_states(model: Any, n: int) -> ChipStates:
    """Return room for n states."""
    registers = np.empty(n, model.registers.dtype).view(np.recarray)
    return ChipStates(
        registers,
        {name: np.empty((n, *m.shape), m.dtype) for name, m in model.memories.items()},
        np.zeros((n, runs.N_BUS_WORDS), np.int64),
    )


def integers(records: np.ndarray) -> np.ndarray:
    """Return records as integers: (n, integers) int64, which share their memory."""
    n_integers = records.dtype.itemsize // np.dtype(np.int64).itemsize
    return records.view(np.ndarray).view(np.int64).reshape(len(records), n_integers)


def _flat(memory: np.ndarray) -> np.ndarray:
    return memory.reshape(len(memory), math.prod(memory.shape[1:]))


@dataclass(frozen=True)
class ManyJobs:
    """n runs of one chip.

    chip : its declaration; stretch : as for a model
    starts : the first states; rows : (n,) int64, the number of the first state of each run
    changes : for each run, changes in the form of ``many.ManyInputs``, or None if no run has any
    changes_registers : False if none of them changes a register
    events : (e,) int64, addresses, or (e, 2), operations of a host; bounds : (n, 2) int64, the first event of each run,
        and the one after its last
    not_before : (e,) int64 as for ``runs.RunInputs``, or None
    environment : the delays
    max_cycles : (n,) int64, clocks of each run, at most; None for numbers that are enough for any normal run
    finish : as for ``ClosedLoop.run``; keep : True to keep the states at the end
    """

    chip: Chip
    stretch: bool
    starts: ChipStates
    rows: np.ndarray
    changes: Sequence[np.ndarray] | None
    changes_registers: bool
    events: np.ndarray
    bounds: np.ndarray
    not_before: np.ndarray | None
    environment: Any
    max_cycles: np.ndarray | None
    finish: bool = True
    keep: bool = False

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.rows)

    def changes_of(self, run: int) -> np.ndarray:
        """Return the changes of a run."""
        return NO_CHANGES if self.changes is None else self.changes[run]

    def model(self) -> Any:
        """Return a model for these runs."""
        model = chips.model(self.chip.name, self.chip.sizes)()
        model.stretch = self.stretch
        return model


def figures_of(figures: np.ndarray, counts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return figures as records, one for each run.

    figures : (n, N_FIGURES) int64; counts : name -> (n,) int64, the chip's own
    """
    kinds = [("n_sent", np.int64), ("n_cycles", np.int64), ("n_spikes", np.int64), ("done", np.bool_)]
    records = np.empty(len(figures), [*kinds, *((name, np.int64) for name in counts)])
    for (name, _), column in zip(kinds, figures.T, strict=True):
        records[name] = column
    for name, column in counts.items():
        records[name] = column
    return records
