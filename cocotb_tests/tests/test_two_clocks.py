"""A bench of a chip with two clocks of different speed, two resets and a wide pin, in both simulators."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.catalogue import select
from draupnir.cocotb_tests.runner import BenchOutcome, Simulator
from draupnir.emulator.tests import duo_chip
from draupnir.emulator.tests.duo_chip import CHIP
from draupnir.rtl import toolchain
from draupnir.rtl.design import Design

TEST = """\
import cocotb
from draupnir.cocotb_tests.lib.bench import ChipBench
from draupnir.emulator.tests.duo_chip import Model

class Bench(ChipBench):
    periods = {"STROBE": 14}

    def __init__(self, dut):
        super().__init__(dut, Model())
        self.hold(())

def level(rng):
    return int.from_bytes(rng.bytes(13)) >> 4

@cocotb.test(timeout_time=1, timeout_unit="ms")
async def test_levels_and_resets(dut):
    async with Bench(dut) as bench:
        for address in range(16):  # so that Icarus knows the memory
            bench.pins["D"].value = address | 0xa5 << 4
            await bench.clock.cycles(1)
        assert bench.word("store", 15) == 0xa5
        for i in range(200):
            bench.pins["D"].value = level(bench.rng)
            bench.pins["SOFT"].value = int(i % 20 == 0)
            await bench.clock.cycles(int(bench.rng.integers(1, 4)))
            if i == 100:
                await bench.reset()
                assert int(bench.pins["RST_N"].value) == 1
"""
MUTANTS = ["the fall of STROBE is its rise", "the highest bit is lost", "the fall sees what has risen"]


@pytest.fixture(
    params=[pytest.param("verilator", marks=pytest.mark.verilator), pytest.param("icarus", marks=pytest.mark.icarus)]
)
def simulator(request: pytest.FixtureRequest) -> Simulator:
    name: Simulator = request.param
    toolchain.icarus() if name == "icarus" else toolchain.verilator()
    return name


def run(simulator: Simulator, verilog: str, folder: Path) -> BenchOutcome:
    (folder / "duo.v").write_text(verilog)
    (folder / "test_own.py").write_text(TEST)
    (one,) = select(CHIP, f"{folder}/test_own.py")
    design = Design("duo", (folder / "duo.v",), {"store": "store"})
    built = runner.build(design, CHIP, simulator, folder / "compiled")
    return runner.run(built, one, folder / "run", 1)


def test_a_bench_holds_the_model_to_the_edges_of_both_clocks(simulator: Simulator, tmp_path: Path) -> None:
    outcome = run(simulator, duo_chip.VERILOG, tmp_path)
    assert outcome.passed, outcome.failure
    # In 70 ns CLK rises 7 times, STROBE rises and falls 5 times, once together with CLK.
    assert abs(outcome.notes["compared"] * 7 - outcome.notes["cycles"] * 16) < 2 * 16
    assert outcome.notes["output_bits"] == 116 * outcome.notes["compared"]
    assert outcome.notes["never_known"] == []


@pytest.mark.icarus
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_fails_in_a_bench(name: str, tmp_path: Path) -> None:
    outcome = run("icarus", duo_chip.mutant(name), tmp_path)
    assert not outcome.passed
    assert "mismatch at time step" in outcome.failure
