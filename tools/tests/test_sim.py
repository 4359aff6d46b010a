"""`draupnir sim`: words and exit status, without running a simulator for long."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from draupnir.rtl import toolchain
from draupnir.tools.cli import cli


def exit_status(*words: str) -> int:
    with pytest.raises(SystemExit) as exit_error:
        cli.main(list(words))
    assert isinstance(exit_error.value.code, int)
    return exit_error.value.code


def error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which PATH leads nowhere."""
    monkeypatch.setenv("PATH", "")
    toolchain.icarus.cache_clear()


def test_no_simulator_is_an_input_error(tmp_path: Path, no_tools: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sim", "odin", "--sim", "icarus", "--test", "neurons", "--report", str(tmp_path / "report"))
    assert exit_status(*words) == 2
    assert "no Icarus Verilog" in error(capsys)


def test_unknown_test_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("sim", "odin", "--test", "nonsense", "--report", str(tmp_path)) == 2
    line = error(capsys)
    assert "--test nonsense" in line and "neurons" in line and "digits" in line
    assert not list(tmp_path.iterdir())


def test_top_without_rtl_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("sim", "odin", "--top", "T", "--test", "neurons", "--report", str(tmp_path)) == 2
    assert "--top T: only with --rtl" in error(capsys)


def test_folder_without_the_chip_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.v").write_text("module a(input b);\nendmodule\n")
    assert exit_status("sim", "odin", "--rtl", str(tmp_path), "--report", str(tmp_path / "report")) == 2
    assert str(tmp_path) in error(capsys)


def test_a_file_of_tests_that_cannot_be_used_is_an_input_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_mine.py").write_text("import cocotb\n\n@cocotb.test(\n")
    words = ("sim", "odin", "--test", str(tmp_path / "test_mine.py"), "--report", str(tmp_path / "report"))
    assert exit_status(*words) == 2
    assert f"--test {tmp_path}/test_mine.py:3: " in error(capsys)
    assert exit_status("sim", "odin", "--test", "here/test_a.py", "--report", str(tmp_path / "report")) == 2
    assert "no such file: here/test_a.py" in error(capsys)
    assert not (tmp_path / "report").exists()


def test_unknown_bits_need_icarus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sim", "odin", "--initial", "unknown", "--report", str(tmp_path / "report"))
    assert exit_status(*words) == 2
    assert "--sim icarus knows unknown bits" in error(capsys)


OWN = """\
import cocotb
from draupnir.cocotb_tests.tinyodin.bench import Bench

@cocotb.test()
@cocotb.parametrize(n=[1, 2])
async def test_events(dut, n):
    async with Bench(dut, {"SPI_OPEN_LOOP": 1}) as bench:
        for _ in range(n):
            await bench.event("virtual", neur=5, weight=4)
        assert len(bench.output.addrs) == n - 1
"""


@pytest.mark.slow
@pytest.mark.icarus
def test_a_file_of_ones_own_is_run_beside_ours_and_what_it_compared_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "test_mine.py"
    own.write_text(OWN)
    words = ["sim", "tinyodin", "--sim", "icarus", "--report", str(tmp_path / "report"), "--test", str(own)]
    assert exit_status(*words, "--test", "neurons.lif_spikes_at_threshold", "--json") == 1
    results = json.loads(capsys.readouterr().out)
    success, failure, ours = results["tests"]
    assert [test["passed"] for test in results["tests"]] == [True, False, True]
    assert [Path(test["folder"]).name for test in results["tests"]] == [
        "icarus-mine.events-n=1", "icarus-mine.events-n=2", "icarus-neurons.lif_spikes_at_threshold",
    ]  # fmt: skip
    assert failure["failure"].startswith("assert 0 == (2 - 1)")
    assert success["bits_compared"] == success["output_bits"] == 12 * success["compared"] > 0
    cases = ElementTree.parse(tmp_path / "report" / "results.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == ["events/n=1", "events/n=2", "lif_spikes_at_threshold"]
    (bits,) = cases[0].findall(".//property[@name='output bits']")
    assert bits.get("value") == f"{success['bits_compared']:,} of {success['output_bits']:,} output bits compared"
    assert ours["unknown"] == {}


@pytest.mark.parametrize("number", ["0", "9", "1798"])
def test_a_number_of_images_out_of_range_is_refused_before_anything_is_loaded(
    number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("sim", "odin", "--images", number, "--report", str(tmp_path / "report")) == 2
    assert f"'--images': {number} is not in the range 10<=x<=1797" in error(capsys)
    assert not list(tmp_path.iterdir())


def test_a_report_in_the_folder_of_the_sources_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("sim", "odin", "--rtl", str(tmp_path), "--report", f"{tmp_path}/.") == 2
    assert error(capsys) == (
        f"error: --report {tmp_path}: it is the input --rtl {tmp_path}; an output needs a folder of its own"
    )


@pytest.mark.icarus
def test_a_test_that_holds_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sim", "odin", "--sim", "icarus", "--test", "neurons.lif_spikes_at_threshold")
    assert exit_status(*words, "--report", str(tmp_path)) == 0
    output = capsys.readouterr().out
    assert "1 of 1 tests passed" in output
    (n, total) = re.findall(r" clocks compared, ([\d,]+) of ([\d,]+) output bits compared, 0 mismatches", output)[0]
    assert n == total
    assert (tmp_path / "results.xml").is_file()
