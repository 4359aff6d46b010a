"""Ten thousand chips at once on a GPU, each held to the CPU before anything is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.speeds import many_runs
from draupnir.emulator.speeds.batch import n_cores
from draupnir.emulator.speeds.levels import HOST
from draupnir.emulator.speeds.many_jobs import ManyJobs
from draupnir.emulator.speeds.many_runs import ManyOutcome
from draupnir.many import jobs_of
from draupnir.result import ManyRuns
from draupnir.tools.bench.contestants import Disagreement
from draupnir.tools.bench.measure import Contestant, Figures, SelfTimed, measure, speed_ratio
from draupnir.tools.bench.networks import networks, streams
from draupnir.tools.bench.suite import BenchReport, Ratio
from draupnir.tools.bench.workloads import Workload, make_workload, workloads
from draupnir.tools.gpu import on_gpu
from draupnir.tools.gpu.devices import GpuDevice, Launch, LaunchDevice

LAUNCHES, CALL, CPU = "GPU, launches alone", "GPU, the whole call", "CPU, {} cores"
CLOCKS_PER_EVENT = 10_000  # some networks never rest
SEED = 1


@dataclass(frozen=True)
class GpuSize:
    """The size of a benchmark on a GPU.

    n_chips, n_networks : chips, a multiple of the different networks among them
    n_events, n_operations : of each chip that events lead, and of each that a host leads
    """

    n_chips: int
    n_networks: int
    n_events: int
    n_operations: int
    least_seconds: float


FULL = GpuSize(n_chips=2 * on_gpu.CHUNK, n_networks=64, n_events=2_000, n_operations=600, least_seconds=0.3)
QUICK = GpuSize(n_chips=10_240, n_networks=64, n_events=200, n_operations=100, least_seconds=0.03)


def run(
    chip: Chip, size: GpuSize, n_rounds: int, say: Callable[[str], None], device: LaunchDevice | None = None
) -> BenchReport:
    """Compare all chips of all workloads with the CPU, and then measure; device : None for the GPU of this machine.

    Raises InputError without a GPU, and Disagreement if a chip differs in anything.
    """
    present = GpuDevice() if device is None else device
    offered, host = workloads(chip), HOST.load(chips.package(chip.name))
    contestants: list[Contestant] = []
    for make in (*offered.makers, *offered.for_many):
        workload = make_workload(make, chip, size.n_events if host is None else size.n_operations)
        contestants += of_workload(workload, size, present, say)
    say(f"measuring {len(contestants)} contestants, {n_rounds} rounds")
    figures = measure(contestants, n_rounds, size.least_seconds)
    return BenchReport(offered.silicon, figures, list(_ratios(figures)))


def _ratios(figures: Sequence[Figures]) -> Iterator[Ratio]:
    """The ratios of a GPU to the CPU."""
    on_cpu = {each.contestant.workload: each for each in figures if each.contestant.name == cpu_name()}
    for each in figures:
        name, workload = each.contestant.name, each.contestant.workload
        if name != cpu_name():
            yield Ratio(name, cpu_name(), "clocks/s", workload, speed_ratio(each, on_cpu[workload]))


def cpu_name() -> str:
    """The name of the contestant on the CPU."""
    return CPU.format(n_cores())


def of_workload(
    workload: Workload, size: GpuSize, device: LaunchDevice, say: Callable[[str], None]
) -> Iterator[Contestant]:
    """Yield the contestants of a workload. Raises Disagreement if a chip differs from the CPU in anything."""
    few = _jobs(workload, size.n_networks)
    numbers = np.arange(size.n_chips) % size.n_networks
    many = replace(few, rows=few.rows[numbers], bounds=few.bounds[numbers], max_cycles=_part(few, numbers))
    on_cpu, on_device = many_runs.run(few), on_gpu.run(many, device)
    wrong = differing_chips(on_cpu, on_device)
    if len(wrong):
        raise Disagreement(
            f"{workload.name}: {len(wrong):,} of {size.n_chips:,} chips differ between GPU and CPU: {wrong[0]}"
        )
    say(f"{workload.name}: {size.n_chips:,} chips with {size.n_networks} networks: 0 differ from the CPU")
    timed = TimedDevice(device)
    gpu, cpu = replace(many, keep=False), replace(few, keep=False)
    for name, call, ran in (
        (LAUNCHES, partial(timed.seconds_of, partial(on_gpu.run, gpu, timed)), on_device),
        (CALL, partial(on_gpu.run, gpu, device), on_device),
        (cpu_name(), partial(many_runs.run, cpu), on_cpu),
    ):
        n_operations = int(ran.figures["synaptic_operations"].sum())
        n_clocks = int(ran.figures["n_cycles"].sum())
        yield Contestant(name, workload.name, call, n_clocks=n_clocks, n_synaptic_operations=n_operations)


def _jobs(workload: Workload, n: int) -> ManyJobs:
    """A run of each of n networks, whose memories are written already."""
    rng, model = np.random.default_rng(SEED), workload.model()
    events = workload.events[:0]
    begun = jobs_of(model, events, networks(workload, n, rng), workload.environment, 0, keep_states=True)
    configured = many_runs.run(begun)
    base = ManyRuns(
        begun.chip.name, configured.figures, configured.spikes, configured.states, begun.chip, begun.stretch
    )
    limit = CLOCKS_PER_EVENT * len(workload.events)
    return jobs_of(base, streams(workload, n, rng), None, workload.environment, limit, keep_states=True)


def _part(jobs: ManyJobs, numbers: np.ndarray) -> np.ndarray | None:
    return None if jobs.max_cycles is None else jobs.max_cycles[numbers]


def differing_chips(expected: ManyOutcome, outcome: ManyOutcome) -> np.ndarray:
    """Return the numbers of the chips that differ in anything: figures, spikes, registers, memories, buses.

    outcome : of a multiple of the runs in ``expected``, which come again and again in their order. Both have states
    """
    n, differs = len(expected.figures), np.zeros(len(outcome.figures), bool)
    pairs = [(expected.figures, outcome.figures), *zip(_arrays(expected), _arrays(outcome), strict=True)]
    for first in range(0, len(differs), n):
        block = slice(first, first + n)
        for a, b in pairs:
            differs[block] |= (a != b[block]).reshape(n, -1).any(axis=1)
    spikes = _spikes(expected), _spikes(outcome)
    for i in range(len(differs)):
        differs[i] |= not np.array_equal(spikes[0](i % n), spikes[1](i))
    return np.flatnonzero(differs)


def _arrays(outcome: ManyOutcome) -> list[np.ndarray]:
    states = outcome.states
    assert states is not None and states.buses is not None
    return [states.registers.view(np.ndarray), *states.memories.values(), states.buses]


def _spikes(outcome: ManyOutcome) -> Callable[[int], np.ndarray]:
    """Return a function that gives the spikes of a run."""
    ends = np.searchsorted(outcome.spikes["run"], np.arange(len(outcome.figures) + 1))
    columns = np.column_stack([outcome.spikes["cycle"], outcome.spikes["out"]])
    return lambda run: columns[ends[run] : ends[run + 1]]


class TimedDevice:
    """A device that adds up the time of its launches."""

    def __init__(self, device: LaunchDevice) -> None:
        self._device, self._seconds = device, 0.0
        self.put, self.get = device.put, device.get

    def launcher(self, step: Callable[..., None]) -> Launch:
        """Return the launches of the device, whose time is taken."""
        launch = self._device.launcher(step)

        def timed(*arguments: Any) -> None:
            start = time.perf_counter()
            launch(*arguments)
            self._seconds += time.perf_counter() - start

        return timed

    def seconds_of(self, call: Callable[[], object]) -> SelfTimed:
        """Make a call, and return the time of its launches."""
        self._seconds = 0.0
        call()
        return SelfTimed(self._seconds)
