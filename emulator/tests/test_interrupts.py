"""A signal in the middle of compiled work: the process lives, and the work ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from inspect import getclosurevars
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import engine
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.reckon import chip as reckon
from draupnir.emulator.reckon.events import loop as reckon_loop
from draupnir.emulator.reckon.host import Host
from draupnir.emulator.speeds import batch, pieces
from draupnir.emulator.speeds.batch import Sample

ROOT = Path(__file__).resolve().parents[2]
SPIKE = 0x307
FOR_EVER = 1 << 61
# Numba calls Python to make a named tuple; an exception there, as from a signal's handler, was a segmentation fault.
STORM = """
import signal, sys, time
import numpy as np
from importlib import import_module
from draupnir.emulator import chips
from draupnir.emulator.parts.handshake import Environment

chip, seconds = sys.argv[1], float(sys.argv[2])
model = chips.model(chip)()
model.reset()
rows, clk, none = np.zeros(3, np.int64), np.ones(3, np.uint8), np.zeros(0, np.int64)
if chip == "reckon":
    from draupnir.emulator.reckon.host import Host
    given = np.zeros((0, 2), np.int64), Host()
else:
    given = none, Environment()
package = chips.package(chip)
levels = [import_module(name) for name in (package.engine, package.closed_loop)]

def work():
    model.drive(rows, clk)
    model.outputs
    model.context()
    for level in levels:
        level.run(model, *given, 20)

work()
came, inside = 0, False

def comes(number, frame):  # raises only within the try below, once for each time that it is entered
    global came, inside
    if inside:
        inside = False
        came += 1
        raise KeyboardInterrupt

signal.signal(signal.SIGALRM, comes)
end = time.monotonic() + seconds
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
while time.monotonic() < end:
    try:
        inside = True
        work()
        inside = False
    except KeyboardInterrupt:
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print("alive", came)
"""


def storm(chip: str, seconds: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", STORM, chip, str(seconds)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("chip", [name for name in chips.names() if chips.package(name).engine])
def test_a_storm_of_signals_ends_no_process(chip: str) -> None:
    result = storm(chip, 2.0)
    assert result.returncode >= 0, f"ended by signal {-result.returncode}"
    assert result.stdout.startswith("alive "), result.stderr
    assert int(result.stdout.split()[1]) > 10


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_no_entry_returns_a_named_tuple() -> None:
    model = Model()
    model.reset()
    engine.run(model, np.array([SPIKE]), Environment(), 100)
    run = import_module("draupnir.emulator.odin.events.closed_loop").run
    run(model, np.array([SPIKE]), Environment(), 100)
    levels: list[Any] = [run, engine.run]
    loops = [model.run_rows, *(getclosurevars(level.__self__._loop).nonlocals["opened"] for level in levels)]
    returned = [kind for loop in loops for kind in loop.nopython_signatures]
    assert len(returned) >= 3
    assert not [kind for kind in returned if "Named" in str(kind.return_type) or "(req :" in str(kind.return_type)]


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_the_loop_of_a_led_chip_returns_no_array() -> None:
    model = reckon.Model()
    model.reset()
    reckon_loop.run(model, np.zeros((0, 2), np.int64), Host(), 20)
    compiled: Any = reckon_loop._loop
    returned = [str(signature.return_type) for signature in compiled.nopython_signatures]
    assert returned and not [kind for kind in returned if "array" in kind.lower()]


# --- In pieces --------------------------------------------------------------------------------------------------

IN_PIECES = """
import sys
import numpy as np
from importlib import import_module
from draupnir.emulator.speeds import pieces
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.tests.pokes import poked

pieces.WORK = int(sys.argv[1])
chip, level = sys.argv[2:]
if chip == "reckon":
    from draupnir.emulator.tests.reckon import engine_stimulus
    print(engine_stimulus.digest(5, swept=0))  # a piece of one clock leaves nothing to sweep
else:
    model, _, rng = poked(chip, 3, 0.1)
    events = rng.integers(0, 1 << model.chip.input_word["AERIN_ADDR"].width, 12)
    ran = import_module(f"draupnir.emulator.{chip}.events.{level}").run(model, events, Environment(1, 2, 3, 0), 2500)
    print(ran.cycles.tolist(), ran.addrs.tolist(), ran.n_cycles, ran.done, ran.n_sent, ran.buses)
    print(getattr(ran, "statistics", None), model.registers.tobytes().hex())
    print([memory.tobytes().hex() for memory in model.memories.values()])
"""


@pytest.mark.parametrize(
    ("chip", "level"),
    [("odin", "engine"), ("odin", "closed_loop"), ("tinyodin", "engine"), ("tinyodin", "closed_loop"), ("reckon", "")],
)
def test_a_run_in_pieces_is_the_run_at_once(chip: str, level: str) -> None:
    """The runs are not compiled, because the work of a piece is a constant for the compiler."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    printed = []
    for work in (1, 100, pieces.WORK):
        command = [sys.executable, "-c", IN_PIECES, str(work), chip, level]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        printed.append(result.stdout)
    assert len(printed[0]) > 60 and printed[0] == printed[1] == printed[2]


def test_work_that_is_to_stop_stops_within_a_second_or_so() -> None:
    """A new ODIN, in which all words are 0, spikes without an end."""
    model, stop, raised = Model(), threading.Event(), []
    model.reset()
    engine.run(model, np.array([SPIKE]), Environment(), 10)

    def work() -> None:
        try:
            with pieces.stoppable(stop):
                engine.run(model, np.array([SPIKE]), Environment(), FOR_EVER)
        except pieces.Stopped:
            raised.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)
    stop.set()
    thread.join(20)
    assert not thread.is_alive() and raised == [True]
    cycle = int(model.registers[0].cycle)
    assert cycle > 0
    model.step(0)  # The model goes on from there.
    assert model.registers[0].cycle == cycle + 1


def test_everybody_stops_until_told_to_go_on() -> None:
    pieces.check_stop()
    pieces.stop_everybody()
    try:
        with pytest.raises(pieces.Stopped):
            pieces.check_stop()
    finally:
        pieces.go_on()
    pieces.check_stop()


def test_rows_stop_between_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "ROWS", 10)
    model, stop = Model(), threading.Event()
    stop.set()
    with pieces.stoppable(stop), pytest.raises(pieces.Stopped):
        model.drive(np.zeros(25, np.int64), np.ones(25, np.uint8))
    assert model.registers[0].cycle == 10


@pytest.mark.parametrize("n", [0, 9, 10, 11, 20, 25])
def test_rows_in_pieces_are_rows_at_once(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    whole, cut = Model(), Model()
    inputs, clk = np.random.default_rng(n).integers(0, 1 << 22, n), np.ones(n, np.uint8)
    expected = whole.drive(inputs, clk)
    monkeypatch.setattr(pieces, "ROWS", 10)
    assert cut.drive(inputs, clk).tolist() == expected.tolist()
    assert cut.registers.tobytes() == whole.registers.tobytes()


def test_ctrl_c_ends_a_batch_whose_runs_would_go_on_for_ever() -> None:
    def forever() -> Any:
        while True:
            model = Model()
            model.reset()
            yield Sample(model, np.array([SPIKE]), Environment(), FOR_EVER)

    timer = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])  # It goes to the process, as with Ctrl-C.
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(batch.run_batch(forever(), 2))
    assert time.monotonic() - began < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("chip")]
