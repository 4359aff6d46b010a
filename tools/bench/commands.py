"""Whole commands, from the start of the process to its end, and a replay as a call of the library."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import hexfile, wave_out
from draupnir.golden.replay import ReplayResult, replay
from draupnir.rtl import processes
from draupnir.tools.bench.contestants import Job
from draupnir.tools.bench.measure import Contestant

REPOSITORY = Path(__file__).resolve().parents[2]
START = "from draupnir.tools.cli import main; main()"
PROCESS = "process"  # the name under which commands are measured
HELP, REPLAY = "draupnir --help", "draupnir replay"


def contestants(job: Job, n_clocks: int, folder: Path) -> list[Contestant]:
    """``draupnir --help``, ``draupnir replay`` of the job's first clocks from FST, and the same in a library call."""
    folder.mkdir(parents=True, exist_ok=True)
    trace, images = job.trace(n_clocks), job.workload.memories
    wave_out.write(trace, folder / "wave.fst")
    load = {name: folder / f"{name}.hex" for name in images}
    for name, content in images.items():
        hexfile.write(load[name], content, job.chip.memory(name))
    words = ["replay", job.chip.name, str(folder / "wave.fst")]
    words += [word for name, size in job.chip.sizes.items() for word in ("--set", f"{name}={size}")]
    words += [word for name, file in load.items() for word in ("--load", f"{name}={file}")]
    n = trace.n_cycles
    return [
        Contestant(HELP, PROCESS, partial(call, ["--help"])),
        Contestant(f"{REPLAY}, {n:,} clocks of FST", PROCESS, partial(call, words), n_clocks=n),
        Contestant(
            f"replay in a running Python, {n:,} clocks of FST",
            PROCESS,
            partial(_replay, job.chip, folder, load),
            n_clocks=n,
        ),
    ]


def call(words: Sequence[str]) -> None:
    """Run draupnir in a new process. Raises InputError, with its text on stderr, if its exit status is not 0."""
    path = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-c", START, *words]
    process = processes.output_of(command, env={**os.environ, "PYTHONPATH": path})
    if process.returncode:
        raise InputError(
            f"draupnir {words[0]}: exit status {process.returncode}: {' '.join(process.stderr.split())[-300:]}"
        )


def _replay(chip: Chip, folder: Path, load: dict[str, Path]) -> ReplayResult:
    return replay(chips.model(chip.name, chip.sizes)(), folder / "wave.fst", load=load)
