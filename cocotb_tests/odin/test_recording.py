"""The two ways to record pins give the same: the wrapper's log, and Python that wakes up for each change."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import Timer
from cocotb.types import Logic, LogicArray

from draupnir.cocotb_tests.lib.bus import Pins, control
from draupnir.cocotb_tests.lib.changes import Followed, Logged
from draupnir.cocotb_tests.lib.clock import ChipClock, ClockEdges
from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.cocotb_tests.lib.session import Session
from draupnir.cocotb_tests.lib.wrapper import HALF, RECORDING
from draupnir.emulator.odin.layout import CHIP

N_ROUNDS, N_CHANGES = 20, 40
LIMIT: dict[str, Any] = {"timeout_time": 1, "timeout_unit": "ms"}


@cocotb.test(**LIMIT)
async def test_the_log_and_python_record_the_same(dut: Any) -> None:
    """Pins change at any time, several together, at clock edges, and to X and Z if the simulator knows these."""
    pins = Pins(dut, CHIP)
    await _record(pins, ChipClock(pins[CHIP.clock.name], half=control(dut, HALF)))


@cocotb.test(**LIMIT)
async def test_they_do_with_the_clock_of_cocotb(dut: Any) -> None:
    """They also do if the wrapper's clock stands still."""
    pins = Pins(dut, CHIP)
    await _record(pins, ChipClock(pins[CHIP.clock.name]))


async def _record(pins: Pins, clock: ChipClock) -> None:
    session = Session.here()
    rng = np.random.default_rng(session.seed)
    edges = ClockEdges(CHIP, {CHIP.clock.name: clock})
    logged = Recorder(pins, edges, Logged(pins, control(pins.dut, RECORDING)))
    followed = Recorder(pins, edges, Followed(pins))
    for pin in pins.inputs():
        pin.value = 0
    await Timer(1, "ns")
    for recorder in (logged, followed):
        recorder.start()
    clock.start()
    n_passing, n_edges = 0, 0
    for _ in range(N_ROUNDS):
        for _ in range(N_CHANGES):
            await _change(pins, clock, rng, unknown=session.simulator == "icarus")
        rows, expected = logged.rows(), followed.rows()
        for column in ("inputs", "clk", "outputs", "known_bits", "times"):
            np.testing.assert_array_equal(getattr(rows, column), getattr(expected, column), column)
        n_passing, n_edges = n_passing + len(rows) - rows.n_cycles, n_edges + rows.n_cycles
    assert clock.cycle() > N_ROUNDS
    assert n_passing > N_ROUNDS
    session.note(cycles=n_edges, compared=n_edges, mismatches=0)  # One recording is compared with the other.


async def _change(pins: Pins, clock: ChipClock, rng: np.random.Generator, unknown: bool) -> None:
    """Wait for at most a clock, in one of four cases until the next half of it, and then change a pin."""
    quarter = clock.period // 4
    await Timer(int(rng.choice([quarter, quarter, int(rng.integers(1, clock.period)), 2 * quarter])), "step")
    for pin in rng.choice(np.array([pin.name for pin in CHIP.inputs]), size=2):
        width = CHIP.pin(str(pin)).width
        bits = rng.choice(list("01xz" if unknown and rng.random() < 0.1 else "01"), size=width)
        pins[str(pin)].value = LogicArray("".join(bits)) if width > 1 else Logic(str(bits[0]))
