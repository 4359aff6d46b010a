"""`draupnir area`: what it shows and writes; the figures themselves take minutes to make."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import survey as fpga_survey
from draupnir.rtl.fpga.report import BLOCK_RAM, LOGIC, Usage
from draupnir.rtl.fpga.survey import THEIRS, Row
from draupnir.tools.cli import cli
from draupnir.tools.report import survey

ROWS = (
    Row("whole", {}, (Usage(LOGIC, 6000, 24288), Usage(BLOCK_RAM, 24, 56)), 34.5),
    Row("64 neurons", {"n_neurons": 64}, (Usage(LOGIC, 5000, 24288),), None),
    Row(THEIRS, {}, (Usage(LOGIC, 12000, 24288),), 20.0),
)


def test_table_puts_ours_beside_theirs() -> None:
    text = StringIO()
    Console(width=120, file=text).print(survey.table(ROWS))
    whole, small, theirs = text.getvalue().splitlines()[4:7]
    assert [cell.strip() for cell in whole.split("│")[1:-1]] == ["whole", "6,000", "0", "24", "34.5", "50 %", "1.73"]
    assert [cell.strip() for cell in small.split("│")[1:-1]] == ["64 neurons", "5,000", "0", "0", "", "42 %", ""]
    assert [cell.strip() for cell in theirs.split("│")[1:-1]] == ["--rtl", "12,000", "0", "0", "20.0", "100 %", "1.00"]


def test_a_survey_is_written_as_figures_and_as_a_picture(tmp_path: Path) -> None:
    files = survey.write(tmp_path, ROWS, {"chip": "odin", "device": "LFE5U-25F"})
    assert [path.name for path in files] == ["area.json", "area.png"]
    report = json.loads(files[0].read_text())
    assert report["rows"][1] == {
        "name": "64 neurons",
        "parameters": {"n_neurons": 64},
        "mhz": None,
        "cells": {LOGIC: 5000},
    }
    assert (report["schema"], report["version"]) == ("draupnir.area", 1)
    assert files[1].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("is_routed", "n_panels"), [(True, 2), (False, 1)])
def test_the_chart_names_the_chip_and_has_no_empty_panel(is_routed: bool, n_panels: int, tmp_path: Path) -> None:
    figures: list[Any] = []

    def keep(figure: Any, path: Path, **how: Any) -> None:
        figures.append(figure)
        path.touch()

    rows = [row if is_routed else replace(row, mhz=None) for row in ROWS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", keep)
        survey.write(tmp_path, rows, {"chip": "odin", "device": "LFE5U-25F"})
    assert len(figures[0].axes) == n_panels
    assert figures[0].get_suptitle().startswith("odin, alone on LFE5U-25F")


def test_a_variant_that_there_is_not_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["area", "odin", "--variant", "tiny", "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --variant tiny: odin has whole, 128 neurons, 64 neurons, no Izhikevich,")
    assert not (tmp_path / "out").exists()


def test_a_variant_without_room_is_counted_but_not_routed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("draupnir.rtl.fpga.tools.must", lambda *_: "")
    monkeypatch.setattr("draupnir.rtl.fpga.report.of_log", lambda _: (Usage(BLOCK_RAM, 300, 208), Usage(LOGIC, 1, 2)))
    chip = chips.declaration("snn_accelerator")
    (row,) = fpga_survey.survey(chip, ["whole"], None, tmp_path, route=False, device="85k")
    assert (row.n_used(BLOCK_RAM), row.mhz) == (300, None)
    with pytest.raises(InputError, match="no room: 300 block RAMs of 208; --no-route"):
        list(fpga_survey.survey(chip, ["whole"], None, tmp_path, route=True, device="85k"))


def test_a_device_that_there_is_not_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["area", "odin", "--device", "12k", "--output", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "'12k' is not one of '25k', '85k'" in result.stderr
