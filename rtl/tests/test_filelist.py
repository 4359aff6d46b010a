"""Lists of files are read as simulators read them, and a design that a list names is compiled by both."""

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import filelist, icarus, verilated
from draupnir.rtl.design import SourceOptions
from draupnir.rtl.foreign import read
from draupnir.rtl.tests.toy_chip import CHIP, STORE, TOY, rows, write


def place(folder: Path, **files: str) -> Path:
    """Write files, whose names have "__" for "/" and "_dot_" for ".", and return the folder."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(paths: list[Path], folder: Path) -> list[str]:
    return [str(path.resolve().relative_to(folder.resolve())) for path in paths]


def problem(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        filelist.read(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_files_macros_and_folders_are_read_and_comments_are_not(tmp_path):
    text = """// the chip; b.v is next
    b.v a.v  // c.v
    /* d.v
    e.v */ +incdir+inc+inc2
    # f.v
    +define+WIDTH=8+FAST -D DEPTH=4 -DNAME -I inc3
    -sv -Wno-fatal --trace +acc -timescale 1ns/1ps --top chip -GN=3 -pvalue+F="a b" "with blank.v"
    """
    place(tmp_path, a_dot_v="", b_dot_v="", inc__x="", inc2__x="", inc3__x="", chip_dot_f=text)
    (tmp_path / "with blank.v").touch()
    sources = filelist.read(tmp_path / "chip.f")
    assert names(sources.files, tmp_path) == ["b.v", "a.v", "with blank.v"]
    assert names(sources.include_folders, tmp_path) == ["inc", "inc2", "inc3"]
    assert sources.defines == ["WIDTH=8", "FAST=1", "DEPTH=4", "NAME=1"]
    assert sources.top == "chip" and sources.settings == ["N=3", "F=a b"]


def test_libraries_come_after_the_files_and_by_their_suffixes(tmp_path):
    place(tmp_path, top_dot_v="", lib__b_dot_v="", lib__a_dot_sv="", lib__n_dot_vg="", cells_dot_v="")
    (tmp_path / "chip.f").write_text("-y lib -v cells.v top.v\n")
    assert names(filelist.read(tmp_path / "chip.f").sources, tmp_path) == ["top.v", "cells.v", "lib/a.sv", "lib/b.v"]
    (tmp_path / "chip.f").write_text("+libext+.vg top.v -y lib\n")
    assert names(filelist.read(tmp_path / "chip.f").sources, tmp_path) == ["top.v", "lib/n.vg"]


def test_nested_lists_lead_from_the_right_folder(tmp_path, monkeypatch):
    """Two files have the same name: -f uses that of the working folder, -F and --rtl that of the list's folder."""
    place(tmp_path, work__x_dot_v="", lists__x_dot_v="", lists__only_dot_v="", lists__inner_dot_f="x.v only.v")
    monkeypatch.chdir(tmp_path / "work")
    for option, first in (("-f", "work/x.v"), ("-F", "lists/x.v")):
        (tmp_path / "lists" / "outer.f").write_text(f"{option} inner.f\n")
        assert names(filelist.read(tmp_path / "lists" / "outer.f").files, tmp_path) == [first, "lists/only.v"]
    inner = Path("../lists/inner.f")
    assert names(filelist.read(inner).files, tmp_path)[0] == "lists/x.v"
    assert names(filelist.read(inner, from_working_folder=True).files, tmp_path)[0] == "work/x.v"


