"""wrapped_snn_network's workload: random inputs."""

from __future__ import annotations

from functools import partial

from draupnir.emulator.declare import Chip
from draupnir.tools.bench.workloads import Workloads
from draupnir.tools.bench.workloads.no_bus import random_input


def workloads(chip: Chip) -> Workloads:
    """Return the workload of the chip as it was published, or repaired."""
    return Workloads((partial(random_input, chip, "in_signal"),))
