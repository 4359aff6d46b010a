"""Buses of kinds that none of our chips has work in a recipe, and with drivers and monitors under cocotb."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from draupnir.cocotb_tests import catalogue, runner
from draupnir.cocotb_tests.runner import Simulator
from draupnir.cocotb_tests.tests.adders import CHIP, TEST, TIMINGS, VERILOG, Model, Timing, design, plus_one
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import unpack
from draupnir.golden.record import record
from draupnir.golden.stimulus import Stimulus, free_running, receiver, resets, sender
from draupnir.rtl import icarus, toolchain

N_CYCLES = 3000
SEED = 3


def stimulus(timing: Timing, items: list[int], words: list[int], every: Clocks) -> Stimulus:
    """Return a stimulus for all four buses, with resets."""
    rng = np.random.default_rng(SEED)
    pieces = [
        sender(CHIP, "i", iter(items), rng, timing.i),
        receiver(CHIP, "o", rng, timing.o),
        sender(CHIP, "q", iter(words), rng, timing.q),
        receiver(CHIP, "r", rng, timing.r),
    ]
    return Stimulus(resets(CHIP, every, rng, Clocks(1, 1)), pieces)


class ModelDevice:
    """The model as a device that can be recorded."""

    def __init__(self) -> None:
        self._model = Model()
        self.step, self.run = self._model.step, self._model.drive

    def read_memory(self, name: str) -> np.ndarray:
        return self._model.memories[name]

    def write_memory(self, name: str, content: np.ndarray) -> None:
        self._model.memories[name][:] = content


@pytest.mark.parametrize("timing", TIMINGS, ids=("at once", "any", "slow"))
def test_what_a_recipe_sends_passes_all_four_buses(timing: Timing) -> None:
    items, words = list(range(0x100, 0x120)), list(range(40))
    recording = record(ModelDevice(), CHIP, stimulus(timing, [*items], [*words], Clocks(9999, 9999)), N_CYCLES)
    monitors = {bus.name: bus.monitor() for bus in CHIP.wired_buses}
    items_by_bus: dict[str, list[int]] = {name: [] for name in monitors}
    for inputs, outputs in zip(recording.trace.inputs[1:], recording.trace.outputs[1:], strict=True):  # after the reset
        pins = unpack(CHIP.input_word, int(inputs)) | unpack(CHIP.output_word, int(outputs))
        for bus in CHIP.wired_buses:
            item = monitors[bus.name].send({role: bus.level(role, pins) for role in bus.pins})
            items_by_bus[bus.name] += [] if item is None else [item]
    first = {"i": items, "o": plus_one(items), "q": words, "r": plus_one(words)}
    for name, expected in first.items():
        assert items_by_bus[name] in (expected, expected[1:]), f"{name}: at most the first may have come in the reset"


def test_a_stream_with_a_clock_of_its_own_moves_at_that_clock() -> None:
    """The chip has the same two stages, and its other clock is faster."""
    fast = Pin("FAST", "in", 1, "clock", "")
    buses = tuple(replace(bus, clock="CLK") for bus in CHIP.buses)
    chip = replace(CHIP, pins=(fast, *CHIP.pins), buses=buses)
    items, rng = list(range(0x100, 0x120)), np.random.default_rng(SEED)
    pieces = [sender(chip, "i", iter(items), rng, TIMINGS[1].i), receiver(chip, "o", rng, TIMINGS[1].o)]
    played = Stimulus(resets(chip, Clocks(9999, 9999), rng, Clocks(9, 9)), pieces, free_running(chip, FAST=2, CLK=5))
    model, now, last_levels, is_edge, output = Model(), 0, None, True, list[int]()
    monitor = chip.bus("o").monitor()
    for _ in range(N_CYCLES):
        ((inputs, edges),) = played.next(now)
        pins = unpack(chip.input_word, inputs)
        quiet = {name: level for name, level in pins.items() if name != "RST"}
        assert is_edge or quiet == last_levels, "nothing moves but after an edge of CLK"
        last_levels, is_edge = quiet, bool(edges & chip.clocks[1].rise)
        if is_edge:
            now = model.step(inputs)
            levels = pins | unpack(CHIP.output_word, now)
            item = monitor.send({role: chip.bus("o").level(role, levels) for role in chip.bus("o").pins})
            output += [] if item is None else [item]
    assert output and plus_one(items)[-len(output) :] == output and len(output) > len(items) - 9


@pytest.mark.icarus
def test_the_verilog_does_what_the_model_does_under_the_same_recipe(tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    items, words = ([int(n) for n in rng.integers(1 << width, size=400)] for width in (9, 8))
    trace = record(ModelDevice(), CHIP, stimulus(TIMINGS[1], items, words, Clocks(200, 300)), N_CYCLES).trace
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    observed = icarus.run(design(tmp_path), CHIP, trace.inputs, trace.clk, tmp_path)
    assert np.array_equal(observed.outputs[1:], trace.outputs[1:])
    assert set(observed.known_bits[1:].tolist()) == {(1 << CHIP.output_word.width) - 1}, "all is known after the reset"


def outcome(simulator: Simulator, verilog: str, folder: Path) -> list[runner.BenchOutcome]:
    """Run the tests of ``adders.TEST``, and return their outcome."""
    (folder / "test_adders.py").write_text(TEST)
    try:
        toolchain.verilator() if simulator == "verilator" else toolchain.icarus()
        built = runner.build(design(folder, verilog), CHIP, simulator, folder / "build")
    except InputError as error:
        pytest.skip(str(error))
    tests = catalogue.select(CHIP, str(folder / "test_adders.py"))
    assert len(tests) == 2, "by the player, and by Python"
    return [runner.run(built, one, folder / "run", SEED) for one in tests]


@pytest.mark.parametrize("simulator", [pytest.param(one, marks=getattr(pytest.mark, one)) for one in runner.SIMULATORS])
def test_streams_and_fifos_are_driven_and_monitored(simulator: Simulator, tmp_path: Path) -> None:
    for one in outcome(simulator, VERILOG, tmp_path):
        assert one.passed, one.failure
        assert one.notes["mismatches"] == 0 and one.notes["compared"] == one.notes["cycles"] > 500


@pytest.mark.icarus
def test_a_ready_that_never_comes_is_told(tmp_path: Path) -> None:
    """The model differs from a chip that never takes an item, so either of two messages may come first."""
    stuck = VERILOG.replace("assign I_READY = ~full | O_READY;", "assign I_READY = 0;")
    assert stuck != VERILOG
    for one in outcome("icarus", stuck, tmp_path):
        assert not one.passed and "I_READY: expected 0x1, got 0x0" in one.failure
