"""Probes of a chip are compared in a netlist with mutants, too."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.rtl.design import Design
from draupnir.tools.cli import cli
from draupnir.tools.mutants.mutant import Mutant, base_name
from draupnir.tools.mutants.netlist import Mutator, Source
from draupnir.tools.mutants.probes import PROBE, port_of

CELL = """
module cell_of #(parameter WIDTH = 2, FILENAME = "absent.mem") (input clk, input [WIDTH-1:0] d, output q);
  reg [WIDTH-1:0] content, shown;
  reg [WIDTH-1:0] rom [0:1];
  initial $readmemb(FILENAME, rom);
  always @(negedge clk) begin content <= d ^ rom[d[0]]; shown <= ~content; end
  assign q = ^content;
endmodule
"""
GRID = """
module top #(parameter N = 1, FOLDER = "nowhere/") (input clk, input [2:0] d, output [2:0] q);
  genvar i;
  generate for (i = 0; i < N; i = i + 1) begin : row
    cell_of #(.FILENAME({FOLDER, "image.mem"})) one(.clk(clk), .d({d[i], d[0]}), .q(q[i]));
  end endgenerate
endmodule
"""
PROBES = {"first": "row[0].one.shown", "last": "row[2].one.shown", "also": "row[2].one.content"}
STRUCTURES = """
package words; typedef struct packed {logic [1:0] a; logic b;} word_t; endpackage
module half import words::*; (input logic clk_i, input logic rst_ni, input word_t d_i, output word_t q_o);
  always_ff @(posedge clk_i or negedge rst_ni) if (!rst_ni) q_o <= '0; else q_o <= d_i;
endmodule
module top import words::*; (input logic clk_i, input logic rst_ni, input word_t d_i, output logic q_o);
  word_t middle, last;
  half one(.clk_i, .rst_ni, .d_i, .q_o(middle));
  half two(.clk_i, .rst_ni, .d_i(middle), .q_o(last));
  assign q_o = ^last;
endmodule
"""


def mutator(folder, files, probes, **design):
    paths = [folder / name for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return Mutator(
        Source(chips.declaration("tinyodin"), Design("top", tuple(paths), probes=probes, **design), is_ours=False),
        folder / "yosys",
    )


def test_probes_are_outputs_of_the_top_and_no_mutants(tmp_path):
    (tmp_path / "image.mem").write_text("// no words\n")
    settings = {"N": 3, "FOLDER": f"{tmp_path}/"}
    grid = mutator(
        tmp_path,
        {"cell_of.v": CELL, "top.v": GRID},
        PROBES,
        parameters=settings,
        data={f"{tmp_path}/image.mem": tmp_path / "image.mem"},
    )
    top = grid.modules["top"]
    assert {name: len(port["bits"]) for name, port in top["ports"].items() if name.startswith(PROBE)} == {
        port_of(name): 2 for name in PROBES
    }
    mutants = grid.mutants(200, 1)
    assert not [mutant for mutant in mutants if mutant.port.startswith(PROBE)]
    assert {mutant.module_name for mutant in mutants} == {"top", "cell_of"}  # the cells of a register that no pin shows
    mutated = grid.mutate(mutants[:3])
    assert mutated.design.probes == {name: port_of(name) for name in PROBES}
    assert set(mutated.top["ports"]) == {*top["ports"], "draupnir_mutant"}


def test_a_probe_that_is_not_there_is_one_line(tmp_path):
    message = r"^probe none: no one\.none in what Yosys reads; right is the path of a net below top$"
    with pytest.raises(InputError, match=message):
        mutator(tmp_path, {"top.sv": STRUCTURES}, {"none": "one.none"}, language="systemverilog")


def test_instances_of_systemverilog_are_modules_whose_cells_are_mutated(tmp_path):
    halves = mutator(tmp_path, {"top.sv": STRUCTURES}, {"middle": "two.d_i"}, language="systemverilog")
    assert halves.module_names() == ["half", "top"]
    kinds = [
        {cell["type"] for cell in module["cells"].values()}
        for name, module in halves.modules.items()
        if base_name(name) == "half"
    ]
    assert len(kinds) == 2 and all("$adff" in each and "$aldff" not in each for each in kinds)
    mutants = halves.mutants(100, 1)
    instances = [name for name, cell in halves.modules["top"]["cells"].items() if cell["type"] in halves.modules]
    assert len(instances) == 2 and not {mutant.cell for mutant in mutants} & {*instances}
    assert {mutant.module_name for mutant in mutants} == {"half", "top"}


@pytest.mark.verilator
def test_a_golden_case_kills_what_only_a_probe_shows(tmp_path):
    words = ["mutate", "wrapped_snn_network", "--of", "in3", "-n", "6", "--case", "any_input", "--json"]
    result = CliRunner().invoke(cli, [*words, "-o", str(tmp_path), "--store", str(tmp_path / "jobs.sqlite")])
    content = json.loads(result.stdout)
    killed = [outcome for outcome in content["outcomes"] if outcome["verdict"] == "killed"]  # no pin ever changes
    assert len(killed) >= 3 and all(outcome["memory"] is None for outcome in killed)


@pytest.mark.parametrize("places", [(("Q", 1), ("Q", 1)), (("Q", 1), ("D", 0)), (("D", 0), ("D", 0), ("Q", 1))])
def test_a_flip_flop_with_a_mutant_keeps_its_initial_content(places, tmp_path):
    """Other mutants may be at the same output, and at what reads it."""
    text = """module top(input clk, output reg [1:0] q); initial q <= 2'b11;
  always @(posedge clk) q <= {q[0], q[1]};
endmodule"""
    source = mutator(tmp_path, {"top.v": text}, {})
    (cell,) = source.modules["top"]["cells"]
    words = f"-mode inv -module top -cell {cell} -port {{}} -portbit {{}}"
    mutants = [
        Mutant(i, "top", cell, port, bit, "inv", "top.v:1", words.format(port, bit))
        for i, (port, bit) in enumerate(places, 1)
    ]
    mutated = source.mutate(mutants)
    flip_flop = next(cell for cell in mutated.top["cells"].values() if cell["type"] == "$dff")
    contents = [
        level
        for bit in flip_flop["connections"]["Q"]
        for net in mutated.top["netnames"].values()
        for each, level in zip(net["bits"], net["attributes"].get("init", "")[::-1], strict=False)
        if each == bit and level in "01"
    ]
    assert contents == ["1", "1"]
    assert "= 2'h3;" in mutated.design.files[0].read_text()
