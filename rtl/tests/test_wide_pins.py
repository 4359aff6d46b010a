"""Both simulators drive and show pins of more than 32 bits together, up to the 63 that a row holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.tests import wide_chip
from draupnir.rtl import icarus, verilated
from draupnir.rtl.design import Design

WIDTHS = (31, 1, 30)


@pytest.fixture
def design(tmp_path: Path) -> Design:
    source = tmp_path / "wide.v"
    source.write_text(wide_chip.verilog(WIDTHS))
    return Design("wide", (source,))


@pytest.mark.verilator
def test_verilator_shows_every_pin_of_a_wide_row(design: Design, tmp_path: Path) -> None:
    inputs, clk, expected = wide_chip.rows(WIDTHS, 500, 3)
    device = verilated.build(design, wide_chip.wide(WIDTHS), tmp_path / "build")
    assert device.run(inputs, clk).tolist() == expected.tolist()


@pytest.mark.icarus
def test_icarus_shows_every_pin_of_a_wide_row(design: Design, tmp_path: Path) -> None:
    inputs, clk, expected = wide_chip.rows(WIDTHS, 200, 3)
    run = icarus.run(design, wide_chip.wide(WIDTHS), inputs, clk, tmp_path / "work")
    after_first = np.cumsum(clk) > 1  # before the first edge Icarus knows nothing
    assert run.outputs[after_first].tolist() == expected[after_first].tolist()
    assert (run.known[after_first & (clk == 1)] == (1 << 62) - 1).all()
