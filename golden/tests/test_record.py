"""Recording: what went in and what came out, row by row, and the memories before and after."""

from __future__ import annotations

import numpy as np
import pytest

from emulator.declare import Chip, Field, Memory, Pin, Word
from golden.record import record

TOY = Chip(
    name="toy",
    title="A counter that counts its rows and keeps its last input in a memory.",
    pins=(
        Pin("CLK", "in", 1, "clock", "Clock."),
        Pin("A", "in", 4, "addr", "Input."),
        Pin("Q", "out", 8, "addr", "Clocks so far."),
    ),
    memories=(Memory("ram", 2, 8, (Word("byte", 8, (Field("low", 0, 4, "Input."),)),)),),
    registers=(),
    blocks=(),
    events=(),
    source="",
)


class Toy:
    def __init__(self):
        self.cycle, self.ram, self.settled = 0, np.zeros((2, 1), np.uint32), []

    def step(self, inputs):
        self.ram[1] = inputs
        self.cycle += 1
        return self.cycle - 1

    def run(self, inputs, clk):
        assert not clk.any()
        self.settled += inputs.tolist()
        return np.zeros(len(inputs), np.int64)

    def read_memory(self, name):
        assert name == "ram"
        return self.ram.copy()

    def write_memory(self, name, content):
        assert name == "ram"
        self.ram[:] = content


class Follow:
    """Sends back what it saw; every third clock has a row more."""

    def __init__(self):
        self.n = 0

    def next(self, outputs):
        self.n += 1
        extra = [(9, 0)] if self.n % 3 == 0 else []
        return [*extra, (outputs & 15, 1)]


def test_the_trace_holds_every_row_with_the_outputs_before_its_edge():
    toy = Toy()
    trace = record(toy, TOY, Follow(), 6).trace
    assert trace.clk.tolist() == [1, 1, 0, 1, 1, 1, 0, 1]
    assert trace.inputs.tolist() == [0, 0, 9, 1, 2, 3, 9, 4]
    assert trace.outputs.tolist() == [0, 1, 0, 2, 3, 4, 0, 5]
    assert trace.known.tolist() == [255, 255, 0, 255, 255, 255, 0, 255]
    assert toy.settled == [9, 9]
    assert trace.n_cycles == 6


def test_times_increase_and_a_clock_takes_the_same_time_whatever_its_rows():
    trace = record(Toy(), TOY, Follow(), 6).trace
    assert np.all(np.diff(trace.times) > 0)
    assert len(set(np.diff(trace.times[trace.clk == 1]).tolist())) == 1


def test_memories_are_loaded_first_and_read_before_and_after():
    recording = record(Toy(), TOY, Follow(), 3, {"ram": np.array([[7], [5]], np.uint32)})
    assert recording.before["ram"].tolist() == [[7], [5]]
    assert recording.after["ram"].tolist() == [[7], [1]]


def test_progress_adds_up_to_whole_reports():
    seen = []
    record(Toy(), TOY, Follow(), 2500, progress=seen.append)
    assert sum(seen) == 2048


@pytest.mark.parametrize("n_cycles", [0, 1])
def test_a_recording_may_be_as_short_as_nothing(n_cycles):
    assert len(record(Toy(), TOY, Follow(), n_cycles).trace) == n_cycles
