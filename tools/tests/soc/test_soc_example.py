"""The example of a chip on a bus: its page shows what its commands print, and its spikes are those of draupnir run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from draupnir.rtl import toolchain
from draupnir.tools.cli import cli
from draupnir.tools.tests.test_examples import CUT, PROGRAM, ROOT, assert_shows, printed, steps


@pytest.mark.verilator
@pytest.mark.slow
def test_the_driver_prints_the_spikes_of_draupnir_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    environment = {**os.environ, **toolchain.verilator().environment(), "PWD": str(tmp_path)}
    lines: list[str] = []
    for command, page_lines in steps((ROOT / "examples/soc/README.md").read_text()):
        if command.startswith(PROGRAM):
            lines = printed(command)
        else:
            lines = subprocess.run(
                command, shell=True, env=environment, check=True, capture_output=True, text=True
            ).stdout.splitlines()
        if page_lines not in ([], [CUT]):
            assert_shows(command, page_lines, lines)
    assert lines == spikes_of_draupnir_run()


@pytest.mark.verilator
@pytest.mark.slow
def test_a_riscv_prints_the_same_spikes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentinel_cpu", reason="needs the extra [riscv]: pip install --pre 'draupnir[riscv]'")
    if shutil.which("riscv64-unknown-elf-gcc") is None:
        pytest.skip("needs a GCC for RISC-V (Debian: gcc-riscv64-unknown-elf)")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    block = (ROOT / "examples/soc/README.md").read_text().split("```sh\n")[1].split("```")[0]
    write, simulate = block.splitlines()
    printed(write)
    name, script, folder = simulate.split()
    assert name == ".venv/bin/python"
    process = subprocess.run([sys.executable, script, folder], check=True, capture_output=True, text=True)
    assert process.stdout.splitlines() == spikes_of_draupnir_run()
    assert f"after {process.stderr.strip()} of the processor" in (ROOT / "examples/soc/README.md").read_text()


def spikes_of_draupnir_run() -> list[str]:
    words = "run odin --config examples/odin/net.toml --events examples/odin/events.csv -o spikes.csv"
    assert CliRunner().invoke(cli, words.split()).exit_code == 0
    lines = Path("spikes.csv").read_text().splitlines()
    assert len(lines) > 20
    return lines
