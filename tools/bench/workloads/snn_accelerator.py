"""snn-accelerator's workload: random inputs."""

from __future__ import annotations

from functools import partial

from draupnir.emulator.snn_accelerator.layout import CHIP
from draupnir.tools.bench.workloads import Workloads
from draupnir.tools.bench.workloads.no_bus import random_input

WORKLOADS = Workloads((partial(random_input, CHIP, "in1"),))
