"""The models of the ECP5's cells come from Yosys, which has them in one file or in several, but for those of ours."""

from __future__ import annotations

from pathlib import Path

from draupnir.rtl.fpga import netlist

LUT4 = "module LUT4(input A, output Z);\n  assign Z = A;\nendmodule\n"
DP16KD = "module DP16KD(\n  input DIA0\n);\nendmodule\n"
CCU2C = "module CCU2C(input CIN);\nendmodule\n"


def test_a_file_with_all_cells_loses_its_includes_and_the_cells_of_ours(tmp_path: Path) -> None:
    source = tmp_path / "cells_sim.v"
    source.write_text(f'{LUT4}{DP16KD}{CCU2C}`include "cells_ff.vh"\n')
    [text] = netlist._ecp5_models(source)
    assert text.split() == f"{LUT4}{CCU2C}".split()


def test_files_beside_it_take_its_place(tmp_path: Path) -> None:
    source = tmp_path / "cells_sim.v"
    source.write_text('`include "common_sim.vh"\nmodule NOT_READ;\nendmodule\n')
    (tmp_path / "common_sim.vh").write_text(LUT4)
    (tmp_path / "ccu2c_sim.vh").write_text(CCU2C)
    assert netlist._ecp5_models(source) == [LUT4, CCU2C]
