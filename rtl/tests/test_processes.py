"""A program ends when the program that has started it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import pytest

from draupnir.rtl import processes

# This program starts another one, says that both run, and waits for it.
PARENT = "sleep 300 & echo $! > child; wait"


def runs(pid: int) -> bool:
    """Return True if a process runs; a process that has ended, and that nobody has waited for, does not run."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_an_interruption_ends_a_program_and_what_it_has_started(tmp_path: Path) -> None:
    def interrupt_when_both_run(number: int, frame: FrameType | None) -> None:
        if (tmp_path / "child").is_file() and (tmp_path / "child").read_text().strip():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    old_handler = signal.signal(signal.SIGALRM, interrupt_when_both_run)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            processes.run(["sh", "-c", PARENT], cwd=tmp_path)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(child)


def test_what_a_program_says_and_its_status_are_returned() -> None:
    result = processes.output_of(
        [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"]
    )
    assert (result.returncode, result.stdout, result.stderr) == (3, "out\n", "err\n")


def test_a_program_reads_nothing_from_the_terminal() -> None:
    assert processes.output_of(["cat"]).stdout == ""


def below(folder: Path) -> list[int]:
    """Return the numbers of the processes that work in a folder."""
    process_ids = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            work_folder = Path(os.readlink(process / "cwd"))
        except OSError:
            continue
        if work_folder.is_relative_to(folder) and runs(int(process.name)):
            process_ids.append(int(process.name))
    return process_ids


@pytest.mark.slow
@pytest.mark.icarus
def test_ctrl_c_in_sim_ends_its_simulator(tmp_path: Path) -> None:
    """The signal goes only to the command, as from another terminal."""
    words = ["sim", "tinyodin", "--sim", "icarus", "--test", "random", "--report", str(tmp_path / "report")]
    command = [sys.executable, "-c", "from draupnir.tools.cli import main; main()", *words]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as sim:
        deadline = time.monotonic() + 300
        while not (simulators := below(tmp_path)) and sim.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert simulators, "the simulator has not begun"
        time.sleep(1)
        sim.send_signal(signal.SIGINT)
        _, complaint = sim.communicate(timeout=60)
    assert (sim.returncode, complaint.splitlines()[-1]) == (130, "interrupted")
    assert below(tmp_path) == []
