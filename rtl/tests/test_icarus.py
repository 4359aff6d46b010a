"""Icarus gives the same outputs for the same rows, and marks the bits that it does not know."""

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import column, pack
from draupnir.rtl import icarus
from draupnir.rtl.foreign import read
from draupnir.rtl.tests.toy_chip import CHIP, STORE, TOY, rows, write

pytestmark = pytest.mark.icarus


@pytest.fixture
def design(tmp_path):
    return read(write(tmp_path / "source", toy=TOY, store=STORE), CHIP)


def known_bits(run, pin):
    return column(CHIP.output_word, pin, run.known_bits)


def test_outputs_are_those_before_each_clock_edge(design, tmp_path):
    inputs, clk, expected = rows(500, seed=1)
    run = icarus.run(design, CHIP, inputs, clk, tmp_path / "work")
    assert np.array_equal(column(CHIP.output_word, "SUM", run.outputs), expected)
    assert np.array_equal(known_bits(run, "SUM") == 255, clk == 1)


def test_what_was_never_written_is_unknown(design, tmp_path):
    add, rst = pack(CHIP.input_word, {"ADD": 1}), pack(CHIP.input_word, {"RST": 1})
    run = icarus.run(design, CHIP, np.array([0, rst, add, add, add]), np.ones(5, dtype=np.uint8), tmp_path)
    assert known_bits(run, "SUM").tolist() == [0, 255, 255, 255, 255]
    assert known_bits(run, "STORED").tolist() == [0, 0, 0, 1, 0]
    assert run.memories_known["sums"][:, 0].tolist() == [0xFFFFFFFF] * 3 + [0] * 13
    assert not run.memories["sums"][3:].any()


def test_loaded_memory_is_read_back(design, tmp_path):
    content = np.random.default_rng(6).integers(0, 256, (16, 2), dtype=np.uint32)
    run = icarus.run(design, CHIP, np.zeros(0, np.int64), np.zeros(0, np.uint8), tmp_path, {"sums": content})
    assert np.array_equal(run.memories["sums"], content)


def test_delays_in_the_source_are_over_before_the_next_action(tmp_path):
    late = write(tmp_path / "source", toy=TOY.replace("priority <= priority", "priority <= #3 priority"), store=STORE)
    inputs, clk, expected = rows(200, seed=4)
    run = icarus.run(read(late, CHIP), CHIP, inputs, clk, tmp_path)
    assert np.array_equal(column(CHIP.output_word, "SUM", run.outputs), expected)


def test_design_that_ends_the_simulation_is_refused(tmp_path):
    ends = TOY.replace("assign SUM", "always @(posedge CLK) if (priority == 3) $finish;\nassign SUM")
    design = read(write(tmp_path / "source", toy=ends, store=STORE), CHIP)
    inputs = np.array([pack(CHIP.input_word, {"RST": 1}), *[pack(CHIP.input_word, {"ADD": 1})] * 9])
    with pytest.raises(InputError, match="the design ended the simulation after 5 of 10 clocks"):
        icarus.run(design, CHIP, inputs, np.ones(10, dtype=np.uint8), tmp_path)


def test_sources_that_icarus_refuses_give_its_message(design, tmp_path):
    (tmp_path / "source" / "store.v").write_text("module store(; endmodule\n")
    with pytest.raises(InputError, match=r"Icarus refused the sources: .*store\.v:1: syntax error"):
        icarus.run(design, CHIP, np.zeros(0, np.int64), np.zeros(0, np.uint8), tmp_path)


def test_memory_of_the_wrong_shape_is_refused(design, tmp_path):
    with pytest.raises(ValueError, match=r"memory sums: shape \(4, 2\), must be \(16, 2\)"):
        icarus.run(
            design, CHIP, np.zeros(0, np.int64), np.zeros(0, np.uint8), tmp_path, {"sums": np.zeros((4, 2), np.uint32)}
        )
