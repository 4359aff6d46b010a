"""The digits as ODIN's main job: an RTL and the golden model learn them in lockstep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from draupnir.rtl.verilated import Verilated
from draupnir.tools.experiments.digits import lockstep, report, results
from draupnir.tools.experiments.digits.experiment import DigitsExperiment
from draupnir.tools.experiments.main_job import MainJob

N_IMAGES = 800  # they take about 40 seconds


def _run(
    device: Verilated, n_images: int, seed: int, folder: Path, command_line: str, advance: Callable[[int], None]
) -> lockstep.LockstepOutcome:
    return lockstep.run(device, DigitsExperiment(seed=seed, n_images=n_images), folder, command_line, advance)


JOB = MainJob(
    test="digits",
    title="ODIN's digits",
    page="ODIN learns handwritten digits",
    n_images=N_IMAGES,
    run=_run,
    write_report=report.write,
    figures=report.figures,
    as_object=results.as_object,
)
