"""A chip that takes an event file, block by block: its state goes on, so a run may be as long as it likes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.tools.run import levels
from draupnir.tools.run.events import EventBlock
from draupnir.tools.run.spikes import Take

HIGH_WATER = "high_water"  # statistics with this in their name are maxima; the others are sums
REST = EventBlock(None, np.zeros(0, np.int64))


@dataclass
class RunOutcome:
    """The outcome of a run so far.

    n_events : events that were sent; n_cycles : clocks, until all was sent and the chip was at rest
    seconds : that the run took, without loading and compiling what runs it
    done : all was sent and the chip came to rest; False: it was stopped at a limit
    statistics : what the chip's engine counts, by name
    """

    n_events: int = 0
    n_spikes: int = 0
    n_cycles: int = 0
    done: bool = True
    seconds: float = 0.0
    statistics: dict[str, Any] | None = None


def run(
    model: Any,
    blocks: Iterable[EventBlock],
    environment: Environment,
    max_cycles: int | None = None,
    take: Take = lambda cycles, addrs: None,
    advance: Callable[[int], None] = lambda n: None,
) -> RunOutcome:
    """Send blocks of events to a model that is at rest, and take its spikes until it is at rest again.

    Events follow each other as the environment says, and none is sent before its cycle. Cycles are counted from 0, the
    first clock of this run. How the events are divided into blocks makes no difference.

    max_cycles : clocks after which the run ends; None: none, but a block that goes on for ever is ended (see
    ``limits.clock_limit``)
    take : called with cycles and addresses of the spikes of each block; advance : with its number of events
    """
    engine = levels.bus_engine(model.chip.name)
    engine.run(model, REST.addrs, environment, 0)  # nothing: to have it loaded, or compiled
    outcome, start = RunOutcome(), time.perf_counter()
    first = int(model.registers[0].cycle)
    buses = None
    for block in chain(blocks, (REST,)):
        limit = _limit(block, outcome.n_cycles, environment) if max_cycles is None else max_cycles - outcome.n_cycles
        not_before = None if block.cycles is None else first + block.cycles
        taken = engine.run(model, block.addrs, environment, limit, not_before, buses, finish=block is REST)
        buses = taken.buses
        take(taken.cycles - first, taken.addrs)
        outcome.n_events += taken.n_sent
        outcome.n_spikes += len(taken.addrs)
        outcome.n_cycles += taken.n_cycles
        outcome.done = taken.done
        outcome.statistics = _merged(outcome.statistics, taken.statistics)
        advance(len(block.addrs))
        if not taken.done:
            break
    outcome.seconds = time.perf_counter() - start
    return outcome


def _limit(block: EventBlock, now: int, e: Environment) -> int:
    """Clocks after which a block is taken to go on for ever, from cycle ``now`` on."""
    waits = 0 if block.cycles is None else max(int(block.cycles[-1]) - now, 0)
    return limits.clock_limit(len(block.addrs), waits, e.gap + e.hold, e.ack_delay + e.ack_hold)


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
