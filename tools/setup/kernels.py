"""Compile the kernels of all chips, and the tools that are in WebAssembly, before the tests run; on all cores.

Two processes that need the same kernel, or the same tool, at the same time would both compile it. ODIN's event level
alone takes two minutes, and Yosys one.
"""

from __future__ import annotations

import operator
import signal
import sys
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from tempfile import TemporaryDirectory

from draupnir.api import run_many
from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.batch import n_cores
from draupnir.emulator.speeds.levels import CLOSED_LOOP, ENGINE
from draupnir.rtl.fpga import tools
from draupnir.tools.bench.workloads import WORKLOADS, workloads

FIRST = "odin", "gungnir", "ranc"  # the chips that take longest


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


def compile_tool(name: str) -> None:
    """Compile a tool in WebAssembly, which its package then keeps. A tool that is not installed is left out."""
    with suppress(InputError), TemporaryDirectory(prefix="draupnir-") as folder:
        if tools.find(name).in_wasm:
            tools.run(name, ["--help"], Path(folder))


def main() -> None:
    """Compile all chips and tools. Ctrl-C ends it with status 130, SIGTERM with 143; both end its processes, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = [*FIRST, *(name for name in chips.names() if name not in FIRST)]
    all_chips = [partial(compile_chip, name) for name in names]
    all_tools = [partial(compile_tool, name) for name in tools.NAMES]
    jobs = [*all_chips[: len(FIRST)], *all_tools, *all_chips[len(FIRST) :]]
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)  # this process ends the others
    pool: Pool
    with get_context("spawn").Pool(n_cores(), ignore) as pool:
        try:
            for _ in pool.imap_unordered(operator.call, jobs):
                pass
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
