"""RANC's workload by ticks: 63 cores of 256 x 256 around an output bus, in our level and in RANC's own simulator."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import json_files, random_network, simulator
from draupnir.emulator.ranc.ticks.network import CoreGrid, CoreNetwork
from draupnir.emulator.ranc.ticks.random_network import Sort
from draupnir.tools.bench.workloads import TickJob

GRID = CoreGrid(8, 8, 256, 256, 4, 16)
SORT = Sort(n_outputs=250, packets=300, described=1.0)
SEED = 1
TICKS, THEIR_TICKS = 4_000, 60
QUICK_TICKS, QUICK_THEIR_TICKS = 400, 10
OUTPUT, CONSOLE = "output file", "console"


def tick_job(is_quick: bool) -> TickJob:
    """The job; ``is_quick`` makes it short."""
    n, n_theirs = (QUICK_TICKS, QUICK_THEIR_TICKS) if is_quick else (TICKS, THEIR_TICKS)
    return TickJob("63_cores", _ours, _theirs, _expected, n, n_theirs)


@cache
def _network() -> CoreNetwork:
    return random_network.draw(np.random.default_rng(SEED), GRID, replace(SORT, n_ticks=TICKS))


def _ours(n_ticks: int) -> int:
    return simulator.simulate(_network(), n_ticks).counts["synaptic_operations"]


def _expected(n_ticks: int) -> Mapping[str, str]:
    run = simulator.simulate(_network(), n_ticks, record_warnings=True)
    return {OUTPUT: simulator.output_text(run.outputs), CONSOLE: simulator.console_text(_network(), run)}


@cache
def _files(folder: Path) -> tuple[Path, Path]:
    """Write the files of the network, once in this process: what an earlier one left may be another network."""
    config, network = folder / "config.json", folder / "input.json"
    folder.mkdir(parents=True, exist_ok=True)
    whole = _network()
    starts = whole.packet_starts[: THEIR_TICKS + 1]
    json_files.write(replace(whole, packet_starts=starts, packets=whole.packets[: starts[-1]]), config, network)
    return config, network


def _theirs(program: Path, folder: Path, n_ticks: int) -> Mapping[str, str]:
    """Run the program on the network. Raises InputError if it fails."""
    config, network = _files(folder)
    output = folder / "output.txt"
    words = [str(program.absolute()), network.name, output.name, config.name, str(n_ticks)]
    try:
        ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(f"--simulator {program}: {error.strerror}") from error
    if ran.returncode or not output.exists():
        last = (ran.stdout + ran.stderr).strip().splitlines()[-1:]
        raise InputError(f"--simulator {program}: exit status {ran.returncode}: {''.join(last)}")
    return {OUTPUT: output.read_text("utf-8"), CONSOLE: ran.stdout}
