"""The result of a run, as the library returns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from draupnir.emulator import markup


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
