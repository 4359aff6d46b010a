"""Repeated measurements of several contestants side by side, and their ratios.

All contestants run once a round, round after round (A B C A B C ...), so that what the machine does meanwhile falls on
all of them alike; a ratio is taken within each round, and then the median over the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median


@dataclass(frozen=True)
class SelfTimed:
    """The time of a run that has timed itself, for instance without the start of a simulator."""

    seconds: float


@dataclass(frozen=True)
class Contestant:
    """Something whose speed is measured.

    name : who; workload : doing what; both together are unique
    run : the work, timed; what it returns is of no interest, unless it is ``SelfTimed``
    prepare : brings it to the work's beginning, before each run, not timed
    n_clocks : clocks of the chip that a run stands for, 0 if it is none
    n_synaptic_operations : neuron updates by spikes in a run
    """

    name: str
    workload: str
    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    n_clocks: int = 0
    n_synaptic_operations: int = 0

    @property
    def key(self) -> str:
        return f"{self.workload}: {self.name}"


@dataclass(frozen=True)
class Spread:
    """Median, lowest and highest of several figures."""

    median: float
    low: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """Return the spread of at least one figure."""
    return Spread(median(figures), min(figures), max(figures))


@dataclass(frozen=True)
class Figures:
    """The measurements of a contestant.

    n_runs : runs in a measurement, one after the other
    seconds : (n_rounds,) of one run, in the order of the rounds
    """

    contestant: Contestant
    n_runs: int
    seconds: list[float] = field(default_factory=list)

    def rate(self, amount: int) -> Spread:
        """``amount`` a run, per second."""
        return spread([amount / seconds for seconds in self.seconds])

    @property
    def clocks_per_second(self) -> Spread:
        return self.rate(self.contestant.n_clocks)

    @property
    def synaptic_operations_per_second(self) -> Spread:
        return self.rate(self.contestant.n_synaptic_operations)


def measure(
    contestants: Sequence[Contestant],
    n_rounds: int,
    enough: float,
    clock: Callable[[], float] = time.perf_counter,
    done: Callable[[int], None] = lambda n: None,
) -> list[Figures]:
    """Measure all contestants, ``n_rounds`` times each, after two runs each that do not count.

    enough : seconds that a measurement should take at least; short runs are repeated to get there
    done : called with 1 after each measurement
    """
    figures = [_warmed_up(contestant, enough, clock) for contestant in contestants]
    for _ in range(n_rounds):
        for each in figures:
            seconds = sum(_run(each.contestant, clock) for _ in range(each.n_runs))
            each.seconds.append(seconds / each.n_runs)
            done(1)
    return figures


def _warmed_up(contestant: Contestant, enough: float, clock: Callable[[], float]) -> Figures:
    _run(contestant, clock)  # compiles, loads, fills caches
    return Figures(contestant, max(1, ceil(enough / _run(contestant, clock))))


def _run(contestant: Contestant, clock: Callable[[], float]) -> float:
    """Seconds of one run."""
    contestant.prepare()
    begin = clock()
    done = contestant.run()
    return done.seconds if isinstance(done, SelfTimed) else clock() - begin


def speed_ratio(a: Figures, b: Figures) -> Spread:
    """Return how many times as fast as ``b`` is ``a``, in clocks of the chip per second."""
    per_second = (
        (a.contestant.n_clocks / x, b.contestant.n_clocks / y) for x, y in zip(a.seconds, b.seconds, strict=True)
    )
    return spread([x / y for x, y in per_second])


def time_ratio(a: Figures, b: Figures) -> Spread:
    """Return how many times as long as ``b`` takes ``a`` for a run."""
    return spread([x / y for x, y in zip(a.seconds, b.seconds, strict=True)])
