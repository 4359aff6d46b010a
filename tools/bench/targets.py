"""The speeds that we promise, and a comparison with the measured ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from draupnir.tools.bench.benches import CHECKED, DRIVEN, NAIVE
from draupnir.tools.bench.commands import HELP, PROCESS, REPLAY
from draupnir.tools.bench.contestants import ENGINE, LOCKSTEP, LOOP, ROWS
from draupnir.tools.bench.measure import Figures, Spread, spread
from draupnir.tools.bench.suite import OURS, PLAIN, SECONDS, THEIRS, BenchReport

IN_STRETCHES = ("lif", "izh", "bursts", "recurrent", "feedforward", "inference", "eprop")  # rows, too
CLOCKS, OPERATIONS = "clocks/s", "synaptic operations/s"


@dataclass(frozen=True)
class Target:
    """A bound of a rate, of a time, or of the ratio of two contestants.

    who : a contestant, or the beginning of its name; reference : the other contestant of a ratio, "" if it is no ratio
    quantity : CLOCKS or OPERATIONS, for which ``bound`` is the least value, or SECONDS, for which it is the largest
    workloads : the workloads to which it applies; empty for all
    """

    who: str
    quantity: str
    bound: float
    reference: str = ""
    workloads: tuple[str, ...] = ()

    def met(self, figure: float) -> bool:
        """True if a measured figure meets the target."""
        return figure <= self.bound if self.quantity == SECONDS else figure >= self.bound


TARGETS = (
    Target(ROWS, CLOCKS, 100, PLAIN, IN_STRETCHES),
    Target(LOOP, CLOCKS, 100, PLAIN, ("sparse", "dense")),
    Target(LOOP, CLOCKS, 75e6, workloads=("lif",)),
    Target(LOOP, CLOCKS, 25e6, workloads=("izh", "bursts")),
    Target(ENGINE, OPERATIONS, 750e6, workloads=("lif",)),
    Target(ENGINE, OPERATIONS, 100e6, workloads=("izh", "bursts")),
    Target(OURS, CLOCKS, 3, THEIRS),
    Target(LOCKSTEP.format(THEIRS), SECONDS, 1.1, THEIRS),
    Target(CHECKED, SECONDS, 1.3, DRIVEN),
    Target(CHECKED, CLOCKS, 5, NAIVE),
    Target(HELP, SECONDS, 0.3, workloads=(PROCESS,)),
    Target(REPLAY, SECONDS, 3, workloads=(PROCESS,)),
)


def measured_targets(report: BenchReport) -> Iterator[tuple[Target, str, Spread]]:
    """Each target with each workload on which it was measured, and the measured figure."""
    for target in TARGETS:
        if target.reference:
            for r in report.ratios:
                if (r.a, r.b, r.quantity) == (target.who, target.reference, target.quantity) and _holds(
                    target, r.workload
                ):
                    yield target, r.workload, r.factor
        else:
            for each in report.figures:
                if each.contestant.name.startswith(target.who) and _holds(target, each.contestant.workload):
                    yield target, each.contestant.workload, _figure(each, target.quantity)


def _holds(target: Target, workload: str) -> bool:
    return not target.workloads or workload in target.workloads


def _figure(figures: Figures, quantity: str) -> Spread:
    if quantity == SECONDS:
        return spread(figures.seconds)
    return figures.clocks_per_second if quantity == CLOCKS else figures.synaptic_operations_per_second
