"""Proofs of the whole small chips, and of clocks that are outputs of flip-flops."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from bitwuzla import Kind

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.rtl import emit, foreign
from draupnir.rtl.design import Design
from draupnir.tools.cli import cli
from draupnir.tools.proofs import job, sources
from draupnir.tools.proofs.clocked import ClockedModule
from draupnir.tools.proofs.logic import Bits, Logic
from draupnir.tools.proofs.questions import ask

BUGS = [  # a chip, a constant in our RTL in Verilog, what a bug makes of it, and where the two then differ
    ("snn_accelerator", "was_reset ? 6'h20", "was_reset ? 6'h21", "spike"),
    ("wrapped_snn_network", "8'h10", "8'h11", "thr"),
]
RIPPLE = """
module ripple (input clk, d, output reg [2:0] q, output reg last);
    always @(posedge clk) q[0] <= ~q[0];
    always @({edge} q[0]) q[1] <= ~q[1];
    always @({edge} q[1]) q[2] <= ~q[2];
    always @(posedge q[2]) last <= q[0] ^ d;
endmodule
"""
DEEP = "module deep (input clk, output reg [9:0] q);\nalways @(posedge clk) q[0] <= ~q[0];\n" + "".join(
    f"always @(posedge q[{i}]) q[{i + 1}] <= ~q[{i + 1}];\n" for i in range(9)
)
BOTH = """
module both (input clk, output reg [1:0] q);
    always @(posedge clk) q[0] <= ~q[0];
    always @(posedge q[0] or posedge clk) if (clk) q[1] <= 0; else q[1] <= ~q[1];
endmodule
"""


def netlist_of(verilog: str, top: str, folder: Path) -> ClockedModule:
    """Return a module of Verilog."""
    (folder / "source.v").write_text(verilog)
    netlist = sources.of_verilog(Design(top, (folder / "source.v",)), top, {}, folder / "flat")
    return ClockedModule(Logic(), netlist)


@pytest.mark.parametrize(("edge", "step"), [("negedge", 1), ("posedge", 7)])
def test_a_ripple_counter_counts(edge: str, step: int, tmp_path: Path) -> None:
    """A bit that moves at the fall of the one below counts up, and one that moves at its rise counts down.

    The flip-flop on the last clock sees the counter after the edge.
    """
    module = netlist_of(RIPPLE.format(edge=edge), "ripple", tmp_path)
    logic = module.logic
    inputs = {"clk": logic.number(0, 1), "d": logic.unknown("d", 1)}
    state = module.unknown_state()
    later = module.after_edges(inputs, inputs, state, {("clk", True): logic.constant(True)})

    def contents(each: object) -> dict[str, Bits]:
        reader = module.reader(inputs, each)  # type: ignore[arg-type]
        return {name: reader.bits(module.bits_of(name)) for name in ("q", "last")}

    old, new = contents(state), contents(later)
    count = old["q"].apply(Kind.BV_ADD, logic.number(step, 3))
    rises = logic.every((old["q"].slice(2, 1).is_true().inverted(), count.slice(2, 1).is_true()))
    last = rises.choose(count.slice(0, 1).apply(Kind.BV_XOR, inputs["d"]), old["last"])
    claim = logic.every((new["q"].equals(count), new["last"].equals(last)))
    assert ask(logic, claim, [], {}, 60).holds is True
    assert ask(logic, new["last"].equals(old["last"]), [], {}, 60).holds is False


def test_a_long_chain_of_clocks_is_refused(tmp_path: Path) -> None:
    module = netlist_of(DEEP + "endmodule\n", "deep", tmp_path)
    inputs = {"clk": module.logic.number(0, 1)}
    with pytest.raises(InputError, match="clocks are made of one another over more than 8 flip-flops"):
        module.after_edges(inputs, inputs, module.unknown_state(), {("clk", True): module.logic.constant(True)})


def test_a_divided_clock_with_an_asynchronous_reset_is_refused(tmp_path: Path) -> None:
    module = netlist_of(BOTH, "both", tmp_path)
    inputs = {"clk": module.logic.number(0, 1)}
    with pytest.raises(InputError, match="an asynchronous reset and a clock that is no input port"):
        module.after_edges(inputs, inputs, module.unknown_state(), {("clk", True): module.logic.constant(True)})


@pytest.mark.parametrize(("name", "right", "wrong", "place"), BUGS)
def test_a_whole_small_chip_is_proved_and_a_bug_is_found(
    name: str, right: str, wrong: str, place: str, tmp_path: Path
) -> None:
    text = emit.emit(name, tmp_path / "ours").read_text()
    assert right in text
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl" / "bug.v").write_text(text.replace(right, wrong))
    design = foreign.read(tmp_path / "rtl", chips.declaration(name))
    designs = job.Designs(name, design, tmp_path / "out")
    for claim in job.parts(name, []):
        assert designs.prove(claim, job.OURS, 60).proof.holds
    (edge,) = job.parts(name, ["clock-edge"])
    assert place in str(designs.prove(edge, job.ORIGINAL, 60))


def test_another_size_than_the_proved_one_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["prove", "wrapped_snn_network", "--set", "repaired=1", "-o", str(tmp_path)])
    assert result.exit_code == 2
    assert "repaired=1: what is proved of wrapped_snn_network is for repaired=0" in result.output
