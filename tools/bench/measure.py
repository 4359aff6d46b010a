"""Repeated measurements of several contestants side by side, and their ratios.

All contestants run once in each round, round after round (A B C A B C ...), so that other work of the machine slows
all of them alike. A ratio is computed within each round, and then the median over the rounds is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median


@dataclass(frozen=True)
class SelfTimed:
    """The time of a run that measures itself, for instance without the start of a simulator."""

    seconds: float


@dataclass(frozen=True)
class Contestant:
    """Something whose speed is measured.

    name, workload : its name, and the name of its work; both together are unique
    run : the work, whose time is measured; its result is ignored, unless it is ``SelfTimed``
    prepare : the preparation before each run, whose time is not measured
    n_clocks : the number of clocks of the chip in a run, 0 if it runs no chip
    n_synaptic_operations : the number of neuron updates by spikes in a run
    n_timesteps : the number of timesteps in a run, 0 if it runs by clocks
    """

    name: str
    workload: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    n_clocks: int = 0
    n_synaptic_operations: int = 0
    n_timesteps: int = 0

    @property
    def key(self) -> str:
        """A unique name."""
        return f"{self.workload}: {self.name}"


@dataclass(frozen=True)
class Spread:
    """Median, lowest and highest of several figures."""

    median: float
    low: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """The spread of figures, at least one."""
    return Spread(median(figures), min(figures), max(figures))


@dataclass(frozen=True)
class Figures:
    """The measurements of a contestant.

    n_runs : the number of runs in a measurement, at least 1
    seconds : (n_rounds,) the time of one run, in the order of the rounds
    """

    contestant: Contestant
    n_runs: int
    seconds: list[float] = field(default_factory=list)

    def rate(self, amount: int) -> Spread:
        """The rate per second, if a run does ``amount``."""
        return spread([amount / seconds for seconds in self.seconds])

    @property
    def clocks_per_second(self) -> Spread:
        """Clocks of the chip per second."""
        return self.rate(self.contestant.n_clocks)

    @property
    def timesteps_per_second(self) -> Spread:
        """Timesteps per second."""
        return self.rate(self.contestant.n_timesteps)

    @property
    def synaptic_operations_per_second(self) -> Spread:
        """Synaptic operations per second."""
        return self.rate(self.contestant.n_synaptic_operations)


def measure(
    contestants: Sequence[Contestant],
    n_rounds: int,
    least_seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    advance: Callable[[int], None] = lambda n: None,
) -> list[Figures]:
    """Measure all contestants, ``n_rounds`` times each, after two runs of each that do not count.

    least_seconds : the least time of a measurement; a short run is repeated within it
    advance : it is called with 1 after each measurement
    """
    figures = [_warmed_up(contestant, least_seconds, clock) for contestant in contestants]
    for _ in range(n_rounds):
        for each in figures:
            seconds = sum(_run(each.contestant, clock) for _ in range(each.n_runs))
            each.seconds.append(seconds / each.n_runs)
            advance(1)
    return figures


def _warmed_up(contestant: Contestant, least_seconds: float, clock: Callable[[], float]) -> Figures:
    _run(contestant, clock)  # compiles, loads, fills caches
    return Figures(contestant, max(1, ceil(least_seconds / _run(contestant, clock))))


def _run(contestant: Contestant, clock: Callable[[], float]) -> float:
    """The time of one run, in seconds."""
    contestant.prepare()
    begin = clock()
    result = contestant.run()
    return result.seconds if isinstance(result, SelfTimed) else clock() - begin


def speed_ratio(a: Figures, b: Figures) -> Spread:
    """The speed of ``a`` divided by that of ``b``, in clocks of the chip per second."""
    per_second = (
        (a.contestant.n_clocks / x, b.contestant.n_clocks / y) for x, y in zip(a.seconds, b.seconds, strict=True)
    )
    return spread([x / y for x, y in per_second])


def timestep_ratio(a: Figures, b: Figures) -> Spread:
    """The speed of ``a`` divided by that of ``b``, in timesteps per second."""
    steps = a.contestant.n_timesteps / b.contestant.n_timesteps
    return spread([steps * y / x for x, y in zip(a.seconds, b.seconds, strict=True)])


def time_ratio(a: Figures, b: Figures) -> Spread:
    """The time of a run of ``a`` divided by that of ``b``."""
    return spread([x / y for x, y in zip(a.seconds, b.seconds, strict=True)])
