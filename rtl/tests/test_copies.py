"""An array of cores: both simulators find, read and write its memories, each as one array."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl import foreign, icarus, memory_changes, toolchain, verilated
from draupnir.rtl.design import Design, SourceOptions
from draupnir.rtl.differences import find_memories
from draupnir.rtl.hierarchy import Array
from draupnir.rtl.tests import grid

CHIP = grid.declare(NX=3, NY=2, DEPTH=16)


def read(chip: Chip = CHIP, folder: Path = grid.FOLDER, **set_otherwise: int) -> Design:
    """Read the design with the chip's sizes; its parameters have the same names."""
    settings = tuple(f"{name}={value}" for name, value in set_otherwise.items())
    return foreign.read(folder, chip, options=SourceOptions(settings=settings))


def contents(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1 << grid.BITS, CHIP.memory("sums").shape).astype(np.uint32)


def expected(n: int) -> tuple[np.ndarray, np.ndarray, grid.Model]:
    """Return inputs, and outputs and model after them; the memories start with contents that are not 0."""
    model = grid.model_of(CHIP)()
    model.memories["sums"][:] = contents(1)
    inputs = grid.rows(CHIP, n, 2)
    return inputs, model.drive(inputs, np.ones(n, np.uint8)), model


def test_copies_are_found_in_the_order_of_their_indices():
    design = read()
    assert list(design.memories) == [f"sums[{i}]" for i in range(6)]
    paths = [f"row[{y}].genblk1[{x}].core_0.mem" for y in range(2) for x in range(3)]
    assert list(design.memories.values()) == paths
    assert design.language == "systemverilog"


def test_more_than_nine_copies_are_in_the_order_of_numbers():
    design = read(grid.declare(NX=12, NY=1))
    assert design.memories["sums[10]"] == "row[0].genblk1[10].core_0.mem"


def test_another_number_of_copies_is_a_difference():
    with pytest.raises(InputError) as raised:
        read(grid.declare(NX=3, NY=2), NX=2, NY=2)
    expected = "copies sums (declared 6 copies of 8 words of 12 bits, found 4 of row[].genblk1[].core_0.mem)"
    assert expected in str(raised.value) and "width ODD (declared 6 bits, found 4 bits)" in str(raised.value)


def test_a_name_in_the_path_decides_between_arrays_of_one_shape():
    """Each path also has the letters of the other name in their order."""
    memories = tuple(replace(CHIP.memory("sums"), name=name, copies=2) for name in ("ram_e", "ram_o"))
    paths = [f"core[{i}].one_memory.{name}.mem" for name in ("ram_o_one", "ram_e_one") for i in range(2)]
    arrays = [Array(path, memories[0].depth, memories[0].width) for path in paths]
    places, differences = find_memories(replace(CHIP, memories=memories), arrays)
    assert differences == []
    assert places == dict(zip(("ram_o[0]", "ram_o[1]", "ram_e[0]", "ram_e[1]"), paths, strict=True))


@pytest.mark.verilator
def test_every_copy_is_read_and_written_in_verilator(tmp_path):
    inputs, outputs, model = expected(300)
    device = verilated.build(read(), CHIP, tmp_path)
    device.write_memory("sums", contents(1))
    assert np.array_equal(device.read_memory("sums"), contents(1))
    device_outputs = device.run(inputs, np.ones(len(inputs), np.uint8))
    assert device_outputs.tolist()[1:] == outputs.tolist()[1:]
    assert np.array_equal(device.read_memory("sums"), model.memories["sums"])


@pytest.mark.icarus
def test_every_copy_is_read_written_and_followed_in_icarus(tmp_path):
    """Icarus 11 gives the inner loop's blocks other names than Verilator and newer versions."""
    inputs, outputs, model = expected(100)
    clk, initial_memories = np.ones(len(inputs), np.uint8), {"sums": contents(1)}
    run = icarus.run(read(), CHIP, inputs, clk, tmp_path, initial_memories, follow=True)
    assert ("genblk1" in (tmp_path / "bench.v").read_text()) != toolchain.icarus().version.startswith("11.")
    assert run.outputs.tolist()[1:] == outputs.tolist()[1:]
    assert np.array_equal(run.memories["sums"], model.memories["sums"])
    assert (run.memories_known["sums"] == (1 << grid.BITS) - 1).all()
    half = grid.model_of(CHIP)()
    half.memories["sums"][:] = contents(1)
    half.drive(inputs[:51], clk[:51])
    sums = [memories["sums"].copy() for memories, _ in memory_changes.follow(tmp_path, CHIP, read(), clk, [50, 99])]
    assert np.array_equal(sums[0], half.memories["sums"]) and np.array_equal(sums[1], model.memories["sums"])


@pytest.mark.icarus
def test_blocks_without_a_name_that_cannot_be_told_apart_are_refused(tmp_path):
    """Two such blocks have an array of the same name, and only one of these is the chip's memory."""
    text = (grid.FOLDER / "core.sv").read_text()
    twins = """if (1) begin logic [11:0] mem [0:DEPTH-1]; end
    if (1) begin logic [10:0] mem [0:DEPTH-1]; always_ff @(posedge clk) mem[addr] <= 11'd1;
    always @(posedge clk) if (mem[addr] == 11'd3) $display("3"); end"""
    twin_core = re.sub(r"logic \[11:0\] mem .*", twins, text.replace("mem[addr]", "genblk1.mem[addr]"))
    for name in ("grid.sv", "core.sv"):
        (tmp_path / name).write_text((grid.FOLDER / "grid.sv").read_text() if name == "grid.sv" else twin_core)
    design = read(folder=tmp_path)
    assert design.memories["sums[0]"] == "row[0].genblk1[0].core_0.genblk1.mem"
    with pytest.raises(InputError, match=r"a generate block without a name, and Icarus has .*genblk\d+\.mem"):
        icarus.run(design, CHIP, grid.rows(CHIP, 1, 1), np.ones(1, np.uint8), tmp_path / "work")
