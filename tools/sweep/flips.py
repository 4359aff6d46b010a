"""Runs of a sweep with faults: up to the clock of the fault, then the flip, then the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from draupnir.emulator import state
from draupnir.emulator.codec import to_limbs
from draupnir.emulator.speeds.many_jobs import ChipStates
from draupnir.many import run as run_many
from draupnir.result import ManyRuns
from draupnir.tools.run.session import HIGH_WATER
from draupnir.tools.sweep.axes import TimedFlip


def run(
    base: Any,
    environment: Any,
    max_cycles: int | None,
    events: Sequence[np.ndarray],
    changes: Sequence[dict[str, Any]],
    flips: Sequence[TimedFlip | None],
    backend: str = "cpu",
) -> ManyRuns:
    """Run many chips, some of them with a fault; flips : the fault of each run, or None. The states are kept.

    backend : as for ``draupnir.run_many``
    A fault after the end of a run changes nothing.
    """
    limits = None if max_cycles is None and not any(flips) else _limits(max_cycles, flips)
    go_on = partial(run_many, environment=environment, n_threads=1, finish=True, keep_states=True, backend=backend)
    whole = go_on(base, events, changes, max_cycles=limits)
    assert whole.states is not None
    numbers = np.array([i for i, flip in enumerate(flips) if flip and not whole.figures["done"][i]], np.int64)
    numbers = numbers[whole.figures["n_cycles"][numbers] < (max_cycles if max_cycles is not None else NO_LIMIT)]
    if not len(numbers):
        return whole
    part = whole.part(numbers)
    assert part.states is not None
    for i, number in enumerate(numbers.tolist()):
        flip = flips[number]
        assert flip is not None
        _invert(whole.declaration, part.states, i, flip)
    rest = [events[number][whole.figures["n_sent"][number] :] for number in numbers.tolist()]
    limits = None if max_cycles is None else max_cycles - part.figures["n_cycles"]
    return _joined(whole, numbers, go_on(part, rest, None, max_cycles=limits))


NO_LIMIT = 1 << 62


def _limits(max_cycles: int | None, flips: Sequence[TimedFlip | None]) -> np.ndarray:
    """The clocks of each run up to its fault; those of a run without a fault are as many as it may have."""
    most = NO_LIMIT - 1 if max_cycles is None else max_cycles
    return np.array([most if flip is None else min(most, flip.clock) for flip in flips], np.int64)


def _invert(chip: Any, states: ChipStates, run: int, flip: TimedFlip) -> None:
    """Invert a bit of a chip."""
    memories = {name: words[run] for name, words in states.memories.items()}
    registers = states.registers[run : run + 1].view(np.recarray)
    elements, _ = state.elements(chip, registers, memories, flip.site.name)
    mask = 1 << flip.site.bit
    if elements.ndim == 2:
        elements[flip.site.element] ^= to_limbs(mask, elements.shape[1])
    else:
        elements[flip.site.element] ^= mask


def _joined(whole: ManyRuns, numbers: np.ndarray, rest: ManyRuns) -> ManyRuns:
    """Runs of which some went on."""
    assert whole.states is not None and rest.states is not None
    figures = whole.figures.copy()
    for name in figures.dtype.names or ():
        if name == "done":
            figures[name][numbers] = rest.figures[name]
        elif HIGH_WATER in name:
            figures[name][numbers] = np.maximum(figures[name][numbers], rest.figures[name])
        else:
            figures[name][numbers] += rest.figures[name]
    later = rest.spikes.copy()
    later["run"] = numbers[later["run"]]
    spikes = np.concatenate([whole.spikes, later])
    whole.states.registers[numbers] = rest.states.registers
    for name, words in whole.states.memories.items():
        words[numbers] = rest.states.memories[name]
    return replace(whole, figures=figures, spikes=spikes[np.argsort(spikes["run"], kind="stable")])
