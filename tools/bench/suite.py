"""A whole benchmark: which contestants on which workloads, how large, and which ratios are of interest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit, verilated
from draupnir.rtl.design import Design
from draupnir.tools.bench import benches, commands, many
from draupnir.tools.bench.contestants import ENGINE, LOCKSTEP, LOOP, ROWS, Job
from draupnir.tools.bench.measure import Contestant, Figures, Spread, measure, speed_ratio, time_ratio
from draupnir.tools.bench.workloads import Silicon, made, workloads

SECONDS = "seconds"  # the quantity of a ratio of times; the others are of speeds
CLOCK, OPERATIONS = "chip's clocks", "chip's operations"
OURS, THEIRS = "our RTL, Verilator", "--rtl, Verilator"
# The same library as THEIRS, but with all of Verilator's eval() at both edges of each clock, as its manual has it.
PLAIN = "--rtl, Verilator's eval()"
OURS_ICARUS, THEIRS_ICARUS = "our RTL, Icarus (compiling too)", "--rtl, Icarus (compiling too)"


@dataclass(frozen=True)
class Size:
    """The size of a benchmark.

    loop_events, row_events : of a workload, for loops and as recorded rows (an event takes some 520 clocks)
    cocotb_times : how much longer than usual the cocotb test is
    icarus_clocks : for Icarus; replay_clocks : of the waveform that is replayed
    enough : seconds that a measurement takes at least
    """

    loop_events: int
    row_events: int
    cocotb_times: int
    icarus_clocks: int
    replay_clocks: int
    enough: float


FULL = Size(loop_events=24_000, row_events=400, cocotb_times=4, icarus_clocks=6_000, replay_clocks=100_000, enough=0.3)
QUICK = Size(loop_events=1_000, row_events=60, cocotb_times=1, icarus_clocks=500, replay_clocks=20_000, enough=0.03)


@dataclass(frozen=True)
class Ratio:
    """a : b, as a number; quantity : clocks/s, synaptic operations/s, or SECONDS."""

    a: str
    b: str
    quantity: str
    workload: str
    factor: Spread


@dataclass(frozen=True)
class BenchReport:
    """All figures, the ratios made of them, and what the chip itself does, if that is known."""

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
) -> BenchReport:
    """Prepare all contestants, see that they agree, measure them.

    A chip need not have an event level, an RTL of its own or a cocotb test: these contestants are then left out.

    rtl : somebody else's RTL of the chip; say : told what is being done
    Raises Disagreement if two of them do not do the same, and InputError for a chip without workloads.
    """
    say("compiling, and holding all contestants against each other")
    contestants = list(_contestants(chip, rtl, size, build_dir, say))
    say(f"measuring {len(contestants)} contestants, {n_rounds} rounds")
    figures, silicon = measure(contestants, n_rounds, size.enough), workloads(chip).silicon
    return BenchReport(silicon, figures, list(ratios(figures, silicon)))


def _contestants(
    chip: Chip, rtl: Design | None, size: Size, build_dir: Path, say: Callable[[str], None]
) -> Iterator[Contestant]:
    makers = workloads(chip).makers
    designs = {}
    if emit.RTL.of(chips.package(chip.name)) is not None:
        designs[OURS] = emit.design(chip.name, build_dir / "rtl", **chip.sizes)
    if rtl is not None:
        designs[THEIRS] = rtl
    devices = {name: verilated.build(design, chip, build_dir) for name, design in designs.items()}
    plain = verilated.build(rtl, chip, build_dir, whole=True) if rtl is not None else None
    jobs = []
    for make in makers:
        job = Job(made(make, chip, size.loop_events), size.row_events)
        jobs.append(job)
        yield from job.models()
        for name, device in devices.items():
            yield from job.verilated(name, device)
        if plain is not None:
            yield job.verilated(PLAIN, plain)[0]
        say(f"{job.workload.name}: all agree on {len(job.rows):,} clocks")
    if jobs[0].engine is not None:
        yield from many.contestants(jobs[0].workload)
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
    """Return the ratios to somebody else's RTL (or ours), to the chip, and of comparing to not comparing.

    chip : what the chip itself does; None: there are no ratios to it
    """
    for workload in dict.fromkeys(each.contestant.workload for each in figures):
        of = {each.contestant.name: each for each in figures if each.contestant.workload == workload}
        base = THEIRS if THEIRS in of else OURS
        for a in (ROWS, LOOP, ENGINE, OURS):
            for b in (base,) if a == OURS else (base, PLAIN):
                if a in of and b in of and a != b:
                    yield Ratio(a, b, "clocks/s", workload, speed_ratio(of[a], of[b]))
            if chip is not None and a in of and a != OURS:
                yield from _to_the_chip(of[a], chip)
        for b in (OURS, THEIRS):
            if b in of:
                both = LOCKSTEP.format(b)
                yield Ratio(both, b, SECONDS, workload, time_ratio(of[both], of[b]))
        yield from _pairs(of, workload)


def _to_the_chip(figures: Figures, chip: Silicon) -> Iterator[Ratio]:
    """The ratios of a contestant to the chip itself."""
    contestant = figures.contestant
    clocks = _scaled(figures.clocks_per_second, chip.clocks)
    yield Ratio(contestant.name, CLOCK, "clocks/s", contestant.workload, clocks)
    if contestant.n_synaptic_operations:
        operations = _scaled(figures.synaptic_operations_per_second, chip.operations)
        yield Ratio(contestant.name, OPERATIONS, "synaptic operations/s", contestant.workload, operations)


def _pairs(of: dict[str, Figures], workload: str) -> Iterator[Ratio]:
    """Yield pairs that are held against each other only: threads against one, cocotb tests against naive ones."""
    for a, b in ((many.all_cores(), many.ONE_THREAD), (benches.CHECKED, benches.NAIVE)):
        if a in of and b in of:
            yield Ratio(a, b, "clocks/s", workload, speed_ratio(of[a], of[b]))
    if benches.CHECKED in of:
        cost = time_ratio(of[benches.CHECKED], of[benches.DRIVEN])
        yield Ratio(benches.CHECKED, benches.DRIVEN, SECONDS, workload, cost)


def _scaled(figures: Spread, by: float) -> Spread:
    return Spread(figures.median / by, figures.low / by, figures.high / by)
