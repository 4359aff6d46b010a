"""SNE's jobs that are worked out by hand, on the golden model; the bench runs them on the original, where there is one.

With ``SNE_ENGINE``, a list of files with the original's engine below ``sne_engine.sv``, the bench runs here, too.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from draupnir.cocotb_tests import catalogue, runner
from draupnir.cocotb_tests.sne.by_hand import JOBS
from draupnir.emulator.sne.chip import Model
from draupnir.emulator.sne.layout import CHIP
from draupnir.emulator.sne.streams import StreamSides, run
from draupnir.rtl import foreign


@pytest.mark.parametrize("name", JOBS)
def test_the_golden_model_gives_the_events(name: str) -> None:
    job, model = JOBS[name], Model()
    job.layer.apply(model)
    outcome = run(model, np.array(job.words), StreamSides())
    assert outcome.done
    assert outcome.received.tolist() == job.events


@pytest.mark.verilator
@pytest.mark.slow
def test_the_original_holds_in_all_benches(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if "SNE_ENGINE" not in os.environ:
        pytest.skip("SNE_ENGINE names no list of files with the original's engine")
    design = foreign.read(Path(os.environ["SNE_ENGINE"]), CHIP)
    built = runner.build(design, CHIP, "verilator", pytestconfig.rootpath / "build" / "cocotb")
    for number, test in enumerate(catalogue.tests(CHIP)):
        outcome = runner.run(built, test, tmp_path / str(number), 1)
        assert outcome.passed, f"{test}: {outcome.failure}"
        assert outcome.notes["compared"] > 0 and outcome.notes["mismatches"] == 0
