"""The jobs of `draupnir regress`: one for each golden case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import case as golden_case
from draupnir.golden import regress as golden_regress
from draupnir.golden.case import Case
from draupnir.golden.compare.device import Device
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl.initial import Initial
from draupnir.tools.jobs import rtl
from draupnir.tools.jobs.job import PureJob
from draupnir.tools.jobs.options import JobOptions, successes
from draupnir.tools.jobs.plain import plain, restored


def jobs(
    about: Mapping[str, Any], simulator: str, start: Initial, cases: Sequence[Case], n_cycles: int | None
) -> list[PureJob]:
    """Return a job for each case.

    about : the RTL, of ``rtl.description``
    n_cycles : compare only this number of clocks of each case
    """
    same = {"about": dict(about), "simulator": simulator, "initial": plain(start), "n_cycles": n_cycles}
    return [
        PureJob(
            f"{one.chip} {one.name} in {simulator}",
            f"{__name__}:hold",
            {**same, **arguments_of(one)},
        )
        for one in cases
    ]


def regress(
    options: JobOptions,
    case_jobs: Sequence[PureJob],
    device: Device,
    chip: Chip,
    cases: Sequence[Case],
    n_cycles: int | None,
    waves: Path,
) -> Iterator[CaseOutcome]:
    """Compare each case in a job, and yield the outcomes in the order in which they come.

    case_jobs : the jobs, in the order of the cases
    device : the same device on this machine, on which each case that does not hold runs again, to write its waveform
    waves : the folder of the waveforms

    Raises as ``options.successes`` does.
    """
    case_of = {job.key: one for job, one in zip(case_jobs, cases, strict=True)}
    for outcome_of_job in successes(options.run(case_jobs)):
        one = case_of[outcome_of_job.job.key]
        outcome: CaseOutcome = restored(CaseOutcome, outcome_of_job.result, case=one)
        yield outcome if outcome.holds else golden_regress.hold(device, chip, one, n_cycles, waves)


def hold(
    about: Mapping[str, Any],
    simulator: str,
    initial: Mapping[str, Any],
    n_cycles: int | None,
    folder: str,
    case: str,
) -> dict[str, Any]:
    """Compare a device with a case: a job. Returns a plain ``CaseOutcome`` without its case.

    case : the hash of the case's description, which has the hashes of its files
    """
    one = case_of(folder, case)
    device = rtl.device_of(about, simulator, initial)
    result: dict[str, Any] = plain(golden_regress.hold(device, rtl.declaration(about), one, n_cycles), omitted=["case"])
    return result


def arguments_of(one: Case) -> dict[str, str]:
    """Return a case as arguments of a job: its folder, and the hash of its description."""
    return {"folder": str(one.folder), "case": golden_case.digest(one.folder / golden_case.TOML)}


def case_of(folder: str, case: str) -> Case:
    """Return the case of these arguments. Raises InputError if this machine has another one than the client."""
    path = Path(folder)
    one = golden_case.load(path)
    if golden_case.digest(path / golden_case.TOML) != case:
        raise InputError(f"{path / golden_case.TOML}: another file than that of the client")
    return one
