"""The simulation model of the multiplier, against Python's integers, in Icarus."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from draupnir.rtl import toolchain
from draupnir.rtl.fpga.mult18x18d import MULT18X18D

EDGES = (0, 1, 2, 0x1FFFF, 0x20000, 0x3FFFF)


def bench(cases: list[tuple[int, int, int, int]]) -> str:
    """A bench that prints the product of each case: signs of both factors, and the factors."""
    pins = ", ".join(
        f".{name}{bit}({name.lower()}[{bit}])" for name, n in (("A", 18), ("B", 18), ("P", 36)) for bit in range(n)
    )
    steps = "\n".join(f'sa={sa}; sb={sb}; a={a}; b={b}; #1 $display("%h", p);' for sa, sb, a, b in cases)
    return f"""
module bench;
    reg sa, sb;
    reg [17:0] a, b;
    wire [35:0] p;
    MULT18X18D dut({pins}, .SIGNEDA(sa), .SIGNEDB(sb), .SOURCEA(1'b0), .SOURCEB(1'b0));
    initial begin
        {steps}
    end
endmodule
"""


def factor(content: int, is_signed: int) -> int:
    return content - (1 << 18) if is_signed and content >> 17 else content


@pytest.mark.icarus
def test_a_product_is_that_of_integers(tmp_path: Path) -> None:
    tools = toolchain.icarus()
    rng = np.random.default_rng(3)
    pairs = [(a, b) for a in EDGES for b in EDGES] + rng.integers(1 << 18, size=(40, 2)).tolist()
    cases = [(sa, sb, a, b) for a, b in pairs for sa in (0, 1) for sb in (0, 1)]
    (tmp_path / "bench.v").write_text(MULT18X18D + bench(cases))
    subprocess.run([str(tools.iverilog), "-g2005", "-o", "bench", "bench.v"], cwd=tmp_path, check=True)
    printed = subprocess.run(
        [str(tools.vvp), "-n", "bench"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    products = [factor(a, sa) * factor(b, sb) & (1 << 36) - 1 for sa, sb, a, b in cases]
    assert [int(line, 16) for line in printed.split()] == products
