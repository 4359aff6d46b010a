"""A chip is found in a folder of Verilog, and its differences from the declaration are listed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Memory, Word
from draupnir.emulator.errors import InputError
from draupnir.rtl.foreign import NotTheChip, read
from draupnir.rtl.tests.toy_chip import CHIP, STORE, TESTBENCH, TOY, write

pytestmark = pytest.mark.icarus


def differences(folder: Path, **changes: str) -> list[str]:
    write(folder, **{"toy": TOY, "store": STORE, **changes})
    with pytest.raises(NotTheChip) as raised:
        read(folder, CHIP, "toy")
    assert "\n" not in str(raised.value)
    return [str(difference) for difference in raised.value.differences]


def test_top_pins_and_memory_are_found(tmp_path):
    design = read(write(tmp_path, toy=TOY, store=STORE, bench=TESTBENCH), CHIP)
    assert design.top == "toy"
    assert design.memories == {"sums": "bank.store_0.mem"}
    assert design.pins == {pin.name: pin.name for pin in CHIP.pins}
    assert design.language == "verilog-2005"
    assert [path.name for path in design.files] == ["store.v", "toy.v"]


def test_description_shows_tree_parameters_and_memories(tmp_path):
    lines = read(write(tmp_path, toy=TOY, store=STORE), CHIP).describe().splitlines()
    assert "toy (M=4, K=1)" in lines
    assert "    store_0: store (W=40, D=16)" in lines
    assert "memory bank.store_0.mem: 16 words of 40 bits = sums" in lines


def test_pins_are_found_under_other_spellings(tmp_path):
    flat = TOY.replace("TOP_BIT", "top__bit").replace("ADD", "add")
    design = read(write(tmp_path, toy=flat, store=STORE), CHIP)
    assert design.pins["TOP_BIT"] == "top__bit" and design.pins["ADD"] == "add"


def test_ports_declared_in_the_body_are_read(tmp_path):
    head, body = TOY.split(");", 1)
    old = "module toy(CLK, RST, ADD, SUM, TOP_BIT, STORED); parameter M = 4;\n"
    old += "input CLK, RST; input [2:0] ADD; output [2*M-1:0] SUM; output TOP_BIT; output STORED;\n"
    assert "parameter M" in head
    assert read(write(tmp_path, toy=old + body, store=STORE), CHIP).top == "toy"


def test_latin_1_comments_are_read(tmp_path):
    write(tmp_path, store=STORE)
    (tmp_path / "toy.v").write_bytes("// Universit\xe9\n".encode("latin-1") + TOY.encode())
    assert read(tmp_path, CHIP).top == "toy"


def test_attributes_within_statements_are_read(tmp_path):
    text = TOY.replace("if (RST)", '(* parallel_case, note = "reset\\n" *) if (RST)').replace(
        "endmodule", "reg odd; always @(*) (* full_case *) case (RST) default: odd = SUM[0]; endcase\nendmodule"
    )
    assert read(write(tmp_path, toy=text, store=STORE), CHIP).memories == {"sums": "bank.store_0.mem"}


def test_included_files_are_found(tmp_path):
    write(tmp_path, toy='`include "widths.vh"\n' + TOY.replace("M = 4", "M = `SIZE"), store=STORE)
    (tmp_path / "widths.vh").write_text("`define SIZE 4\n")
    design = read(tmp_path, CHIP)
    assert design.includes == (tmp_path / "widths.vh",)


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    source = write(tmp_path / "source", toy=TOY, store=STORE)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    read(source, CHIP)
    assert os.listdir(work) == []
    assert sorted(os.listdir(source)) == ["store.v", "toy.v"]


@pytest.mark.parametrize(
    ("old_text", "new_text", "expected"),
    [
        ("    output wire           TOP_BIT,\n", "", "missing pin TOP_BIT (declared out, 1 bit)"),
        ("TOP_BIT,\n", "TOP_BIT, output spare,\n", "extra port spare (found out, 1 bit)"),
        ("K = 1", "K = 2", "width ADD (declared 3 bits, found 4 bits)"),
        ("output wire           STORED", "inout wire STORED", "direction STORED (declared out, found inout)"),
        (
            "1 << M",
            "8",
            "missing memory sums (declared 16 words of 40 bits; perhaps bank.store_0.mem: 8 words of 40 bits)",
        ),
        ("M > 2", "M > 4", "missing memory sums (declared 16 words of 40 bits)"),
        (
            "reg [2*M-1:0] priority;",
            "reg [2*M-1:0] priority; reg [39:0] twin [0:15];",
            "ambiguous memory sums (declared 16 words of 40 bits, found twin, bank.store_0.mem)",
        ),
    ],
)
def test_difference_is_named(tmp_path, old_text, new_text, expected):
    assert old_text in TOY
    assert differences(tmp_path, toy=TOY.replace(old_text, new_text)) == [expected]


def test_of_memories_of_one_shape_each_is_the_array_called_like_it(tmp_path):
    twin = TOY.replace("reg [2*M-1:0] priority;", "reg [2*M-1:0] priority; reg [39:0] the_sums [0:15];")
    assert read(write(tmp_path, toy=twin, store=STORE), CHIP).memories == {"sums": "the_sums"}


def test_pin_that_two_ports_could_be_is_ambiguous(tmp_path):
    ambiguous_toy = TOY.replace("TOP_BIT,", "top_bit, output topbit,")
    assert "ambiguous pin TOP_BIT (found top_bit, topbit)" in differences(tmp_path, toy=ambiguous_toy)


def test_closest_module_is_named_when_none_matches(tmp_path):
    write(tmp_path, toy=TOY.replace("TOP_BIT", "OVER"), store=STORE)
    with pytest.raises(
        NotTheChip, match=r"the closest is toy \(toy\.v, M=4, K=1\): missing pin TOP_BIT .*; extra port OVER"
    ):
        read(tmp_path, CHIP)


def test_pins_that_are_marked_with_their_direction_are_found(tmp_path):
    marked = TOY.replace("CLK", "clk_i").replace("ADD", "i_add").replace("SUM", "sum_o").replace("STORED", "o_STORED")
    marked = marked.replace("o_STORED(o_STORED)", "bit0(o_STORED)").replace(".bit0(bit0", ".bit0(bit0")
    design = read(write(tmp_path, toy=marked, store=STORE), CHIP)
    assert design.pins["CLK"] == "clk_i" and design.pins["ADD"] == "i_add" and design.pins["SUM"] == "sum_o"


def test_a_mark_of_the_other_direction_is_part_of_the_name(tmp_path):
    texts = differences(tmp_path, toy=TOY.replace("TOP_BIT", "TOP_BIT_i"))
    assert texts == ["missing pin TOP_BIT (declared out, 1 bit; perhaps TOP_BIT_i: out, 1 bit)"]


@pytest.mark.parametrize(("pin", "port"), [("RST", "rst_ni"), ("CLK", "sys_clock"), ("STORED", "value_stored")])
def test_a_missing_pin_names_the_port_that_it_could_be(tmp_path, pin, port):
    direction = "out" if pin == "STORED" else "in"
    assert differences(tmp_path, toy=TOY.replace(pin, port)) == [
        f"missing pin {pin} (declared {direction}, 1 bit; perhaps {port}: {direction}, 1 bit)"
    ]


def test_the_closest_module_is_closest_in_meaning_and_not_in_number(tmp_path):
    renamed = TOY.replace("RST", "rst_ni").replace("CLK", "clock").replace("TOP_BIT", "topmost_bit")
    leaf = "module leaf (input CLK, input RST, input ADD, input SUM, output TOP_BIT, input STORED); endmodule\n"
    write(tmp_path, toy=renamed, store=STORE, leaf=leaf)
    with pytest.raises(
        NotTheChip, match=r"the closest is toy \(toy\.v.*missing pin CLK \(declared in, 1 bit; perhaps clo"
    ):
        read(tmp_path, CHIP)


def test_where_nothing_comes_close_that_is_said_in_brief(tmp_path):
    ports = ", ".join(f"output extra_{i}" for i in range(30))
    write(tmp_path, core=f"module core (input CLK, input [7:0] event_in, {ports}); gone g (); endmodule\n",
          other="module other (input x); endmodule\n")  # fmt: skip
    with pytest.raises(NotTheChip) as raised:
        read(tmp_path, CHIP)
    assert str(raised.value) == (
        f"{tmp_path}: no module comes close to toy; the closest is core (core.v): it has 1 of 6 pins (CLK) and 0 of 1 "
        "memories; also at the top are other"
    )
    assert len(raised.value.differences) == 5 + 31 + 1


def test_another_chip_is_named_if_the_pins_are_its(tmp_path):
    ports = ", ".join(f"{pin.direction}put [{pin.width - 1}:0] {pin.name}" for pin in chips.declaration("odin").pins)
    write(tmp_path, core=f"module core ({ports}); endmodule\n")
    with pytest.raises(NotTheChip, match=r"the closest is core \(core\.v\), which has all pins of the chip odin: name"):
        read(tmp_path, CHIP)
    with pytest.raises(NotTheChip, match=r"core \(core\.v\) is not toy, which has all pins of the chip odin: name"):
        read(tmp_path, CHIP, "core")


def test_two_matching_modules_need_a_top(tmp_path):
    write(tmp_path, toy=TOY, other=TOY.replace("module toy", "module other"), store=STORE)
    with pytest.raises(InputError, match="2 modules have toy's pins, name the top: other, toy"):
        read(tmp_path, CHIP)
    assert read(tmp_path, CHIP, "other").top == "other"


def test_systemverilog_is_read(tmp_path):
    write(tmp_path, store=STORE)
    package = "package sizes; localparam int M = 4; typedef logic [2*M-1:0] sum_t; endpackage\n"
    (tmp_path / "sizes.sv").write_text(package)
    text = TOY.replace("module toy #(parameter M = 4,", "module toy import sizes::*; #(").replace("priority", "sum")
    text = text.replace("reg [2*M-1:0] sum", "sum_t sum").replace("always @(", "always_ff @(")
    (tmp_path / "toy.sv").write_text(text)
    design = read(tmp_path, CHIP)
    assert design.language == "systemverilog" and design.memories == {"sums": "bank.store_0.mem"}
    assert [path.name for path in design.files] == ["sizes.sv", "store.v", "toy.sv"]


def test_verilog_in_a_sv_file_is_systemverilog_unless_a_name_is_a_keyword(tmp_path):
    write(tmp_path, store=STORE)
    (tmp_path / "toy.sv").write_text(TOY)
    assert read(tmp_path, CHIP).language == "verilog-2005"
    (tmp_path / "toy.sv").write_text(TOY.replace("priority", "sum"))
    assert read(tmp_path, CHIP).language == "systemverilog"


def test_refused_file_that_is_not_needed_does_not_disturb(tmp_path):
    write(tmp_path, toy=TOY, store=STORE, broken="class monitor; endclass\n")
    assert "broken.v" not in [path.name for path in read(tmp_path, CHIP).files]


def test_undefined_module_is_named(tmp_path):
    text = TOY.replace("assign SUM", "probe probe_0 (.clk(CLK)); assign SUM")
    undefined = r"modules not defined: probe \(toy\.v:13\), store \(toy\.v:16\) \(.*; --stub probe --stub store puts"
    with pytest.raises(InputError, match=rf"{undefined}.*; missing memory sums"):
        read(write(tmp_path, toy=text), CHIP)


def test_unknown_top_is_named(tmp_path):
    with pytest.raises(InputError, match="no module 'tiy'"):
        read(write(tmp_path, toy=TOY, store=STORE), CHIP, "tiy")


def test_folder_without_verilog_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no \.v or \.sv file"):
        read(tmp_path, CHIP)
    with pytest.raises(InputError, match="not a folder"):
        read(tmp_path / "absent", CHIP)


def test_chip_without_memories_needs_none(tmp_path):
    design = read(write(tmp_path, toy=TOY, store=STORE), replace(CHIP, memories=()))
    assert design.memories == {}


def test_memories_in_an_unrolled_generate_loop_have_indexed_paths(tmp_path):
    looped = TOY.replace(
        "generate if (M > 2) begin : bank", "genvar i; generate for (i = 0; i < 1; i = i + 1) begin : bank"
    )
    assert read(write(tmp_path, toy=looped, store=STORE), CHIP).memories == {"sums": "bank[0].store_0.mem"}
    wide = replace(CHIP, memories=(Memory("sums", 16, 40, (Word("sum", 40, ()),)),))
    write(tmp_path, toy=looped.replace("i < 1", "i < 2"))
    with pytest.raises(NotTheChip, match=r"bank\[0\]\.store_0\.mem, bank\[1\]\.store_0\.mem"):
        read(tmp_path, wide)
