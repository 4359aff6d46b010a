"""Mistakes in sources are named with their place; macros, folders, empty modules and memory images correct them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.declare import Pin
from draupnir.emulator.errors import InputError
from draupnir.rtl import datafiles, icarus, verilated
from draupnir.rtl.design import Design, SourceOptions
from draupnir.rtl.foreign import NotTheChip, read
from draupnir.rtl.tests.toy_chip import CHIP, STORE, TOY, rows, write

BENCH = '`include "never.vh"\nclass bench; endclass\nmodule test; `UNKNOWN x; endmodule\n'
PROBED = TOY.replace("assign SUM", "wire [3:0] seen; probe #(.W(4)) probe_0 (.clk(CLK), .data({RST, SUM}), .q(seen));"
                     " always @(posedge CLK) if (seen === 4'hf) $display(seen);\n    assign SUM")  # fmt: skip
WITH_MACRO = TOY.replace("assign SUM = priority;", "assign SUM = priority + `ZERO;")
IMAGE = STORE.replace("reg         seen;", 'reg seen; initial $readmemh("init.mem", mem);')


def problem(folder: Path, **how: Any) -> str:
    with pytest.raises(InputError) as raised:
        read(folder, CHIP, **how)
    assert "\n" not in str(raised.value) and "SystemVerilog" not in str(raised.value)
    return str(raised.value).removeprefix(f"{folder}: ")


def check_runs(design: Design, folder: Path, in_verilator: bool = False) -> None:
    """Check that the toy adds up in Icarus, and also in Verilator, which takes longer."""
    inputs, clk, sums = rows(200, 1)
    if in_verilator:
        outputs = verilated.build(design, CHIP, folder / "build").run(inputs, clk)
        assert np.array_equal(outputs & 255, sums)
    run = icarus.run(design, CHIP, inputs, clk, folder / "icarus")
    assert np.array_equal(run.outputs & 255, sums) and (run.known_bits[clk == 1] & 255 == 255).all()


# --- Missing parts are named


def test_undefined_macros_are_named_once_each_and_minus_d_defines_them(tmp_path):
    source = write(tmp_path / "source", toy=WITH_MACRO, store=STORE.replace("[0]", "[`BIT]"))
    assert "macro BIT is not defined (store.v:7), macro ZERO is not defined (toy.v:13) (-D NAME=VALUE" in problem(
        source, top="toy"
    )
    design = read(source, CHIP, options=SourceOptions(defines=("ZERO=0", "BIT=0")))
    check_runs(design, tmp_path, in_verilator=True)


@pytest.mark.parametrize("header", ["zz_defines.v", "defines.vh"])
def test_macros_of_a_file_that_nothing_includes_are_compiled_first(tmp_path, header):
    source = write(tmp_path / "source", toy=WITH_MACRO, store=STORE.replace("[0]", "[`BIT]"))
    (source / header).write_text("`ifndef GUARD\n`define GUARD\n`define ZERO (`BIT)\n`define BIT 0\n`endif // GUARD")
    design = read(source, CHIP)
    assert [path.name for path in design.files] == [header, "store.v", "toy.v"]
    check_runs(design, tmp_path, in_verilator=True)
    assert read(source, CHIP, options=SourceOptions(defines=("ZERO=0", "BIT=0"))).files == design.files[1:]


def test_a_macro_that_two_files_define_is_for_the_user_to_choose(tmp_path):
    source = write(tmp_path / "source", toy=WITH_MACRO, store=STORE, one="`define ZERO 0\n", other="`define ZERO 1\n")
    assert "macro ZERO is not defined (toy.v:13)" in problem(source, top="toy")


def test_a_part_of_a_module_is_no_file_of_macros(tmp_path):
    source = write(tmp_path / "source", toy=WITH_MACRO, store=STORE)
    (source / "part.vh").write_text("`define ZERO 0\nwire [3:0] part = `ZERO;\n")
    assert "macro ZERO is not defined (toy.v:13)" in problem(source, top="toy")


def test_missing_include_is_named_and_minus_i_finds_it(tmp_path):
    source = write(tmp_path / "source", toy='`include "size.vh"\n' + WITH_MACRO, store=STORE)
    expected = "included file size.vh is not found (toy.v:1) (-I DIR names a folder to look in)"
    assert expected in problem(source, top="toy")
    (tmp_path / "headers").mkdir()
    (tmp_path / "headers" / "size.vh").write_text("`define ZERO 0\n")
    check_runs(read(source, CHIP, options=SourceOptions(include_folders=(tmp_path / "headers",))), tmp_path)


def test_an_included_file_is_that_of_the_including_files_folder(tmp_path):
    source = write(tmp_path / "source" / "z", toy='`include "size.vh"\n' + WITH_MACRO, store=STORE)
    other = write(tmp_path / "source" / "a", other='`include "size.vh"\nmodule other; endmodule\n')
    (source / "size.vh").write_text("`define ZERO 0\n")
    (other / "size.vh").write_text("`define ZERO 3\n")
    check_runs(read(tmp_path / "source", CHIP), tmp_path)


def test_a_mistake_is_named_by_the_line_of_its_own_file(tmp_path):
    write(tmp_path, a="\n" * 50 + "module a; endmodule\n", store=STORE)
    for _ in range(2):
        broken = TOY.replace("assign SUM = priority;", "assign SUM = priority +;")
        assert (
            problem(write(tmp_path, toy=broken), top="toy")
            == "module toy (toy.v, M=4, K=1): toy.v:13: expected expression"
        )


def test_modules_that_are_not_defined_are_named_together_with_the_pins(tmp_path):
    text = PROBED.replace("TOP_BIT", "OVER").replace("assign SUM", "other o (); assign SUM")
    message = problem(write(tmp_path, toy=text, store=STORE), top="toy")
    assert (
        "modules not defined: probe (toy.v:13), other (toy.v:14) (a list of files, --rtl FILE.f, can name sources in "
        "other folders; --stub probe --stub other puts empty ones in their places)" in message
    )
    assert "missing pin TOP_BIT" in message and "extra port OVER" in message


def test_all_that_is_missing_is_named_at_once_with_what_mends_it(tmp_path):
    text = PROBED.replace("assign SUM = priority;", "assign SUM = priority + `ZERO; other o ();")
    text = '`include "size.vh"\n' + text
    message = problem(write(tmp_path / "source", toy=text, store=STORE), top="toy")
    assert message.removeprefix("module toy (toy.v, M=4, K=1): ") == (
        "included file size.vh is not found (toy.v:1) (-I DIR names a folder to look in); "
        "macro ZERO is not defined (toy.v:15) (the included files may define them; if not, -D NAME=VALUE defines one); "
        "modules not defined: probe (toy.v:14), other (toy.v:15) (a list of files, --rtl FILE.f, can name sources in "
        "other folders; --stub probe --stub other puts empty ones in their places)"
    )
    (tmp_path / "headers").mkdir()
    (tmp_path / "headers" / "size.vh").write_text("")
    options = SourceOptions(("ZERO=0",), (tmp_path / "headers",), ("probe", "other"))
    check_runs(read(tmp_path / "source", CHIP, options=options), tmp_path)


def test_packages_and_interfaces_that_are_not_defined_are_no_modules_to_leave_empty(tmp_path):
    text = TOY.replace("priority", "total").replace("module toy ", "module toy import sizes::*; ")
    text = text.replace("assign SUM", "bus #(.W(4)) bus_0 (.clk(CLK)); user user_0 (.b(bus_0)); assign SUM")
    user = "module user (bus.slave b); import more::*; endmodule\n"
    with pytest.raises(InputError) as raised:
        read(write(tmp_path, toy=text, store=STORE, user=user), CHIP, "toy")
    remedy = "(a list of files, --rtl FILE.f, can name sources in other folders)"
    assert f"interfaces not defined: bus (toy.v:13) {remedy}" in str(raised.value)
    assert f"packages not defined: sizes (toy.v:1), more (user.v:1) {remedy}" in str(raised.value)
    assert "--stub" not in str(raised.value)
    definitions = (
        "interface bus #(W = 1) (input clk); modport slave (input clk); endinterface\npackage sizes; endpackage\n"
    )
    (tmp_path / "rest.sv").write_text(definitions + "package more; endpackage\n")
    assert read(tmp_path, CHIP, "toy").language == "systemverilog"


def test_ports_that_are_connected_and_not_there_are_named_before_a_simulator_finds_the_first(tmp_path):
    text = TOY.replace(".sum(priority)", ".sun(priority), .extra(1'b0), .bit0()").replace(", .bit0(STORED)", "")
    assert problem(write(tmp_path, toy=text, store=STORE), top="toy") == (
        "module toy (toy.v, M=4, K=1): ports that are connected and that their modules lack: store.sun (toy.v:16), "
        "store.extra (toy.v:16)"
    )
    never = "generate if (M < 2) begin store #(.W(1)) none (.sun(CLK)); end endgenerate assign SUM"
    assert read(write(tmp_path, toy=TOY.replace("assign SUM", never, 1)), CHIP).top == "toy"


# --- Only the tree of the top matters


def test_bench_that_nobody_can_read_does_not_hide_the_reason(tmp_path):
    source = write(tmp_path / "source", toy=TOY, store=STORE, a_bench=BENCH)
    check_runs(read(source, CHIP), tmp_path)
    write(source, toy=TOY.replace("TOP_BIT", "OVER"))
    message = problem(source)
    assert "the closest is toy (toy.v, M=4, K=1): missing pin TOP_BIT" in message and "bench" not in message


def test_the_closest_module_is_not_a_helper_with_few_ports(tmp_path):
    many = "".join(f"output extra_{i}, " for i in range(20))
    text = TOY.replace("output wire           TOP_BIT", f"{many}output wire OVER")
    write(tmp_path, toy=text, store=STORE, helper="module helper (input CLK, input RST); endmodule\n")
    assert "the closest is toy (toy.v" in problem(tmp_path)


def test_of_modules_that_have_little_of_the_chip_it_is_that_at_the_top(tmp_path):
    top = "module chip (input clock, output spike); leaf l (.CLK(clock), .RST(clock)); endmodule\n"
    leaf = "module leaf (input CLK, input RST); endmodule\n"
    write(tmp_path, chip=top, leaf=leaf, bench="module bench; chip c (); leaf l (); endmodule\n")
    assert "the closest is chip (chip.v)" in problem(tmp_path)


# --- Empty modules


def test_stub_is_an_empty_module_that_drives_nothing(tmp_path):
    source = write(tmp_path / "source", toy=PROBED, store=STORE)
    check_runs(read(source, CHIP, options=SourceOptions(stubs=("probe",))), tmp_path, in_verilator=True)
    chip_with_status = replace(CHIP, pins=(*CHIP.pins, Pin("SEEN", "out", 4, "status", "")))
    driven = PROBED.replace("output wire           STORED", "output wire STORED, output wire [3:0] SEEN")
    source = write(
        tmp_path / "shown", toy=driven.replace("wire [3:0] seen;", "wire [3:0] seen; assign SEEN = seen;"), store=STORE
    )
    design = read(source, chip_with_status, options=SourceOptions(stubs=("probe",)))
    inputs, clk, _ = rows(20, 1)
    field = chip_with_status.output_word["SEEN"]
    known_bits = (
        icarus.run(design, chip_with_status, inputs, clk, tmp_path / "icarus_shown").known_bits >> field.lsb & 15
    )
    assert (known_bits == 0).all()


def test_stub_takes_ports_and_parameters_by_position(tmp_path):
    text = TOY.replace("assign SUM", "probe #(1, 2) probe_0 (CLK, , SUM); probe probe_1 [1:0] (RST, , ); assign SUM")
    check_runs(
        read(write(tmp_path / "s", toy=text, store=STORE), CHIP, options=SourceOptions(stubs=("probe",))), tmp_path
    )


def test_stub_replaces_a_module_that_is_alone_in_its_file(tmp_path):
    source = write(
        tmp_path / "source", toy=PROBED, store=STORE, probe="module probe; initial $vendor_only; endmodule\n"
    )
    design = read(source, CHIP, options=SourceOptions(stubs=("probe",)))
    assert "probe.v" not in [path.name for path in design.files]
    write(source, probe="module probe; endmodule\nmodule more; endmodule\n")
    assert "--stub probe: probe.v defines more, too" in problem(source, options=SourceOptions(stubs=("probe",)))


def test_stub_that_nothing_needs_is_refused(tmp_path):
    source = write(tmp_path, toy=TOY, store=STORE)
    assert problem(source, options=SourceOptions(stubs=("probf",))).startswith("--stub probf: no source instantiates")


# --- Memory images of the sources' own


@pytest.mark.parametrize("name", ["init.mem", "images/init.mem", "../images/init.mem"])
def test_memory_image_is_found_in_both_simulators(tmp_path, monkeypatch, name):
    source = write(tmp_path / "source" / "rtl", toy=TOY, store=IMAGE.replace("init.mem", name))
    image = source / name
    image.parent.mkdir(exist_ok=True)
    image.write_text("".join(f"{i:x}\n" for i in range(16)))
    monkeypatch.chdir(tmp_path)
    design = read(source, CHIP)
    if name.startswith(".."):
        assert verilated.build(design, CHIP, tmp_path / "build").read_memory("sums")[:, 0].tolist() == list(range(16))
    run = icarus.run(design, CHIP, np.zeros(1, np.int64), np.zeros(1, np.uint8), tmp_path / "icarus")
    assert run.memories["sums"][:, 0].tolist() == list(range(16))


def test_memory_image_is_found_by_minus_i_or_its_absence_is_an_error(tmp_path):
    parameter = IMAGE.replace("parameter D = 4", 'parameter D = 4, parameter F = "init.mem"').replace(
        '"init.mem", mem', "F, mem"
    )
    source = write(tmp_path / "source", toy=TOY, store=parameter)
    assert "memory images that are not there: init.mem (store.v:3); they are looked for" in problem(source)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "init.mem").write_text("1\n")
    design = read(source, CHIP, options=SourceOptions(include_folders=(tmp_path / "images",)))
    assert design.data == {"init.mem": tmp_path / "images" / "init.mem"}


def test_memory_image_of_a_folder_that_is_not_there_is_found_by_minus_i(tmp_path: Path) -> None:
    """Sources that were written on another machine name a folder of that machine, such as C:/."""
    source = write(tmp_path / "source", toy=TOY, store=IMAGE.replace("init.mem", "C:/data/init.mem"))
    image = write(tmp_path / "images") / "init.mem"
    image.write_text("".join(f"{i:x}\n" for i in range(16)))
    options = SourceOptions(include_folders=(image.parent,))
    design = read(source, CHIP, options=options)
    assert design.data == {"C:/data/init.mem": image}
    run = icarus.run(design, CHIP, np.zeros(1, np.int64), np.zeros(1, np.uint8), tmp_path / "icarus")
    assert run.memories["sums"][:, 0].tolist() == list(range(16))


def test_one_file_is_not_taken_for_two_memory_images(tmp_path: Path) -> None:
    places = {"C:/first/init.mem": "a.v:1", "C:/second/init.mem": "b.v:1", "C:/other.mem": "b.v:2"}
    for name in ("init.mem", "other.mem"):
        (tmp_path / name).write_text("1\n")
    files, absent = datafiles.find(places, [], [tmp_path])
    assert files == {"C:/other.mem": tmp_path / "other.mem"}
    assert absent == ["C:/first/init.mem", "C:/second/init.mem"]


@pytest.mark.parametrize(
    ("default", "file_name", "setting"),
    [
        ("/nowhere/init.mem", "P", "--set P=FILE names another place; it is /nowhere/init.mem"),
        ("/nowhere/", '{P, "init.mem"}', "--set P=DIR/ names another place; it is /nowhere/"),
    ],
)
def test_a_text_parameter_of_the_top_that_has_the_path_of_an_image_is_named(
    default: str, file_name: str, setting: str, tmp_path: Path
) -> None:
    store = IMAGE.replace('"init.mem", mem', f"{file_name}, mem").replace("D = 4", 'D = 4, parameter P = ""')
    toy = TOY.replace("module toy #(", f'module toy #(parameter P = "{default}", ').replace(
        "store #(", "store #(.P(P), "
    )
    source = write(tmp_path / "source", toy=toy, store=store)
    absolute = "/nowhere/init.mem is an absolute path, which is looked for as it is"
    assert problem(source).endswith(f"not there: /nowhere/init.mem (store.v:3); {absolute}; {setting}")
    image = write(tmp_path / "images") / "init.mem"
    image.write_text("1\n")
    right = str(image) if "FILE" in setting else f"{image.parent}/"
    design = read(source, CHIP, options=SourceOptions(settings=(f"P={right}",)))
    assert design.data == {str(image): image}


# --- Which definition, which language


def test_of_two_definitions_the_first_files_holds(tmp_path):
    write(tmp_path, toy=TOY, a_store=STORE, z_store=STORE.replace("D-1", "2*D-1"))
    assert [path.name for path in read(tmp_path, CHIP).files] == ["a_store.v", "toy.v"]


def test_two_languages_in_one_tree_are_refused(tmp_path):
    write(tmp_path, toy=TOY, store=STORE.replace("reg         seen", "logic seen"))
    with pytest.raises(InputError, match=r"store\.v is SystemVerilog, and toy\.v uses one of its keywords as a name"):
        read(tmp_path, CHIP)


def test_difference_lists_all_kinds(tmp_path):
    text = TOY.replace("TOP_BIT", "OVER").replace("K = 1", "K = 2").replace("1 << M", "8")
    with pytest.raises(NotTheChip) as raised:
        read(write(tmp_path, toy=text, store=STORE), CHIP)
    assert [d.kind for d in raised.value.differences] == ["width", "missing pin", "extra port", "missing memory"]


def test_top_with_an_interface_as_port_is_told_what_helps_and_then_works(tmp_path):
    bus = "interface adder_bus; logic [2:0] add; modport chip (input add); endinterface\n"
    ports = "input CLK, input RST, adder_bus.chip bus, output [7:0] SUM, output TOP_BIT, output STORED"
    inner = f"module inner ({ports}); toy toy_0 (.ADD(bus.add), .*); endmodule\n"
    text = TOY.replace("priority", "total")
    source = write(tmp_path / "source", bus=bus, inner=inner, toy=text, store=STORE)
    message = problem(source, top="inner")
    assert (
        "ports that are interfaces: bus (a module around it, whose ports are their signals, can be the top: " in message
    )
    assert "missing pin ADD" in message and "extra port bus" not in message
    around = f"module around ({ports.replace('adder_bus.chip bus', 'input [2:0] ADD')}); adder_bus bus ();\n"
    write(source, around=around + "assign bus.add = ADD; inner inner_0 (.bus(bus.chip), .*); endmodule\n")
    design = read(source, CHIP, "around")
    assert design.language == "systemverilog" and design.memories == {"sums": "inner_0.toy_0.bank.store_0.mem"}
    inputs, clk, sums = rows(50, 1)
    assert np.array_equal(verilated.build(design, CHIP, tmp_path / "build").run(inputs, clk) & 255, sums)
