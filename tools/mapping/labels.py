"""The labels that a network in floating point gives, by the same decision as the chip."""

from __future__ import annotations

import numpy as np

from draupnir.tools.mapping.answers import NO_LABEL
from draupnir.tools.mapping.choices import Decision, Ties
from draupnir.tools.mapping.plan import Integers, Plan
from draupnir.tools.mapping.reference import FloatRun


def float_labels(plan: Plan, run: FloatRun) -> Integers:
    """(n,) int64, the labels that a network in floating point gives n samples, by the plan's own decision."""
    if plan.decision is Decision.POTENTIAL:
        winners: Integers = run.potentials[plan.output][:, -1].argmax(axis=1)
        return winners
    if plan.decision is Decision.MAJORITY:
        by_timestep = run.potentials[plan.output].argmax(axis=2)
        return np.array([np.bincount(winners).argmax() for winners in by_timestep])
    spikes = run.spikes[plan.output]
    never = spikes.shape[1]
    if plan.decision is Decision.FIRST:
        times = np.where(spikes.any(axis=1), spikes.argmax(axis=1), never)
        return np.where(times.min(axis=1) < never, times.argmin(axis=1), NO_LABEL)
    counts = spikes.sum(axis=1)
    ranks = counts.astype(np.float64)
    if plan.ties is Ties.EARLIEST:  # among equal counts, the earlier last spike wins
        last = never - spikes[:, ::-1].argmax(axis=1)
        ranks -= last / (2.0 * never)
    return np.where(counts.max(axis=1) > 0, ranks.argmax(axis=1), NO_LABEL)
