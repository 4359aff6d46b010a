"""Digits in lockstep: an RTL that holds is run to the end; one that does not is caught, with what shows it again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, SYNAPSES
from draupnir.emulator.trace import pack
from draupnir.golden.waves.tests.reading import Contents
from draupnir.rtl import emit, verilated
from draupnir.rtl.design import Design
from draupnir.tools.cli import cli
from draupnir.tools.experiments.digits.experiment import DigitsExperiment
from draupnir.tools.experiments.digits.lockstep import Apart, ComparedOdin, setup_rows
from draupnir.tools.experiments.digits.train import DigitsTrainer

FLIPPED = pack(CHIP.output_word, {"AEROUT_ADDR": 0x10})
Fault = Callable[["Rtl"], None]


class Rtl:
    """The golden model as an RTL that may have a fault: what happens after each run of rows."""

    def __init__(self, flip_after: int = -1, fault: Fault = lambda rtl: None) -> None:
        self._flip_after, self._fault = flip_after, fault
        self.reset()

    def reset(self) -> None:
        self.model = Model()

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """An address bit of the output bus is wrong while AEROUT_REQ is high, in rows after ``flip_after``."""
        first_cycle = int(self.model.registers[0].cycle)
        outputs = self.model.drive(inputs, clk)
        if self._flip_after >= 0:
            req = outputs & pack(CHIP.output_word, {"AEROUT_REQ": 1}) != 0
            outputs[req & (first_cycle + np.arange(len(inputs)) > self._flip_after)] ^= FLIPPED
        self._fault(self)
        return outputs

    def read_memory(self, name: str) -> np.ndarray:
        return self.model.memories[name].copy()

    def write_memory(self, name: str, content: np.ndarray) -> None:
        self.model.memories[name][:] = content


def exit_status(*words: str) -> int:
    with pytest.raises(SystemExit) as exit_error:
        cli.main(list(words))
    assert isinstance(exit_error.value.code, int)
    return exit_error.value.code


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """``draupnir sim odin`` with an RTL of ours in place of the Verilated one; the report goes to tmp_path."""

    def run(rtl: Rtl, *options: str) -> int:
        monkeypatch.setattr(emit, "design", lambda name, folder: Design("ODIN", ()))
        monkeypatch.setattr(verilated, "build", lambda design, chip, folder: rtl)
        return exit_status("sim", "odin", "--images", "10", "--report", str(tmp_path), *options)

    return run


def flip_a_bit(rtl: Rtl) -> None:
    """A bit of a synapse onto a neuron that takes no part flips, once the chip has been configured."""
    if rtl.model.registers[0].cycle > 10_000:
        rtl.model.memories[SYNAPSES.name][5] ^= 1


def test_registers_are_written_on_the_pins() -> None:
    registers = DigitsExperiment().registers() | {"SPI_SYN_SIGN": list(range(16)), "SPI_MONITOR_NEUR_ADDR": 77}
    model = Model(seed=3)
    rows = setup_rows(registers)
    model.drive(rows, np.ones(len(rows), dtype=np.uint8))
    r = model.registers[0]
    for name, content in registers.items():
        assert np.array_equal(r[name.lower()], content), name


def test_lockstep_teaches_as_the_golden_model_alone_does() -> None:
    alone, lockstep_results = (
        DigitsTrainer(DigitsExperiment(n_images=10)),
        DigitsTrainer(DigitsExperiment(n_images=10), ComparedOdin(Rtl())),
    )
    a, b = alone.run(), lockstep_results.run()
    assert (a.train, a.test, a.n_clocks, a.n_spikes) == (b.train, b.test, b.n_clocks, b.n_spikes)
    assert np.array_equal(a.weights, b.weights)
    assert [len(r.in_cycles) for r in a.rasters] == [len(r.in_cycles) for r in b.rasters]


def test_every_clock_of_setup_and_images_is_compared() -> None:
    odin = ComparedOdin(Rtl())
    results = DigitsTrainer(DigitsExperiment(n_images=10), odin).run()
    assert odin.n_compared == results.n_clocks + len(odin.setup) == int(odin.model.registers[0].cycle)


def test_a_run_that_holds_leaves_a_report(
    simulate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(Rtl()) == 0
    output = capsys.readouterr().out
    figures = dict(line.split(None, 1) for line in output.splitlines() if line.startswith("mismatches"))
    assert figures == {"mismatches": "0"}
    assert all(words in output for words in ("clocks compared", "weight updates", "test accuracy", "wall time"))
    assert {"report.html", "rasters.png", "weight_maps.png", "confusion.png"} <= {p.name for p in tmp_path.iterdir()}
    assert not (tmp_path / "difference").exists()


def test_json_counts_what_was_compared(simulate: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(Rtl(), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["holds"], report["mismatches"], report["difference"]) == (True, 0, "")
    assert report["compared"] > report["n_clocks"] > 100_000
    assert report["bits_compared"] == report["output_bits"] == 11 * report["compared"]


@pytest.mark.parametrize(
    ("rtl", "message"),
    [
        (Rtl(flip_after=100_000), "  AEROUT_ADDR: expected 0x"),
        (Rtl(fault=flip_a_bit), "synapses: 1 of 8192 words differ"),
    ],
    ids=["pin", "memory"],
)
def test_a_fault_is_told_and_can_be_replayed(
    rtl: Rtl, message: str, simulate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.html").write_text("of an earlier run")
    assert simulate(rtl, "--seed", "2") == 1
    output = capsys.readouterr().out
    assert message in output
    bits = r"[\d,]+ of [\d,]+ output bits compared"
    assert re.search(rf"^([\d,]+) clocks compared without a difference, {bits}, then 1 mismatch$", output, re.MULTILINE)
    assert "reproduce: draupnir sim odin --images 10 --seed 2\n" in output
    page = (tmp_path / "report.html").read_text()
    assert message in page and "of an earlier run" not in page and "Where this comes from" in page
    (command,) = [line for line in output.splitlines() if line.startswith("decoded: draupnir replay odin ")]
    assert exit_status(*command.split()[2:]) == 1
    assert message.split("expected")[0].split(" words")[0].strip() in capsys.readouterr().out
    assert message in (tmp_path / "difference" / "difference.txt").read_text()
    (place,) = [line.rsplit(": ", 1)[1] for line in output.splitlines() if line.startswith("waveform of model and RTL")]
    names = Contents(Path(place)).changes
    assert {name.split(".")[1] for name in names if "." in name} >= {"model", "rtl", "differs"}
    assert any(".registers." in name for name in names)


def test_a_fault_in_the_setup_is_found() -> None:
    odin = ComparedOdin(Rtl(fault=lambda rtl: rtl.model.memories[SYNAPSES.name].fill(0)))
    with pytest.raises(Apart, match="memories differ after cycle"):
        odin.configure(DigitsExperiment().configuration())


def test_a_fault_that_a_second_run_does_not_show_leaves_the_first_runs_waveform(
    simulate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(Rtl(flip_after=400_000)) == 1
    assert "waveform, not from a reset on" in capsys.readouterr().out
    assert (tmp_path / "difference" / "wave.fst").is_file()


def test_number_of_images_is_for_digits_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sim", "odin", "--images", "20", "--test", "neurons", "--report", str(tmp_path))
    assert exit_status(*words) == 2
    assert "--images 20: only of ODIN's digits, without --test" in capsys.readouterr().err


def test_too_many_images_are_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("sim", "odin", "--images", "2000", "--report", str(tmp_path / "report")) == 2
    assert "2000 is not in the range 10<=x<=1797" in capsys.readouterr().err
