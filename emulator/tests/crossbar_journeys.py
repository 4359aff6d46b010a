"""Journeys of ODIN and tinyODIN: runs one after the other, at all speeds, which must give the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import Buses, BusRun, EventRun
from draupnir.emulator.tests import sending

LONG = 1_000_000


class Contents(Protocol):
    """An object that fills a model's memories."""

    def put(self, model: Any) -> None: ...


@dataclass(frozen=True)
class Leg:
    """A run: the changes before it, and its inputs.

    registers : name in lower case -> content of configuration registers to write
    max_cycles : clocks after which the run is stopped; the next run then goes on, with the events that are left
    pauses : clocks from one event's earliest cycle to the next one's, or AT_REST; they repeat; empty for no limits
    finish : False if the run ends with the last event's REQ
    """

    registers: Mapping[str, int | list[int]]
    population: Contents | None
    events: list[int]
    environment: Environment
    max_cycles: int = LONG
    pauses: tuple[int, ...] = ()
    finish: bool = True

    def not_before(self, model: Any, n_events: int) -> np.ndarray | None:
        """Return the earliest cycles of the events, from the model's present cycle on."""
        return sending.not_before(int(model.registers[0].cycle), self.pauses, n_events)

    def put(self, model: Any) -> None:
        """Make the changes."""
        for name, content in self.registers.items():
            model.registers[0][name] = content
        if self.population:
            self.population.put(model)


class Way(Protocol):
    """A journey: its legs, and a model on which they run."""

    @property
    def legs(self) -> Sequence[Leg]: ...

    def model(self) -> Any: ...


def assert_same(by_clock: BusRun, by_event: BusRun | EventRun) -> None:
    """Assert that two runs have the same spikes, cycles, numbers of clocks, and ends."""
    np.testing.assert_array_equal(by_event.addrs, by_clock.addrs)
    np.testing.assert_array_equal(by_event.cycles, by_clock.cycles)
    ends = ("first_cycle", "n_cycles", "done", "n_sent", "buses")
    assert [getattr(by_event, e) for e in ends] == [getattr(by_clock, e) for e in ends]


def walk(journey: Way, engine: ModuleType, closed_loop: ModuleType) -> list[EventRun]:
    """Run a journey at all speeds, and compare them with the plain clock after each leg."""
    reference, stretched, swept, stepped = (journey.model() for _ in range(4))
    reference.stretch = stepped.stretch = False
    runs: list[EventRun] = []
    queue: list[int] = []
    buses: Buses | None = None
    for leg in journey.legs:
        for model in (reference, stretched, swept, stepped):
            leg.put(model)
        events = queue + leg.events
        arguments = (np.array(events, np.int64), leg.environment, leg.max_cycles)
        ways = (leg.not_before(reference, len(events)), buses, leg.finish)
        by_clock = closed_loop.run(reference, *arguments, False, *ways)
        by_stretch = closed_loop.run(stretched, *arguments, False, *ways)
        by_event, by_step = engine.run(swept, *arguments, *ways), engine.run(stepped, *arguments, *ways)
        assert_same(by_clock, by_stretch)
        assert_same(by_clock, by_event)
        assert_same(by_clock, by_step)
        for model in (stretched, swept, stepped):
            assert state.diff(reference.snapshot(), model.snapshot()) == []
        assert replace(by_event.statistics, n_sweeps=0) == by_step.statistics
        assert sum(by_event.statistics.cycles.values()) == by_event.n_cycles
        runs.append(by_event)
        queue, buses = events[by_clock.n_sent :], by_clock.buses
    return runs
