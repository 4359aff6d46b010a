"""A chip that is small enough for a test: a counter that adds its input, and a memory of its sums."""

from pathlib import Path

import numpy as np

from draupnir.emulator.declare import Chip, Memory, Pin, Word

CHIP = Chip(
    name="toy",
    title="an accumulator with a memory",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("RST", "in", 1, "reset", ""),
        Pin("ADD", "in", 3, "control", ""),
        Pin("SUM", "out", 8, "status", ""),
        Pin("TOP_BIT", "out", 1, "status", ""),
        Pin("STORED", "out", 1, "status", ""),
    ),
    memories=(Memory("sums", 16, 40, (Word("sum", 40, ()),)),),
    registers=(),
    blocks=(),
    events=(),
    source="",
)

# It has a name that is a keyword in SystemVerilog, and a memory two levels down, in a generate block.
TOY = """\
module toy #(parameter M = 4, parameter K = 1) (
    input  wire           CLK,
    input  wire           RST,
    input  wire [  K+1:0] ADD,
    output wire [2*M-1:0] SUM,
    output wire           TOP_BIT,
    output wire           STORED
);
    reg [2*M-1:0] priority;
    always @(posedge CLK, posedge RST)
        if (RST) priority <= 0;
        else     priority <= priority + ADD;
    assign SUM = priority;
    assign TOP_BIT = priority[2*M-1];
    generate if (M > 2) begin : bank
        store #(.W(10*M), .D(1 << M)) store_0 (.clk(CLK), .sum(priority), .bit0(STORED));
    end endgenerate
endmodule
"""

STORE = """\
module store #(parameter W = 8, parameter D = 4) (input clk, input [7:0] sum, output bit0);
    reg [W-1:0] mem [D-1:0];
    reg         seen;
    assign bit0 = seen;
    always @(posedge clk) begin
        mem[sum[3:0]] <= {sum, 24'habcdef, sum};
        seen <= mem[sum[3:0]][0];
    end
endmodule
"""

TESTBENCH = "module bench; reg CLK; initial begin CLK = 0; forever #5 CLK = ~CLK; end toy dut(.CLK(CLK)); endmodule\n"


def write(folder: Path, **files: str) -> Path:
    """Write files (name -> text; ".v" is added) into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.v").write_text(text)
    return folder


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return random rows that begin with a reset, and the expected outputs: (inputs, clk, SUM).

    SUM follows from the toy's definition; it is 0 in a row without a clock edge.
    """
    rng = np.random.default_rng(seed)
    clk = (rng.random(n) < 0.8).astype(np.uint8)
    rst = (rng.random(n) < 0.05).astype(np.int64)
    rst[0] = 1
    add = rng.integers(0, 8, n)
    sums = np.zeros(n, dtype=np.int64)
    total = 0
    for i in range(n):
        total = 0 if rst[i] else total
        sums[i] = total if clk[i] else 0
        total = total + int(add[i]) & 255 if clk[i] and not rst[i] else total
    return rst << CHIP.input_word["RST"].lsb | add << CHIP.input_word["ADD"].lsb, clk, sums
