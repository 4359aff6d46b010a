"""Runs of an event file, block by block. The state of the chip goes on, so a run may have any length."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.tools.run import levels
from draupnir.tools.run.bus_piece import BusPiece
from draupnir.tools.run.events import EventBlock
from draupnir.tools.run.spikes import Take

if TYPE_CHECKING:
    from draupnir.tools.run.waves import RunTap

HIGH_WATER = "high_water"  # statistics with this in their name are maxima; all others are sums
END = EventBlock(None, np.zeros(0, np.int64))  # the block after which the chip comes to rest


@dataclass
class RunOutcome:
    """The outcome of a run up to now.

    n_events : the number of events that were sent; n_spikes : the number of spikes that came out
    n_cycles : the number of clocks until all events were sent and the chip was at rest
    seconds : the time of the run, without the time to load and compile the engine
    done : True if all events were sent and the chip came to rest, False if the run stopped at a limit
    statistics : the counts of the chip's engine, by name
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
    tap: RunTap | None = None,
) -> RunOutcome:
    """Send blocks of events to a model that is at rest, and receive its spikes until it is at rest again.

    Events follow each other with the delays of the environment, and none is sent before its cycle, or before the rest
    that it waits for. Cycles are counted from 0, the first clock of this run. The result does not depend on how the
    events are divided into blocks.

    max_cycles : the number of clocks after which the run ends, at least 0; None means no such number, but a block that
        does not come to rest is stopped (see ``limits.clock_limit``)
    take : receives the cycles and addresses of the spikes of each block, (n,) int64 each
    advance : receives the number of events of each block
    tap : receives each block once more, for a waveform
    """
    engine = levels.bus_engine(model.chip.name)
    engine.run(model, END.addrs, environment, 0)  # an empty run, which loads or compiles the engine
    outcome, start = RunOutcome(), time.perf_counter()
    first_cycle = int(model.registers[0].cycle)
    buses, tap_seconds = None, 0.0
    for block in chain(blocks, (END,)):
        limit = (
            block_limit(block, outcome.n_cycles, environment) if max_cycles is None else max_cycles - outcome.n_cycles
        )
        not_before = block.not_before(first_cycle)
        snapshot = tap.snapshot(model) if tap else None
        piece = engine.run(model, block.addrs, environment, limit, not_before, buses, finish=block is END)
        if tap:
            bus_piece = BusPiece(block.addrs, environment, not_before, buses, block is END)
            tap_seconds += tap.ran(snapshot, bus_piece, piece.n_cycles)
        buses = piece.buses
        take(piece.cycles - first_cycle, piece.addrs)
        outcome.n_events += piece.n_sent
        outcome.n_spikes += len(piece.addrs)
        outcome.n_cycles += piece.n_cycles
        outcome.done = piece.done
        outcome.statistics = sum_statistics(outcome.statistics, vars(piece.statistics))
        advance(len(block.addrs))
        if not piece.done:
            break
    outcome.seconds = time.perf_counter() - start - tap_seconds
    return outcome


def block_limit(block: EventBlock, now: int, e: Environment) -> int:
    """The number of clocks, from cycle ``now`` on, after which a block counts as one that never comes to rest."""
    waits = 0 if block.cycles is None else max(int(block.cycles.max(initial=0)) - now, 0)
    return limits.clock_limit(len(block.addrs), waits, e.gap + e.hold, e.ack_delay + e.ack_hold)


def sum_statistics(earlier: dict[str, Any] | None, later: Mapping[str, Any]) -> dict[str, Any]:
    """Add the statistics of two runs. earlier : None if there is no earlier run"""
    totals: dict[str, Any] = {}
    for name, addend in later.items():
        if earlier is None:
            totals[name] = dict(addend) if isinstance(addend, dict) else addend
        elif isinstance(addend, dict):
            totals[name] = {kind: n + earlier[name][kind] for kind, n in addend.items()}
        else:
            totals[name] = max(earlier[name], addend) if HIGH_WATER in name else earlier[name] + addend
    return totals
