"""The jobs of `draupnir mutate`: each decides some mutants of a campaign.

A job learns the order of the cases from its own mutants alone, so the case that kills a mutant does not depend on other
jobs. A proof that the solver does not finish in time is open: on a slower processor more mutants can be open.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from draupnir.tools.jobs.cases import arguments_of, case_of
from draupnir.tools.jobs.job import PureJob
from draupnir.tools.jobs.options import JobOptions, successes
from draupnir.tools.jobs.plain import plain, restored
from draupnir.tools.jobs.rtl import declaration, read_design
from draupnir.tools.mutants.campaign import Batch, MutantOutcome
from draupnir.tools.mutants.cases import GreedyCases
from draupnir.tools.mutants.mutant import Mutant
from draupnir.tools.mutants.netlist import MOST, Mutator, Source
from draupnir.tools.mutants.outcomes import StoredCampaign
from draupnir.tools.terminal import builds

SIZE = 45  # mutants of a job; MOST is a multiple of it, so that the mutants of a job are in one netlist
_BLOCK = 9  # mutants that are replayed in the same order of cases


def run(
    options: JobOptions, campaign: StoredCampaign, took: Callable[[int], None] = lambda n: None
) -> tuple[list[MutantOutcome], list[str]]:
    """Return the outcome of each mutant, and the names of the cases that do not count.

    took : called with the number of mutants after each job

    Raises as ``options.successes`` does.
    """
    outcomes: list[MutantOutcome] = []
    left_out: set[str] = set()
    for outcome_of_job in successes(options.run(jobs(campaign))):
        result = outcome_of_job.result
        outcomes += [restored(MutantOutcome, outcome) for outcome in result["outcomes"]]
        left_out |= set(result["left_out"])
        took(len(result["outcomes"]))
    return outcomes, sorted(left_out)


def jobs(campaign: StoredCampaign) -> list[PureJob]:
    """Return the jobs of a campaign."""
    choice = campaign.choice
    same = {
        "about": dict(campaign.about),
        "n": choice.n,
        "seed": choice.seed,
        "modules": list(choice.modules),
        "cases": [arguments_of(one) for one in campaign.cases],
        "seconds": campaign.seconds,
    }
    all_numbers = sorted(set(choice.numbers)) or range(1, choice.n + 1)
    parts = [list(part) for _, part in groupby(all_numbers, lambda number: (number - 1) // SIZE)]
    return [
        PureJob(
            f"{campaign.about['chip']}, mutants {part[0]}..{part[-1]}",
            f"{__name__}:decide",
            {"campaign": same, "numbers": part},
        )
        for part in parts
    ]


def decide(campaign: Mapping[str, Any], numbers: Sequence[int]) -> dict[str, Any]:
    """Decide mutants of a campaign: a job. Returns the plain outcomes, and the cases that do not count.

    numbers : of one netlist; a number beyond the last mutant has no outcome
    """
    netlist = _netlist_of(json.dumps(campaign), (numbers[0] - 1) // MOST)
    netlist.cases.begin()
    mutants = [mutant for mutant in netlist.mutants if mutant.number in set(numbers)]
    outcomes = [plain(outcome) for outcome in netlist.batch.outcomes(mutants, _BLOCK)] if mutants else []
    return {"outcomes": outcomes, "left_out": netlist.cases.left_out}


@dataclass(frozen=True)
class _Netlist:
    """A netlist with mutants, and the cases for it. scratch : keeps the folder of its files"""

    batch: Batch
    mutants: Sequence[Mutant]
    cases: GreedyCases
    scratch: object


@lru_cache(maxsize=1)
def _netlist_of(campaign_text: str, index: int) -> _Netlist:
    """Return a netlist of a campaign. A process keeps the last one, because most of its jobs need the same."""
    campaign = json.loads(campaign_text)
    about, scratch = campaign["about"], tempfile.TemporaryDirectory(prefix="draupnir-")
    folder = Path(scratch.name)
    chip, design = declaration(about), read_design(about, folder / "rtl")
    mutator = Mutator(Source(chip, design, about["rtl"]["place"] is None), folder / "netlist")
    mutants = mutator.mutants(campaign["n"], campaign["seed"], campaign["modules"])[index * MOST :][:MOST]
    cases = GreedyCases(chip, [case_of(**one) for one in campaign["cases"]], design.absent(chip))
    batch = Batch(mutator, mutator.mutate(mutants), cases, builds.compiled_folder(folder), campaign["seconds"])
    return _Netlist(batch, mutants, cases, scratch)
