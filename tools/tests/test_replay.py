"""`draupnir replay`: its words and its exit status; what it finds is tested with golden.replay."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from emulator import chips
from golden import hexfile, wave_out
from golden.tests.toy import CHIP, RAM, Model, as_a_testbench, recording
from tools.cli import cli

N_CYCLES = 200


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chips, "model", lambda name: {"toy": Model}[name])


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    wave_out.write(recording(N_CYCLES, 1), tmp_path / "w.fst")
    return tmp_path / "w.fst"


def with_fault(path: Path, cycle: int, bits: int) -> Path:
    trace = recording(N_CYCLES, 1)
    trace.outputs[np.flatnonzero(trace.clk)[cycle]] ^= bits
    wave_out.write(trace, path)
    return path


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, ["replay", "toy", *map(str, words)])


def test_what_holds(wave: Path) -> None:
    result = draupnir(wave)
    first, rate = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first == "200 cycles, 2 pins, 0 mismatches"
    assert rate.endswith(" cycles/s; pins in scope toy")


def test_a_mismatch(tmp_path: Path) -> None:
    result = draupnir(with_fault(tmp_path / "w.fst", 50, 0b10000))
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith("mismatch at ")
    assert lines[0].endswith(" ps, cycle 50:")
    assert lines[1] in ("  ODD: expected 0x0, recorded 0x1", "  ODD: expected 0x1, recorded 0x0")
    assert lines[2].startswith("  sum ")
    assert lines[3] == "  last events:"
    assert "51 cycles, 2 pins, 1 mismatches" in lines
    assert lines[-1].startswith("stopped at the limit of mismatches")


def test_max_mismatches_goes_on(tmp_path: Path) -> None:
    result = draupnir(with_fault(tmp_path / "w.fst", 50, 1), "--max-mismatches", 2)
    assert result.exit_code == 1
    assert "200 cycles, 2 pins, 1 mismatches" in result.stdout.splitlines()


def test_x_is_shown_in_its_place(tmp_path: Path) -> None:
    trace = recording(N_CYCLES, 1)
    row = int(np.flatnonzero(trace.clk)[50])
    sum_ = int(trace.outputs[row]) & 15
    trace.known[row] &= ~0b1000
    trace.outputs[row] = (trace.outputs[row] ^ 1) & trace.known[row]
    wave_out.write(trace, tmp_path / "w.fst")
    result = draupnir(tmp_path / "w.fst")
    assert f"  SUM: expected {sum_:#x}, recorded 0bx{(sum_ ^ 1) & 7:03b}" in result.stdout.splitlines()
    assert "X or Z at a clock edge: 1 outputs skipped, 0 inputs taken as 0" in result.stdout


def test_inputs_that_change_with_the_clock(tmp_path: Path) -> None:
    """What the edge saw of them, the recording does not tell: the user does."""
    path = as_a_testbench(tmp_path / "w.vcd")
    told, untold = draupnir(path, "--at-edge", "before"), draupnir(path)
    assert (told.exit_code, untold.exit_code) == (0, 1)
    assert told.stdout.splitlines()[0] == "40 cycles, 2 pins, 0 mismatches"
    (hint,) = [line for line in untold.stdout.splitlines() if "--at-edge before" in line]
    assert hint.startswith(f"at {json.loads(draupnir(path, '--json').stdout)['n_together']} clock edges inputs changed")
    assert "--at-edge" not in told.stdout


def test_memories(wave: Path, tmp_path: Path) -> None:
    hexfile.write(tmp_path / "m.hex", np.full((8, 2), 0x80, np.uint32), RAM)
    result = draupnir(wave, "--expect", f"ram={tmp_path / 'm.hex'}")
    assert result.exit_code == 1
    assert f"ram: 8 of 8 words differ from {tmp_path / 'm.hex'}" in result.stdout
    assert "recorded 8" in result.stdout


def test_json(tmp_path: Path) -> None:
    result = draupnir(with_fault(tmp_path / "w.fst", 50, 1), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["holds"], found["chip"], found["n_mismatches"]) == (False, CHIP.name, 1)
    assert (found["mismatches"][0]["cycle"], found["mismatches"][0]["pins"][0]["pin"]) == (50, "SUM")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--scope", "tb"), "no scope 'tb'; there is toy"),
        (("--load", "ram"), "--load ram: MEM=FILE is needed, for instance --load neurons=neurons.hex"),
        (("--load", "rom=x.hex"), "toy has no memory 'rom'; it has ram"),
        (("--expect", "ram=a", "--expect", "ram=b"), "--expect ram=b: ram is given twice"),
        (("--expect", "ram=/nonexistent/a.hex"), "no memory image of ram: No such file or directory"),
        (("--at-edge", "never"), "'never' is not one of 'after', 'before'"),
        (("--max-mismatches", 0), "0 is not in the range x>=1"),
    ],
)
def test_input_at_fault(wave: Path, options: tuple[object, ...], message: str) -> None:
    result = draupnir(wave, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_truncated_waveform(wave: Path) -> None:
    wave.write_bytes(wave.read_bytes()[:300])
    result = draupnir(wave)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {wave}: not a complete VCD or FST waveform")
    assert result.stderr.count("\n") == 1
