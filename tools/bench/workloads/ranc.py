"""RANC's workloads: by ticks only, because its clock level has no closed loop yet."""

from __future__ import annotations

from draupnir.tools.bench.workloads import Workloads
from draupnir.tools.bench.workloads.ranc_ticks import tick_job

WORKLOADS = Workloads((), by_timesteps=tick_job)
