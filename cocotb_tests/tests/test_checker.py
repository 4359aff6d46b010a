"""A bench in Icarus, which knows X, counts a bit that stays unknown as a difference."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.cocotb_tests import first_memory, runner
from draupnir.cocotb_tests.catalogue import select
from draupnir.cocotb_tests.runner import BenchOutcome, start_of
from draupnir.cocotb_tests.tests import toy
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import column
from draupnir.golden import wave
from draupnir.golden.compare import ComparedBits
from draupnir.rtl import toolchain
from draupnir.rtl.initial import Initial

pytestmark = pytest.mark.icarus
N_BITS = toy.CHIP.output_word.width
NEVER_RESET = toy.VERILOG.replace("            ODD <= 0;\n", "")
KNOWN_LATER = NEVER_RESET.replace("ODD <= ODD ^ ADD;", "if (ADD) ODD <= ~sum__now[0];")
LATE = toy.VERILOG.replace("sum__now + ADD;", "sum__now + ADD + (sum__now == 2 ? 4'bx : 0);")
UNKNOWN_IN_MEMORY = toy.VERILOG.replace("+ 8'd1", "+ 8'd1 | 8'bx0000000")
EVERYTHING_UNKNOWN = toy.VERILOG.replace("(RST)", "(RST === 1'bx)")

Run = Callable[..., BenchOutcome]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A function that runs a test file on a Verilog of the toy in Icarus."""
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))

    def run_(verilog: str, test: str = toy.TEST, start: Initial | None = None) -> BenchOutcome:
        (tmp_path / "test_own.py").write_text(test)
        (one,) = select(toy.CHIP, f"{tmp_path}/test_own.py")
        built = runner.build(toy.design(tmp_path, verilog), toy.CHIP, "icarus", tmp_path / "compiled")
        return runner.run(built, one, tmp_path / "run", 1, start=start)

    return run_


def bits(outcome: BenchOutcome) -> ComparedBits:
    return ComparedBits(outcome.notes["output_bits"], outcome.notes["unknown"])


def test_what_is_unknown_before_the_first_reset_is_counted_and_no_more(run: Run) -> None:
    outcome = run(toy.VERILOG)
    assert outcome.passed, outcome.failure
    assert outcome.notes["unknown"] == outcome.notes["unknown_before_reset"] == {"SUM_NOW": 4, "ODD": 1}
    n = outcome.notes["compared"]
    assert n > 10
    assert str(bits(outcome)) == f"{(n - 1) * N_BITS} of {n * N_BITS} output bits compared"
    assert outcome.notes["never_known"] == []
    assert ElementTree.parse(outcome.folder / "results.xml").find(".//failure") is None


def test_a_register_that_no_reset_reaches_fails_at_the_first_clock_after_the_reset(run: Run) -> None:
    outcome = run(NEVER_RESET)
    assert "ODD: expected 0b0, got 0bx" in outcome.failure
    assert "SUM_NOW" not in outcome.failure
    assert "cycle 5:" in outcome.failure  # five clocks of reset
    assert "the reset is over: an output that is x or z is a difference" in outcome.failure
    assert outcome.notes["never_known"] == ["ODD"]
    assert outcome.notes["mismatches"] == 1


def test_a_bit_that_becomes_unknown_later_fails_there(run: Run) -> None:
    outcome = run(LATE)
    assert "SUM_NOW: expected 0b0011, got 0bxxxx" in outcome.failure
    assert "ODD" not in outcome.failure
    assert outcome.notes["never_known"] == []


def test_a_design_of_which_nothing_is_ever_known_fails(run: Run) -> None:
    outcome = run(EVERYTHING_UNKNOWN)
    assert "SUM_NOW: expected 0b0000, got 0bxxxx" in outcome.failure
    assert bits(outcome).n_compared == 0


def test_unknown_outputs_without_any_reset_fail(run: Run) -> None:
    test = toy.TEST.replace("bench.add(3)", "bench.clock.cycles(3)").replace("assert bench.word", "# ")
    outcome = run(toy.VERILOG, test.replace("Bench(dut)", "Unreset(dut)").replace(
        "@cocotb", "class Unreset(Bench):\n    async def prepare(self): ...\n\n@cocotb"
    ))  # fmt: skip
    assert "unknown bits in SUM_NOW, ODD" in outcome.failure
    assert "0 of 20 output bits compared" in outcome.failure
    assert "no reset has ended that would explain them" in outcome.failure


def test_a_pin_that_is_said_to_be_undefined_may_be_unknown_for_a_while(run: Run) -> None:
    test = toy.TEST.replace("@cocotb", "class Mine(Bench):\n    undefined = ('ODD',)\n\n@cocotb", 1)
    outcome = run(KNOWN_LATER, test.replace("Bench(dut)", "Mine(dut)"))
    assert outcome.passed, outcome.failure
    assert 5 < outcome.notes["unknown"]["ODD"] < outcome.notes["compared"]
    outcome = run(NEVER_RESET, test.replace("Bench(dut)", "Mine(dut)"))
    assert outcome.failure.startswith("never known, and so not compared: ODD")


