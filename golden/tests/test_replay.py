"""Replay says whether a recording holds, or exactly where it does not: time, cycle, pin, both levels, words, fields."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.model import RESET_CLOCKS
from draupnir.emulator.trace import Trace
from draupnir.golden import case, hexfile, replay, wave_out
from draupnir.golden.compare import ComparedBits, FieldDifference, PinDifference
from draupnir.golden.compare.model import EVENTS_SHOWN
from draupnir.golden.replay import ReplayResult
from draupnir.golden.tests.toy import CHIP, HEADER, RAM, Model, as_a_testbench, pins, played, recording, vcd
from draupnir.golden.wave import AS_IT_IS, Reading

POWER_UP = Reading(from_power_up=True)


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


def differences(result: ReplayResult) -> list[tuple[int | None, list[str]]]:
    return [(m.cycle, [p.pin for p in m.pins]) for m in result.mismatches]


@pytest.mark.usefixtures("block")
def test_a_recording_of_the_model_holds(wave: Path, tmp_path: Path) -> None:
    expected_image = image(tmp_path / "ram.hex", final())
    result = replay.replay(Model(), wave, POWER_UP, expect={"ram": expected_image})
    assert result.holds
    assert (result.n_cycles, result.n_pins, result.n_mismatches) == (600, 2, 0)
    assert (result.bits, result.unknown_inputs, result.scope) == (ComparedBits(3000), {}, "toy")
    assert [(m.memory, m.n_words, m.n_differing) for m in result.memories] == [("ram", 8, 0)]


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("cycle", [0, 15, 16, 234, 599])
def test_a_single_wrong_bit_is_found_at_its_cycle_and_pin(wave: Path, cycle: int) -> None:
    trace = recording(600, 5)
    row = int(np.flatnonzero(trace.clk)[cycle])
    right = int(trace.outputs[row]) & 15
    result = replay.replay(Model(fault_cycle=cycle), wave, POWER_UP)
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
    result = replay.replay(Model(), tmp_path / "w.fst", POWER_UP, max_mismatches=100)
    assert differences(result) == [(100, ["SUM", "ODD"]), (101, ["ODD"]), (500, ["SUM"])]
    assert (result.n_cycles, result.n_mismatches, result.stopped) == (600, 3, False)
    result = replay.replay(Model(), tmp_path / "w.fst", POWER_UP, max_mismatches=2)
    assert differences(result) == [(100, ["SUM", "ODD"]), (101, ["ODD"])]
    assert (result.n_cycles, result.stopped) == (102, True)


@pytest.mark.usefixtures("block")
def test_the_last_events_before_the_first_mismatch_are_told(tmp_path: Path) -> None:
    """The sum becomes 0 at every second edge; these are the model's events."""
    trace = played(np.full(60, pins(ADD=8)), np.ones(60, np.uint8))
    trace.outputs[41] ^= 1
    trace.outputs[45] ^= 1
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst", POWER_UP, max_mismatches=2)
    first, second = result.mismatches
    in_reach = [c for c in range(1, 41, 2) if c >= (16 if replay.BLOCK == 16 else 0)]
    assert list(first.last_events) == [f"cycle {c + 1}: sum is 0" for c in in_reach[-EVENTS_SHOWN:]]
    assert second.last_events == ()


@pytest.mark.usefixtures("block")
def test_inputs_that_change_with_the_clock_are_taken_as_told(tmp_path: Path) -> None:
    path = as_a_testbench(tmp_path / "w.vcd")
    first = replay.replay(Model(), path, Reading(inputs_first=True))
    assert (first.holds, first.n_cycles, first.bits.n_unknown) == (True, 40, 0)
    second = replay.replay(Model(), path)
    assert not second.holds
    assert second.n_together == first.n_together > 30
    assert (first.inputs_first, second.inputs_first) == (True, False)


@pytest.mark.usefixtures("block")
def test_a_fault_is_found_at_its_cycle_where_inputs_change_first(tmp_path: Path) -> None:
    path = as_a_testbench(tmp_path / "w.vcd")
    result = replay.replay(Model(fault_cycle=23), path, Reading(inputs_first=True, from_power_up=True))
    assert (result.n_cycles, result.stopped) == (24, True)
    assert differences(result) == [(23, ["SUM"])]
    assert result.mismatches[0].time == 235


