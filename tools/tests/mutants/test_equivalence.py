"""Mutants that change nothing are proved equivalent, and those that change something are not."""

from __future__ import annotations

import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.rtl.design import Design
from draupnir.tools.mutants.equivalence import MutantProver
from draupnir.tools.mutants.mutant import Mutant, base_name
from draupnir.tools.mutants.netlist import Mutator, Source

DESIGN = """
module inner(input a, input b, output y);
  assign y = a | (a & b);
endmodule

module {top}(input clk, input rst, input en, input a, input b, input [1:0] addr,
    output y, output reg q, output [1:0] r);
  reg [1:0] ram [0:3];
  reg latched;
  inner one(.a(a), .b(b), .y(y));
  always @(posedge clk, posedge rst) if (rst) q <= 1'b0; else q <= (a ^ (rst & b)) & latched;
  always @(*) if (en) latched = b ^ (~en & a);
  always @(posedge clk) if (en) ram[addr ^ {{2{{~en & b}}}}] <= {{a, b & en}};
  assign r = ram[addr];
endmodule
"""
MUTANTS = [  # module, type of its cell, the place of the cell among those, port, kind, and whether nothing changes
    ("inner", "$and", 0, "Y", "const0", True),
    ("inner", "$and", 0, "Y", "inv", False),
    ("inner", "$or", 0, "B", "const0", True),
    ("inner", "$or", 0, "A", "const0", False),
    ("top", "$and", 0, "Y", "const0", True),  # rst & b: only where the reset already rules
    ("top", "$xor", 0, "A", "inv", False),
    ("top", "$adff", 0, "ARST", "inv", False),
    ("top", "$dlatch", 0, "EN", "inv", False),
]


def mutator(folder, text=DESIGN):
    path = folder / "design.v"
    path.write_text(text.format(top="top"))
    return Mutator(Source(chips.declaration("tinyodin"), Design("top", (path,)), is_ours=False), folder / "yosys")


def mutant_of(modules, module, kind_of_cell, nth, port, kind):
    cells = [name for name, cell in modules[module]["cells"].items() if cell["type"] == kind_of_cell]
    words = f"-mode {kind} -module {module} -cell {cells[nth]} -port {port} -portbit 0"
    return Mutant(1, module, cells[nth], port, 0, kind, "design.v:1", words)


@pytest.mark.parametrize(("module", "cell", "nth", "port", "kind", "is_equivalent"), MUTANTS)
def test_a_mutant_is_proved_equivalent_where_it_changes_nothing(module, cell, nth, port, kind, is_equivalent, tmp_path):
    source = mutator(tmp_path)
    mutated = source.mutate([mutant_of(source.modules, module, cell, nth, port, kind)])
    assert MutantProver(mutated.modules[module], 10).changes_nothing(1) is is_equivalent
    assert MutantProver(mutated.top, 10).changes_nothing(1) is is_equivalent


def with_mutant(mutant, cell, port, bits):
    """The bits of a port, as the mutant makes them."""
    if (mutant.cell, mutant.port) != (cell, port):
        return bits
    control = bits[int(mutant.words.split("-ctrlbit ")[1])] if "-ctrlbit" in mutant.words else 0
    bit = {"const0": 0, "const1": 1, "cnot0": bits[mutant.bit] ^ 1 ^ control, "cnot1": bits[mutant.bit] ^ control}
    new = list(bits)
    new[mutant.bit] = bit.get(mutant.kind, bits[mutant.bit] ^ 1)
    return new


def y_of(mutant, a, conjunction, disjunction):
    """The output of (a[1:0] & a[3:2]) | a[1:0] with a mutant."""
    bits = [a >> i & 1 for i in range(4)]
    one, other = with_mutant(mutant, conjunction, "A", bits[:2]), with_mutant(mutant, conjunction, "B", bits[2:])
    both = with_mutant(mutant, conjunction, "Y", [x & y for x, y in zip(one, other, strict=True)])
    one, other = with_mutant(mutant, disjunction, "A", both), with_mutant(mutant, disjunction, "B", bits[:2])
    return with_mutant(mutant, disjunction, "Y", [x | y for x, y in zip(one, other, strict=True)])


