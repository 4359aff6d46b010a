"""Replay holds or says exactly where it does not: time, cycle, pin, both levels, words and fields."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emulator.errors import InputError
from golden import case, hexfile, replay, wave_out
from golden.compare import FieldDifference, PinDifference
from golden.replay import Result
from golden.tests.toy import CHIP, RAM, Model, as_a_testbench, pins, played, recording, vcd


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    path = tmp_path / "w.fst"
    wave_out.write(recording(600, 5), path)
    return path


@pytest.fixture(params=[16, 4096])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BLOCK", request.param)


def image(path: Path, model: Model) -> Path:
    hexfile.write(path, model.memories["ram"], RAM)
    return path


def final(n_cycles: int = 600, seed: int = 5) -> Model:
    trace = recording(n_cycles, seed)
    model = Model()
    model.drive(trace.inputs, trace.clk)
    return model


def differences(result: Result) -> list[tuple[int, list[str]]]:
    return [(m.cycle, [p.pin for p in m.pins]) for m in result.mismatches]


@pytest.mark.usefixtures("block")
def test_a_recording_of_the_model_holds(wave: Path, tmp_path: Path) -> None:
    after = image(tmp_path / "ram.hex", final())
    result = replay.replay(Model(), wave, expect={"ram": after})
    assert result.holds
    assert (result.n_cycles, result.n_pins, result.n_mismatches) == (600, 2, 0)
    assert (result.n_output_x, result.n_input_x, result.scope) == (0, 0, "toy")
    assert [(m.memory, m.n_words, m.n_differing) for m in result.memories] == [("ram", 8, 0)]


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("cycle", [0, 15, 16, 234, 599])
def test_a_single_wrong_bit_is_found_at_its_cycle_and_pin(wave: Path, cycle: int) -> None:
    trace = recording(600, 5)
    row = int(np.flatnonzero(trace.clk)[cycle])
    right = int(trace.outputs[row]) & 15
    result = replay.replay(Model(fault_cycle=cycle), wave)
    assert not result.holds
    assert (result.n_cycles, result.n_mismatches, result.stopped) == (cycle + 1, 1, True)
    (mismatch,) = result.mismatches
    assert (mismatch.cycle, mismatch.time, mismatch.time_text) == (cycle, trace.times[row], f"{trace.times[row]} ps")
    assert mismatch.pins == (PinDifference("SUM", 4, right ^ 1, right, 15),)
    assert mismatch.context == (f"sum {right}",)  # of the clock in question: its edge has not come yet


@pytest.mark.usefixtures("block")
def test_all_mismatches_on_request(tmp_path: Path) -> None:
    trace = recording(600, 5)
    rows = np.flatnonzero(trace.clk)
    trace.outputs[rows[100]] ^= 0b10001
    trace.outputs[rows[101]] ^= 0b10000
    trace.outputs[rows[500]] ^= 1
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst", max_mismatches=100)
    assert differences(result) == [(100, ["SUM", "ODD"]), (101, ["ODD"]), (500, ["SUM"])]
    assert (result.n_cycles, result.n_mismatches, result.stopped) == (600, 3, False)
    result = replay.replay(Model(), tmp_path / "w.fst", max_mismatches=2)
    assert differences(result) == [(100, ["SUM", "ODD"]), (101, ["ODD"])]
    assert (result.n_cycles, result.stopped) == (102, True)


@pytest.mark.usefixtures("block")
def test_the_last_events_before_the_first_mismatch_are_told(tmp_path: Path) -> None:
    """The sum becomes 0 at every second edge: the model's events."""
    trace = played(np.full(60, pins(ADD=8)), np.ones(60, np.uint8))
    trace.outputs[41] ^= 1
    trace.outputs[45] ^= 1
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst", max_mismatches=2)
    first, second = result.mismatches
    in_reach = [c for c in range(1, 41, 2) if c >= (16 if replay.BLOCK == 16 else 0)]
    assert list(first.last_events) == [f"cycle {c + 1}: sum is 0" for c in in_reach[-replay.EVENTS_SHOWN :]]
    assert second.last_events == ()


@pytest.mark.usefixtures("block")
def test_inputs_that_change_with_the_clock_are_taken_as_told(tmp_path: Path) -> None:
    path = as_a_testbench(tmp_path / "w.vcd")
    first = replay.replay(Model(), path, inputs_first=True)
    assert (first.holds, first.n_cycles, first.n_output_x) == (True, 40, 0)
    after = replay.replay(Model(), path)
    assert not after.holds
    assert after.n_together == first.n_together > 30
    assert (first.inputs_first, after.inputs_first) == (True, False)


