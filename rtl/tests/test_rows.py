"""The rows of an array of two dimensions are the copies of a declared memory, in both readers and both simulators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import foreign, icarus, memory_changes, plain, verilated
from draupnir.rtl.design import Design, row_of
from draupnir.rtl.hierarchy import Array
from draupnir.rtl.library import Library
from draupnir.rtl.tests import grid

CHIP = grid.declare(NX=3, NY=2, DEPTH=16)
PATHS = [f"bank.mem[{i}]" for i in range(6)]
# The grid with all memories in one array, in Verilog-2005.
TOP = """
module grid #(parameter NX = 2, parameter NY = 2, parameter DEPTH = 8) (
    input CLK, input RST, input [$clog2(NX*NY)-1:0] CORE, input [$clog2(DEPTH)-1:0] ADDR, input [8:0] REQUEST,
    output [11:0] WORD, output [NX*NY-1:0] ODD
);
    bank #(.N(NX*NY), .DEPTH(DEPTH)) bank (CLK, RST, CORE, ADDR, REQUEST, WORD, ODD);
endmodule
"""
BANK = """
module bank #(parameter N = 4, parameter DEPTH = 8) (
    input clk, input rst, input [$clog2(N)-1:0] core, input [$clog2(DEPTH)-1:0] addr, input [8:0] request,
    output [11:0] word, output reg [N-1:0] odd
);
    reg [11:0] mem [0:N-1][0:DEPTH-1];
    reg [12*N-1:0] words;
    integer i;
    assign word = words[12*core +: 12];
    always @(posedge clk) begin
        for (i = 0; i < N; i = i + 1) words[12*i +: 12] <= mem[i][addr];
        if (request[8]) begin
            mem[core][addr] <= mem[core][addr] + request[7:0];
            odd[core] <= odd[core] ^ request[0];
        end
        if (rst) odd <= 0;
    end
endmodule
"""


def write(folder: Path, bank: str = BANK) -> Path:
    (folder / "grid.v").write_text(TOP)
    (folder / "bank.v").write_text(bank)
    return folder


def read(folder: Path, bank: str = BANK) -> Design:
    return foreign.read(write(folder, bank), CHIP)


def contents() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 1 << grid.BITS, CHIP.memory("sums").shape).astype(np.uint32)


def expected(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, the outputs of the model, and its memories afterwards."""
    model = grid.model_of(CHIP)()
    model.memories["sums"][:] = contents()
    inputs = grid.rows(CHIP, n, 2)
    return inputs, model.drive(inputs, np.ones(n, np.uint8)), model.memories["sums"]


def test_rows_are_copies_in_both_readers(tmp_path: Path) -> None:
    design = read(tmp_path)
    assert list(design.memories.values()) == PATHS and design.language == "verilog-2005"
    library = Library(tmp_path, sorted(tmp_path.glob("*.v")), (), (), settings=CHIP.sizes)
    arrays = [Array(path, 16, 12) for path in PATHS]
    assert library.tree("grid").arrays == arrays
    assert plain.tree(plain.Modules(library.plain_text), "grid", dict(CHIP.sizes)).arrays == arrays


def test_an_array_of_other_dimensions_is_no_memory(tmp_path: Path) -> None:
    for old_dims, new_dims in (("[0:N-1]", "[1:N]"), ("[0:N-1]", "[0:N-1][0:0]")):
        bank = BANK.replace(f"mem {old_dims}", f"mem {new_dims}")
        with pytest.raises(InputError, match=r"missing memory sums \(declared 6 copies of 16 words of 12 bits"):
            read(tmp_path, bank)


def test_a_path_to_a_row_is_told_from_one_through_a_block() -> None:
    assert row_of("bank.mem[3]") == ("bank.mem", 3)
    assert row_of("row[0].core_0.mem") == ("row[0].core_0.mem", None)


@pytest.mark.verilator
def test_rows_are_read_and_written_in_verilator(tmp_path: Path) -> None:
    inputs, outputs, sums = expected(300)
    device = verilated.build(read(tmp_path), CHIP, tmp_path / "build")
    device.write_memory("sums", contents())
    assert np.array_equal(device.read_memory("sums"), contents())
    assert device.run(inputs, np.ones(len(inputs), np.uint8)).tolist()[1:] == outputs.tolist()[1:]
    assert np.array_equal(device.read_memory("sums"), sums)


@pytest.mark.icarus
def test_rows_are_read_written_and_followed_in_icarus(tmp_path: Path) -> None:
    inputs, outputs, sums = expected(100)
    clk, initial_memories = np.ones(len(inputs), np.uint8), {"sums": contents()}
    design = read(tmp_path)
    run = icarus.run(design, CHIP, inputs, clk, tmp_path / "work", initial_memories, follow=True)
    assert run.outputs.tolist()[1:] == outputs.tolist()[1:]
    assert np.array_equal(run.memories["sums"], sums)
    assert (run.memories_known["sums"] == (1 << grid.BITS) - 1).all()
    half = grid.model_of(CHIP)()
    half.memories["sums"][:] = contents()
    half.drive(inputs[:51], clk[:51])
    moments = memory_changes.follow(tmp_path / "work", CHIP, design, clk, [50, 99])
    assert [memories["sums"].tolist() for memories, _ in moments] == [half.memories["sums"].tolist(), sums.tolist()]