def test_each_mutant_is_decided_as_a_truth_table_decides_it(tmp_path):
    text = "module top(input [3:0] a, output [1:0] y); assign y = (a[1:0] & a[3:2]) | a[1:0]; endmodule"
    source = mutator(tmp_path, text)
    cells = {cell["type"]: name for name, cell in source.modules["top"]["cells"].items()}
    mutants = source.mutants(40, 1)
    prover = MutantProver(source.mutate(mutants).top, 10)
    decisions = [prover.changes_nothing(mutant.number) for mutant in mutants]
    for mutant, decision in zip(mutants, decisions, strict=True):
        outputs = [y_of(mutant, a, cells["$and"], cells["$or"]) for a in range(16)]
        assert decision is (outputs == [[a & 1, a >> 1 & 1] for a in range(16)]), mutant
    assert {True, False} == set(decisions)


def test_the_number_of_mutants_is_exact_and_a_seed_draws_the_same(tmp_path):
    source = mutator(tmp_path)
    mutants = source.mutants(25, 1)
    assert [mutant.number for mutant in mutants] == list(range(1, 26))
    assert len({(m.module, m.cell, m.port, m.bit, m.words) for m in mutants}) == 25
    assert mutants == source.mutants(25, 1) != source.mutants(25, 2)
    assert {mutant.module for mutant in source.mutants(8, 1, ["inner"])} == {"inner"}


def test_a_module_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"^--of outer: right is one of inner, top$"):
        mutator(tmp_path).mutants(1, 1, ["outer"])


def test_a_constant_that_becomes_itself_and_an_unread_bit_are_no_mutants(tmp_path):
    text = "module top(input [3:0] a, output y); wire [3:0] s = a + 4'd3; assign y = s[0]; endmodule"
    source = mutator(tmp_path, text)
    mutants = source.mutants(40, 1)
    assert {(m.port, m.bit) for m in mutants if m.port == "Y"} == {("Y", 0)}
    assert not {(m.bit, m.kind) for m in mutants if m.port == "B"} & {(0, "const1"), (1, "const1"), (2, "const0")}
    assert {(m.bit, m.kind) for m in mutants if m.port == "B"} >= {(0, "const0")}


def test_the_resets_and_enables_that_a_memory_has_not_got_are_no_mutants(tmp_path):
    source = Mutator(Source(chips.declaration("tinyodin"), Design("tinyODIN", ()), is_ours=True), tmp_path)
    mutants = source.mutants(4000, 1, ["main_fifo"])
    of_read_port = [m for m in mutants if source.modules[m.module]["cells"][m.cell]["type"] == "$memrd_v2"]
    assert {mutant.port for mutant in of_read_port} == {"ADDR", "DATA"}
    source.mutate(of_read_port)


def test_a_loop_of_logic_is_one_line(tmp_path):
    source = mutator(tmp_path, "module top(input a, output y); wire w; assign w = a ^ y; assign y = w & a; endmodule")
    with pytest.raises(InputError, match="a loop without a flip-flop"):
        MutantProver(source.mutate(source.mutants(2, 1)).top, 10)


def test_an_edge_that_a_block_does_not_read_is_no_clock(tmp_path):
    text = """module top(input clk, input rst, input en, input d, output reg q, output reg r);
  always @(posedge clk, posedge rst) if (en) q <= d;
  always @(posedge clk, posedge rst) if (rst) r <= 1'b0; else r <= d;
endmodule"""
    cells = [cell for cell in mutator(tmp_path, text).modules["top"]["cells"].values() if "dff" in cell["type"]]
    assert sorted(cell["type"] for cell in cells) == ["$adff", "$dff"]
    assert len({cell["connections"]["CLK"][0] for cell in cells}) == 1


def test_the_name_of_a_module_has_no_parameters():
    assert base_name(r"$paramod\fifo\WIDTH=s32'00000000000000000000000000001000") == "fifo"
    assert base_name(r"$paramod$20a76e7ed19db5a6399a0fdfca87c784553620a1\fifo") == "fifo"
    assert base_name("top.fifo") == "top.fifo"


def test_a_bit_that_the_source_leaves_undefined_is_0_in_a_mutant(tmp_path):
    text = "module top(input s, input a, output y); wire u = s ? 1'bx : 1'b0; assign y = s ? a : u; endmodule"
    source = mutator(tmp_path, text)
    first_mux = [name for name, cell in source.modules["top"]["cells"].items() if "x" in cell["connections"]["B"]]
    words = f"-mode inv -module top -cell {first_mux[0]} -port S -portbit 0"
    mutant = Mutant(1, "top", first_mux[0], "S", 0, "inv", "design.v:1", words)
    assert MutantProver(source.mutate([mutant]).top, 10).changes_nothing(1) is True