@pytest.mark.usefixtures("block")
def test_a_fault_is_found_at_its_cycle_where_inputs_change_first(tmp_path: Path) -> None:
    path = as_a_testbench(tmp_path / "w.vcd")
    result = replay.replay(Model(fault_cycle=23), path, inputs_first=True)
    assert (result.n_cycles, result.stopped) == (24, True)
    assert differences(result) == [(23, ["SUM"])]
    assert result.mismatches[0].time == 235


def test_an_x_is_skipped_and_counted(tmp_path: Path) -> None:
    trace = recording(100, 5)
    row = int(np.flatnonzero(trace.clk)[50])
    trace.known[row] &= ~1
    trace.outputs[row] = (trace.outputs[row] ^ 1) & trace.known[row]
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst")
    assert result.holds
    assert result.n_output_x == 1


def test_a_wrong_bit_beside_an_x_is_found(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", "#0\n0C\n0R\nb0 A\n0K\n0O\nbx010 S\n#5\n1C\n")
    assert replay.replay(Model(), path).mismatches[0].pins == (PinDifference("SUM", 4, 0, 2, 7),)


def test_a_memory_that_differs_is_told_by_word_and_field(wave: Path, tmp_path: Path) -> None:
    wanted = final()
    wanted.memories["ram"][3] ^= np.array([0xF0, 0xF0], np.uint32)  # sum, top
    wanted.memories["ram"][5] = (0xF1, 0)  # seen as the word with a signed sum
    wanted.memories["ram"][6] ^= np.array([0x200, 0], np.uint32)  # in no field
    result = replay.replay(Model(), wave, expect={"ram": image(tmp_path / "m.hex", wanted)})
    assert not result.holds
    assert result.n_mismatches == 0
    (memory,) = result.memories
    assert (memory.n_differing, [w.addr for w in memory.words]) == (3, [3, 5, 6])
    was = {addr: int(final().memories["ram"][addr, 0]) >> 4 & 15 for addr in (3, 5)}
    assert memory.words[0].fields == (FieldDifference("sum", was[3], was[3] ^ 15), FieldDifference("top", 0, 15))
    assert memory.words[1].view == "signed"
    signed = was[5] - 16 if was[5] >= 8 else was[5]
    assert memory.words[1].fields == (FieldDifference("is_signed", 0, 1), FieldDifference("sum", signed, -1))
    assert [f.name for f in memory.words[2].fields] == ["(bits in no field)"]


def test_a_memory_is_loaded_before_the_first_edge(wave: Path, tmp_path: Path) -> None:
    start, end = Model(), final()
    for memory in (start.memories["ram"], end.memories["ram"]):
        memory[:, 1] = 0x12
    load, expect = image(tmp_path / "a.hex", start), image(tmp_path / "b.hex", end)
    assert replay.replay(Model(), wave, load={"ram": load}, expect={"ram": expect}).holds
    without = replay.replay(Model(), wave, expect={"ram": expect})
    assert without.memories[0].n_differing == 8


def test_memories_are_not_compared_after_an_early_stop(wave: Path, tmp_path: Path) -> None:
    result = replay.replay(Model(fault_cycle=7), wave, expect={"ram": image(tmp_path / "m.hex", Model())})
    assert result.stopped
    assert result.memories == []


def test_an_unknown_memory_is_refused(wave: Path) -> None:
    with pytest.raises(InputError, match="toy has no memory 'rom'; it has ram"):
        replay.replay(Model(), wave, load={"rom": wave})


def test_progress_adds_up_to_the_end_of_the_last_row(wave: Path) -> None:
    steps: list[int] = []
    replay.replay(Model(), wave, progress=steps.append)
    assert sum(steps) == recording(600, 5).times[-1]


def test_a_case_is_replayed_with_its_memories(wave: Path, tmp_path: Path) -> None:
    image(tmp_path / "ram.hex", final())
    wave.rename(tmp_path / case.WAVE)
    described = case.write(tmp_path, "toy", "Sums wrap.", {"kind": "model"})
    assert replay.replay_case(Model(), described).holds
    image(tmp_path / "ram.hex", Model())
    with pytest.raises(InputError, match="changed since it was described"):
        replay.replay_case(Model(), described)
    assert not replay.replay_case(Model(), case.write(tmp_path, "toy", "Sums wrap.", {"kind": "model"})).holds


def test_the_chip_of_the_tests_is_declared_as_it_behaves() -> None:
    assert [pin.name for pin in CHIP.outputs] == ["SUM", "ODD"]
