"""A part of a run between sender and receiver, which can be run at any level, and continued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from draupnir.emulator.speeds.runs import Buses


@dataclass(frozen=True)
class BusPiece:
    """A part of a run between sender and receiver; the fields are the arguments of ``BusLevel.run``."""

    events: np.ndarray
    environment: Any
    not_before: np.ndarray | None
    buses: Buses | None
    finish: bool

    def rest(self, n_sent: int, buses: Buses) -> BusPiece:
        """Return the part behind the events that are sent."""
        later = None if self.not_before is None else self.not_before[n_sent:]
        return BusPiece(self.events[n_sent:], self.environment, later, buses, self.finish)

    def run(self, level: Any, model: Any, clocks: int, **options: Any) -> Any:
        """Run at most this number of clocks at a level."""
        how = {"not_before": self.not_before, "buses": self.buses, "finish": self.finish, **options}
        return level.run(model, self.events, self.environment, clocks, **how)
