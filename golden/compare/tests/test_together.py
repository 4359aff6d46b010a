"""A difference of a device from the model is found at the exact clock, in any block."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.golden.compare import FirstDifference, hold
from draupnir.golden.tests.toy import Model, recording

N_CYCLES = 200
ROWS = recording(N_CYCLES, seed=3)


class Device:
    """The toy's model as a device, which counts the rows that it runs."""

    def __init__(self, fault_cycle: int = -1) -> None:
        self.model = Model(fault_cycle=fault_cycle)
        self.n_rows = 0

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        self.n_rows += len(inputs)
        return self.model.drive(inputs, clk)


def hold_toys(fault_cycle: int, block: int) -> tuple[FirstDifference | None, Device, Model]:
    device, model = Device(fault_cycle), Model()
    return hold(device, model, ROWS.inputs, ROWS.clk, block), device, model


@pytest.mark.parametrize("block", [1, 7, 64, 10_000])
def test_equal_device_holds_and_has_run_every_row(block: int) -> None:
    difference, device, model = hold_toys(-1, block)
    assert difference is None
    assert device.n_rows == len(ROWS)
    assert model.registers.tobytes() == device.model.registers.tobytes()


@pytest.mark.parametrize("block", [1, 7, 64, 10_000])
@pytest.mark.parametrize("cycle", [0, 1, 63, 64, N_CYCLES - 1])
def test_one_wrong_output_is_found_at_its_clock(cycle: int, block: int) -> None:
    difference, _, _ = hold_toys(cycle, block)
    assert difference is not None
    assert difference.cycle == cycle
    assert difference.row == np.flatnonzero(ROWS.clk)[cycle]
    (pin,) = difference.pins
    expected = int(ROWS.outputs[difference.row]) & 15
    assert (pin.pin, pin.expected, pin.got) == ("SUM", expected, expected ^ 1)
    assert str(difference) == f"cycle {cycle}: SUM expected {expected:#x}, got {expected ^ 1:#x}"
    assert (difference.bits.n_compared, difference.bits.n_unknown) == (5 * (cycle + 1), 0)


def test_nothing_runs_after_the_block_that_differs() -> None:
    difference, device, _ = hold_toys(fault_cycle=20, block=16)
    assert difference is not None and difference.row is not None
    assert device.n_rows == 16 * (difference.row // 16 + 1)


def test_model_stands_before_the_edge_that_differs() -> None:
    difference, _, model = hold_toys(fault_cycle=90, block=64)
    assert difference is not None and difference.row is not None
    alone = Model()
    alone.drive(ROWS.inputs[: difference.row], ROWS.clk[: difference.row])
    alone.drive(ROWS.inputs[difference.row : difference.row + 1], np.zeros(1, np.uint8))
    assert state.diff(model.snapshot(), alone.snapshot()) == []
    assert difference.context == (f"sum {alone.registers[0].acc}",)


def test_no_rows_hold() -> None:
    assert hold(Device(), Model(), np.zeros(0, np.int64), np.zeros(0, np.uint8)) is None
