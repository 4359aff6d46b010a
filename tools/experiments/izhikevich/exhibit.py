"""A behaviour, the response of ODIN's neuron, and the finding."""

from __future__ import annotations

from typing import NamedTuple

from draupnir.golden.recipes.odin_behaviours import Behaviour
from draupnir.tools.experiments.izhikevich.criteria import CRITERIA
from draupnir.tools.experiments.izhikevich.experiment import Response, run


class Exhibit(NamedTuple):
    """finding : the response in a few words; None if it does not meet the criterion of the behaviour"""

    behaviour: Behaviour
    response: Response
    finding: str | None

    @property
    def text(self) -> str:
        """The finding; or that there is none, with the number of spikes."""
        return self.finding or f"NOT SHOWN: {len(self.response.spikes)} spikes"


def judge(letter: str, response: Response) -> str | None:
    """The finding of the criterion of a behaviour; None if it is not met.

    No criterion is met without a spike, or with a spike before the first input.
    """
    onset = next(step for step, lsb in enumerate(response.input) if lsb)
    return CRITERIA[letter](response) if response.spikes and response.spikes[0] >= onset else None


def exhibit(behaviour: Behaviour) -> Exhibit:
    """Run a behaviour on the golden model, and judge the response."""
    response = run(behaviour)
    return Exhibit(behaviour, response, judge(behaviour.letter, response))
