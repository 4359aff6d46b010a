"""Ctrl-C and SIGTERM: one word, the exit status of the convention, and nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.speeds import pieces
from draupnir.rtl import processes
from draupnir.tools.terminal import errors, interrupts

ROOT = Path(__file__).resolve().parents[2]
START = "from draupnir.tools.start import main; main()"
CONFIG = """
[registers]
SPI_OPEN_LOOP = 1
[[neurons]]
index = "0-15"
model = "lif"
thr = 1
[[synapses]]
pre = 3
post = "0-255"
weight = 7
"""
ENDS = {
    signal.SIGINT: (130, "interrupted\n"),
    signal.SIGTERM: (143, "terminated\n"),
    signal.SIGHUP: (129, "terminated\n"),
}


@pytest.fixture(autouse=True)
def default_signals() -> Iterator[None]:
    """No signal is ignored, as in the background of a shell some are: a child would inherit that."""
    handlers = {number: signal.getsignal(number) for number in ENDS}
    for number in ENDS:
        if handlers[number] == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number in ENDS:
        signal.signal(number, handlers[number])


@pytest.fixture
def long(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that takes minutes, some way into it."""
    (tmp_path / "net.toml").write_text(CONFIG)
    np.save(tmp_path / "events.npy", np.full(20_000_000, 0x307))
    words = ["run", "odin", "--config", "net.toml", "--events", "events.npy", "-o", "out.csv"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", START, *words]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as running:
        for _ in range(3000):
            parts = list(tmp_path.glob(".*.part"))
            if running.poll() is not None or (parts and parts[0].stat().st_size > 1 << 16):
                break
            time.sleep(0.1)
        yield running
        running.kill()


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDS)
def test_a_long_run_ends_at_once_and_leaves_nothing(
    long: subprocess.Popen[str], number: signal.Signals, tmp_path: Path
) -> None:
    assert long.poll() is None
    assert list(tmp_path.glob(".*.part"))
    long.send_signal(number)
    _, error_text = long.communicate(timeout=60)
    assert (long.returncode, error_text.splitlines(keepends=True)[-1]) == ENDS[number]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.npy", "net.toml"]


@pytest.mark.slow
def test_several_signals_are_one(long: subprocess.Popen[str], tmp_path: Path) -> None:
    for _ in range(20):
        long.send_signal(signal.SIGINT)
        time.sleep(0.002)
    _, error_text = long.communicate(timeout=60)
    assert (long.returncode, error_text.splitlines(keepends=True)[-1]) == ENDS[signal.SIGINT]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.npy", "net.toml"]


def test_a_signal_as_it_starts_is_one_line_too() -> None:
    """Wherever it comes, in Python's own start apart."""
    for pause in (0.3, 0.6):
        with subprocess.Popen(
            [sys.executable, "-c", START, "chips"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            time.sleep(pause)
            running.send_signal(signal.SIGINT)
            _, error_text = running.communicate(timeout=60)
        before_main = error_text.startswith("Traceback") and ", in main\n" not in error_text
        assert before_main or (running.returncode, error_text) in [(130, "interrupted\n"), (0, "")]


def test_an_ignored_signal_stays_ignored() -> None:
    code = (
        "import signal as s; s.signal(s.SIGHUP, s.SIG_IGN)\n"
        "from draupnir.tools.terminal import interrupts; interrupts.handle()\n"
        "print(s.getsignal(s.SIGHUP) == s.SIG_IGN, s.getsignal(s.SIGTERM) == s.SIG_DFL)"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout == "True False\n"


def test_what_fails_because_of_a_signal_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interrupts, "_first_signal", (signal.SIGTERM, 0.0))

    def fails() -> None:
        raise OSError(5, "the simulator was killed, too")

    assert errors.exit_status(fails) == 143
    assert capsys.readouterr().err == "terminated\n"


def test_work_that_was_stopped_is_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    def stops() -> None:
        raise pieces.Stopped

    assert errors.exit_status(stops) == 130
    assert capsys.readouterr().err == "interrupted\n"


# --- Other people's programs ------------------------------------------------------------------------------------

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
open(sys.argv[1], "w").write(str(child.pid))
child.wait()
"""


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def do_nothing() -> None:
        if (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text():
            raise pieces.Stopped

    monkeypatch.setattr(pieces, "check_stop", do_nothing)
    with pytest.raises(pieces.Stopped):
        processes.output_of([sys.executable, "-c", PARENT, str(tmp_path / "pid")])
    for _ in range(100):
        if not runs(int((tmp_path / "pid").read_text())):
            break
        time.sleep(0.05)
    assert not runs(int((tmp_path / "pid").read_text()))


def test_what_a_program_says_is_returned(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd()); print(os.environ['WORD'], file=sys.stderr); sys.exit(3)"
    process = processes.output_of([sys.executable, "-c", code], env={**os.environ, "WORD": "an"}, cwd=tmp_path)
    assert (process.returncode, process.stdout, process.stderr) == (3, f"{tmp_path.resolve()}\n", "an\n")
