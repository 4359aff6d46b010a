"""Invariants: they are found, they hold in every state that a design reaches, and no others are kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.rtl.design import Design
from draupnir.rtl.fpga import tools
from draupnir.tools.proofs.anyedge import AnyEdge
from draupnir.tools.proofs.candidates import StateSamples
from draupnir.tools.proofs.cut import cut
from draupnir.tools.proofs.induction import HORIZON, StateQuestion
from draupnir.tools.proofs.invariants import StartReset, find
from draupnir.tools.proofs.logic import Logic
from draupnir.tools.proofs.sources import reading

DESIGN = """
module top(input clk, input rst, input go, output y);
  reg [2:0] cnt {cnt};
  reg even {even};
  reg odd {odd};
  reg [26:0] age {age};
  reg unreset;
  always @(posedge clk, posedge rst)
    if (rst) begin cnt <= 0; even <= 1; odd <= 0; age <= 0; end
    else begin
      age <= age + 1;
      if (go) begin cnt <= cnt == 5 ? 3'd0 : cnt + 3'd1; even <= ~even; odd <= even; end
    end
  always @(negedge clk) unreset <= go;
  assign y = cnt[0] & unreset & even & odd & |age;
endmodule
"""
NAMES = ("cnt", "even", "odd", "age", "unreset")
RESET = StartReset({"rst": 1}, ["clk"])


def netlist(folder, text=DESIGN, **initial):
    names = {name: f"= {initial[name]}" if name in initial else "" for name in NAMES}
    (folder / "design.v").write_text(text.format(**names))
    script = reading(Design("top", (folder / "design.v",)), "top", {}, folder)
    tools.must("yosys", ["-q", "-p", f"{script}; proc; flatten; write_json flat.json"], folder)
    return json.loads((folder / "flat.json").read_text())["modules"]["top"]


def cells(flat):
    """The flip-flop of each register."""
    of_bits = {tuple(c["connections"]["Q"]): name for name, c in flat["cells"].items() if "dff" in c["type"]}
    return {name: of_bits[tuple(flat["netnames"][name]["bits"])] for name in NAMES}


def samples(flat, states):
    """States as samples; each is a content of every register."""
    names = cells(flat)
    widths = {names[name]: len(flat["netnames"][name]["bits"]) for name in NAMES}
    rows = [
        [state[name] >> i & 1 for name in NAMES for i in range(len(flat["netnames"][name]["bits"]))] for state in states
    ]
    return StateSamples(widths, np.array(rows, np.uint8))


def reached(n):
    """The states of n clocks, with a 1 at ``go`` in each of them but the third."""
    cnt, even, odd = 0, 1, 0
    for age in range(n):
        yield {"cnt": cnt, "even": even, "odd": odd, "age": age, "unreset": int(age != 3)}
        if age != 3:
            cnt, even, odd = (cnt + 1) % 6, even ^ 1, even


def texts(invariants):
    return {statement.text(invariants.names) for statement in invariants.statements}


def test_bounds_opposites_and_implications_are_found(tmp_path):
    flat = netlist(tmp_path)
    result = find(cut(flat, ""), flat, samples(flat, reached(40)), RESET, 60)
    assert texts(result) >= {"cnt is at most 5", "even[0] is not cnt[0]", "odd[0] is cnt[0]"}
    assert "even is at most 0 while cnt is 3" in texts(result)
    for state in reached(1000):
        contents = {cells(flat)[name]: value for name, value in state.items()}
        assert all(statement.holds(contents) for statement in result.statements)


def test_what_only_the_samples_suggest_is_dropped(tmp_path):
    flat = netlist(tmp_path)
    few = find(cut(flat, ""), flat, samples(flat, list(reached(40))[:3]), RESET, 60)
    assert not {text for text in texts(few) if text.startswith(("age", "cnt[2]", "unreset"))}
    assert texts(few) <= texts(find(cut(flat, ""), flat, samples(flat, reached(40)), RESET, 60)) | {
        "even[0] is not odd[0]"
    }


def test_statements_about_independent_words_are_dropped_many_at_a_time(tmp_path, monkeypatch):
    """The samples suggest that no word is 0 while another one is 15. A state of the solver alone disproves one pair."""
    text = """module top(input clk, input rst, input [3:0] d, input [5:0] addr, output y);
  reg [2:0] cnt;
  reg [3:0] words [0:31];
  genvar i;
  always @(posedge clk, posedge rst) if (rst) cnt <= 0; else cnt <= cnt == 5 ? 3'd0 : cnt + 3'd1;
  generate for (i = 0; i < 32; i = i + 1) always @(posedge clk) if (addr == i) words[i] <= d; endgenerate
  assign y = words[addr[4:0]][0] ^ cnt[2];
