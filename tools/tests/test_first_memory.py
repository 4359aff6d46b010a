"""The clock at which a memory first left the golden model's, however it differs later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import MemoryMoment
from draupnir.emulator.trace import Trace
from draupnir.golden.compare import FirstDifference
from draupnir.golden.compare.device import Device, ModelDevice
from draupnir.golden.compare.first_memory import first_memory_difference
from draupnir.golden.compare.memories import Memories
from draupnir.golden.tests.toy import CHIP, Model, recording
from draupnir.rtl import devices, toolchain
from draupnir.rtl.design import Design
from draupnir.rtl.tests.toy_chip import write

N_CYCLES = 300
TRACE = recording(N_CYCLES, seed=5)
BEFORE = {"ram": np.zeros((8, 2), np.uint32)}
WRONG = 13  # the sum that a faulty device stores as another one
VERILOG = """
module toy(input CLK, input RST, output reg [3:0] SUM, input [3:0] ADD, input SCK, output reg ODD);
  reg [39:0] ram [0:7];
  wire [3:0] next = RST ? 4'd0 : SUM + ADD;
  initial begin SUM = 0; ODD = 0; end
  always @(posedge SCK) ODD <= ~ODD;
  always @(posedge CLK) begin
    SUM <= next;
    ram[next[2:0]][35:0] <= {28'd0, @STORED@, 4'd0};
  end
endmodule
"""


class Faulty(Model):
    """The toy's model, which stores a 12 for a 13; the next sum of this word mends it."""

    def _row(self, inputs: int, clk: bool) -> int:
        outputs = super()._row(inputs, clk)
        if clk and self.registers[0].acc == WRONG:
            self.memories["ram"][WRONG % 8, 0] = 12 << 4
        return outputs


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chips, "model", lambda name, sizes: Model)


def wrong_clocks() -> list[int]:
    """The clocks after which a faulty device's memory differs."""
    sound, faulty, clocks = Model(), Faulty(), []
    for row in range(len(TRACE)):
        for model in (sound, faulty):
            model.drive(TRACE.inputs[row : row + 1], TRACE.clk[row : row + 1])
        if TRACE.clk[row] and not np.array_equal(sound.memories["ram"], faulty.memories["ram"]):
            clocks.append(int(np.count_nonzero(TRACE.clk[:row])))
    return clocks


class FaultyDevice(ModelDevice):
    """Follows a faulty model; n_moments : rows in one run."""

    def __init__(self, n_moments: int, can_follow: bool = True) -> None:
        super().__init__(CHIP)
        self.n_moments, self.can_follow = n_moments, can_follow

    def follow(self, trace: Trace, memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        model, first = Faulty(), 0
        for row in rows:
            model.drive(trace.inputs[first : row + 1], trace.clk[first : row + 1])
            first = row + 1
            yield MemoryMoment(model.memories)


def find(device: Device, memories_after: Memories | None = None) -> FirstDifference | None:
    return first_memory_difference(device, CHIP, TRACE, BEFORE, memories_after or {})


def test_the_difference_comes_and_goes() -> None:
    clocks = wrong_clocks()
    assert 0 < clocks[0] < clocks[-1] < N_CYCLES and len(clocks) < clocks[-1] - clocks[0]


def test_the_first_clock_is_named_if_all_are_looked_at() -> None:
    difference = find(FaultyDevice(1 << 17))
    assert difference is not None and difference.is_first
    [memory] = difference.memories
    assert (difference.cycle, memory.memory, memory.n_differing) == (wrong_clocks()[0], "ram", 1)
    assert str(difference) == f"after cycle {difference.cycle}: ram[0x5].sum expected 13, got 12"
    assert next(difference.lines()) == f"memories first differ after cycle {difference.cycle}:"
    assert difference.cycle is not None
    rows = np.flatnonzero(TRACE.clk)[: difference.cycle + 1]
    model = Model()
    model.drive(TRACE.inputs[: rows[-1]], TRACE.clk[: rows[-1]])
    assert difference.context == tuple(model.context())


@pytest.mark.parametrize("n_moments", [2, 7, 64, N_CYCLES - 1])
def test_else_a_clock_before_which_they_are_equal(n_moments: int) -> None:
    difference, clocks = find(FaultyDevice(n_moments)), wrong_clocks()
    if difference is None:  # equal at all that was looked at
        assert n_moments < 8
        return
    assert difference.cycle is not None and difference.cycle in clocks and difference.cycle - 1 not in clocks
    assert not difference.is_first
    assert next(difference.lines()).endswith(
        f"after cycle {difference.cycle} (and did not after earlier clocks that were compared):"
    )


def test_a_sound_device_does_not_differ() -> None:
    assert find(ModelDevice(CHIP)) is None


def test_a_model_that_does_something_else_is_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(FaultyDevice(1 << 17), {"ram": BEFORE["ram"]}) is None
    monkeypatch.setattr(chips, "model", lambda name, sizes: lambda seed: Model(seed, fault_cycle=20))
    assert find(FaultyDevice(1 << 17)) is None


def test_a_device_that_cannot_be_followed() -> None:
    assert find(FaultyDevice(1 << 17, can_follow=False)) is None


@pytest.mark.icarus
@pytest.mark.parametrize(("statement", "first"), [("next", None), (f"next == {WRONG} ? 4'd12 : next", 0)])
def test_in_icarus(statement: str, first: int | None, tmp_path: Path) -> None:
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    source = write(tmp_path, toy=VERILOG.replace("@STORED@", f"({statement})"))
    difference = find(devices.InIcarus(Design("toy", (source / "toy.v",), {"ram": "ram"}), CHIP))
    assert (None if difference is None else difference.cycle) == (None if first is None else wrong_clocks()[first])


@pytest.mark.verilator
def test_in_verilator(tmp_path: Path) -> None:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    source = write(tmp_path, toy=VERILOG.replace("@STORED@", f"(next == {WRONG} ? 4'd12 : next)"))
    design = Design("toy", (source / "toy.v",), {"ram": "ram"})
    difference = find(devices.InVerilator(design, CHIP, tmp_path / "compiled"))
    assert difference is not None and difference.cycle == wrong_clocks()[0]
