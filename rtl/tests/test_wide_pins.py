"""Both simulators handle pins of more than 32 bits together, and pins that need several integers in a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.tests import wide_chip
from draupnir.emulator.tests.wide_chip import Widths
from draupnir.emulator.trace import from_row, known_at_edges
from draupnir.rtl import icarus, verilated
from draupnir.rtl.design import Design

WIDTHS = [(31, 1, 30), (100, 31, 64, 63, 1)]


def design(widths: Widths, folder: Path) -> Design:
    source = folder / "wide.v"
    source.write_text(wide_chip.verilog(widths))
    return Design("wide", (source,))


@pytest.mark.verilator
@pytest.mark.parametrize("widths", WIDTHS)
def test_verilator_shows_every_pin_of_a_wide_row(widths: Widths, tmp_path: Path) -> None:
    chip = wide_chip.wide(widths)
    inputs, clk, expected = wide_chip.rows(widths, 500, 3)
    device = verilated.build(design(widths, tmp_path), chip, tmp_path / "build")
    assert device.run(inputs, clk).tolist() == expected.tolist()
    device.reset()
    edges = np.flatnonzero(clk)
    stepped = [device.step(from_row(chip.input_word, inputs[row])) for row in edges]
    assert stepped == [from_row(chip.output_word, row) for row in expected[edges]]


@pytest.mark.icarus
@pytest.mark.parametrize("widths", WIDTHS)
def test_icarus_shows_every_pin_of_a_wide_row(widths: Widths, tmp_path: Path) -> None:
    chip = wide_chip.wide(widths)
    inputs, clk, expected = wide_chip.rows(widths, 200, 3)
    run = icarus.run(design(widths, tmp_path), chip, inputs, clk, tmp_path / "work")
    after_first = np.cumsum(clk) > 1  # Icarus knows nothing before the first edge.
    assert run.outputs[after_first].tolist() == expected[after_first].tolist()
    every = known_at_edges(chip.output_word, clk)
    assert run.known_bits[after_first].tolist() == every[after_first].tolist()
