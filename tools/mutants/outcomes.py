"""The outcomes of earlier campaigns, in the store of `draupnir regress --workers`: a campaign goes on where it ended.

An outcome depends on the sources of the RTL and of Draupnir, on the cases, on the choice of mutants, and on the
solver's limit. All of these are in the key under which it is stored.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draupnir.golden import case as golden_case
from draupnir.golden.case import Case
from draupnir.tools.jobs import store
from draupnir.tools.jobs.job import PureJob, PureJobOutcome
from draupnir.tools.jobs.plain import plain, restored
from draupnir.tools.jobs.store import Store
from draupnir.tools.mutants import campaign
from draupnir.tools.mutants.campaign import Choice, Folders, MutantOutcome
from draupnir.tools.mutants.cases import GreedyCases
from draupnir.tools.mutants.mutant import Mutant
from draupnir.tools.mutants.netlist import Source


@dataclass(frozen=True)
class StoredCampaign:
    """A campaign that goes on where it was ended.

    about : the RTL, of ``draupnir.tools.jobs.rtl.description``
    cases : the golden cases that are replayed
    seconds : the solver's limit for each proof
    """

    source: Source
    about: Mapping[str, Any]
    choice: Choice
    cases: Sequence[Case]
    seconds: float

    def run(
        self, compiled: Path, store_file: Path, took: Callable[[int], None] = lambda n: None
    ) -> tuple[list[MutantOutcome], list[str]]:
        """Return the outcome of each mutant, and the names of the cases that do not count.

        compiled : the folder of compiled simulators
        store_file : has the outcomes of earlier campaigns, and gets each new one as soon as it is known
        took : called with 1 after each mutant

        Raises InputError as ``campaign.run`` does, and for a store that is none.
        """
        greedy = GreedyCases(self.source.chip, self.cases, self.source.design.absent(self.source.chip))
        outcomes: list[MutantOutcome] = []
        with store.opened(store_file) as results, tempfile.TemporaryDirectory() as scratch:
            earlier = Outcomes(results, self)
            folders = Folders(Path(scratch), compiled)
            for outcome in campaign.run(self.source, self.choice, greedy, folders, self.seconds, earlier.find):
                earlier.keep(outcome, greedy.left_out)
                outcomes.append(outcome)
                took(1)
        return outcomes, sorted({*greedy.left_out, *earlier.left_out})


class Outcomes:
    """The outcomes of a campaign in a store.

    left_out : the cases that did not count in the outcomes of earlier campaigns
    """

    def __init__(self, results: Store, one: StoredCampaign) -> None:
        self._store = results
        self._arguments = {
            "about": dict(one.about),
            "n": one.choice.n,
            "seed": one.choice.seed,
            "modules": list(one.choice.modules),
            "cases": {each.name: golden_case.digest(each.folder / golden_case.TOML) for each in one.cases},
            "seconds": one.seconds,
        }
        self.left_out: set[str] = set()
        self._earlier: set[Mutant] = set()

    def find(self, mutant: Mutant) -> MutantOutcome | None:
        """Return the outcome of a mutant in an earlier campaign, or None."""
        earlier = self._store.find(self._job(mutant))
        if earlier is None:
            return None
        self._earlier.add(mutant)
        self.left_out |= set(earlier.result["left_out"])
        outcome: MutantOutcome = restored(MutantOutcome, earlier.result["outcome"])
        return outcome

    def keep(self, outcome: MutantOutcome, left_out: Sequence[str]) -> None:
        """Keep an outcome that is new; left_out : the cases that do not count"""
        if outcome.mutant in self._earlier:
            return
        result = {"outcome": plain(outcome), "left_out": list(left_out)}
        self._store.keep(PureJobOutcome(self._job(outcome.mutant), "done", result))

    def _job(self, mutant: Mutant) -> PureJob:
        return PureJob(str(mutant), f"{__name__}:Outcomes", {**self._arguments, "mutant": plain(mutant)})
