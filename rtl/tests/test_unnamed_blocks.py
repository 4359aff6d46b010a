"""A probe in a generate block without a name is found, as in the Verilog of small chips."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.rtl.library import Library

LANES = """
module lane (input clk, d, output reg q);
    always @(posedge clk) q <= d;
endmodule
module lanes (input clk, input [3:0] d, output [3:0] q);
    genvar i;
    generate
        for (i = 0; i < 2; i = i + 1) begin
            lane a0 (.clk(clk), .d(d[i]), .q(q[i]));
        end
        for (i = 2; i < 4; i = i + 1) begin
            lane b0 (.clk(clk), .d(d[i]), .q(q[i]));
        end
    endgenerate
endmodule
"""


@pytest.mark.parametrize(
    ("path", "width"),
    [("genblk1[1].a0.q", 1), ("genblk2[2].b0.q", 1), ("genblk2[1].b0.q", None), ("genblk1[0].b0.q", None), ("q", 4)],
)
def test_width_of_a_signal_in_a_block_without_a_name(path: str, width: int | None, tmp_path: Path) -> None:
    (tmp_path / "lanes.v").write_text(LANES)
    assert Library(tmp_path, [tmp_path / "lanes.v"], [], []).width_of("lanes", path) == width
