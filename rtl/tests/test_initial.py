"""Start values reach every register and memory of a design in Icarus, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Memory, Pin, Word
from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import Observed
from draupnir.emulator.trace import column, pack
from draupnir.rtl import icarus, toolchain, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.initial import UNKNOWN, ZERO, Initial
from draupnir.rtl.tests.toy_chip import write

pytestmark = pytest.mark.icarus

CHIP = Chip(
    "hold", "",
    (
        Pin("CLK", "in", 1, "clock", ""), Pin("ADD", "in", 4, "control", ""),
        *(Pin(name, "out", 4, "status", "") for name in (
            "TOP", "NAMED", "UNNAMED", "WIDE", "COUNTER", "LATER", "SET", "COMB", "WORD"
        )),
    ),
    (Memory("words", 4, 70, (Word("word", 70, ()),)),), (), (), (), "",
)  # fmt: skip
# A register at the top, in a named and in an unnamed generate block, wider than two limbs, an integer; registers that
# the source initialises, in the declaration and in an initial block; logic of registers alone; a memory that is read.
HOLD = """
module hold (input CLK, input [3:0] ADD, output [3:0] TOP, output [3:0] NAMED, output [3:0] UNNAMED,
             output [3:0] WIDE, output [3:0] COUNTER, output [3:0] LATER, output [3:0] SET, output reg [3:0] COMB,
             output [3:0] WORD);
    parameter N = 2;
    reg [3:0] top;
    reg [69:0] wide;
    integer counter;
    reg [3:0] set = 9, later;
    reg [69:0] words [0:3];
    initial later = 6;
    always @(posedge CLK) begin
        top <= top + ADD;
        wide <= wide + {66'b0, ADD};
        counter <= counter + ADD;
        set <= set;
        later <= later;
    end
    always @(*) COMB = top[0] ? 4'd3 : wide[0] ? 4'd5 : 4'd12;
    assign TOP = top, WIDE = wide[69:66] ^ wide[3:0], COUNTER = counter[3:0], LATER = later, SET = set;
    assign WORD = words[2][69:66];
    genvar i;
    generate
        if (N > 1) begin
            inner hidden (.CLK(CLK), .ADD(ADD), .SUM(UNNAMED));
        end
        for (i = 0; i < 1; i = i + 1) begin : row
            inner hidden (.CLK(CLK), .ADD(ADD), .SUM(NAMED));
        end
    endgenerate
endmodule
module inner (input CLK, input [3:0] ADD, output [3:0] SUM);
    generate if (1) begin
        reg [3:0] sum;
        always @(posedge CLK) sum <= sum + ADD;
        assign SUM = sum;
    end endgenerate
endmodule
"""
ROWS = np.array([pack(CHIP.input_word, {"ADD": add}) for add in (0, 1, 2, 3, 9, 0)])
EDGES = np.ones(len(ROWS), np.uint8)
ALL = (1 << CHIP.output_word.width) - 1


@pytest.fixture
def design(tmp_path: Path) -> Design:
    for tool in (toolchain.icarus, toolchain.cxx):
        try:
            tool()
        except InputError as error:
            pytest.skip(str(error))
    return Design("hold", (write(tmp_path / "source", hold=HOLD) / "hold.v",), {"words": "words"})


def run(design: Design, folder: Path, initial: Initial) -> Observed:
    return icarus.run(design, CHIP, ROWS, EDGES, folder, initial=initial)


def first(ran: Observed, pin: str) -> int:
    return int(column(CHIP.output_word, pin, ran.outputs)[0])


def test_without_a_start_value_they_are_unknown(design, tmp_path):
    ran = run(design, tmp_path, UNKNOWN)
    for pin in ("TOP", "NAMED", "UNNAMED", "WIDE", "COUNTER", "WORD"):
        assert not column(CHIP.output_word, pin, ran.known_bits).any(), pin
    assert not ran.memories_known["words"].any()


@pytest.mark.verilator
def test_zeros_are_what_verilator_starts_with(design, tmp_path):
    ran = run(design, tmp_path, ZERO)
    assert (ran.known_bits == ALL).all()
    assert not ran.memories["words"].any() and (ran.memories_known["words"] == [0xFFFFFFFF, 0xFFFFFFFF, 63]).all()
    assert (first(ran, "SET"), first(ran, "LATER"), first(ran, "COMB")) == (9, 6, 12)
    assert column(CHIP.output_word, "UNNAMED", ran.outputs).tolist() == [0, 0, 1, 3, 6, 15]
    device = verilated.build(design, CHIP, tmp_path / "compiled")
    assert device.run(ROWS, EDGES).tolist() == ran.outputs.tolist()


def test_random_values_are_known_and_follow_from_the_seed(design, tmp_path):
    once, same_seed, other = (
        run(design, tmp_path / str(i), Initial("random", seed)) for i, seed in enumerate((7, 7, 8))
    )
    assert (once.known_bits == ALL).all() and (other.known_bits == ALL).all()
    assert once.outputs.tolist() == same_seed.outputs.tolist() != other.outputs.tolist()
    assert np.array_equal(once.memories["words"], same_seed.memories["words"])
    many = [once, other, *(run(design, tmp_path / "more", Initial("random", seed)) for seed in range(1, 4))]
    for pin in ("NAMED", "UNNAMED", "WIDE", "WORD"):
        assert len({first(ran, pin) for ran in many}) > 1, pin
    assert {(first(ran, "SET"), first(ran, "LATER")) for ran in many} == {(9, 6)}


def test_what_is_loaded_stays(design, tmp_path):
    content = np.zeros((4, 3), np.uint32)
    content[2] = (1, 2, 0b111100)
    ran = icarus.run(design, CHIP, ROWS, EDGES, tmp_path, {"words": content}, Initial("random", 3))
    assert np.array_equal(ran.memories["words"], content)
    assert first(ran, "WORD") == 15


@pytest.mark.parametrize("seed", [0, -1, 1 << 31])
def test_a_seed_that_verilator_does_not_know_is_refused(seed):
    with pytest.raises(InputError, match=rf"seed {seed} is not within 1\.\.2147483647"):
        Initial("random", seed)


def test_a_missing_compiler_is_said(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match=r"no C\+\+ compiler: install g\+\+"):
        toolchain.cxx()
