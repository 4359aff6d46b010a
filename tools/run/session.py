"""A chip that takes an event file, round by round: its state goes on, so a run may be as long as it likes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

import numpy as np

from emulator.handshake import Environment
from tools.run.events import Round
from tools.run.spikes import Take

IDLE_BLOCK = 1 << 18  # clocks that are idled at once
LIMIT = 10_000_000  # clocks of a round, and so many more for each of its events, before it is taken to go on for ever
LIMIT_PER_EVENT = 100_000
HIGH_WATER = "high_water"  # statistics with this in their name are maxima; the others are sums


@dataclass
class Outcome:
    """What came of a run so far.

    n_events : events that the sender was given; n_cycles : clocks; n_idle : those of them spent waiting for a cycle
    done : all was sent and the chip came to rest; False: it was stopped at a limit
    statistics : what the chip's engine counts, by name
    """

    n_events: int = 0
    n_spikes: int = 0
    n_cycles: int = 0
    n_idle: int = 0
    done: bool = True
    seconds: float = 0.0
    statistics: dict[str, Any] | None = None


def run(
    model: Any,
    rounds: Iterable[Round],
    environment: Environment,
    max_cycles: int | None = None,
    sweeping: bool = True,
    take: Take = lambda cycles, addrs: None,
    advance: Callable[[int], None] = lambda n: None,
) -> Outcome:
    """Send rounds of events to a model that is at rest, and take its spikes.

    A round begins at the first clock, not before its cycle, at which the chip and both buses are at rest; its events
    follow each other as the environment says. Cycles are counted from 0, the first clock of this run.

    max_cycles : clocks after which the run ends; None: none, but a round that goes on for ever is ended (``LIMIT``)
    sweeping : False runs every clock one by one, with the same results
    take : called with cycles and addresses of the spikes of each round; advance : with its number of events
    """
    engine = import_module(f"emulator.{model.chip.name}.engine")
    outcome, start = Outcome(), time.perf_counter()
    first = int(model.registers[0].cycle)
    for one in rounds:
        until = one.cycle if max_cycles is None else min(one.cycle, max_cycles)
        outcome.n_idle += idle(model, until - outcome.n_cycles)
        outcome.n_cycles = int(model.registers[0].cycle) - first
        limit = LIMIT + LIMIT_PER_EVENT * len(one.addrs) if max_cycles is None else max_cycles - outcome.n_cycles
        if limit == 0:
            outcome.done = False
            break
        taken = engine.run(model, one.addrs, environment, limit, sweeping)
        take(taken.cycles - first, taken.addrs)
        outcome.n_events += len(one.addrs)
        outcome.n_spikes += len(taken.addrs)
        outcome.n_cycles += taken.n_cycles
        outcome.done = taken.done
        outcome.statistics = _merged(outcome.statistics, taken.statistics)
        advance(len(one.addrs))
        if not taken.done:
            break
    outcome.seconds = time.perf_counter() - start
    return outcome


def idle(model: Any, n_cycles: int) -> int:
    """Clock a model on with its pins as they are; returns the clocks, 0 if ``n_cycles`` is negative."""
    left = max(n_cycles, 0)
    rows = np.full(min(left, IDLE_BLOCK), model.registers[0].inputs, dtype=np.int64)
    edges = np.ones(len(rows), dtype=np.uint8)
    while left:
        n = min(left, IDLE_BLOCK)
        model.drive(rows[:n], edges[:n])
        left -= n
    return max(n_cycles, 0)


def _merged(before: dict[str, Any] | None, more: Any) -> dict[str, Any]:
    """Statistics of two runs as those of one."""
    merged: dict[str, Any] = {}
    for f in fields(more):
        added = getattr(more, f.name)
        if before is None:
            merged[f.name] = dict(added) if isinstance(added, dict) else added
        elif isinstance(added, dict):
            merged[f.name] = {name: n + before[f.name][name] for name, n in added.items()}
        else:
            merged[f.name] = max(before[f.name], added) if HIGH_WATER in f.name else before[f.name] + added
    return merged
