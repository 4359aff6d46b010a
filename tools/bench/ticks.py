"""The contestants of a chip that runs by its own timesteps: our level by timesteps, and the chip's own simulator.

The simulator is a program of the user's. Its time is that of a long run without that of the shortest one, so reading
its files does not count. The comparison before the measurement is of everything that it writes and prints.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from draupnir.tools.bench.contestants import Disagreement
from draupnir.tools.bench.measure import Contestant, SelfTimed
from draupnir.tools.bench.workloads import TickJob

LEVEL, THEIR_SIMULATOR = "by timesteps", "--simulator"


def contestants(
    job: TickJob, program: Path | None, folder: Path, clock: Callable[[], float] = time.perf_counter
) -> Iterator[Contestant]:
    """The contestants of a job. program : the chip's own simulator, or None; folder : for its files; clock : seconds

    Raises Disagreement if the program writes or prints anything else than our level.
    """
    n_operations = job.ours(job.n_timesteps)
    ours = partial(job.ours, job.n_timesteps)
    yield Contestant(LEVEL, job.name, ours, n_synaptic_operations=n_operations, n_timesteps=job.n_timesteps)
    if program is None:
        return
    results, expected = job.theirs(program, folder, job.n_theirs), job.expected(job.n_theirs)
    for name, text in expected.items():
        if results[name] != text:
            raise Disagreement(f"{job.name}: {program} differs in its {name}: {_first_difference(text, results[name])}")

    def timed() -> SelfTimed:
        times = []
        for n in (1, job.n_theirs):
            start = clock()
            job.theirs(program, folder, n)
            times.append(clock() - start)
        return SelfTimed(max(times[1] - times[0], 1e-9))

    yield Contestant(THEIR_SIMULATOR, job.name, timed, n_timesteps=job.n_theirs - 1)


def _first_difference(expected: str, text: str) -> str:
    """The first line in which two texts differ."""
    lines: list[tuple[Any, Any]] = list(zip(expected.splitlines(), text.splitlines(), strict=False))
    for number, (right, wrong) in enumerate(lines, 1):
        if right != wrong:
            return f"line {number} is {wrong[:80]!r}, and should be {right[:80]!r}"
    return f"it has {len(text.splitlines())} lines, and should have {len(expected.splitlines())}"
