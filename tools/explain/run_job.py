"""A whole job of ``draupnir explain`` for a configuration and events: the run of the chip, and a neuron's history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.model import Crossbar
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.tools.explain.history import History
from draupnir.tools.explain.visits import NO_NEURON, NeuronWatcher, Visit
from draupnir.tools.run import events as event_files
from draupnir.tools.run import levels, operations, session
from draupnir.tools.run.bus_piece import BusPiece

CLOCKS = 1 << 20  # of a piece of the run, whose input pins are in memory


@dataclass(frozen=True)
class Question:
    """The neuron, and the clock, that the user asks about; see ``history.History``."""

    neuron: int
    pre: int | None = None
    cycle: int | None = None


def check(chip: str, question: Question) -> None:
    """Raise InputError for a chip that is no crossbar, and for a neuron or synapse that it does not have."""
    kind = chips.model(chip)
    if not issubclass(kind, Crossbar):
        some = [name for name in chips.names() if issubclass(chips.model(name), Crossbar)]
        raise InputError(f"{chip}: the neurons of this chip have no history; right is {' or '.join(some)}")
    n_neurons = kind.chip.memory("neurons").depth
    for option, number in (("--neuron", question.neuron), ("--synapse", question.pre)):
        if number is not None and not 0 <= number < n_neurons:
            raise InputError(f"{option} {number}: {chip} has neurons 0..{n_neurons - 1}")


def explain(
    configuration: Configuration,
    events: Path,
    question: Question,
    environment: Environment,
    seed: int | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> History:
    """Run a chip with a file of events, and return the history of a neuron.

    advance : receives the number of events that were sent, piece by piece
    Raises InputError for a mistake in the file, and for a file of operations.
    """
    chip = configuration.chip
    if operations.is_file(events, chip):
        raise InputError(f"{events}: it has operations; right is a file of events, with the header addr or cycle,addr")
    kind: Any = chips.model(chip.name)
    ahead, model = kind(seed), kind(seed)
    for one in (ahead, model):
        configuration.apply(one)
    watcher = NeuronWatcher(model, question.neuron, NO_NEURON if question.pre is None else question.pre)
    parameters = watcher.parameters()
    visits: list[Visit] = []
    n_cycles = 0
    for rows in _pieces(ahead, events, environment, advance):
        last = len(rows) if question.cycle is None else min(len(rows), question.cycle + 1 - n_cycles)
        visits += watcher.run(rows[:last])
        n_cycles += last
        if question.cycle is not None and n_cycles > question.cycle:
            break
    _check_cycle(question, n_cycles)
    return History(chip.name, question.neuron, question.pre, watcher.word, parameters, visits, n_cycles, question.cycle)


def _pieces(model: Any, events: Path, environment: Environment, advance: Callable[[int], None]) -> Iterator[np.ndarray]:
    """Run the events of a file, and yield the input pins of each clock, piece by piece. At the end the chip is at rest.

    Raises NotAtRest if it does not come to rest.
    """
    loop = levels.closed_loop(model.chip.name)
    buses, now, n_spikes = None, 0, 0
    first_cycle = int(model.registers[0].cycle)
    for block in chain(event_files.blocks(events, model.chip), (session.END,)):
        end = now + session.block_limit(block, now, environment)
        piece = BusPiece(block.addrs, environment, block.not_before(first_cycle), buses, block is session.END)
        is_done = False
        while not is_done:
            if now >= end:
                raise limits.NotAtRest(f"{limits.not_at_rest(now, n_spikes)}; --cycle N explains the clocks up to N")
            run = piece.run(loop, model, CLOCKS, record_rows=True)
            piece = piece.rest(run.n_sent, run.buses)
            buses, is_done, now = run.buses, run.done, now + run.n_cycles
            n_spikes += len(run.addrs)
            advance(run.n_sent)
            yield run.rows


def _check_cycle(question: Question, n_cycles: int) -> None:
    if question.cycle is not None and question.cycle >= n_cycles:
        raise InputError(f"--cycle {question.cycle}: the run has {n_cycles:,} clocks; right is 0..{n_cycles - 1}")
