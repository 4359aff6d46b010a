"""The jobs of `draupnir inject`: some hundred runs of one sample, each with a fault of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.crossbar.network import addresses
from draupnir.emulator.crossbar.operations import Operations
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.levels import BUS_ENGINE
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.tools.bench import workloads
from draupnir.tools.faults.held import HeldBits
from draupnir.tools.faults.sites import FaultSite, Sites, field_of
from draupnir.tools.faults.subject import FaultRun, Subject, flip, no_fault, stuck
from draupnir.tools.jobs.job import PureJob, chip_hash, file_hash
from draupnir.tools.mapping import folder
from draupnir.tools.mapping.answers import decide
from draupnir.tools.mapping.crossbar.samples import inputs
from draupnir.tools.mapping.samples import read_samples

RUNS = 1000  # the most runs in a job
SHARING = 4  # runs with neighbouring numbers that share the clock of their fault, and so the run up to it
KINDS = ("flip", "stuck0", "stuck1")
MOMENTS = ("clock", "event")
FIRST = "first"  # the name of a chip's first workload, whatever that is
NULL = "none"  # the group of a run without a fault


def mapped_work(chip: str, config: Path, samples: Path) -> tuple[dict[str, Any], int]:
    """Return the description of a mapped network with samples, and the number of samples.

    Raises InputError for files that are wrong.
    """
    mapped = folder.read(config, chip)
    n = read_samples(samples, mapped.network.n_inputs).n
    files = sorted(path for path in config.iterdir() if path.is_file())
    work = {"chip": chip, "config": str(config), "samples": str(samples), "files": file_hash([*files, samples])}
    return _described(chip, work), n


def bench_work(chip: str, name: str, n_events: int) -> dict[str, Any]:
    """Return the description of a workload of ``draupnir bench``, by its name or FIRST.

    Raises InputError for a name that is none.
    """
    work = _described(chip, {"chip": chip, "n_events": n_events})
    names = [one.__name__ for one in workloads.workloads(chips.declaration(chip)).makers]
    if name not in (*names, FIRST):
        raise InputError(f"--workload {name}: {chip} has {', '.join(names)}; {FIRST} is {names[0]}")
    return work | {"workload": names[0] if name == FIRST else name}


def _described(chip: str, work: dict[str, Any]) -> dict[str, Any]:
    BUS_ENGINE.require(chips.package(chip))
    if chips.package(chip).host is not None:
        raise InputError(f"{chip}: its host leads it; draupnir inject takes chips that only events lead")
    return work | {"chip_sources": chip_hash(chip)}


def jobs(
    work: Mapping[str, Any], n_samples: int, faults: Mapping[str, Any], seed: int, n: int, n_null: int
) -> Iterator[PureJob]:
    """Yield the jobs of n runs with a fault, and of some without one.

    work : what the chip does; n_samples : the runs are spread evenly over so many samples
    faults : kind, n_bits, groups and moment of each fault; see ``inject``
    """
    for title, total, these in (("faults", n, dict(faults)), ("no fault", n_null, dict(faults) | {"groups": [NULL]})):
        size = max(1, min(RUNS, -(-total // n_samples)))
        for number, first in enumerate(range(0, total, size)):
            n_runs = min(size, total - first)
            arguments = {
                "work": dict(work),
                "sample": number % n_samples,
                "faults": these,
                "seed": seed,
                "first": first,
                "n": n_runs,
            }
            yield PureJob(f"{work['chip']}, {title} {first}..{first + n_runs - 1}", f"{__name__}:inject", arguments)


def inject(
    work: Mapping[str, Any], sample: int, faults: Mapping[str, Any], seed: int, first: int, n: int
) -> list[list[Any]]:
    """Run with faults: a job. Each run depends on the seed and on its own number alone, from ``first`` on.

    faults : "kind", one of KINDS; "n_bits", neighbouring bits; "groups", of ``Sites``, or [NULL] for no fault; and
        "moment", one of MOMENTS: any clock, or one after which an event has been sent

    Returns for each run its number, sample, clock, group, name, element, bit, field and outcome.
    """
    subject = subject_of(work, sample)
    return [[number, sample, *_one(subject, faults, seed, number)] for number in range(first, first + n)]


def _one(subject: Subject, faults: Mapping[str, Any], seed: int, number: int) -> list[Any]:
    if faults["groups"] == [NULL]:
        clock = _clock(subject, faults["moment"], seed, number)
        return [clock, NULL, "", 0, 0, "", subject.outcome(clock, no_fault).value]
    clock, site, change = fault_of(subject, faults, seed, number)
    field = ""

    def fault(model: Any) -> None:
        nonlocal field
        field = field or field_of(subject.chip, model, site)
        change(model)

    outcome = subject.outcome(clock, fault, bits_of(site, faults))
    return [clock, site.group, site.name, site.element, site.bit, field, outcome.value]


def fault_of(
    subject: Subject, faults: Mapping[str, Any], seed: int, number: int
) -> tuple[int, FaultSite, Callable[[Any], None]]:
    """Return the clock, the place and the change of the fault with a number; faults : as for ``inject``

    The registers of ``faults["absent"]`` have no faults.
    """
    rng = np.random.default_rng([seed, number, 1])
    sites = _sites(subject, tuple(faults["groups"]), tuple(faults.get("absent", ())))
    group = list(sites.n_bits)[rng.integers(len(sites.n_bits))]
    site = sites.site(group, int(rng.integers(sites.n_bits[group])))
    bits = bits_of(site, faults)
    change = flip(site, faults["n_bits"]) if bits is None else stuck(bits)
    return _clock(subject, faults["moment"], seed, number), site, change


def bits_of(site: FaultSite, faults: Mapping[str, Any]) -> HeldBits | None:
    """Return the bits that keep a level from a fault on; None for a fault that comes once."""
    kind = faults["kind"]
    return None if kind == "flip" else HeldBits(site, faults["n_bits"], int(kind[-1]))


def _clock(subject: Subject, moment: str, seed: int, number: int) -> int:
    """Draw the number of clocks before the fault with a number."""
    rng = np.random.default_rng([seed, number // SHARING, 0])
    if moment == "event" and subject.borders:
        return subject.borders[rng.integers(len(subject.borders))]
    return int(rng.integers(max(1, subject.n_cycles)))


@lru_cache(maxsize=8)
def _sites(subject: Subject, groups: tuple[str, ...], absent: tuple[str, ...]) -> Sites:
    return Sites(subject.chip, groups, absent)


def subject_of(work: Mapping[str, Any], sample: int) -> Subject:
    """Return the subject of a description. A process keeps the last ones."""
    return _subject_of(json.dumps(work), sample)


@lru_cache(maxsize=4)
def _subject_of(text: str, sample: int) -> Subject:
    work = json.loads(text)
    return Subject(_bench_run(work) if "workload" in work else _mapped_run(work, sample))


def workload_of(work: Mapping[str, Any]) -> workloads.Workload:
    """Return the workload of ``draupnir bench`` in a description."""
    declaration = chips.declaration(work["chip"])
    (make,) = [one for one in workloads.workloads(declaration).makers if one.__name__ == work["workload"]]
    return workloads.make_workload(make, declaration, work["n_events"])


def _bench_run(work: Mapping[str, Any]) -> FaultRun:
    workload = workload_of(work)
    return FaultRun(workload.model(), workload.events, environment=workload.environment)


def _mapped_run(work: Mapping[str, Any], sample: int) -> FaultRun:
    mapped = folder.read(Path(work["config"]), work["chip"])
    chip, plan = mapped.configuration.chip, mapped.plan
    samples = read_samples(Path(work["samples"]), mapped.network.n_inputs)
    spikes = samples.one(sample)
    model = chips.model(chip.name, chip.sizes)(None)
    mapped.configuration.apply(model)
    events = addresses(chip, inputs(plan, spikes))
    operations = Operations(chip)

    def answer(addrs: np.ndarray, model: Any) -> int:
        return decide(plan, addrs, operations.potentials(model.memories["neurons"])[plan.output_neurons])

    return FaultRun(model, events, np.full(len(events), AT_REST), answer=answer)


def rows_of(results: Sequence[list[list[Any]]]) -> list[list[Any]]:
    """Return the runs of all jobs, those with a fault first, in the order of their numbers."""
    return sorted((row for rows in results for row in rows), key=lambda row: (row[3] == NULL, row[0]))
