"""Pins of more than 32 bits together, up to the 63 that a row holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, DeclarationError
from draupnir.emulator.tests import wide_chip
from draupnir.emulator.tests.wide_chip import Widths
from draupnir.emulator.trace import Trace
from draupnir.golden import wave, wave_out

ROOT = Path(__file__).resolve().parents[2]
WIDTHS: list[Widths] = [(31, 4, 1), (30, 2, 30), (31, 1, 30), (1, 60, 1), (33, 7, 22), (16, 16, 16), (1, 31, 2)]


@pytest.mark.parametrize("widths", WIDTHS)
def test_a_model_sees_and_shows_every_pin_of_a_wide_row(widths: Widths) -> None:
    wide_chip.check(widths)


def test_the_same_uncompiled() -> None:
    checks = "; ".join(f"check({widths})" for widths in WIDTHS)
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", f"from draupnir.emulator.tests.wide_chip import check; {checks}"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@pytest.mark.parametrize("widths", [(32, 30, 1), (1, 61, 1)])
def test_64_input_bits_are_refused_where_the_chip_is_declared(widths: Widths) -> None:
    said = r"^wide inputs: 64 bits; they are packed into one row, which holds at most 63$"
    with pytest.raises(DeclarationError, match=said):
        wide_chip.wide(widths)


def test_64_output_bits_are_refused_where_the_chip_is_declared() -> None:
    pins = wide_chip.wide((31, 4, 1)).pins
    more = tuple(pin if pin.name != "O0" else type(pin)("O0", "out", 59, "status", "") for pin in pins)
    with pytest.raises(DeclarationError, match=r"^wide outputs: 64 bits; "):
        Chip("wide", "", more, (), (), (), (), "")


@pytest.mark.parametrize("widths", [(31, 4, 1), (1, 60, 1)])
def test_a_waveform_of_wide_pins_reads_back_as_it_was(widths: Widths, tmp_path: Path) -> None:
    inputs, clk, outputs = wide_chip.rows(widths, 200, 7)
    clk[:] = 1
    chip = wide_chip.wide(widths)
    known = np.full(len(clk), (1 << chip.output_word.width) - 1)
    trace = Trace(chip, inputs, clk, outputs, known, wave_out.schedule(clk))
    wave_out.write(trace, tmp_path / "wide.fst")
    again = wave.read(tmp_path / "wide.fst", chip)
    assert again.inputs.tolist() == inputs.tolist()
    assert again.outputs.tolist() == outputs.tolist()
