"""Mutants whose state is another one: those with the same outputs for ever are proved, and the others are not."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator import chips
from draupnir.rtl.design import Design
from draupnir.tools.mutants.mutant import Mutant
from draupnir.tools.mutants.netlist import PORT, Mutator, Source
from draupnir.tools.mutants.twins import TwinProver
from draupnir.tools.mutants.visible import ALL, places
from draupnir.tools.proofs.candidates import StateSamples
from draupnir.tools.proofs.cut import cut
from draupnir.tools.proofs.invariants import Invariants, StartReset, find

# ``held`` is kept by being written again in each clock, and read in odd clocks only; ``lost`` decides nothing. A reset
# clears ``held`` before any clock, so it never writes ``once`` in a reset; nothing else says what ``once`` is at first.
DESIGN = """
module inner(input clk, input rst, input takes, input d, input o, output held, output other);
  reg [1:0] word;
  always @(posedge clk, posedge rst) if (rst) word <= 0; else word <= takes ? {o, d} : word;
  assign {other, held} = word;
endmodule
module top(input clk, input rst, input d, input o, output y, output z);
  reg [2:0] cnt;
  reg [3:0] lost;
  reg once;
  wire held, other;
  inner one(.clk(clk), .rst(rst), .takes(cnt == 3), .d(d), .o(o), .held(held), .other(other));
  always @(posedge clk, posedge rst) if (rst) cnt <= 0; else cnt <= cnt == 3 ? 3'd0 : cnt + 3'd1;
  always @(posedge clk, posedge rst) if (rst) lost <= 0; else lost <= lost + 4'd1;
  always @(posedge clk) if (held & cnt[0]) once <= d;
  assign y = held & cnt[0] | cnt == 5 | (lost == 3 & cnt == 6);
  assign z = other ^ once;
endmodule
"""
RESET = StartReset({"rst": 1}, ["clk"])
MUTANTS = [  # module, width of the flip-flop, its port, bit, kind, control bit, and whether no output ever differs
    ("top", 4, "D", 2, "inv", None, True),  # a state that decides nothing in any state that is reached
    ("top", 3, "D", 2, "const0", None, True),  # a bit that is never 1
    ("top", 3, "D", 1, "const0", None, False),
    ("inner", 2, "Q", 0, "inv", None, True),  # inverted in each clock, and looked at after an even number
    ("inner", 2, "Q", 0, "cnot1", 1, True),
    ("inner", 2, "D", 0, "cnot0", 1, False),
    ("inner", 2, "D", 1, "inv", None, False),
    ("top", 3, "CLK", 0, "inv", None, False),
    ("top", 3, "ARST", 0, "const0", None, False),
]


@pytest.fixture
def design(tmp_path):
    path = tmp_path / "design.v"
    path.write_text(DESIGN)
    return Mutator(Source(chips.declaration("tinyodin"), Design("top", (path,)), is_ours=False), tmp_path / "yosys")


def mutant_of(modules, number, module, width, port, bit, kind, control):
    of_width = [n for n, c in modules[module]["cells"].items() if len(c["connections"].get("Q", ())) == width]
    words = f"-mode {kind} -module {module} -cell {of_width[0]} -port {port} -portbit {bit}"
    words += "" if control is None else f" -ctrlbit {control}"
    return Mutant(number, module, of_width[0], port, bit, kind, "design.v:1", words)


def invariants(design):
    """The invariants of the design without mutants, from a few of its states."""
    _, flat = design.visible()
    rows = []
    for age in range(32):
        contents = {3: age % 4, 4: age % 16, 2: age // 4 % 4, 1: age // 8 % 2}
        rows.append([contents[_width(flat, cell)] >> i & 1 for cell, i in places(flat)])
    widths = dict.fromkeys(cell for cell, _ in places(flat))
    samples = StateSamples({cell: _width(flat, cell) for cell in widths}, np.array(rows, np.uint8))
    return find(cut(flat, PORT), flat, samples, RESET, 60)


def _width(flat, cell):
    return len(flat["cells"][cell]["connections"]["Q"])


def test_a_mutant_whose_outputs_never_differ_is_proved(design):
    mutants = [mutant_of(design.modules, i, *words[:-1]) for i, words in enumerate(MUTANTS, 1)]
    mutated = design.mutate(mutants)
    prover = TwinProver(mutated.top, 20, invariants(design))
    answers = [prover.follows(mutant, i) for i, mutant in enumerate(mutants, 1)]
    assert answers == [words[-1] for words in MUTANTS]


def test_without_invariants_less_is_proved(design):
    mutants = [mutant_of(design.modules, i, *words[:-1]) for i, words in enumerate(MUTANTS, 1)]
    prover = TwinProver(design.mutate(mutants).top, 20, Invariants(reset=RESET))
    assert prover.follows(mutants[0], 1) is False
    assert prover.follows(mutants[3], 4) is True


def test_all_flip_flops_of_all_instances_are_visible(design):
    _, flat = design.visible()
    assert len(flat["netnames"][ALL]["bits"]) == 3 + 4 + 2 + 1
    assert len(set(places(flat))) == 10