def test_environment_variables_are_filled_in(tmp_path, monkeypatch):
    place(tmp_path, ip__a_dot_v="", ip__b_dot_v="", ip__c_dot_v="", chip_dot_f="$IP/a.v ${IP}/b.v\n$(IP)/c.v")
    monkeypatch.setenv("IP", str(tmp_path / "ip"))
    assert names(filelist.read(tmp_path / "chip.f").files, tmp_path) == ["ip/a.v", "ip/b.v", "ip/c.v"]
    monkeypatch.delenv("IP")
    assert problem(tmp_path / "chip.f").endswith("chip.f:1: $IP: no environment variable of this name is set")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.v\nb.v", "chip.f:2: b.v: no such file"),
        ("a.v /* one\ntwo */\n+incdir+none", "chip.f:3: none: no such folder"),
        ("-y none", "chip.f:1: none: no such folder"),
        ("-f none.f", "chip.f:1: none.f: no such list of files"),
        ("a.v\n-F chip.f", "chip.f: the list names itself"),
        ("a.v\n-v", "chip.f:2: -v: its argument is missing"),
        ("'a.v", "chip.f:1: no closing quotation"),
        ("-sv\n", "chip.f: the list names no source file"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_with_its_line(tmp_path, text, expected):
    place(tmp_path, a_dot_v="", chip_dot_f=text)
    assert problem(tmp_path / "chip.f").endswith(expected)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    assert problem(tmp_path / "none.f").endswith("none.f: the list of files cannot be read: No such file or directory")
    with pytest.raises(InputError, match=r"toy\.v: not a folder, and no list of files \(\.f, "):
        read(write(tmp_path, toy=TOY) / "toy.v", CHIP)


@pytest.mark.verilator
@pytest.mark.icarus
def test_design_of_a_list_runs_in_both_simulators(tmp_path):
    """A macro, a folder of included files, a library, a parameter and the top all come from the list."""
    wide = TOY.replace("parameter M = 4", "parameter M = 2").replace("priority + ADD", "priority + ADD + `ZERO")
    wide = '`include "one.inc"\n' + wide
    place(
        tmp_path, rtl__toy_dot_v=wide, lib__store_dot_v=STORE, lib__other_dot_v=TOY, inc__one_dot_inc="`define ZERO 0\n"
    )
    list_file = tmp_path / "toy.f"
    list_file.write_text("rtl/toy.v -y lib +incdir+inc --top toy -GM=4\n")
    design = read(list_file, CHIP)
    assert [path.name for path in design.files] == ["toy.v", "store.v"] and design.parameters == {"M": 4}
    assert [path.name for path in design.includes] == ["one.inc"]
    inputs, clk, sums = rows(200, 1)
    outputs = verilated.build(design, CHIP, tmp_path / "build").run(inputs, clk)
    assert np.array_equal(outputs & 255, sums)
    run = icarus.run(design, CHIP, inputs, clk, tmp_path / "icarus")
    assert np.array_equal(run.outputs & 255, sums) and (run.known_bits[clk == 1] & 255 == 255).all()
    old_device = verilated.build(design, CHIP, tmp_path / "build")
    (tmp_path / "inc" / "one.inc").write_text("`define ZERO 1\n")
    new_outputs = verilated.build(read(list_file, CHIP), CHIP, tmp_path / "build").run(inputs, clk)
    assert not np.array_equal(new_outputs & 255, sums), "an included file of any name belongs to what was compiled"
    assert np.array_equal(old_device.run(inputs, clk) & 255, sums)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("M", "--set M: right is NAME=N, for instance --set DEPTH=256"),
        ("Q=3", "--set Q=3: module toy has M, K"),
        ('K="a"b"', "right is text without quotes, backslashes and new lines"),
        ("K=one", "--set K=one: right is a whole number; it is 1 by default"),
        ("K=99", "--set K=99: the source makes 3 of it; the parameter cannot hold it"),
    ],
)
def test_a_parameter_that_the_top_cannot_have_is_refused(tmp_path, setting, expected):
    text = TOY.replace("[  K+1:0] ADD", "[2:0] ADD").replace("parameter K", "parameter [3:0] K")
    with pytest.raises(InputError) as raised:
        read(write(tmp_path, toy=text, store=STORE), CHIP, "toy", SourceOptions(settings=(setting,)))
    assert expected in str(raised.value)


@pytest.mark.verilator
@pytest.mark.icarus
def test_text_and_long_numbers_reach_both_simulators(tmp_path):
    text = TOY.replace("parameter K = 1", 'parameter K = 1, parameter [63:0] ADDED = 0, parameter F = "none"')
    text = text.replace("priority + ADD", 'priority + ADD + (F == "a b" ? ADDED[40:33] : 5)')
    source = write(tmp_path / "source", toy=text, store=STORE)
    with pytest.raises(InputError, match="--set F=3: right is text, which looks so"):
        read(source, CHIP, options=SourceOptions(settings=("F=3",)))
    design = read(source, CHIP, options=SourceOptions(settings=('F="a b"', "ADDED=64'h200000000")))
    assert 'ADDED=8589934592, F="a b"' in design.structure
    inputs, clk, _ = rows(100, 2)
    expected = _sums(inputs, clk, 1)
    assert np.array_equal(verilated.build(design, CHIP, tmp_path / "build").run(inputs, clk) & 255, expected)
    assert np.array_equal(icarus.run(design, CHIP, inputs, clk, tmp_path / "icarus").outputs & 255, expected)


def _sums(inputs: np.ndarray, clk: np.ndarray, extra: int) -> np.ndarray:
    """Return the toy's sums if ``extra`` is added at each clock, too."""
    total, sums = 0, []
    word = CHIP.input_word
    for row, edge in zip(inputs.tolist(), clk.tolist(), strict=True):
        reset, add = row >> word["RST"].lsb & 1, row >> word["ADD"].lsb & 7
        total = 0 if reset else total
        sums.append(total if edge else 0)
        total = (total + add + extra) % 256 if edge and not reset else total
    return np.array(sums)