def test_an_unknown_bit_of_a_memory_fails_at_the_end(run: Run) -> None:
    outcome = run(UNKNOWN_IN_MEMORY, toy.TEST.replace("== 1", "is not None").replace("bench.word(", "bench.chip or ("))
    assert "ram: 3 of 4 words have unknown bits at the end" in outcome.failure
    assert "ram[0x0]: bits 0x80" in outcome.failure


WRONG_SUM = toy.VERILOG.replace("+ 8'd1", "+ (A == 1 ? 8'd3 : 8'd1)")


@pytest.mark.parametrize(
    ("looks", "message"), [(256, "memories first differ after time step"), (3, "memories differ after time step")]
)
def test_the_clock_after_which_a_memory_differs_is_found(
    looks: int, message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_memory, "LOOKS", looks)
    test = toy.TEST.replace("bench.add(3)", "bench.add(40)").replace("== 1", "is not None")
    outcome = run(WRONG_SUM, test)
    assert "memories differ after the last clock:\n  ram: 1 of 4 words differ\n" in outcome.failure
    built = runner.build(toy.design(tmp_path, WRONG_SUM), toy.CHIP, "icarus", tmp_path / "compiled")
    rerun = first_memory.located(built, outcome, 1)
    pins = wave.read(outcome.folder / "pins.fst", toy.CHIP)
    edges = pins.clk == 1
    inputs = toy.CHIP.input_word
    adds = column(inputs, "ADD", pins.inputs)[edges] & ~column(inputs, "RST", pins.inputs)[edges]
    sums = column(toy.CHIP.output_word, "SUM_NOW", pins.outputs)[edges]
    clock = int(np.flatnonzero((adds == 1) & (sums % 4 == 1))[0])  # before the edge that adds to the word
    assert re.search(rf"^{message} \d+, cycle {clock}\b", rerun.failure, re.MULTILINE)
    difference = rerun.notes["first_memory_difference"]
    assert (difference["cycle"], difference["is_first"]) == (clock, looks == 256)
    [word] = difference["memories"][0]["words"]
    assert (word["addr"], word["expected"], word["got"]) == (1, 1, 3)
    n_bits = N_BITS * (clock + 1)
    assert difference["bits"]["total"] == n_bits and f" of {n_bits} output bits compared" in rerun.failure


def test_a_test_whose_memories_are_equal_is_not_told_of(run: Run, tmp_path: Path) -> None:
    outcome = run(LATE)
    built = runner.build(toy.design(tmp_path, LATE), toy.CHIP, "icarus", tmp_path / "compiled")
    assert first_memory.located(built, outcome, 1) == outcome


def test_start_values_take_the_place_of_unknown_bits(run: Run) -> None:
    zero = run(NEVER_RESET, start=Initial("zero"))
    assert zero.passed, zero.failure
    assert bits(zero).n_unknown == 0
    # Random contents are not compared before a reset. A bit without a reset is right by chance, with one of two seeds.
    failures = [run(NEVER_RESET, start=Initial("random", seed)).failure for seed in range(1, 5)]
    assert any("ODD: expected 0x0, got 0x1" in failure for failure in failures)
    outcome = run(toy.VERILOG, start=Initial("random", 3))
    assert outcome.passed, outcome.failure
    assert bits(outcome).n_unknown == sum(outcome.notes["unknown_before_reset"].values()) == 5 * N_BITS


def test_verilator_has_no_unknown_start() -> None:
    with pytest.raises(InputError, match="--initial unknown: Verilator knows only 0 and 1"):
        start_of("verilator", "unknown", 1)
    assert [start_of("verilator", None, 1).kind, start_of("icarus", None, 1).kind] == ["zero", "unknown"]


CAUGHT = """\
        bench.lockstep.compare()
        bench.model.registers[0].acc = 9
        await bench.clock.cycles(2)
        try:
            bench.lockstep.compare()
        except AssertionError:
            cocotb.pass_test()
"""


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("import cocotb\n@cocotb.test()\nasync def idle(dut): ...\n", "nothing was compared: the test has not left"),
        (toy.TEST.replace("async with Bench(dut) as bench:", "bench = await Bench(dut).__aenter__()\n    if True:"),
         "nothing was compared: the test has not left"),
        (toy.TEST.partition("        await")[0] + CAUGHT, "1 mismatches, which the test has caught"),
        (toy.TEST.replace("== 1", "== 2"), "assert 1 == 2"),
    ],
    ids=["without a bench", "bench never left", "mismatch caught", "assertion"],
)  # fmt: skip
def test_a_test_that_has_shown_nothing_has_failed(test: str, reason: str, run: Run) -> None:
    outcome = run(toy.VERILOG, test)
    assert not outcome.passed
    assert reason in outcome.failure, outcome.failure


def outcome_of(**notes: Any) -> str:
    return runner._not_held(notes)


def test_no_clock_edge_is_nothing_compared() -> None:
    assert "nothing was compared: no clock edge" in outcome_of(compared=0)
    assert outcome_of(compared=1, mismatches=0) == ""
