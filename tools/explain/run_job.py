"""A whole job of ``draupnir explain`` for a configuration and events: the run of the chip, and a neuron's history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from draupnir.emulator import chips
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.tools.explain.history import History
from draupnir.tools.explain.part import EXPLAINER, Question, RunTerms


def check(chip: str, question: Question) -> None:
    """Raise InputError for a chip whose neurons have no history, and for a neuron or synapse that it does not have."""
    explainer = EXPLAINER.load(chips.package(chip))
    if explainer is None:
        *some, last = [name for name in chips.names() if chips.package(name).explainer is not None]
        raise InputError(f"{chip}: the neurons of this chip have no history; right is {', '.join(some)} or {last}")
    explainer.check(chips.declaration(chip), question)


def explain(
    configuration: Configuration,
    events: Path,
    question: Question,
    terms: RunTerms,
    advance: Callable[[int], None] = lambda n: None,
) -> History:
    """Run a chip with a file of events, and return the history of a neuron.

    advance : receives the number of events that were sent, piece by piece
    Raises InputError for a mistake in the file, and for a clock after the end of the run.
    """
    explainer = EXPLAINER.require(chips.package(configuration.chip.name))
    history = explainer.explain(configuration, events, question, terms, advance)
    if question.cycle is not None and question.cycle >= history.n_cycles:
        right = f"the run has {history.n_cycles:,} clocks; right is 0..{history.n_cycles - 1}"
        raise InputError(f"--cycle {question.cycle}: {right}")
    return history
