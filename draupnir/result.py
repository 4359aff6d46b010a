"""The result of a run, as the library returns it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from draupnir.emulator import markup
from draupnir.emulator.declare import Chip
from draupnir.emulator.speeds.many_jobs import ChipStates


@dataclass(frozen=True)
class Run:
    """The outcome of a run of events.

    cycles : (n,) int64, at least 0: for each entry of ``out`` the clock in which it is first seen on the chip's bus;
        clocks are counted from the first clock of the model's life
    out : (n,) int64, at least 0: the addresses of the spikes in their order; for a chip that its host leads, the bytes
        (0..255) that the host receives
    n_cycles : the number of clocks of the run, at least 0
    done : True if all events were sent and the chip came to rest, False if the run ended at ``max_cycles``
    """

    cycles: np.ndarray
    out: np.ndarray
    n_cycles: int
    done: bool

    def _repr_html_(self) -> str:
        """Return the outcome as a drawing and a table of spikes, which a notebook shows."""
        ends = "the chip is at rest" if self.done else "the run ended at its limit"
        rows = list(zip(self.cycles[: markup.SHOWN].tolist(), self.out[: markup.SHOWN].tolist(), strict=True))
        return "".join(
            (
                markup.sentence(f"Outputs: {len(self.out):,}, in {self.n_cycles:,} clocks; {ends}."),
                markup.raster(self.cycles, self.out),
                markup.table("What the chip sent", ("cycle", "out"), rows, len(self.out)) if rows else "",
            )
        )


@dataclass(frozen=True)
class ManyRuns:
    """The outcome of n runs of one chip, as columns.

    figures : (n,) records: ``n_sent``, the events that were sent; ``n_cycles``; ``n_spikes``; ``done``, as for ``Run``;
        and the counts of the chip's event level, for instance ``synaptic_operations``
    spikes : records of all spikes, run after run: ``run``, 0..n-1; ``cycle`` and ``out``, as for ``Run``
    states : the chips at the end of their runs, or None if they were not kept. ``registers`` has a record for each run,
        ``memories`` arrays with a first dimension for the run. You may write them before you let the runs go on.
    """

    chip: str
    figures: np.ndarray
    spikes: np.ndarray
    states: ChipStates | None
    declaration: Chip = field(repr=False)
    stretch: bool = field(repr=False)

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.figures)

    def spikes_of(self, run: int) -> np.ndarray:
        """Return the spikes of a run; run : 0..n-1"""
        first, last = np.searchsorted(self.spikes["run"], [run, run + 1])
        return self.spikes[first:last]

    def part(self, selection: Any) -> ManyRuns:
        """Return some of the runs, numbered anew in this order.

        selection : the numbers of the runs, or (n,) bool, for instance to let only the best ones go on
        """
        numbers = np.arange(len(self))[selection].reshape(-1)
        spikes = [self.spikes_of(number).copy() for number in numbers.tolist()]
        for run, one in enumerate(spikes):
            one["run"] = run
        return replace(
            self,
            figures=self.figures[numbers],
            spikes=np.concatenate(spikes) if spikes else self.spikes[:0],
            states=None if self.states is None else self.states.part(numbers),
        )
