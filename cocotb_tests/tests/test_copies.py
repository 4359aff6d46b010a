"""A bench of an array of cores loads, reads and compares each core's memory, whatever name simulators give it."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.catalogue import select
from draupnir.rtl import foreign, toolchain
from draupnir.rtl.tests import grid

CHIP = grid.declare(NX=3, NY=1, DEPTH=4)
TEST = """\
import cocotb
import numpy as np
from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.cocotb_tests.lib.session import Session
from draupnir.rtl.tests import grid

@cocotb.test(timeout_time=1, timeout_unit="ms")
async def test_cores(dut):
    model = grid.model_of(grid.declare(**Session.here().sizes))()
    bench = ChipBench(dut, model)
    bench.hold(())
    async with bench:
        bench.load({"sums": np.arange(12, dtype=np.uint32).reshape(3, 4, 1)})
        for name, level in (("CORE", 2), ("ADDR", 1), ("REQUEST", 1 << 8 | 50)):
            bench.pins[name].value = level
        await bench.clock.cycles(2)
        bench.pins["REQUEST"].value = 0
        await bench.clock.cycles(1)
        assert [bench.word("sums", 1, copy=core) for core in range(3)] == [1, 5, 109]
        assert bench.word("sums", 3, copy=1) == 7
"""


@pytest.mark.icarus
def test_every_copy_is_reached_in_icarus(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(TEST)
    design = foreign.read(grid.FOLDER, CHIP)
    built = runner.build(design, CHIP, "icarus", tmp_path)
    inner = "genblk3" if toolchain.icarus().version.startswith("11.") else "genblk1"  # newer ones name it as Verilator
    assert built.design.memories["sums[2]"] == f"row[0].{inner}[2].core_0.mem"
    (one,) = select(CHIP, f"{tmp_path}/test_own.py")
    outcome = runner.run(built, one, tmp_path / "run", 1)
    assert outcome.passed, outcome.failure
