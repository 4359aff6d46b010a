"""When events are sent: the columns ``not_before`` of tests, and runs that a test cuts at each rest, or into pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import AT_REST


def not_before(now: int, pauses: Sequence[int], n_events: int) -> np.ndarray | None:
    """Return the column for events with these pauses, which repeat; None if there are no pauses.

    now : the cycle from which the first pause counts
    pauses : clocks from one event's earliest cycle to the next one's, or AT_REST
    """
    if not pauses:
        return None
    column = np.resize(pauses, n_events)
    return np.where(column == AT_REST, AT_REST, now + column.clip(min=0).cumsum())


def run_from_rest_to_rest(
    run: Callable[..., Any], model: Any, events: np.ndarray, environment: Environment, column: np.ndarray
) -> tuple[list[int], list[int], int]:
    """Send events without the word AT_REST: each part of the run, up to the next rest, is a call of ``run``.

    Returns the cycles and the addresses of the spikes, and the number of clocks.
    """
    starts = [0, *np.flatnonzero(column == AT_REST).tolist(), len(events)]
    cycles: list[int] = []
    addrs: list[int] = []
    n_cycles, buses = 0, None
    for start, end in pairwise(starts):
        limits = np.where(column[start:end] == AT_REST, 0, column[start:end])
        ran = run(model, events[start:end], environment, not_before=limits, buses=buses)
        assert ran.done
        cycles, addrs = cycles + ran.cycles.tolist(), addrs + ran.addrs.tolist()
        n_cycles, buses = n_cycles + ran.n_cycles, ran.buses
    return cycles, addrs, n_cycles


@contextmanager
def pieces_of(run: Callable[..., Any], clocks: int) -> Iterator[None]:
    """Let the compiled loop of a level return to Python after at most ``clocks`` clocks."""
    level: Any = run.__self__  # type: ignore[attr-defined]
    loop = level._loop

    def short(state: Any, burst: Any, inputs: Any, terms: Any, bus_words: Any) -> Any:
        return loop(state, burst, inputs, terms._replace(max_cycles=min(terms.max_cycles, clocks)), bus_words)

    level._loop = short
    try:
        yield
    finally:
        level._loop = loop
