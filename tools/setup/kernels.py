"""Compile the kernels of all chips, one process for each core, before the tests run.

Two processes that need the same kernel at the same time would both compile it. ODIN's event level alone takes two
minutes.
"""

from __future__ import annotations

import signal
import sys
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool

from draupnir.api import run_many
from draupnir.emulator import chips
from draupnir.emulator.speeds.batch import n_cores
from draupnir.emulator.speeds.levels import CLOSED_LOOP, ENGINE
from draupnir.tools.bench.workloads import WORKLOADS, workloads

FIRST = "odin", "ranc"  # the chips that take longest, one for each of two cores


def compile_chip(name: str) -> None:
    """Compile a chip's clock level, and its other levels with one event of each workload that ``bench`` measures."""
    package = chips.package(name)
    model = chips.model(name)()
    model.step(0)
    if WORKLOADS.load(package) is None:
        return
    offered = workloads(model.chip)
    for make in offered.makers:
        workload = make(1)
        for part in (CLOSED_LOOP, ENGINE):
            level = part.load(package)
            if level is not None:
                level.run(workload.model(), workload.events, workload.environment)
    if ENGINE.load(package) is not None:
        workload = offered.makers[0](1)
        run_many(workload.model(), workload.environment, events=workload.events, changes=[{}])
    if offered.by_timesteps is not None:
        offered.by_timesteps(True).ours(1)


def main() -> None:
    """Compile all chips. Ctrl-C ends it with status 130, and SIGTERM with 143; both end its processes, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = [*FIRST, *(name for name in chips.names() if name not in FIRST)]
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)  # this process ends the others
    pool: Pool
    with get_context("spawn").Pool(n_cores(), ignore) as pool:
        try:
            for _ in pool.imap_unordered(compile_chip, names):
                pass
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
