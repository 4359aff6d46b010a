"""Waveforms are read by the rules of replay; a file that cannot be read gives one clear line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import draupnir.golden.vcd
from draupnir.emulator.errors import InputError
from draupnir.emulator.tests import wide_chip
from draupnir.emulator.trace import Trace
from draupnir.golden import fst, wave, wave_out
from draupnir.golden.rows import join
from draupnir.golden.tests.toy import CHIP, HEADER, pins, recording, vcd
from draupnir.golden.wave import Reading, Wave, read

COLUMNS = ("inputs", "clk", "outputs", "known_bits", "times")


def rows(trace: Trace) -> list[tuple[int, ...]]:
    return list(zip(*(getattr(trace, name).tolist() for name in COLUMNS), strict=True))


def out(SUM: int, ODD: int = 0) -> int:
    return SUM | ODD << 4


START = "#0\n0C\n0R\nb0 S\nb0 A\n0K\n0O\n"


def test_an_input_that_changes_with_the_edge_takes_effect_after_it(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", START + "#5\nb11 A\n1C\n#10\n0C\n#15\n1C\n")
    assert [(r[0], r[1], r[4]) for r in rows(read(path, CHIP))] == [(0, 1, 5), (pins(ADD=3), 1, 15)]


def test_inputs_first_lets_the_edge_see_what_changes_with_it(tmp_path: Path) -> None:
    """The outputs are sampled before both, so they end a row of their own."""
    path = vcd(tmp_path / "w.vcd", START + "#5\nb11 A\n1C\nb101 S\n#10\n0C\n#15\n1C\n")
    assert [r[:4] for r in rows(read(path, CHIP, Reading(inputs_first=True)))] == [
        (0, 0, out(0), 31),
        (pins(ADD=3), 1, 0, 0),
        (pins(ADD=3), 1, out(5), 31),
    ]


def test_inputs_first_counts_a_clock_that_begins_high(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", "#0\n1C\nb1 A\n0R\n0K\n#5\n0C\n#10\n1C\n")
    trace = read(path, CHIP, Reading(inputs_first=True))
    assert trace.times[trace.clk == 1].tolist() == [0, 10]
    assert trace.inputs[trace.clk == 1].tolist() == [pins(ADD=1)] * 2


def test_outputs_are_those_before_the_edge(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", START + "#4\nb101 S\n#5\n1C\nb110 S\n1O\n#10\n0C\n#15\nb111 S\n1C\n")
    assert read(path, CHIP).outputs.tolist() == [out(5), out(6, ODD=1)]


def test_inputs_that_change_at_one_time_are_one_row(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", START + "#2\n1K\nb1 A\n1R\n#3\n0K\n#5\n1C\n#6\nb10 A\n#7\n1K\n#8\n0C\n")
    assert [(r[0], r[1], r[4]) for r in rows(read(path, CHIP))] == [
        (pins(SCK=1, ADD=1, RST=1), 0, 2),
        (pins(ADD=1, RST=1), 1, 5),
        (pins(ADD=2, RST=1), 0, 6),
        (pins(ADD=2, RST=1, SCK=1), 0, 7),
    ]


def test_a_pulse_without_duration_is_no_pulse(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", START + "#2\n1K\n0K\n#3\n1C\n0C\n#5\n1C\n")
    assert [(r[0], r[1], r[4]) for r in rows(read(path, CHIP))] == [(0, 1, 5)]


def test_x_and_z_are_counted_masked_on_outputs_and_0_on_inputs(tmp_path: Path) -> None:
    body = START + "#1\nb1xz1 S\nb1x0z A\n#5\n1C\n#6\nzO\nb0 A\nb1 S\n#10\n0C\n#15\n1C\n"
    waveform = Wave(vcd(tmp_path / "w.vcd", body), CHIP)
    pieces: list[Trace] = []
    waveform.stream(pieces.append)
    trace = join(pieces)
    assert trace.inputs.tolist() == [pins(ADD=8), 0]
    assert trace.outputs.tolist() == [out(9), out(1)]
    assert trace.known_bits.tolist() == [out(9, ODD=1), out(15)]
    assert (waveform.rows.unknown_inputs, waveform.rows.n_edges) == ({"ADD": 1}, 2)


def test_a_pin_is_x_until_its_first_change(tmp_path: Path) -> None:
    trace = read(vcd(tmp_path / "w.vcd", "#0\n0C\n0R\n0K\nb0 A\n#5\n1C\n"), CHIP)
    assert trace.known_bits.tolist() == [0]


@pytest.mark.parametrize(
    ("body", "edges"),
    [
        ("#0\n1C\n#5\n0C\n#10\n1C\n", [10]),  # high from the start is no edge
        ("#0\nxC\n#5\n1C\n#7\n0C\n#10\n1C\n", [5, 10]),  # X to 1 later is one
        ("#0\n0R\n#5\n1C\n", [5]),
        ("#0\n0C\n#5\n1C\n#7\nzC\n#9\n1C\n", [5, 9]),
    ],
)
def test_which_changes_of_the_clock_are_rising_edges(tmp_path: Path, body: str, edges: list[int]) -> None:
    assert read(vcd(tmp_path / "w.vcd", body), CHIP).times.tolist() == edges


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
@pytest.mark.parametrize("seed", range(3))
def test_a_trace_survives_fst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, piece: int) -> None:
    monkeypatch.setattr(fst, "PIECE", piece)
    trace = recording(500, seed)
    rng = np.random.default_rng(seed)
    trace.known_bits[trace.clk == 1] &= ~np.where(
        rng.random(trace.n_cycles) < 0.1, rng.integers(32, size=trace.n_cycles), 0
    )
    trace.outputs[:] &= trace.known_bits
    wave_out.write(trace, tmp_path / "w.fst")
    assert rows(read(tmp_path / "w.fst", CHIP)) == rows(trace)
    assert [p.name for p in tmp_path.iterdir()] == ["w.fst"]


def test_rows_beyond_the_last_edge_survive_fst(tmp_path: Path) -> None:
    clk = np.array([0] * 9000 + [1, 0, 0], np.uint8)
    inputs = np.where(np.arange(len(clk)) % 2 == 0, pins(SCK=1), 0)
    none = np.zeros(len(clk), np.int64)
    known_bits = np.where(clk == 1, 31, 0)
    trace = Trace(CHIP, inputs, clk, none, known_bits, wave_out.schedule(clk))
    wave_out.write(trace, tmp_path / "w.fst")
    assert rows(read(tmp_path / "w.fst", CHIP)) == rows(trace)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "w.fst").write_text("old")
    trace = recording(5, 1)
    broken = Trace(CHIP, trace.inputs, trace.clk, trace.outputs[:2], trace.known_bits, trace.times)
    with pytest.raises(IndexError):
        wave_out.write(broken, tmp_path / "w.fst")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("w.fst", "old")]


def naive(changes: list[tuple[int, str, int]], inputs_first: bool) -> list[tuple[int, ...]]:
    """Convert changes (time, pin, level) to rows by the reading rules, one change at a time."""
    levels = dict.fromkeys((pin.name for pin in CHIP.pins), 0)
    known_bits = dict.fromkeys(levels, 0)
    inputs = pending = 0
    when = None
    expected: list[tuple[int, ...]] = []
    for time in sorted({t for t, _, _ in changes}):
        old_levels, old_known_bits = dict(levels), dict(known_bits)
        for t, pin, level in changes:
            if t == time:
                levels[pin], known_bits[pin] = level, CHIP.output_word[pin].high if pin in CHIP.output_word else 0
        pending = pins(RST=levels["RST"], ADD=levels["ADD"], SCK=levels["SCK"])
        if levels["CLK"] and not old_levels["CLK"] and (inputs_first or time != changes[0][0]):
            outputs = (out(old_levels["SUM"], old_levels["ODD"]), out(old_known_bits["SUM"], old_known_bits["ODD"]))
            if inputs_first and pending != inputs:
                expected += [(inputs, 0, *outputs, time), (pending, 1, 0, 0, time)]
                inputs = pending
            else:
                expected.append((inputs, 1, *outputs, time))
            when = None
        if pending != inputs:
            if when is not None:
                expected.append((inputs, 0, 0, 0, when))
            inputs, when = pending, time
    return expected if when is None else [*expected, (inputs, 0, 0, 0, when)]


@pytest.mark.parametrize("inputs_first", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_random_changes_read_as_the_naive_rules_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, inputs_first: bool
) -> None:
    monkeypatch.setattr(draupnir.golden.vcd, "BLOCK", 41)
    rng = np.random.default_rng(seed)
    letter = {"CLK": "C", "RST": "R", "SUM": "S", "ADD": "A", "SCK": "K", "ODD": "O"}
    width = {pin.name: pin.width for pin in CHIP.pins}
    changes, body, time = [], "", -1
    for _ in range(300):
        if time < 0 or rng.random() < 0.6:
            time += int(rng.integers(1, 4))
            body += f"#{time}\n"
        pin = str(rng.choice(list(letter)))
        level = int(rng.integers(1 << width[pin]))
        changes.append((time, pin, level))
        body += f"{level}{letter[pin]}\n" if width[pin] == 1 else f"b{level:b} {letter[pin]}\n"
    assert rows(read(vcd(tmp_path / "w.vcd", body), CHIP, Reading(inputs_first=inputs_first))) == naive(
        changes, inputs_first
    )


def test_pins_of_62_bits_survive_fst_and_vcd(tmp_path: Path) -> None:
    chip, levels = wide_chip.wide((62,)), [0, 1, 1 << 61, (1 << 62) - 1]
    pin_in, pin_out = chip.inputs[0], chip.outputs[0]
    ones, known_bits = np.ones(4, np.uint8), np.full(4, (1 << 62) - 1)
    trace = Trace(chip, np.array(levels), ones, np.array(levels[::-1]), known_bits, wave_out.schedule(ones))
    wave_out.write(trace, tmp_path / "w.fst")
    assert rows(read(tmp_path / "w.fst", chip)) == rows(trace)
    header = "".join(f"$var wire {pin.width} {pin.name} {pin.name} $end\n" for pin in chip.pins)
    body = "".join(
        f"#{10 * i}\n0{chip.clock.name}\nb{levels[i]:b} {pin_in.name}\nb{levels[3 - i]:b} {pin_out.name}\n"
        f"#{10 * i + 5}\n1{chip.clock.name}\n"
        for i in range(4)
    )
    vcd_trace = read(vcd(tmp_path / "w.vcd", body, f"{header}$enddefinitions $end\n"), chip)
    assert vcd_trace.inputs[vcd_trace.clk == 1].tolist() == levels
    assert vcd_trace.outputs[vcd_trace.clk == 1].tolist() == levels[::-1]


def test_times_carry_the_unit_of_the_recording(tmp_path: Path) -> None:
    waveform = Wave(vcd(tmp_path / "w.vcd", START), CHIP)
    assert waveform.time_text(12) == "120 ns"
    assert waveform.scope == "tb.dut"
    untimed = Wave(vcd(tmp_path / "u.vcd", START, HEADER.split("\n", 1)[1]), CHIP)
    assert untimed.time_text(12) == "12"


def test_end_time_is_that_of_the_file(tmp_path: Path) -> None:
    assert wave.end_time(vcd(tmp_path / "w.vcd", START + "#5\n1C\n#123\n0C\n")) == 123
    wave_out.write(recording(20, 1), tmp_path / "w.fst")
    assert wave.end_time(tmp_path / "w.fst") == 20 * wave_out.CLOCK + wave_out.CLOCK // 2


def test_a_sink_that_has_enough_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fst, "PIECE", 50)
    wave_out.write(recording(500, 1), tmp_path / "w.fst")
    pieces: list[Trace] = []

    def sink(piece: Trace) -> None:
        pieces.append(piece)
        raise wave.Enough

    Wave(tmp_path / "w.fst", CHIP).stream(sink)
    assert len(pieces) == 1


def test_an_error_of_the_sink_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fst, "PIECE", 50)
    wave_out.write(recording(500, 1), tmp_path / "w.fst")

    def sink(piece: Trace) -> None:
        raise NotImplementedError("mine")

    with pytest.raises(NotImplementedError, match="mine"):
        Wave(tmp_path / "w.fst", CHIP).stream(sink)


# --- what cannot be read -----------------------------------------------------------------------------------------


def failure(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path, CHIP)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_clock_that_never_rises(tmp_path: Path) -> None:
    assert "CLK never rises in scope tb.dut" in failure(vcd(tmp_path / "w.vcd", START + "#5\n1R\n"))


def test_a_recording_without_changes(tmp_path: Path) -> None:
    assert "CLK never rises" in failure(vcd(tmp_path / "w.vcd", ""))


@pytest.mark.parametrize("length", [20, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_fst(tmp_path: Path, length: float) -> None:
    wave_out.write(recording(500, 1), tmp_path / "w.fst")
    whole = (tmp_path / "w.fst").read_bytes()
    (tmp_path / "w.fst").write_bytes(whole[: int(length if length > 1 else length * len(whole))])
    assert "not a complete FST waveform: it breaks off in its block at byte " in failure(tmp_path / "w.fst")


def blackout(*switches: tuple[int, int]) -> bytes:
    """Return the block of an FST that says when the dump was off (0) and on (1), at times below 2**14."""
    text, now = bytes([len(switches)]), 0
    for is_on, time in switches:
        text += bytes([is_on, (time - now) % 128 | 128, (time - now) // 128])
        now = time
    return b"\2" + (8 + len(text)).to_bytes(8, "big") + text


def test_clocks_that_an_fst_did_not_dump_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wave_out, "CLOCK", 100)
    for name in ("OUTPUT_AT", "INPUT_FROM", "INPUT_TO"):
        monkeypatch.setattr(wave_out, name, getattr(wave_out, name) // 100)
    path = tmp_path / "w.fst"
    wave_out.write(recording(50, 1), path)
    whole = path.read_bytes()
    for switches in (((0, 5100),), ((0, 5100), (1, 5200)), ((0, 0), (1, 50))):
        path.write_bytes(whole + blackout((1, 0), *switches))
        assert read(path, CHIP).n_cycles >= 48
    path.write_bytes(whole + blackout((1, 0), (0, 1010), (1, 3020)))
    assert failure(path).startswith(f"{path}: $dumpoff: clocks from 1010 ps to 3020 ps are missing; ")


def test_a_vcd_cut_off_in_its_header(tmp_path: Path) -> None:
    assert "not a complete VCD waveform: its header has no $enddefinitions $end" in failure(
        vcd(tmp_path / "w.vcd", "", HEADER[:150])
    )


def test_a_vcd_cut_off_in_its_body_ends_with_its_last_whole_change(tmp_path: Path) -> None:
    trace = read(vcd(tmp_path / "w.vcd", START + "#5\n1C\n#6\n0C\n#8\n1C\n#9\nb10"), CHIP)
    assert trace.times.tolist() == [5, 8]


@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(100)])
def test_no_waveform_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.fst").write_bytes(content)
    assert "waveform" in failure(tmp_path / "w.fst")


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in failure(tmp_path / "w.fst")


def test_what_the_reader_prints_does_not_reach_the_terminal(tmp_path: Path) -> None:
    """A damaged FST makes pywellen panic, and it writes its own message to stderr."""
    wave_out.write(recording(500, 1), tmp_path / "w.fst")
    whole = bytearray((tmp_path / "w.fst").read_bytes())
    whole[330:] = bytes(len(whole) - 330)
    (tmp_path / "w.fst").write_bytes(whole)
    code = (
        "import sys; from pathlib import Path; from draupnir.emulator.errors import InputError\n"
        "from draupnir.golden.wave import read; from draupnir.golden.tests.toy import CHIP\n"
        "try: read(Path(sys.argv[1]), CHIP)\n"
        "except InputError as error: print(error, file=sys.stderr)"
    )
    root = Path(__file__).parents[2]
    path = tmp_path / "w.fst"
    ran = subprocess.run([sys.executable, "-c", code, path], cwd=root, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr.count("\n")) == ("", 1)
    assert ran.stderr.startswith(f"{path}: ")
