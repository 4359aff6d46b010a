"""A whole benchmark: its contestants, its workloads, its size, and the ratios that it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit, verilated
from draupnir.rtl.design import Design
from draupnir.tools.bench import benches, commands, many, ticks
from draupnir.tools.bench.contestants import ENGINE, LOCKSTEP, LOOP, ROWS, Job
from draupnir.tools.bench.measure import Contestant, Figures, Spread, measure, speed_ratio, time_ratio, timestep_ratio
from draupnir.tools.bench.workloads import Silicon, make_workload, workloads

SECONDS = "seconds"  # the quantity of a ratio of times; all other quantities are speeds
TIMESTEPS = "timesteps/s"
CLOCK, OPERATIONS = "chip's clocks", "chip's operations"
OURS, THEIRS = "our RTL, Verilator", "--rtl, Verilator"
# The same library as THEIRS, but with a whole eval() of Verilator at both edges of each clock, as its manual shows.
PLAIN = "--rtl, Verilator's eval()"
OURS_ICARUS, THEIRS_ICARUS = "our RTL, Icarus (compiling too)", "--rtl, Icarus (compiling too)"


@dataclass(frozen=True)
class Size:
    """The size of a benchmark.

    loop_events, row_events : the number of events of a workload, for loops and for recorded rows (an event takes about
        520 clocks)
    cocotb_times : the cocotb test is so many times as long as usual
    icarus_clocks : the number of clocks for Icarus; replay_clocks : the number of clocks of the waveform for replay
    least_seconds : the least time of a measurement
    """

    loop_events: int
    row_events: int
    cocotb_times: int
    icarus_clocks: int
    replay_clocks: int
    least_seconds: float


FULL = Size(
    loop_events=120_000, row_events=400, cocotb_times=4, icarus_clocks=6_000, replay_clocks=100_000, least_seconds=0.3
)
QUICK = Size(
    loop_events=1_000, row_events=60, cocotb_times=1, icarus_clocks=500, replay_clocks=20_000, least_seconds=0.03
)


@dataclass(frozen=True)
class Ratio:
    """The ratio of two contestants.

    factor : a divided by b; quantity : clocks/s, synaptic operations/s, TIMESTEPS, or SECONDS
    """

    a: str
    b: str
    quantity: str
    workload: str
    factor: Spread


@dataclass(frozen=True)
class BenchReport:
    """All figures, their ratios, and the speed of the chip itself, if it is known."""

    silicon: Silicon | None
    figures: list[Figures]
    ratios: list[Ratio]


def run(
    chip: Chip,
    rtl: Design | None,
    size: Size,
    n_rounds: int,
    build_dir: Path,
    say: Callable[[str], None] = lambda text: None,
    simulator: Path | None = None,
) -> BenchReport:
    """Prepare all contestants, compare their results, and measure them.

    A chip may lack an event level, its own RTL or a cocotb test; these contestants are then left out.

    rtl : the user's RTL of the chip, or None; say : receives lines on the progress
    n_rounds : at least 1; simulator : the chip's own simulator, for a chip with a level by timesteps
    Raises Disagreement if two contestants differ, and InputError for a chip without workloads.
    """
    say("compiling, and comparing all contestants with each other")
    contestants = list(_contestants(chip, rtl, size, build_dir, say))
    job = workloads(chip).by_timesteps
    if job is not None:
        contestants += ticks.contestants(job(size == QUICK), simulator, build_dir / "simulator")
    say(f"measuring {len(contestants)} contestants, {n_rounds} rounds")
    figures, silicon = measure(contestants, n_rounds, size.least_seconds), workloads(chip).silicon
    return BenchReport(silicon, figures, list(ratios(figures, silicon)))


def _contestants(
    chip: Chip, rtl: Design | None, size: Size, build_dir: Path, say: Callable[[str], None]
) -> Iterator[Contestant]:
    makers = workloads(chip).makers
    if not makers:
        return  # the chip is measured by timesteps only
    designs = {}
    if emit.RTL.load(chips.package(chip.name)) is not None:
        designs[OURS] = emit.design(chip.name, build_dir / "rtl", **chip.sizes)
    if rtl is not None:
        designs[THEIRS] = rtl
    devices = {name: verilated.build(design, chip, build_dir) for name, design in designs.items()}
    plain = verilated.build(rtl, chip, build_dir, whole=True) if rtl is not None else None
    jobs = []
    for make in makers:
        job = Job(make_workload(make, chip, size.loop_events), size.row_events)
        jobs.append(job)
        yield from job.models()
        for name, device in devices.items():
            yield from job.verilated(name, device)
        if plain is not None:
            yield job.verilated(PLAIN, plain)[0]
        say(f"{job.workload.name}: all agree on {job.n_clocks:,} clocks")
    if jobs[0].engine is not None:
        yield from many.contestants(jobs[0].workload)
        yield from many.contestants_of_batches(jobs[0].workload)
    yield from _icarus(jobs[0], designs, size, build_dir, say)
    for design in list(designs.values())[:1]:
        yield from benches.contestants(chip, design, size.cocotb_times, build_dir)
    yield from commands.contestants(jobs[0], size.replay_clocks, build_dir / "replay")


def _icarus(
    job: Job, designs: dict[str, Design], size: Size, build_dir: Path, say: Callable[[str], None]
) -> Iterator[Contestant]:
    for name, design in designs.items():
        icarus_name = {OURS: OURS_ICARUS, THEIRS: THEIRS_ICARUS}[name]
        try:
            yield job.icarus(icarus_name, design, size.icarus_clocks, build_dir / "icarus", say)
        except InputError as error:
            say(f"{icarus_name} is left out: {error}")


def ratios(figures: Sequence[Figures], chip: Silicon | None) -> Iterator[Ratio]:
    """The ratios to the user's RTL (or ours), to the chip itself, and of a run with comparison to one without.

    chip : the speed of the chip itself, None if it is not known; there are then no ratios to it
    """
    for workload in dict.fromkeys(each.contestant.workload for each in figures):
        figures_by_name = {each.contestant.name: each for each in figures if each.contestant.workload == workload}
        base = THEIRS if THEIRS in figures_by_name else OURS
        for a in (ROWS, LOOP, ENGINE, OURS):
            for b in (base,) if a == OURS else (base, PLAIN):
                if a in figures_by_name and b in figures_by_name and a != b:
                    yield Ratio(a, b, "clocks/s", workload, speed_ratio(figures_by_name[a], figures_by_name[b]))
            if chip is not None and a in figures_by_name and a != OURS:
                yield from _to_the_chip(figures_by_name[a], chip)
        for b in (OURS, THEIRS):
            if b in figures_by_name:
                lockstep = LOCKSTEP.format(b)
                yield Ratio(lockstep, b, SECONDS, workload, time_ratio(figures_by_name[lockstep], figures_by_name[b]))
        if ticks.THEIR_SIMULATOR in figures_by_name:
            ours, theirs = figures_by_name[ticks.LEVEL], figures_by_name[ticks.THEIR_SIMULATOR]
            yield Ratio(ticks.LEVEL, ticks.THEIR_SIMULATOR, TIMESTEPS, workload, timestep_ratio(ours, theirs))
        yield from _pairs(figures_by_name, workload)


def _to_the_chip(figures: Figures, chip: Silicon) -> Iterator[Ratio]:
    """The ratios of a contestant to the chip itself."""
    contestant = figures.contestant
    clocks = _scale(figures.clocks_per_second, chip.clocks)
    yield Ratio(contestant.name, CLOCK, "clocks/s", contestant.workload, clocks)
    if contestant.n_synaptic_operations:
        operations = _scale(figures.synaptic_operations_per_second, chip.operations)
        yield Ratio(contestant.name, OPERATIONS, "synaptic operations/s", contestant.workload, operations)


def _pairs(figures_by_name: dict[str, Figures], workload: str) -> Iterator[Ratio]:
    """Yield ratios of pairs: many threads to one thread, batches to single runs, and cocotb tests to a naive one."""
    batches = [(many.BATCH_OF.format(size), many.ALONE) for size in many.BATCHES]
    for a, b in ((many.all_cores(), many.ONE_THREAD), *batches, (benches.CHECKED, benches.NAIVE)):
        if a in figures_by_name and b in figures_by_name:
            yield Ratio(a, b, "clocks/s", workload, speed_ratio(figures_by_name[a], figures_by_name[b]))
    if benches.CHECKED in figures_by_name:
        cost = time_ratio(figures_by_name[benches.CHECKED], figures_by_name[benches.DRIVEN])
        yield Ratio(benches.CHECKED, benches.DRIVEN, SECONDS, workload, cost)


def _scale(figures: Spread, unit: float) -> Spread:
    return Spread(figures.median / unit, figures.low / unit, figures.high / unit)
