"""The proof of whole ReckOn: bugs in lines of our RTL are found from some state, and the compiled model confirms it."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import CHIP
from draupnir.rtl import emit, foreign
from draupnir.rtl.fpga import tools
from draupnir.tools.proofs import job
from draupnir.tools.proofs.claim import ProofTask, solve
from draupnir.tools.proofs.reckon_whole import WHOLE
from draupnir.tools.proofs.repeat import put_into
from draupnir.tools.proofs.two_clocks import has_two_clocks, with_all_clocks, with_first_clock
from draupnir.tools.proofs.whole import ChipStep, Setting

BUGS = [  # a step, a register, a line of our ReckOn in Verilog, and what a bug makes of it
    ("clock-edge", "target_cnt", r"= target_cnt \+ 1'h1;", "= target_cnt + 2'h2;"),
    ("clock-edge", "send_cnt", r"= send_cnt \+ 1'h1;", "= send_cnt + 2'h3;"),
    ("clock-edge", "tick_cnt", r"= tick_cnt \+ 1'h1;", "= tick_cnt + 32'h80000001;"),
    ("clock-edge", "neur128x2_cnt", r"= neur128x2_cnt \+ 1'h1;", "= neur128x2_cnt + 8'h41;"),
    ("clock-edge", "class_label", r"(class_label <= )", r"\1 4'h8 ^ "),
    ("clock-edge", "supp_cycle", r"(supp_cycle <= )", r"\1 ~"),
    ("pin-edges", "spi_cnt", r"= _spi_cnt \+ 1'h1;", "= _spi_cnt + 17'h10001;"),
    ("pin-edges", "spi_shift_reg_in", r"(_shift_in <= )", r"\1 32'h10000000 ^ "),
]
QUICK = ("state", "state_evt", "e_pre", "buf16_post", "lfsr_strnd_tinp0", "got_label", "AERIN_ACK", "timing_error")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """All steps of a ReckOn of ours with all the bugs: each is in the next content of one register."""
    folder = tmp_path_factory.mktemp("reckon")
    text = emit.emit("reckon", folder).read_text()
    for _, _, old, new in BUGS:
        text, n = re.subn(old, new, text, count=1)
        assert n == 1, f"no line has {old}"
    (folder / "rtl").mkdir()
    (folder / "rtl" / "reckon.v").write_text(text)
    designs = job.Designs("reckon", foreign.read(folder / "rtl", CHIP), folder / "out")
    problems = {}
    for name in ("start", "clock-edge", "pin-edges"):
        (step,) = job.parts("reckon", [name])
        assert isinstance(step, ChipStep)
        netlist, places = designs.whole(step, job.ORIGINAL)
        problems[name] = step.problem(Setting(step.whole, netlist, places, ("in the model", "in the RTL")))
    return problems


def about(problem: ProofTask, names: Collection[str]) -> ProofTask:
    """The questions about some registers or pins alone."""
    questions = [pairs for pairs in problem.questions if next(iter(pairs)).partition("[")[0] in names]
    assert questions
    return ProofTask(**{**vars(problem), "questions": questions})


@pytest.mark.parametrize(("step", "register"), [bug[:2] for bug in BUGS], ids=[bug[1] for bug in BUGS])
def test_a_bug_in_one_line_is_found_and_the_compiled_model_confirms_the_witness(step, register, settings):
    proof = solve(about(settings[step], [register]), "bug", 100)
    assert proof.holds is False and proof.witness is not None
    ((name, (model_s, rtl_s)),) = proof.witness.results.items()
    model = Model()
    model.step(
        put_into(model, proof.witness.unknowns, " afterwards" if step == "pin-edges" else ""), step == "clock-edge"
    )
    assert name == register and model_s == model.peek(register) != rtl_s


def test_registers_without_a_bug_are_proved(settings):
    assert solve(settings["start"], "no bug", 100).holds
    assert solve(about(settings["clock-edge"], (*QUICK, *WHOLE.after_reset)), "no bug", 100).holds
    bugs = [register for _, register, *_ in BUGS]
    others = {next(iter(pairs)).partition("[")[0] for pairs in settings["pin-edges"].questions}.difference(bugs)
    assert solve(about(settings["pin-edges"], others), "no bug", 100).holds


def test_a_witness_gives_an_lfsr_its_words():
    model = Model()
    rest = {field.name: 0 for field in CHIP.input_word}
    put_into(model, {**rest, "lfsr_winp": 1, "lfsr_strnd_tinp0": 5})
    assert model.peek("lfsr_strnd_tinp0") == 5
    assert [model.peek("lfsr_winp", i) for i in range(25)] != [0] * 25


def test_a_block_that_acts_at_two_edges_keeps_both():
    block = "always @(posedge SCK, posedge RST) {}if ({}) q <= d;\n"
    assert has_two_clocks(block.format("", "en")) and not has_two_clocks(block.format("", "RST"))
    process = (
        "  process $p\n    assign $0\\q \\d\n    sync posedge \\SCK\n      update \\q $0\\q\n"
        "    sync posedge \\RST\n      update \\q $0\\q\n  end\n"
    )
    new_process = with_first_clock(process)
    assert new_process.startswith('  attribute \\also_at "posedge RST"\n') and new_process.count("sync") == 1
    assert with_first_clock(new_process).count("sync") == 1


TWO_CLOCKS = """
module top(input clk, rst_n, rst, en, d, output reg a, b, c);
  always @(posedge clk, negedge rst_n) if (!rst_n) a <= 1'b0; else a <= d;
  always @(posedge clk, posedge rst) if (rst) b <= 1'b1; else b <= d;
  always @(posedge clk, posedge rst) if (en) c <= d;
endmodule
"""


def test_a_reset_is_no_second_clock_and_a_second_clock_comes_back(tmp_path):
    """A mutant's Verilog, which simulators run, acts at the edges of the source."""
    (tmp_path / "top.v").write_text(TWO_CLOCKS)
    tools.must("yosys", ["-q", "-p", "read_verilog top.v; hierarchy -top top; write_rtlil top.il"], tmp_path)
    design = with_first_clock((tmp_path / "top.il").read_text())
    assert design.count("also_at") == 1
    (tmp_path / "first.il").write_text(design)
    tools.must("yosys", ["-q", "-p", "read_rtlil first.il; proc; write_verilog out.v"], tmp_path)
    verilog = with_all_clocks((tmp_path / "out.v").read_text())
    edges = re.findall(r"always @\((.*)\)", verilog)
    assert len(edges) == 3 and all(len(words.split(", ")) == 2 for words in edges)
    assert re.search(r"always @\(posedge clk, negedge rst_n\)\s+if \(!rst_n\) a <=", verilog)
    assert re.search(r"always @\(posedge clk, posedge rst\)\s+c <=", verilog)
