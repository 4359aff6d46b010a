"""The histories of a crossbar chip's neurons, between a sender of events and a receiver of spikes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.tools.explain.crossbar_visits import NO_NEURON, NeuronWatcher
from draupnir.tools.explain.history import ExplainedNeuron, History
from draupnir.tools.explain.part import Explainer, Question, RunTerms, check_number
from draupnir.tools.explain.visits import Visit
from draupnir.tools.run import events as event_files
from draupnir.tools.run import levels, operations, session
from draupnir.tools.run.bus_piece import BusPiece
from draupnir.tools.run.options import refuse_timesteps

CLOCKS = 1 << 20  # of a piece of the run, whose input pins are in memory
POTENTIAL, CALCIUM, THRESHOLD, DISABLE = "core", "calcium", "thr", "neur_disable"  # fields that all words have
PLASTICITY = ("ca_", "theta")  # the parameters by which a synapse learns begin with one of these


class CrossbarExplainer:
    """Explains the neurons of a crossbar chip; see ``part.Explainer``. watch : the class of its watchers"""

    def __init__(self, watch: type[NeuronWatcher] = NeuronWatcher) -> None:
        self._watch = watch

    def check(self, chip: Chip, question: Question) -> None:
        if question.population:
            raise InputError(f"--neuron {question.neuron_text}: right is the number of a neuron, such as 17")
        n_neurons = chip.memory("neurons").depth
        check_number("--neuron ", question.neuron, chip.name, n_neurons)
        check_number("--synapse ", question.pre, chip.name, n_neurons)

    def explain(
        self,
        configuration: Configuration,
        events: Path,
        question: Question,
        terms: RunTerms,
        advance: Callable[[int], None],
    ) -> History:
        chip = configuration.chip
        refuse_timesteps(terms.timesteps, chip.name)
        if operations.is_file(events, chip):
            raise InputError(
                f"{events}: it has operations; right is a file of events, with the header addr or cycle,addr"
            )
        kind: Any = chips.model(chip.name)
        ahead, model = kind(terms.seed), kind(terms.seed)
        for one in (ahead, model):
            configuration.apply(one)
        watcher = self._watch(model, question.neuron, NO_NEURON if question.pre is None else question.pre)
        subject = _subject(watcher, question.neuron)
        visits: list[Visit] = []
        n_cycles = 0
        for rows in _pieces(ahead, events, terms.environment, advance):
            last = len(rows) if question.cycle is None else min(len(rows), question.cycle + 1 - n_cycles)
            visits += watcher.run(rows[:last])
            n_cycles += last
            if question.cycle is not None and n_cycles > question.cycle:
                break
        return History(chip.name, question.neuron_text, question.pre, subject, visits, n_cycles, question.cycle)


EXPLAINER: Explainer = CrossbarExplainer()


def _subject(watcher: NeuronWatcher, neuron: int) -> ExplainedNeuron:
    parameters = watcher.parameters()
    thetas = {name: content for name, content in parameters.items() if name.startswith("ca_theta")}
    return ExplainedNeuron(
        f"neuron {neuron}",
        watcher.word,
        POTENTIAL,
        watcher.weight,
        parameters[THRESHOLD],
        parameters,
        silence=f"{DISABLE} is 1: its spikes stay inside" if parameters.get(DISABLE) else "",
        learns_by=watcher.learns_by,
        levels={name: content for name, content in parameters.items() if name.startswith(PLASTICITY)},
        curves={CALCIUM: thetas} if parameters.get("ca_en") else {},
        weight_unit=watcher.weight_unit,
    )


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
