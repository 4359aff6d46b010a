"""Several clocks, both edges, and resets of both polarities: in waveforms, in stimuli, and the end of a reset."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.errors import InputError
from draupnir.emulator.tests.duo_chip import CHIP, IN, OUT, Model
from draupnir.emulator.trace import (
    Trace,
    check_edges,
    first_levels,
    from_row,
    known_at_edges,
    new_rows,
    pack,
    to_rows,
)
from draupnir.golden import replay, wave, wave_out
from draupnir.golden.resets import FirstReset, over_at
from draupnir.golden.stimulus import (
    Stimulus,
    constant,
    free_running,
    in_step,
    random_edges,
    random_levels,
    resets,
)
from draupnir.golden.wave import Reading

C, R, F = 0b0001, 0b0100, 0b1000  # CLK rises; STROBE rises, and falls


def played(n: int, seed: int, first: int | None = None) -> Trace:
    """Return the trace of the model under random edges and levels, some of which change without an edge."""
    rng = np.random.default_rng(seed)
    clk = np.array(list(islice(random_edges(CHIP, rng), n)), np.uint8)
    clk[rng.random(n) < 0.2] &= C  # STROBE's edges are removed in pairs.
    clk = _alternating(clk, first)
    levels = [{"RST_N": int(i > 4), "SOFT": int(rng.random() < 0.1), "D": _wide(rng)} for i in range(n)]
    for i in range(1, n):
        if rng.random() < 0.4:
            levels[i] = levels[i - 1]
    inputs = to_rows(IN, [pack(IN, row) for row in levels])
    return Trace(CHIP, inputs, clk, Model().drive(inputs, clk), known_at_edges(OUT, clk), wave_out.schedule(clk))


def _alternating(clk: np.ndarray, first: int | None) -> np.ndarray:
    """Return the same trace, in which every other edge of STROBE is a fall."""
    strobes = np.flatnonzero(clk & (R | F))
    turns = np.resize([first, R + F - first] if first else [R, F], len(strobes))
    clk = clk & C
    clk[strobes] |= turns.astype(np.uint8)
    return clk


def _wide(rng: np.random.Generator) -> int:
    return int.from_bytes(rng.bytes(13)) >> 4


def rows(trace: Trace) -> list[tuple[int, int, int, int]]:
    """Return the packed rows with an edge."""
    return [
        (int(trace.clk[i]), from_row(IN, trace.inputs[i]), from_row(OUT, trace.outputs[i]), int(trace.times[i]))
        for i in np.flatnonzero(trace.clk)
    ]


@pytest.mark.parametrize("first", [R, F])
def test_a_waveform_of_two_clocks_reads_back_as_it_was(tmp_path: Path, first: int) -> None:
    trace = played(400, 3, first)
    assert {int(edges) for edges in trace.clk} == {0, C, R, F, C | R, C | F}
    wave_out.write(trace, tmp_path / "w.fst")
    assert rows(wave.read(tmp_path / "w.fst", CHIP)) == rows(trace)


def test_the_model_replays_such_a_waveform_and_finds_a_wrong_bit(tmp_path: Path) -> None:
    trace = played(400, 4)
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst", Reading(from_power_up=True))
    assert (result.holds, result.n_cycles, result.n_pins) == (True, int(np.count_nonzero(trace.clk)), 3)
    assert (result.bits.total, result.bits.n_unknown) == (116 * result.n_cycles, 0)
    row = int(np.flatnonzero(trace.clk & F)[20])
    trace.outputs[row, OUT.pieces_of("FALLS")[0].word] ^= 1 << OUT.pieces_of("FALLS")[0].shift
    wave_out.write(trace, tmp_path / "x.fst")
    result = replay.replay(Model(), tmp_path / "x.fst", Reading(from_power_up=True))
    (mismatch,) = result.mismatches
    assert (mismatch.cycle, [pin.pin for pin in mismatch.pins]) == (int(np.count_nonzero(trace.clk[:row])), ["FALLS"])


HEADER = (
    "$timescale 1ns $end\n$scope module duo $end\n"
    + "".join(f"$var wire {pin.width} {pin.name} {pin.name} $end\n" for pin in CHIP.pins)
    + "$upscope $end\n$enddefinitions $end\n"
)


def waveform(folder: Path, body: str) -> Path:
    (folder / "w.vcd").write_text(HEADER + body)
    return folder / "w.vcd"


def test_the_edges_of_a_moment_are_one_row_and_edges_that_are_not_used_are_none(tmp_path: Path) -> None:
    body = """#0