def test_an_x_is_skipped_and_counted(tmp_path: Path) -> None:
    trace = recording(100, 5)
    row = int(np.flatnonzero(trace.clk)[50])
    trace.known_bits[row] &= ~1
    trace.outputs[row] = (trace.outputs[row] ^ 1) & trace.known_bits[row]
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst", POWER_UP)
    assert result.holds
    assert result.bits.unknown == {"SUM": 1}


def test_a_wrong_bit_beside_an_x_is_found(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", "#0\n0C\n0R\nb0 A\n0K\n0O\nbx010 S\n#5\n1C\n")
    assert replay.replay(Model(), path).mismatches[0].pins == (PinDifference("SUM", 4, 0, 2, 7),)


def test_a_memory_that_differs_is_told_by_word_and_field(wave: Path, tmp_path: Path) -> None:
    expected = final()
    expected.memories["ram"][3] ^= np.array([0xF0, 0xF0], np.uint32)  # sum, top
    expected.memories["ram"][5] = (0xF1, 0)  # seen as the word with a signed sum
    expected.memories["ram"][6] ^= np.array([0x200, 0], np.uint32)  # in no field
    result = replay.replay(Model(), wave, POWER_UP, expect={"ram": image(tmp_path / "m.hex", expected)})
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
    assert replay.replay(Model(), wave, POWER_UP, load={"ram": load}, expect={"ram": expect}).holds
    result = replay.replay(Model(), wave, POWER_UP, expect={"ram": expect})
    assert result.memories[0].n_differing == 8


def test_memories_are_not_compared_after_an_early_stop(wave: Path, tmp_path: Path) -> None:
    result = replay.replay(Model(fault_cycle=7), wave, POWER_UP, expect={"ram": image(tmp_path / "m.hex", Model())})
    assert result.stopped
    assert result.memories == []


def test_an_unknown_memory_is_refused(wave: Path) -> None:
    with pytest.raises(InputError, match="toy has no memory 'rom'; it has ram"):
        replay.replay(Model(), wave, POWER_UP, load={"rom": wave})


def test_progress_adds_up_to_the_end_of_the_last_row(wave: Path) -> None:
    steps: list[int] = []
    replay.replay(Model(), wave, progress=steps.append)
    assert sum(steps) == recording(600, 5).times[-1]


def test_a_case_is_replayed_with_its_memories(wave: Path, tmp_path: Path) -> None:
    image(tmp_path / "ram.hex", final())
    wave.rename(tmp_path / case.WAVE)
    described = case.write(tmp_path, "toy", "Sums wrap.", {"kind": "model"})
    assert replay.replay_recording(Model(), described.folder).holds
    image(tmp_path / "ram.hex", Model())
    with pytest.raises(InputError, match="changed since it was described"):
        replay.replay_recording(Model(), described.folder)
    assert not replay.replay_recording(
        Model(), case.write(tmp_path, "toy", "Sums wrap.", {"kind": "model"}).folder
    ).holds


# --- the clocks before the first reset ---------------------------------------------------------------------------


def with_reset(*cycles: int, wrong: Sequence[int] = (), n_cycles: int = 60) -> Trace:
    """Return the model's trace of additions, with RST in some cycles; in the cycles of ``wrong`` SUM is wrong by 1."""
    inputs = np.full(n_cycles, pins(ADD=3))
    inputs[list(cycles)] |= pins(RST=1)
    trace = played(inputs, np.ones(n_cycles, np.uint8))
    trace.outputs[list(wrong)] ^= 1
    return trace


def replayed(tmp_path: Path, trace: Trace, reading: Reading = AS_IT_IS, **options: Any) -> ReplayResult:
    wave_out.write(trace, tmp_path / "w.fst")
    return replay.replay(Model(), tmp_path / "w.fst", reading, **options)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("reset_cycle", [0, 10, 15, 40])
def test_clocks_before_the_first_reset_are_counted_apart(tmp_path: Path, reset_cycle: int) -> None:
    """The four clocks until it acts are also counted apart."""
    wrong = sorted({0, reset_cycle // 2, reset_cycle, reset_cycle + RESET_CLOCKS - 1})
    result = replayed(tmp_path, with_reset(reset_cycle, wrong=wrong))
    assert result.holds
    assert (result.early.n_cycles, result.early.n_mismatches) == (reset_cycle + RESET_CLOCKS, len(wrong))
    assert (result.n_cycles, result.bits.total) == (56 - reset_cycle, 5 * (56 - reset_cycle))


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("cycle", [14, 15, 16, 59])
def test_a_fault_after_the_first_reset_is_found(tmp_path: Path, cycle: int) -> None:
    result = replayed(tmp_path, with_reset(10, 30, wrong=[2, 11, cycle]))
    assert differences(result) == [(cycle, ["SUM"])]
    assert (result.n_cycles, result.stopped, result.early.n_mismatches) == (cycle - 13, True, 2)
    assert result.mismatches[0].last_events


@pytest.mark.usefixtures("block")
def test_a_recording_without_a_reset_counts_from_its_first_clock(tmp_path: Path) -> None:
    assert replayed(tmp_path, with_reset()).n_cycles == 60
    result = replayed(tmp_path, with_reset(wrong=[2, 20, 21]), max_mismatches=2)
    assert not result.holds
    assert differences(result) == [(2, ["SUM"]), (20, ["SUM"])]
    assert (result.n_mismatches, result.n_cycles, result.early.n_cycles) == (3, 60, 0)


@pytest.mark.usefixtures("block")
def test_from_power_up_all_clocks_are_held(tmp_path: Path) -> None:
    result = replayed(tmp_path, with_reset(10, wrong=[2]), POWER_UP)
    assert (differences(result), result.stopped, result.n_cycles) == ([(2, ["SUM"])], True, 3)


def test_a_reset_at_the_end_leaves_nothing_to_compare(tmp_path: Path) -> None:
    for reset_cycle in (56, 58, 59):
        result = replayed(tmp_path, with_reset(reset_cycle))
        assert (result.holds, result.n_cycles, result.early.n_cycles) == (False, 0, 60)
        assert result.shortfalls == ["no clock edge was compared"]
    assert replayed(tmp_path, with_reset(55)).n_cycles == 1


# --- what a recording does not tell ------------------------------------------------------------------------------


def with_unknown(trace: Trace, bits: int, cycles: slice) -> Trace:
    trace.known_bits[cycles] &= ~bits
    trace.outputs[:] &= trace.known_bits
    return trace


@pytest.mark.parametrize(
    ("bits", "cycles", "shortfalls"),
    [
        (0b11111, slice(0, 60), ["SUM is X or Z at all 50 compared clocks", "ODD is X or Z at all 50 compared clocks"]),
        (0b10000, slice(0, 60), ["ODD is X or Z at all 50 compared clocks"]),
        (0b01010, slice(0, 60), ["SUM[3, 1] is X or Z at all 50 compared clocks"]),
        (0b10000, slice(30, 60), ["ODD is X or Z at the last 30 of 50 compared clocks"]),
        (0b10000, slice(36, 60), []),  # not so long
        (0b10000, slice(0, 59), []),  # The bit is known at the end.
        (0b11111, slice(0, 10), []),  # before the reset
        (0b11111, slice(20, 60, 2), []),  # now and then
    ],
)
def test_an_output_that_is_x_for_ever_proves_nothing(
    tmp_path: Path, bits: int, cycles: slice, shortfalls: list[str]
) -> None:
    result = replayed(tmp_path, with_unknown(with_reset(6), bits, cycles))
    assert result.shortfalls == shortfalls
    assert result.holds == (not shortfalls)
    assert result.n_mismatches == 0
    n_clocks = len(range(60)[cycles][sum(c < 10 for c in range(60)[cycles]) :])
    assert result.bits.n_unknown == n_clocks * bits.bit_count()


def test_a_pin_that_was_not_recorded_can_be_ignored(tmp_path: Path) -> None:
    """A pin that is ignored is not compared, and may be missing."""
    trace = with_reset(6, wrong=[20])
    assert not replayed(tmp_path, trace).holds
    result = replayed(tmp_path, trace, Reading(ignored=["SUM"]))
    assert (result.holds, result.n_pins, result.bits) == (True, 1, ComparedBits(50, absent={"SUM": 200}))
    lines = [line for line in HEADER.split("\n") if " O " not in line and " K " not in line]
    path = vcd(tmp_path / "w.vcd", "#0\n0C\n0R\nb0 A\nb0 S\n#5\n1C\n#7\n0C\n#9\n1C\n", "\n".join(lines))
    assert replay.replay(Model(), path, Reading(ignored=["ODD", "SCK"])).holds
    with pytest.raises(InputError, match="missing pin of toy: SCK"):
        replay.replay(Model(), path, Reading(ignored=["ODD"]))


@pytest.mark.parametrize(
    ("ignored", "message"),
    [
        (["CS"], "toy has no pin 'CS' to ignore; it has CLK, RST, SUM, ADD, SCK, ODD"),
        (["CLK"], "CLK cannot be ignored; a recording without a clock needs --clock-per-sample"),
        (["SUM", "ODD"], "all output pins of toy are ignored; nothing would be compared"),
    ],
)
def test_what_cannot_be_ignored(wave: Path, ignored: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replay.replay(Model(), wave, Reading(ignored=ignored))


def test_an_input_that_is_x_for_ever_proves_nothing(tmp_path: Path) -> None:
    body = "#0\n0C\n0R\nzK\nb0 A\nb0 S\n0O\n" + "".join(f"#{10 * i + 5}\n1C\n#{10 * i + 9}\n0C\n" for i in range(20))
    path = vcd(tmp_path / "w.vcd", body)
    result = replay.replay(Model(), path)
    assert (result.n_mismatches, result.unknown_inputs) == (0, {"SCK": 20})
    assert result.shortfalls == ["input SCK is X or Z, at least in part, at all 20 of these clocks"]
    assert replay.replay(Model(), path, Reading(ignored=["SCK"])).holds
    path.write_text(body := path.read_text().replace("#159\n", "#159\n0K\nbz A\n"))
    result = replay.replay(Model(), path)
    assert (result.holds, result.unknown_inputs) == (True, {"SCK": 16, "ADD": 4})
    path.write_text(body.replace("#89\n", "#89\n1R\n").replace("#99\n", "#99\n0R\n"))
    assert replay.replay(Model(), path).unknown_inputs == {"SCK": 3, "ADD": 4}  # those before the reset do not count


def test_changes_after_the_last_edge_are_told(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", "#0\n0C\n0R\n0K\nb0 A\nb0 S\n0O\n#5\n1C\n#9\n0C\n#15\n1C\n")
    assert replay.replay(Model(), path).n_outputs_after == 0
    path.write_text(path.read_text() + "b1 S\n#17\nb11 S\n1O\n")
    result = replay.replay(Model(), path)
    assert (result.holds, result.n_outputs_after) == (True, 3)


def test_samples_hold_like_the_clocks_that_took_them(tmp_path: Path) -> None:
    trace = with_reset(6, wrong=[20])
    lines = ["#0", "$dumpvars", "0K", "$end"]
    for cycle in range(60):
        outputs, inputs = int(trace.outputs[cycle]), int(trace.inputs[cycle])
        lines += [
            f"#{4 * cycle}",
            f"{inputs & 1}R",
            f"b{inputs >> 1 & 15:b} A",
            f"b{outputs & 15:b} S",
            f"{outputs >> 4}O",
        ]
    path = vcd(tmp_path / "w.vcd", "\n".join(lines) + "\n", HEADER.replace("$var wire 1 C CLK $end\n", ""))
    result = replay.replay(Model(), path, Reading(clock_per_sample=True), max_mismatches=9)
    assert (differences(result), result.n_cycles, result.sample_time) == ([(20, ["SUM"])], 50, "40 ns")
    assert result.early.n_cycles == 10


def test_time_that_is_told_is_without_compilation(wave: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is run, without a row, before the clock of the replay starts."""
    calls: list[str | int] = []
    drive, clock = Model.drive, time.perf_counter

    def count_rows(self: Model, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        calls.append(len(inputs))
        return drive(self, inputs, clk)

    def now() -> float:
        calls.append("clock")
        return clock()

    monkeypatch.setattr(Model, "drive", count_rows)
    monkeypatch.setattr(time, "perf_counter", now)
    replay.replay(Model(), wave, POWER_UP)
    assert (calls[:2], calls[-1]) == ([0, "clock"], "clock")


def test_memories_that_started_at_0_are_told(wave: Path, tmp_path: Path) -> None:
    assert replay.replay(Model(), wave, POWER_UP).unloaded == ["ram"]
    start = image(tmp_path / "a.hex", Model())
    assert replay.replay(Model(), wave, POWER_UP, load={"ram": start}).unloaded == []


def test_the_chip_of_the_tests_is_declared_as_it_behaves() -> None:
    assert [pin.name for pin in CHIP.outputs] == ["SUM", "ODD"]
