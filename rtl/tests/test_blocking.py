"""A clocked block that assigns with "=" changes a wire after the other blocks have seen it, in both simulators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Pin, Probe
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import column, to_rows
from draupnir.rtl import foreign, icarus, toolchain, verilated
from draupnir.rtl.design import Design

SOURCE = """
module counter (input clk, input rst, input push, input pop, output full);
    reg [2:0] n;
    assign full = n == 2;
    always @(posedge clk) begin
        if (rst) n <= 0;
        else begin
            if (!full && push) n = n + 1;
            if (pop && n != 0) n = n - 1;
        end
    end
endmodule
module controller (input clk, input full, output reg waits);
    always @(posedge clk) waits <= full;
endmodule
module waiting (input clk, input rst, input push, input pop, output waits);
    wire full_a, full_b;
    if (1) begin
        counter a (clk, rst, push, pop, full_a);
    end
    counter b (clk, rst, push, pop, full_b);
    controller c (clk, full_a | full_b, waits);
endmodule
"""
CHIP = Chip(
    name="waiting",
    title="waiting: a controller that sees a full buffer",
    pins=(
        Pin("clk", "in", 1, "clock", "Clock."),
        Pin("rst", "in", 1, "reset", "Reset."),
        Pin("push", "in", 1, "control", "A packet comes."),
        Pin("pop", "in", 1, "control", "A packet goes."),
        Pin("waits", "out", 1, "status", "The buffer was full."),
    ),
    memories=(),
    registers=(),
    blocks=(),
    events=(),
    source="this file",
    probes=(Probe("n", 3, "genblk1.a.n", "Packets."),),
)


@pytest.fixture
def design(tmp_path: Path) -> Design:
    (tmp_path / "waiting.v").write_text(SOURCE)
    return foreign.read(tmp_path, CHIP)


@pytest.fixture
def rows() -> tuple[np.ndarray, list[int]]:
    """Random pushes and pops, and for each clock whether the controller waits."""
    rng = np.random.default_rng(3)
    pins, waits, n, expected = [0b001] * 2, 0, 0, [0] * 2
    for push, pop in rng.integers(2, size=(300, 2)).tolist():
        pins.append(push << 1 | pop << 2)
        expected.append(waits)
        waits = int(n == 2)
        n += int(push and n != 2)
        n -= int(pop and n != 0)
    return to_rows(CHIP.input_word, pins), expected


@pytest.mark.verilator
def test_verilator_shows_the_count_from_before_the_edge(
    design: Design, rows: tuple[np.ndarray, list[int]], tmp_path: Path
) -> None:
    needs("verilator")
    inputs, expected = rows
    outputs = verilated.build(design, CHIP, tmp_path / "build").run(inputs, np.ones(len(inputs), np.uint8))
    assert column(CHIP.output_word, "waits", outputs).tolist() == expected
    assert sum(expected) > 20


@pytest.mark.icarus
def test_so_does_icarus_and_finds_the_probe_in_its_own_block(
    design: Design, rows: tuple[np.ndarray, list[int]], tmp_path: Path
) -> None:
    needs("icarus")
    inputs, expected = rows
    run = icarus.run(design, CHIP, inputs, np.ones(len(inputs), np.uint8), tmp_path / "icarus")
    assert column(CHIP.output_word, "waits", run.outputs)[2:].tolist() == expected[2:]
    assert np.any(column(CHIP.output_word, "n", run.outputs))


def needs(tool: str) -> None:
    try:
        getattr(toolchain, tool)()
    except InputError as error:
        pytest.skip(str(error))