endmodule"""
    (tmp_path / "design.v").write_text(text)
    script = reading(Design("top", (tmp_path / "design.v",)), "top", {}, tmp_path)
    tools.must("yosys", ["-q", "-p", f"{script}; proc; memory_map; flatten; write_json flat.json"], tmp_path)
    flat = json.loads((tmp_path / "flat.json").read_text())["modules"]["top"]
    widths = {n: len(c["connections"]["Q"]) for n, c in flat["cells"].items() if "dff" in c["type"]}
    rows = [
        [(n % 6 if width == 3 else 15 * (n // 50 % 2)) >> i & 1 for width in widths.values() for i in range(width)]
        for n in range(200)
    ]
    questions, can_fail = [], StateQuestion._can_fail

    def ask(self, statements):
        questions.append(len(statements))
        return can_fail(self, statements)

    monkeypatch.setattr(StateQuestion, "_can_fail", ask)
    result = find(cut(flat, ""), flat, StateSamples(widths, np.array(rows, np.uint8)), RESET, 60)
    assert texts(result) == {"cnt is at most 5"}
    assert max(questions) > 1000 > len(questions)


def test_a_counter_is_small_for_long(tmp_path):
    flat = netlist(tmp_path)
    result = find(cut(flat, ""), flat, samples(flat, reached(40)), RESET, 60)
    assert [(bound.cell, bound.limit) for bound in result.counters] == [(cells(flat)["age"], HORIZON - 1)]
    assert len(result.for_long().statements) == len(result.statements) + 1


def test_a_design_without_a_reset_starts_with_its_initial_contents(tmp_path):
    right = netlist(tmp_path, cnt=0, even=1, odd=0, age=0)
    assert "cnt is at most 5" in texts(find(cut(right, ""), right, samples(right, reached(40)), None, 60))
    wrong = netlist(tmp_path, cnt=6, even=1, odd=1, age=0)
    result = texts(find(cut(wrong, ""), wrong, samples(wrong, reached(40)), None, 60))
    assert not {"cnt is at most 5", "odd[0] is cnt[0]"} & result


def test_a_clock_is_the_same_behind_buffers_and_inverters(tmp_path):
    text = """module top(input clk, input d, output reg a, output reg b, output reg c);
  wire same = ~~clk; wire other = ~clk;
  always @(posedge clk) a <= d;
  always @(posedge same) b <= d;
  always @(negedge other) c <= d;
endmodule"""
    (tmp_path / "design.v").write_text(text)
    script = reading(Design("top", (tmp_path / "design.v",)), "top", {}, tmp_path)
    tools.must("yosys", ["-q", "-p", f"{script}; proc; flatten; write_json flat.json"], tmp_path)
    flat = json.loads((tmp_path / "flat.json").read_text())["modules"]["top"]
    clocks = set(AnyEdge(Logic(), cut(flat, ""), flat).clocks.values())
    assert clocks == {(flat["ports"]["clk"]["bits"][0], True)}


def test_without_time_there_are_no_invariants(tmp_path):
    flat = netlist(tmp_path)
    assert find(cut(flat, ""), flat, samples(flat, list(reached(40))[:2]), RESET, 0.0).statements == ()