0CLK
1STROBE
1RST_N
0SOFT
b101 D
b0 Q
b0 RISES
b0 FALLS
#10
1CLK
0STROBE
b110 D
#15
0CLK
#20
1STROBE
#30
xSTROBE
#35
0STROBE
1CLK
#40
zSTROBE
#50
1STROBE
"""
    trace = wave.read(waveform(tmp_path, body), CHIP)
    edges = [(int(t), int(c)) for t, c in zip(trace.times, trace.clk, strict=True) if c]
    assert edges == [(10, C | F), (20, R), (35, C | F), (50, R)]
    assert [from_row(IN, row) >> 2 for row in trace.inputs] == [0b101, 0b110, 0b110, 0b110]


def test_a_clock_that_begins_high_has_not_risen(tmp_path: Path) -> None:
    start = "#0\n0CLK\n1STROBE\n1RST_N\n#10\n0STROBE\n#20\n1CLK\n"
    trace = wave.read(waveform(tmp_path, start), CHIP)
    assert trace.clk[trace.clk != 0].tolist() == [F, C]
    trace = wave.read(waveform(tmp_path, start), CHIP, Reading(inputs_first=True))
    assert trace.clk[trace.clk != 0].tolist() == [R, F, C]


def test_a_waveform_without_an_edge_that_is_used_is_refused(tmp_path: Path) -> None:
    body = "#0\n0CLK\n0STROBE\n1RST_N\n#10\n0CLK\n"
    message = r"no clock has an edge in scope duo; duo uses CLK \(rising\), STROBE \(both\)$"
    with pytest.raises(InputError, match=message):
        wave.read(waveform(tmp_path, body), CHIP)


def test_samples_are_no_clocks_of_a_chip_that_has_several(tmp_path: Path) -> None:
    message = (
        r"^--clock-per-sample: each sample is a rising edge of the one clock; duo uses CLK \(rising\), STROBE \(both\)$"
    )
    with pytest.raises(InputError, match=message):
        wave.read(waveform(tmp_path, "#0\n"), CHIP, Reading(clock_per_sample=True))


def test_no_clock_can_be_ignored(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^STROBE cannot be ignored; "):
        wave.read(waveform(tmp_path, "#0\n"), CHIP, Reading(ignored=("STROBE",)))


def test_edges_that_cannot_be_are_not_written(tmp_path: Path) -> None:
    clk = np.array([R, R], np.uint8)
    none = new_rows(OUT, 2)
    trace = Trace(CHIP, new_rows(IN, 2), clk, none, none, wave_out.schedule(clk))
    with pytest.raises(InputError, match=r"^duo: STROBE rises and falls in turn; row 1 repeats an edge$"):
        wave_out.write(trace, tmp_path / "w.fst")
    assert not (tmp_path / "w.fst").exists()


# --- Stimuli ------------------------------------------------------------------------------------------------------


def test_clocks_in_step_rise_together_and_fall_together() -> None:
    assert list(islice(in_step(CHIP), 4)) == [C | R, F, C | R, F]


def test_clocks_of_different_speed_come_together_now_and_then() -> None:
    """CLK rises at 2, 6, 10, ...; STROBE rises at 3, 9, 15, ... and falls at 6, 12, 18, ..."""
    assert list(islice(free_running(CHIP, CLK=2, STROBE=3), 8)) == [C, R, C | F, R, C, F, C, R]


@pytest.mark.parametrize("halves", [{"CLK": 2}, {"CLK": 2, "STROBE": 0}, {"CLK": 1, "STROBE": 1, "CLOCK": 1}])
def test_each_clock_needs_a_speed(halves: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"; right is one of at least 1 for each of CLK, STROBE$"):
        next(free_running(CHIP, **halves))


def test_random_edges_are_all_that_can_be() -> None:
    edges = np.array(list(islice(random_edges(CHIP, np.random.default_rng(1)), 500)), np.uint8)
    assert set(edges.tolist()) == {C, R, F, C | R, C | F}
    check_edges(CHIP, edges, first_levels(CHIP, edges))
    falling = Chip("f", "", (Pin("A", "in", 1, "clock", "", edges="falling"),), (), (), (), (), "")
    assert list(islice(random_edges(falling, np.random.default_rng(1)), 5)) == [2] * 5


def test_a_stimulus_has_the_edges_of_its_chip_or_its_own() -> None:
    rng = np.random.default_rng(1)
    host = resets(CHIP, Clocks(10, 10), rng)
    stimulus = Stimulus(host, [constant(CHIP, D=5)]).of_chip(CHIP)
    first = [stimulus.next(0)[0] for _ in range(6)]
    assert [edges for _, edges in first] == [C | R, F, C | R, F, C | R, F]
    active, inactive = pack(IN, {"D": 5, "SOFT": 1}), pack(IN, {"D": 5, "RST_N": 1})
    assert [pins for pins, _ in first] == [active] * 3 + [inactive] * 3
    own = Stimulus(resets(CHIP, Clocks(10, 10), rng), [random_levels(CHIP, "D", Clocks(1, 1), rng)], iter([F, C]))
    assert [own.of_chip(CHIP).next(0)[0][1] for _ in range(2)] == [F, C]


# --- Where the first reset is over ----------------------------------------------------------------------------------

LOW, HIGH, SOFT = pack(IN, {}), pack(IN, {"RST_N": 1}), pack(IN, {"RST_N": 1, "SOFT": 1})


@pytest.mark.parametrize(
    ("levels", "edges", "over"),
    [
        ([HIGH, HIGH], [C, C], 0),
        ([LOW] * 6 + [HIGH] * 3, [C] * 9, 6),
        ([HIGH, LOW] + [HIGH] * 6, [C] * 8, 5),
        ([HIGH, SOFT] + [HIGH] * 6, [C] * 8, 5),
        ([HIGH, LOW] + [HIGH] * 6, [C, 0] + [C] * 6, 6),
        ([HIGH, SOFT] + [HIGH] * 6, [C, 0] + [C] * 6, 0),
        ([LOW] * 5 + [SOFT] * 2 + [HIGH], [C] * 8, 7),
        ([LOW] * 3, [C] * 3, 3),
        ([LOW] + [HIGH] * 6, [R, F, 0, C, R, F, C], 5),
    ],
    ids=[
        "none", "long", "short", "short and synchronous", "between two edges", "synchronous between two edges",
        "one after the other", "for ever", "edges of any clock count",
    ],
)  # fmt: skip
def test_the_first_reset_is_over(levels: list[int], edges: list[int], over: int) -> None:
    inputs, clk = to_rows(IN, levels), np.array(edges, np.uint8)
    none = new_rows(OUT, len(clk))
    assert over_at(Trace(CHIP, inputs, clk, none, none, np.zeros(len(clk), np.int64))) == over
    for cut in range(len(clk)):
        first = FirstReset(CHIP)
        is_over = np.concatenate((first.feed(inputs[:cut], clk[:cut]), first.feed(inputs[cut:], clk[cut:])))
        assert is_over.tolist() == [first.begun and row >= over for row in range(len(clk))]


def test_a_replay_leaves_out_what_comes_before_the_end_of_an_active_low_reset(tmp_path: Path) -> None:
    trace = played(200, 6)
    assert over_at(trace) == 5
    trace.outputs[:4, 0] ^= 1
    wave_out.write(trace, tmp_path / "w.fst")
    result = replay.replay(Model(), tmp_path / "w.fst")
    n_before = int(np.count_nonzero(trace.clk[: over_at(trace)]))
    assert (result.holds, result.early.n_cycles) == (True, n_before)
    assert result.early.n_mismatches == int(np.count_nonzero(trace.clk[:4]))
