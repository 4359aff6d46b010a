"""A recording has the inputs and outputs of each row, and the memories before and after."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Field, Memory, Pin, Word
from draupnir.emulator.errors import InputError
from draupnir.golden import hexfile, wave, wave_out
from draupnir.golden.case import load, verify
from draupnir.golden.record import record, save

TOY = Chip(
    name="toy",
    title="A counter that counts its rows and keeps its last input in a memory.",
    pins=(
        Pin("CLK", "in", 1, "clock", "Clock."),
        Pin("A", "in", 4, "control", "Input."),
        Pin("Q", "out", 8, "status", "Clocks so far."),
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

    def step(self, inputs, edges):
        assert edges == 1
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
    """A stimulus that sends back the outputs; every third clock has one more row."""

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
    assert trace.known_bits.tolist() == [255, 255, 0, 255, 255, 255, 0, 255]
    assert toy.settled == [9, 9]
    assert trace.n_cycles == 6


def test_times_increase_and_a_clock_takes_the_same_time_whatever_its_rows():
    trace = record(Toy(), TOY, Follow(), 6).trace
    assert np.all(np.diff(trace.times) > 0)
    assert len(set(np.diff(trace.times[trace.clk == 1]).tolist())) == 1


def test_memories_are_loaded_first_and_read_before_and_after():
    recording = record(Toy(), TOY, Follow(), 3, {"ram": np.array([[7], [5]], np.uint32)})
    assert recording.memories_before["ram"].tolist() == [[7], [5]]
    assert recording.memories_after["ram"].tolist() == [[7], [1]]


def test_progress_adds_up_to_whole_reports():
    counts: list[int] = []
    record(Toy(), TOY, Follow(), 2500, progress=counts.append)
    assert sum(counts) == 2048


@pytest.mark.parametrize("n_cycles", [0, 1])
def test_a_recording_may_be_as_short_as_nothing(n_cycles):
    assert len(record(Toy(), TOY, Follow(), n_cycles).trace) == n_cycles


SOURCE = {"kind": "by hand"}


def saved(folder, n_cycles=8, ram=0):
    recording = record(Toy(), TOY, Follow(), n_cycles, {"ram": np.full((2, 1), ram, np.uint32)})
    return recording, save(recording, folder, "It counts.", SOURCE, "none", 5)


def test_a_saved_recording_reads_back_the_same(tmp_path):
    recording, new_case = saved(tmp_path / "counting", ram=3)
    verify(new_case)
    trace = wave.read(new_case.wave, TOY)
    for name in ("inputs", "clk", "outputs", "times"):
        assert np.array_equal(getattr(trace, name), getattr(recording.trace, name)), name
    assert sorted(new_case.sha256) == ["ram.before.hex", "ram.hex", "wave.fst"]
    assert np.array_equal(hexfile.read(new_case.folder / "ram.hex", TOY.memories[0]), recording.memories_after["ram"])


def test_a_memory_that_starts_at_0_is_not_saved(tmp_path):
    _, new_case = saved(tmp_path / "counting")
    assert "ram.before.hex" not in new_case.sha256


def test_saving_again_replaces_the_case_and_leaves_nothing_else(tmp_path):
    saved(tmp_path / "counting", ram=3)
    _, new_case = saved(tmp_path / "counting")
    verify(new_case)
    assert sorted(path.name for path in new_case.folder.iterdir()) == ["case.toml", "ram.hex", "wave.fst"]
    assert [path.name for path in tmp_path.iterdir()] == ["counting"]


def test_a_case_that_cannot_be_described_leaves_the_old_one(tmp_path):
    recording, _ = saved(tmp_path / "counting", ram=3)
    with pytest.raises(InputError, match="why is empty"):
        save(recording, tmp_path / "counting", "", SOURCE, "none", 5)
    assert [path.name for path in tmp_path.iterdir()] == ["counting"]
    verify(load(tmp_path / "counting"))


@contextmanager
def at_most(n_bytes: int) -> Iterator[None]:
    """Let no file grow beyond this number of bytes, as if the disk were full."""
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, old_limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)


@pytest.mark.parametrize("room", [0.0, 0.05, 0.5, 0.95, 0.999])
def test_a_waveform_that_is_not_written_whole_is_an_error(tmp_path, room):
    """The library that writes them says nothing of it."""
    saved(tmp_path / "case", n_cycles=3000)
    wave_file = tmp_path / "case" / "wave.fst"
    trace = wave.read(wave_file, TOY)
    with (
        pytest.raises(OSError, match=r"could not be written whole|File too large") as caught,
        at_most(int(room * wave_file.stat().st_size)),
    ):
        wave_out.write(trace, tmp_path / "again.fst")
    assert caught.value.filename == str(tmp_path / "again.fst")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]


def test_a_full_disk_leaves_the_old_case_and_names_the_file(tmp_path):
    saved(tmp_path / "case")
    old_files = {path.name: path.read_bytes() for path in (tmp_path / "case").iterdir()}
    with pytest.raises(OSError) as caught, at_most(100):
        saved(tmp_path / "case", n_cycles=3000)
    assert caught.value.filename == str(tmp_path / "case" / "wave.fst")
    assert {path.name: path.read_bytes() for path in (tmp_path / "case").iterdir()} == old_files
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


class Steps:
    """A stimulus with the same rows at each clock."""

    def __init__(self, *rows):
        self.rows = rows

    def next(self, outputs):
        return list(self.rows)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (((1, 0), (2, 1), (3, 1)), "row 2 of 3 of clock 1 has the edges 0x1"),
        (((1, 0), (2, 0)), "row 2 of 2 of clock 1 has no clock edge"),
    ],
)
def test_a_clock_edge_that_would_not_be_recorded_is_refused(rows, reason):
    toy = Toy()
    with pytest.raises(InputError, match=f"toy: the stimulus: {reason}; right is edges in the last row of a clock"):
        record(toy, TOY, Steps(*rows), 3)
    assert (toy.cycle, toy.settled) == (0, [])
