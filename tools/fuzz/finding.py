"""A campaign of `draupnir fuzz`: its runs, and the differences, which are filed as golden cases."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.golden.compare.device import Device
from draupnir.golden.record import save
from draupnir.tools.fuzz import job as fuzz_jobs
from draupnir.tools.jobs.job import PureJob, PureJobOutcome, digest


@dataclass
class Campaign:
    """Runs so far, and what they found.

    chip : the declaration; about : the RTL, of ``rtl.description``
    truth : the device whose outputs a case records: the original, or the golden model if the RTL is ours
    source : the ``source`` of the cases
    folder : the folder of the cases
    cases : each filed case for JSON
    failed : the jobs without a result
    """

    chip: Chip
    about: Mapping[str, Any]
    truth: Device
    source: Mapping[str, str]
    folder: Path
    runs: list[PureJobOutcome] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    failed: list[PureJobOutcome] = field(default_factory=list)
    _waiting: deque[PureJob] = field(default_factory=deque)
    _places: set[tuple[str, str]] = field(default_factory=set)

    def jobs(self, runs: Iterator[PureJob]) -> Iterator[PureJob]:
        """Yield all jobs: the runs, and before the next run the shrinking of each difference that was found."""
        for job in runs:
            yield from self.waiting()
            yield job

    def waiting(self) -> Iterator[PureJob]:
        """Yield the jobs that make stimuli small."""
        while self._waiting:
            yield self._waiting.popleft()

    def take(self, outcome: PureJobOutcome, say: Callable[[str], None]) -> None:
        """Take the outcome of a job; say : receives a line about each difference, and about each job that failed."""
        if outcome.kind != "done":
            self.failed.append(outcome)
            say(str(outcome))
        elif outcome.job.function.endswith(":shrink"):
            say(self._file(outcome))
        else:
            self.runs.append(outcome)
            if (difference := outcome.result["difference"]) is not None:
                self._wait(outcome.job, difference["place"])

    def _wait(self, job: PureJob, place: str) -> None:
        """Let the stimulus of a job be made small, unless the same recipe has differed at the same place before."""
        if (job.arguments["recipe"], place) not in self._places:
            self._places.add((job.arguments["recipe"], place))
            self._waiting.append(fuzz_jobs.shrinking(job))

    def _file(self, outcome: PureJobOutcome) -> str:
        """File the golden case of a difference, and return a line about it."""
        recipe, seed = outcome.job.arguments["recipe"], outcome.job.arguments["seed"]
        stimulus, difference = fuzz_jobs.restored(self.chip, outcome.result), outcome.result["difference"]
        kind = "pin" if difference["is_pin"] else "memory"
        why = (
            f"Found by fuzzing with recipe {recipe} and seed {seed}: RTL and golden model differ first in the {kind} "
            f"{difference['place']}, after {difference['clock']} clocks."
        )
        folder = self.folder / f"{recipe}_{seed}"
        run = self.truth.run(stimulus.trace(), stimulus.memories)
        save(fuzz_jobs.recording_of(stimulus, run), folder, why, self.source, "", seed)
        size = {name: outcome.result[name] for name in ("clocks", "changes")}
        self.cases.append({"folder": str(folder), "recipe": recipe, "seed": seed, **difference, **size})
        return (
            f"{folder}: {kind} {difference['place']} differs after {difference['clock']} clocks"
            f" ({size['clocks']} clocks, {size['changes']} changes of inputs)"
        )

    def as_object(self) -> dict[str, Any]:
        """Return the campaign for JSON."""
        return {
            "chip": self.chip.name,
            "holds": self.n_different == 0 and not self.failed,
            "runs": len(self.runs),
            "clocks": sum(run.result["clocks"] for run in self.runs),
            "different": self.n_different,
            "digest": digest(self.runs),
            "cases": self.cases,
            "failed": [str(outcome) for outcome in self.failed],
        }

    @property
    def n_different(self) -> int:
        """The number of runs with a difference."""
        return sum(run.result["difference"] is not None for run in self.runs)
