"""A proof shows that a point cannot be reached, and does not show it of a point that can."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.rtl import emit
from draupnir.rtl.design import Design
from draupnir.tools.coverage.marks import escaped, in_verilog
from draupnir.tools.coverage.points import Point

pytest.importorskip("bitwuzla", reason="the extra [prove] is not installed")
from draupnir.tools.coverage.unreachable import unreachable

# The lines end as on other systems, so that a place counted in characters is wrong.
VERILOG = """\
module count (input wire clk, rst, id, input wire [1:0] way, input wire [7:0] n, output reg [2:0] q, output wire z);
    wire [1:0] low = {1'b0, way[0]};
    wire nowhere;
    assign z = low[1] ? n[0] : n[1];
    always @(posedge clk or posedge rst)
        if (rst) q <= 3'd0;
        else if (way == 2'd0) q <= q;
        else if (way[0] == 1'b0 && way[1] == 1'b0) q <= 3'd7;
        else if (n > 8'd3 || n < 8'd9) q <= q + 3'd1;
        else q <= 3'd6;
    integer i;
    reg [3:0] parts;
    always @(*)
        for (i = 0; i < 4; i = i + 1)
            if (n[i]) parts[i] = 1'b1; else parts[i] = 1'b0;
    reg [1:0] code;
    always @(*)
        case (way)
            2'd0: code = 2'd0;
            2'd1: begin code = 2'd1; end
            2'd2, 2'd3: if (low[1]) code = 2'd3; else code = 2'd2;
            default: code = 2'd0;
        endcase
endmodule
module pair (input wire clk, rst, input wire [1:0] way, input wire [7:0] n, output wire [5:0] q, output wire [1:0] z);
    count one (.clk(clk), .rst(rst), .id(1'b0), .way(way), .n(n), .q(q[2:0]), .z(z[0]));
    count other (.clk(clk), .rst(rst), .id(1'b1), .way(2'd1), .n(n), .q(q[5:3]), .z(z[1]));
endmodule
""".replace("\n", "\r\n")
BOTH, ONE, OTHER = "TOP.pair.*", "TOP.pair.one", "TOP.pair.other"


# text, kind, name, instance -> whether it is shown that the point cannot be reached
OUTCOMES = {
    ("if (rst)", "branch", "if", BOTH): None,
    ("if (way == 2'd0)", "branch", "if", BOTH): False,
    ("if (way == 2'd0)", "branch", "elsif", OTHER): True,
    ("if (way[0]", "branch", "elsif", BOTH): True,
    ("if (way[0]", "branch", "else", BOTH): False,
    ("way[0] == 1'b0 &&", "expression", "((way[0] == 1'b0)==1 && (way[1] == 1'b0)==1) => 1", BOTH): True,
    ("way[0] == 1'b0 &&", "expression", "((way[0] == 1'b0)==0) => 0", BOTH): False,
    ("if (n > 8'd3", "branch", "elsif", BOTH): False,
    ("if (n > 8'd3", "branch", "else", BOTH): True,
    ("low[1] ?", "branch", "cond_then", BOTH): True,
    ("low[1] ?", "branch", "cond_else", BOTH): False,
    ("2'd1: begin", "line", "case", ONE): False,
    ("2'd0: code", "line", "case", OTHER): True,
    ("if (low[1])", "branch", "if", BOTH): True,
    ("if (low[1])", "branch", "else", ONE): False,
    ("f (low[1])", "line", "else", ONE): False,
    ("default:", "line", "case", BOTH): True,
    ("nowhere", "toggle", "nowhere:0->1", BOTH): True,
    ("low", "toggle", "low[1]:0->1", BOTH): True,
    ("low", "toggle", "low[0]:1->0", ONE): False,
    ("low", "toggle", "low[0]:1->0", OTHER): True,
    ("low", "toggle", "id:0->1", BOTH): True,
    ("low", "toggle", "q[2]:1->0", BOTH): False,
    ("low", "toggle", "none[2]:1->0", BOTH): None,
    ("wire nowhere", "line", "block", BOTH): None,
    ("if (n[i])", "branch", "if", BOTH): None,
    ("n > 8'd3", "expression", "((32'sh1[7:0] == n)==1) => 1", BOTH): False,
    ("n > 8'd3", "expression", "((32'sh104[7:0] == n)==1 && (n >> way)[2:1][1]==0) => 1", ONE): False,
    ("n > 8'd3", "expression", "((32'sh104[7:0] == n)==1 && n[2:1][1]==0) => 1", BOTH): True,
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("unreachable") / "pair.v"
    path.write_bytes(VERILOG.encode())
    return path


def point_at(file: Path, text: str, kind: str, name: str, instance: str = BOTH) -> Point:
    """Return the point at the first place of a text."""
    first = VERILOG.index(text)
    line, start = VERILOG.count("\n", 0, first) + 1, VERILOG.rfind("\n", 0, first)
    return Point(str(file), line, first - start, kind, "count", instance, name)


@pytest.fixture(scope="module")
def outcomes(file: Path) -> dict[Point, bool | None]:
    points = {point_at(file, *place): 0 for place in OUTCOMES}
    return unreachable(None, Design("pair", (file,)), points, file.parent / "proofs", 10)


@pytest.mark.parametrize("place", OUTCOMES)
def test_each_kind_of_point(file: Path, outcomes: dict[Point, bool | None], place: tuple[str, str, str, str]) -> None:
    assert outcomes[point_at(file, *place)] is OUTCOMES[place]


def test_points_of_one_place_are_told_apart(file: Path, tmp_path: Path) -> None:
    """An `if` without `else` in another one gets marks at both."""
    names = ("if", "else", "elsif")
    points = [point_at(file, text, "branch", name) for text in ("if (n > 8'd3", "if (low[1])") for name in names]
    outcomes = unreachable(None, Design("pair", (file,)), dict.fromkeys(points, 0), tmp_path / "proofs", 10)
    assert [*outcomes.values()] == [False, True, False, True, False, True]


def test_names_of_emitted_verilog_are_escaped() -> None:
    assert escaped("($12[8]==1 && a.b==4'hF && c_d==0)") == "(\\$12 [8]==1 && \\a.b ==4'hF && c_d==0)"


def test_bits_of_numbers_and_of_expressions_are_written_as_verilog_has_them() -> None:
    for text, verilog in (
        ("(32'sh5[3:0] == (labels[4'hf]))", "(((32'sh5 >> 0) & 15) == (labels[4'hf]))"),
        ("(sums[1'h0])[15]==1 && (sums[1'h1])[7:4]==0", "sums[1'h0][15]==1 && sums[1'h1][7:4]==0"),
        ("((words[i]) >> n)[10]==1", "((((words[i]) >> n) >> 10) & 1)==1"),
        ("mode[2:1][1]==1 && low[26:0][3]==0", "mode[2]==1 && low[3]==0"),
    ):
        assert in_verilog(text) == verilog


def test_what_the_steps_of_a_chip_show_is_used(tmp_path: Path) -> None:
    """The lowest 12 bits that tinyODIN shifts out are always 0, which a state alone does not tell."""
    design = emit.design("tinyodin", tmp_path / "rtl")
    points = {
        Point("", 1, 1, "toggle", "spi", "TOP.tinyODIN.spi.frames", f"_shift_out[{bit}]:0->1"): 0 for bit in (0, 11, 12)
    }
    for package, outcome in ((chips.package("tinyodin"), True), (None, False)):
        outcomes = unreachable(package, design, points, tmp_path / f"proofs_{outcome}", 10)
        assert [*outcomes.values()] == [outcome, outcome, False]


def test_a_bit_of_a_counter_is_0_for_so_many_clocks(tmp_path: Path) -> None:
    """tinyODIN's controller counts clocks; what its SPI shifts out is no counter."""
    design = emit.design("tinyodin", tmp_path / "rtl")
    places = {("controller", "_ctrl_cnt[12]"): False, ("controller", "_ctrl_cnt[13]"): True}
    places |= {("spi.frames", "_shift_out[13]"): False}
    points = {Point("", 1, 1, "toggle", "spi", f"TOP.tinyODIN.{path}", f"{bit}:0->1"): 1 << 13 for path, bit in places}
    outcomes = unreachable(chips.package("tinyodin"), design, points, tmp_path / "proofs", 10)
    assert [*outcomes.values()] == [*places.values()]
