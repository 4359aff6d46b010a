"""Many runs on the GPU of this machine."""

from __future__ import annotations

from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import many_runs
from draupnir.emulator.speeds.many_jobs import ChipStates, ManyJobs
from draupnir.emulator.speeds.many_level import ManyLevel
from draupnir.emulator.speeds.many_runs import ManyOutcome
from draupnir.tools.gpu.devices import GpuDevice, LaunchDevice
from draupnir.tools.gpu.worker import LaunchWorker

CHUNK = 8448  # chips at once: they fill the GPU with the largest number of multiprocessors once, and 1 GB of its memory


def run(jobs: ManyJobs, device: LaunchDevice | None = None) -> ManyOutcome:
    """Run them all on a device, by default the GPU.

    Raises InputError for a chip that does not run there, and without a GPU; and Stopped if the work has to stop.
    """
    if many_runs.level_of(jobs.chip) is None:
        raise InputError(f"backend 'cuda': {jobs.chip.name} does not run there; right is backend 'cpu'")
    place_of_launch = GpuDevice() if device is None else device

    def worker(jobs: ManyJobs, level: ManyLevel, ends: ChipStates) -> LaunchWorker:
        return LaunchWorker(jobs, level, ends, place_of_launch)

    return many_runs.run(jobs, 1, worker, CHUNK)
