"""A chip on a bus is the golden model on all of its pins at every clock, whatever the master does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.catalogue import Test
from draupnir.cocotb_tests.runner import BuiltDesign, Simulator
from draupnir.rtl.soc import peripheral

DEPTHS = {"event_depth": 4, "spike_depth": 4}
# The pin in the Verilog of tinyODIN, at the port of the chip, and at the part of the chip that drives it.
PORT, DRIVER = "output AERIN_ACK;\n  wire AERIN_ACK;", ".aerin_ack(AERIN_ACK)"
MODULES = {"axi4-lite": "on_axi_lite", "wishbone": "on_wishbone"}


@cache
def built(chip: str, bus: str, simulator: Simulator, folder: Path) -> BuiltDesign:
    design = peripheral.design(chip, bus, folder / f"{chip}-{bus}", **DEPTHS)
    return runner.build(design, peripheral.declaration(bus, peripheral.map_of(chip)), simulator, folder / "compiled")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soc")


def run(chip: str, bus: str, simulator: Simulator, name: str, folder: Path) -> None:
    module = f"draupnir.cocotb_tests.soc.{MODULES[bus]}"
    test = Test(MODULES[bus], name, f"{module}.test_{name}")
    outcome = runner.run(built(chip, bus, simulator, folder), test, folder / f"{chip}-{bus}-{name}", seed=1)
    assert outcome.passed, outcome.failure
    assert outcome.notes["compared"] > 10 and outcome.notes["mismatches"] == 0


SCENARIOS = ["a_spike_travels", "queues_have_an_end", "accesses_do_what_the_map_says"]


@pytest.mark.icarus
@pytest.mark.parametrize("name", SCENARIOS)
def test_axi4_lite_in_icarus(name: str, folder: Path) -> None:
    run("tinyodin", "axi4-lite", "icarus", name, folder)


@pytest.mark.verilator
@pytest.mark.parametrize("name", SCENARIOS)
def test_axi4_lite_in_verilator(name: str, folder: Path) -> None:
    """A master that samples after the edge instead of before it waits for ever here."""
    run("tinyodin", "axi4-lite", "verilator", name, folder)


@pytest.mark.icarus
@pytest.mark.parametrize("name", ["accesses_do_what_the_map_says", "a_cycle_without_an_end_has_no_answer"])
def test_wishbone_in_icarus(name: str, folder: Path) -> None:
    run("tinyodin", "wishbone", "icarus", name, folder)


@pytest.mark.verilator
@pytest.mark.parametrize("name", ["accesses_do_what_the_map_says", "a_cycle_without_an_end_has_no_answer"])
def test_wishbone_in_verilator(name: str, folder: Path) -> None:
    run("tinyodin", "wishbone", "verilator", name, folder)


@pytest.mark.icarus
@pytest.mark.slow
@pytest.mark.parametrize("chip", ["gungnir"])
def test_windows_of_other_chips(chip: str, folder: Path) -> None:
    run(chip, "wishbone", "icarus", "each_window_has_its_memory", folder)


@pytest.mark.icarus
def test_a_bench_sees_an_inverted_pin_inside_the_design(folder: Path) -> None:
    """No access of this scenario depends on the pin."""
    design = built("tinyodin", "wishbone", "icarus", folder).design
    text = design.files[0].read_text()
    assert (text.count(PORT), text.count(DRIVER)) == (1, 1)
    planted = folder / "planted.v"
    inverter = f"{PORT} wire right_ack; assign AERIN_ACK = ~right_ack;"
    planted.write_text(text.replace(PORT, inverter).replace(DRIVER, ".aerin_ack(right_ack)"))
    outer_chip = peripheral.declaration("wishbone", peripheral.map_of("tinyodin"))
    wrong = runner.build(replace(design, files=(planted,)), outer_chip, "icarus", folder / "compiled")
    name = "a_cycle_without_an_end_has_no_answer"
    test = Test("on_wishbone", name, f"draupnir.cocotb_tests.soc.on_wishbone.test_{name}")
    outcome = runner.run(wrong, test, folder / "planted", seed=1)
    assert "AERIN_ACK" in outcome.failure and outcome.notes["mismatches"] == 1
