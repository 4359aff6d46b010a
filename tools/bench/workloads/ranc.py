"""RANC's workloads: by clocks, random networks on the grid of any sizes; by ticks, those of ``ranc_ticks``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.ranc.sizes import sizes_of
from draupnir.emulator.ranc.ticks.hardware import work
from draupnir.emulator.trace import in_step, pack, to_rows
from draupnir.golden.recipes.ranc_network import Network, contents
from draupnir.tools.bench.workloads import Workload, Workloads
from draupnir.tools.bench.workloads.ranc_ticks import tick_job

RESET_CLOCKS = 4
EVENT_CLOCKS = 520  # an event of the other chips takes about as many
SPARSE = Network(density=0.3, thresholds=(200, 255), leaks=(1, 30))
DENSE = replace(SPARSE, thresholds=(5, 30), leaks=(0, 3))


def workloads(chip: Chip) -> Workloads:
    """Return the workloads for a grid: in one about a tenth of the neurons fire in a tick, in the other most do."""
    makers = (
        partial(_network, chip, "sparse", "a tenth of the neurons fire", SPARSE),
        partial(_network, chip, "dense", "most neurons fire", DENSE),
    )
    return Workloads(makers, by_timesteps=tick_job)


def _network(chip: Chip, name: str, description: str, network: Network, n_events: int) -> Workload:
    """Return a workload of ticks that follow each other as quickly as a core can; their time is cut into events."""
    word, period = chip.input_word, work(sizes_of(chip.sizes))
    rest = pack(word, {"input_buffer_empty": 1})
    n_reset_rows = RESET_CLOCKS * len(chip.period)
    clocks = np.full(n_events, EVENT_CLOCKS)
    clocks[:: 1 - (1 - period) // EVENT_CLOCKS] = 1
    return Workload(
        chip,
        name,
        description,
        contents(chip, network, np.random.default_rng(1)),
        to_rows(word, [rest | pack(word, chip.reset_levels(True))] * n_reset_rows),
        in_step(chip, n_reset_rows),
        np.stack((np.where(clocks == 1, rest | pack(word, {"tick": 1}), rest), clocks), axis=1),
    )
