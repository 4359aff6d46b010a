"""`draupnir replay`: its words and its exit status; what it finds is tested with golden.replay."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.golden import hexfile, wave_out
from draupnir.golden.case import write as describe
from draupnir.golden.tests.toy import CHIP, HEADER, RAM, Model, as_a_testbench, recording, vcd
from draupnir.tools.cli import cli

N_CYCLES = 200


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # a mismatch leaves a waveform in build/replay
    monkeypatch.setattr(chips, "model", lambda name, sizes=None: {"toy": Model}[name])
    monkeypatch.setattr(chips, "declaration", lambda name, sizes: {"toy": CHIP}[name])
    monkeypatch.setattr(chips, "parameters", lambda name: ())


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    wave_out.write(recording(N_CYCLES, 1), tmp_path / "w.fst")
    return tmp_path / "w.fst"


def with_fault(path: Path, cycle: int, bits: int) -> Path:
    trace = recording(N_CYCLES, 1)
    trace.outputs[np.flatnonzero(trace.clk)[cycle]] ^= bits
    wave_out.write(trace, path)
    return path


def draupnir(*words: object, from_power_up: bool = True) -> Result:
    options = ["--from-power-up"] if from_power_up else []
    return CliRunner().invoke(cli, ["replay", "toy", *options, *map(str, words)])


def test_what_holds(wave: Path) -> None:
    result = draupnir(wave)
    first, bits, rate = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first == "200 cycles, 2 pins, 0 mismatches"
    assert bits == "1,000 of 1,000 output bits compared"
    assert rate.endswith(" cycles/s; pins in scope toy")


@pytest.mark.parametrize(("words", "stretch"), [((), True), (("--plain-clock",), False)])
def test_the_plain_clock_is_a_model_without_stretches(
    wave: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], stretch: bool
) -> None:
    models: list[Model] = []

    def model(seed: int | None) -> Model:
        models.append(Model(seed))
        return models[-1]

    monkeypatch.setattr(chips, "model", lambda name, sizes=None: model)
    result = draupnir(wave, *words)
    assert result.exit_code == 0
    assert [one.stretch for one in models] == [stretch]
    assert result.stdout.splitlines()[0] == "200 cycles, 2 pins, 0 mismatches"


def test_a_mismatch(tmp_path: Path) -> None:
    result = draupnir(with_fault(tmp_path / "w.fst", 50, 0b10000))
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith("mismatch at ")
    assert lines[0].endswith(" ps, cycle 50:")
    assert lines[1] in ("  ODD: expected 0x0, got 0x1", "  ODD: expected 0x1, got 0x0")
    assert lines[2].startswith("  sum ")
    assert lines[3] == "  last events:"
    assert "51 cycles, 2 pins, 1 mismatches" in lines
    assert lines[-3].startswith("stopped at the limit of mismatches")
    assert lines[-2:] == [
        "memories that started at 0: ram; --load MEM=FILE starts one from an image",
        "waveform: build/replay/w.fst",
    ]


def test_max_mismatches_goes_on(tmp_path: Path) -> None:
    result = draupnir(with_fault(tmp_path / "w.fst", 50, 1), "--max-mismatches", 2)
    assert result.exit_code == 1
    assert "200 cycles, 2 pins, 1 mismatches" in result.stdout.splitlines()


def test_x_is_shown_in_its_place(tmp_path: Path) -> None:
    trace = recording(N_CYCLES, 1)
    row = int(np.flatnonzero(trace.clk)[50])
    sum_ = int(trace.outputs[row]) & 15
    trace.known_bits[row] &= ~0b1000
    trace.outputs[row] = (trace.outputs[row] ^ 1) & trace.known_bits[row]
    wave_out.write(trace, tmp_path / "w.fst")
    result = draupnir(tmp_path / "w.fst")
    assert f"  SUM: expected 0b{sum_:04b}, got 0bx{(sum_ ^ 1) & 7:03b}" in result.stdout.splitlines()
    assert "254 of 255 output bits compared; X or Z: SUM 1" in result.stdout.splitlines()


def test_inputs_that_change_with_the_clock(tmp_path: Path) -> None:
    """What the edge saw of them, the recording does not tell: the user does."""
    path = as_a_testbench(tmp_path / "w.vcd")
    with_option, without_option = draupnir(path, "--at-edge", "before"), draupnir(path)
    assert (with_option.exit_code, without_option.exit_code) == (0, 1)
    assert with_option.stdout.splitlines()[0] == "40 cycles, 2 pins, 0 mismatches"
    (hint,) = [line for line in without_option.stdout.splitlines() if "--at-edge before" in line]
    assert hint.startswith(f"at {json.loads(draupnir(path, '--json').stdout)['n_together']} clock edges inputs changed")
    assert "--at-edge" not in with_option.stdout


def test_memories(wave: Path, tmp_path: Path) -> None:
    hexfile.write(tmp_path / "m.hex", np.full((8, 2), 0x80, np.uint32), RAM)
    result = draupnir(wave, "--expect", f"ram={tmp_path / 'm.hex'}")
    assert result.exit_code == 1
    assert f"ram: 8 of 8 words differ from {tmp_path / 'm.hex'}" in result.stdout
    assert "got 8" in result.stdout


def test_json(tmp_path: Path) -> None:
    result = draupnir(with_fault(tmp_path / "w.fst", 50, 1), "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(report)[:2] == ["schema", "version"]
    assert (report["schema"], report["version"]) == ("draupnir.replay", 2)
    assert (report["holds"], report["chip"], report["n_mismatches"]) == (False, CHIP.name, 1)
    assert (report["mismatches"][0]["cycle"], report["mismatches"][0]["pins"][0]["pin"]) == (50, "SUM")


def test_clocks_before_the_first_reset(tmp_path: Path) -> None:
    path = with_fault(tmp_path / "w.fst", 0, 1)
    n_before = int(np.flatnonzero(recording(N_CYCLES, 1).inputs[recording(N_CYCLES, 1).clk == 1] & 1)[0]) + 4
    result = draupnir(path, from_power_up=False)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == f"{N_CYCLES - n_before} cycles, 2 pins, 0 mismatches"
    assert lines[3] == (
        f"{n_before} clocks before the first reset had acted, not compared (1 of them would differ; --from-power-up"
        " compares them)"
    )
    assert draupnir(path).exit_code == 1


def test_a_pin_that_is_x_for_ever_is_named(tmp_path: Path) -> None:
    trace = recording(N_CYCLES, 1)
    trace.known_bits[:] &= ~0b10000
    trace.outputs[:] &= trace.known_bits
    wave_out.write(trace, tmp_path / "w.fst")
    result = draupnir(tmp_path / "w.fst")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:2] == [
        "200 cycles, 2 pins, 0 mismatches", "800 of 1,000 output bits compared; X or Z: ODD 200"
    ]  # fmt: skip
    shortfall = "nothing proven: ODD is X or Z at all 200 compared clocks"
    assert result.stdout.splitlines()[3:] == [shortfall, "a pin that was not recorded is left out with --ignore PIN"]
    report = json.loads(draupnir(tmp_path / "w.fst", "--json").stdout)
    assert report["output_bits"] == {"total": 1000, "compared": 800, "unknown": {"ODD": 200}}
    assert report["holds"] is False
    assert report["shortfalls"] == ["ODD is X or Z at all 200 compared clocks"]
    assert draupnir(tmp_path / "w.fst", "--ignore", "ODD").exit_code == 0


def test_what_was_not_compared_is_said(tmp_path: Path) -> None:
    """Inputs that are X, outputs after the last edge, and where the file breaks off."""
    path = vcd(tmp_path / "w.vcd", "#0\n0C\n0R\nzK\nb0 A\nb0 S\n0O\n#5\n1C\n#9\n0C\n0K\n#15\n1C\n1O\n#2")
    lines = draupnir(path).stdout.splitlines()
    assert "taken as 0: inputs that are X or Z, clocks: SCK 1" in lines
    assert "1 changes of outputs after the last clock edge, not compared" in lines
    assert "the file breaks off in line 28; it was read up to its last whole change" in lines


def test_samples_instead_of_a_clock(tmp_path: Path) -> None:
    header = HEADER.replace("$var wire 1 C CLK $end\n", "")
    path = vcd(tmp_path / "w.vcd", "#0\n0R\n0K\nb1 A\nb0 S\n0O\n#5\nb1 S\n#10\nb10 S\n#20\nb100 S\n", header)
    result = draupnir(path)
    assert result.exit_code == 2
    assert result.stderr.endswith("as a vendor's analyser does, need --clock-per-sample\n")
    result = draupnir(path, "--clock-per-sample")
    assert (result.exit_code, "4 cycles, 2 pins, 1 mismatches" in result.stdout) == (1, True)
    assert "each sample is a clock; samples are 50 ns apart" in result.stdout.splitlines()
    path.write_text(path.read_text().replace("#20", "#15\nb11 S\n#20"))
    result = draupnir(path, "--clock-per-sample")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "5 cycles, 2 pins, 0 mismatches")
    result = draupnir(path, "--clock-per-sample", "--sample-time", 10)
    assert "2 cycles, 2 pins, 1 mismatches" in result.stdout.splitlines()


@pytest.fixture
def golden_case(wave: Path) -> Path:
    """A case whose memory was not 0 before, in a folder of its own."""
    folder = wave.parent / "toys" / "sums"
    folder.mkdir(parents=True)
    wave.rename(folder / "wave.fst")
    model, trace = Model(), recording(N_CYCLES, 1)
    model.memories["ram"][:, 1] = 5
    hexfile.write(folder / "ram.before.hex", model.memories["ram"], RAM)
    model.drive(trace.inputs, trace.clk)
    hexfile.write(folder / "ram.hex", model.memories["ram"], RAM)
    describe(folder, "toy", "Sums wrap.", {"kind": "model"})
    return folder


def test_a_case_is_replayed_by_its_folder(golden_case: Path) -> None:
    """From power-up, with its memories."""
    result = draupnir(golden_case, from_power_up=False)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[:2] == [f"ram: all 8 words equal {golden_case}/ram.hex", "200 cycles, 2 pins, 0 mismatches"]


def test_a_wave_of_a_case_without_its_memories_says_so(golden_case: Path) -> None:
    wave = golden_case / "wave.fst"
    result = draupnir(wave, "--expect", f"ram={golden_case}/ram.hex", from_power_up=False)
    assert (result.exit_code, "200 cycles, 2 pins, 0 mismatches" in result.stdout) == (1, True)
    assert result.stdout.splitlines()[-2] == (
        "memories that started at 0: ram; this case's do not: give its folder, or"
        f" --load ram={golden_case}/ram.before.hex"
    )


def test_what_is_no_case(golden_case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def message_of(path: Path) -> str:
        result = draupnir(path)
        assert (result.exit_code, result.stdout) == (2, "")
        return result.stderr.removeprefix("error: ").removesuffix("\n")

    toys = golden_case.parent
    assert message_of(toys) == f"{toys}: a folder of 1 cases; one of them is needed, for instance {golden_case}"
    assert message_of(toys.parent) == (
        f"{toys.parent}: a folder without case.toml; a VCD or FST waveform, or the folder of a golden case, is needed"
    )
    (golden_case / "ram.hex").write_text("0\n")
    assert "ram.hex: changed since it was described" in message_of(golden_case)
    describe(golden_case, "odin", "Sums wrap.", {"kind": "model"})
    assert message_of(golden_case) == f"{golden_case}: a case of odin, not of toy"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--ignore", "CS"), "toy has no pin 'CS' to ignore; it has CLK, RST, SUM, ADD, SCK, ODD"),
        (("--sample-time", 5), "--sample-time: only with --clock-per-sample; a recording with a clock has no samples"),
        (("--random-state", 2**77), "is not in the range 0<=x<="),
        (("--sample-time", 0), "0 is not in the range 1<=x<=9223372036854775807"),
        (("--scope", "tb"), "no scope 'tb'; there is toy"),
        (("--load", "ram"), "--load ram: MEM=FILE is needed, for instance --load neurons=neurons.hex"),
        (("--load", "rom=x.hex"), "toy has no memory 'rom'; it has ram"),
        (("--expect", "ram=a", "--expect", "ram=b"), "--expect ram=b: ram is given twice"),
        (("--expect", "ram=/nonexistent/a.hex"), "no memory image of ram: No such file or directory"),
        (("--at-edge", "never"), "'never' is not one of 'after', 'before'"),
        (("--max-mismatches", 0), "0 is not in the range 1<=x<="),
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
    assert result.stderr.startswith(f"error: {wave}: not a complete FST waveform: it breaks off in its block")
    assert result.stderr.count("\n") == 1
