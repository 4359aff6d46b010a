"""The part of a chip that explains its neurons, and the question that it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeGuard, runtime_checkable

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import Part
from draupnir.emulator.parts.handshake import Environment
from draupnir.tools.explain.history import History


@dataclass(frozen=True)
class Question:
    """The neuron, and the clock, that the user asks about; see ``history.History``.

    pre : the pre-synaptic neuron of the synapse, None if the user asks about no synapse
    population : the name before the neuron's number, "" if there is none
    """

    neuron: int
    pre: int | None = None
    cycle: int | None = None
    population: str = ""

    @property
    def neuron_text(self) -> str:
        """The neuron as the user names it."""
        return f"{self.population}:{self.neuron}" if self.population else str(self.neuron)


@dataclass(frozen=True)
class RunTerms:
    """The terms of a run.

    environment : the delays of the buses; seed : of registers that have no reset, None for zeros
    timesteps : of a sample, for a chip that its host leads; None if its last spike says how many there are
    """

    environment: Environment = field(default_factory=Environment)
    seed: int | None = None
    timesteps: int | None = None


@runtime_checkable
class Explainer(Protocol):
    """The part of a chip that runs it with a file of events, and returns the history of a neuron.

    check : raises InputError for a neuron or a synapse that the chip does not have
    explain : runs the chip; advance receives the number of lines or events that were used, piece by piece. Raises
        InputError for a mistake in the file, and NotAtRest if the run does not end
    """

    def check(self, chip: Chip, question: Question, /) -> None: ...

    def explain(
        self,
        configuration: Configuration,
        events: Path,
        question: Question,
        terms: RunTerms,
        advance: Callable[[int], None],
        /,
    ) -> History: ...


def _is_explainer(part: object) -> TypeGuard[Explainer]:
    return isinstance(part, Explainer)


EXPLAINER: Part[Explainer] = Part(
    "explainer", "explainer", "its neurons have no history", _is_explainer, "an object with check and explain"
)


def question(neuron: str, pre: int | None, cycle: int | None) -> Question:
    """Return the question; neuron : a number, perhaps with a name before it and a colon between

    Raises InputError for a text without a number.
    """
    population, _, number = neuron.rpartition(":")
    if not number.isdecimal():
        raise InputError(f"--neuron {neuron}: right is the number of a neuron, such as 17")
    return Question(int(number), pre, cycle, population)


def check_number(option: str, number: int | None, chip: str, n_neurons: int, kind: str = "neurons") -> None:
    """Raise InputError for a neuron that the chip does not have.

    option : the text before the number in the message; number : None if the option is absent
    """
    if number is not None and not 0 <= number < n_neurons:
        raise InputError(f"{option}{number}: {chip} has {kind} 0..{n_neurons - 1}")
