"""VCD files from simulators and analysers are read, and damaged ones give one clear line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.golden import vcd as reader
from draupnir.golden.tests.toy import CHIP, HEADER, pins, recording, vcd
from draupnir.golden.wave import Reading, Wave, read
from draupnir.golden.wave_out import schedule

START = "#0\n0C\n0R\nb0 S\nb0 A\n0K\n0O\n"
EDGE = "#5\n1C\n"
LINE = HEADER.count("\n") + 1  # the body's first


def failure(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path, CHIP)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


def as_vcd(path: Path, n_cycles: int = 30, seed: int = 2) -> Path:
    """Write a recording of the toy as a simulator dumps it."""
    trace = recording(n_cycles, seed)
    lines, last_levels = ["#0", "$dumpvars", "0C", "0R", "b0 A", "0K", "bx S", "xO", "$end"], {"R": 0, "A": 0, "K": 0}
    for row, time in enumerate(schedule(trace.clk).tolist()):
        inputs = int(trace.inputs[row])
        now = {"R": inputs & 1, "A": inputs >> 1 & 15, "K": inputs >> 5}
        begin = time - 2000 if trace.clk[row] else time
        lines.append(f"#{begin}")
        lines += [
            f"b{level:b} A" if key == "A" else f"{level}{key}"
            for key, level in now.items()
            if last_levels[key] != level
        ]
        last_levels = now
        if trace.clk[row]:
            outputs = int(trace.outputs[row])
            lines += [f"b{outputs & 15:b} S", f"{outputs >> 4}O", f"#{time}", "1C", f"#{time + 100}", "0C"]
    return vcd(path, "\n".join(lines) + "\n")


def test_a_body_may_be_cut_anywhere(tmp_path: Path) -> None:
    """A file that is cut reads as the whole file up to the cut; a cut in the header is an error."""
    whole = as_vcd(tmp_path / "w.vcd").read_bytes()
    full = read(tmp_path / "w.vcd", CHIP)
    path = tmp_path / "cut.vcd"
    for n in range(len(HEADER), len(whole)):
        path.write_bytes(whole[:n])
        try:
            trace = read(path, CHIP)
        except InputError as error:
            assert "CLK never rises" in str(error)
            continue
        n_edges = trace.n_cycles
        edges = np.flatnonzero(full.clk)[:n_edges]
        assert np.array_equal(trace.times[trace.clk == 1], full.times[edges])
        assert np.array_equal(trace.outputs[trace.clk == 1], full.outputs[edges])
        assert np.array_equal(trace.inputs[trace.clk == 1], full.inputs[edges])
    assert n_edges == full.n_cycles
    for n in range(len(HEADER) - 1):
        path.write_bytes(whole[:n])
        with pytest.raises(InputError, match=r"not a complete VCD waveform|not a waveform"):
            read(path, CHIP)


@pytest.mark.parametrize(
    ("end", "broken_off"),
    [
        ("#9", f"line {LINE + 9}"),
        ("#9\nb1", f"line {LINE + 10}"),
        ("#9\nb1 ", f"line {LINE + 10}"),
        ("#9\n1", f"line {LINE + 10}"),
        ("#9\n$comment hello\n", f"line {LINE + 11}"),
        ("#9\n1O", ""),  # no longer change begins so
        ("#9\nb1 S", ""),
        ("", ""),
    ],
)
def test_where_a_file_breaks_off_is_told(tmp_path: Path, end: str, broken_off: str) -> None:
    wave = Wave(vcd(tmp_path / "w.vcd", START + EDGE + end), CHIP)
    wave.stream(lambda rows: None)
    assert wave.broken_off == broken_off


def test_an_identifier_that_may_go_on_is_not_taken_for_whole(tmp_path: Path) -> None:
    """The text ``1C`` may be the beginning of ``1CC``."""
    header = HEADER.replace("$upscope", "$var wire 1 CC other $end\n$upscope", 1)
    path = vcd(tmp_path / "w.vcd", START + EDGE + "#7\n0C\n#9\n1C", header)
    assert read(path, CHIP).n_cycles == 1
    path.write_text(path.read_text() + "\n")
    assert read(path, CHIP).n_cycles == 2


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("#5\n1C\n#4\n0C\n", 9, "time runs backwards, from #5 to #4"),
        ("#-1\n1C\n", 7, "#-1 is no time; a # and a whole number, not negative, are right"),
        ("#1.5\n1C\n", 7, "#1.5 is no time; a # and a whole number, not negative, are right"),
        ("#\n1C\n", 7, "# is no time; a # and a whole number, not negative, are right"),
        ("#9223372036854775808\n1C\n", 7, "time #9223372036854775808 is too late; at most 18 digits can be read"),
        ("#5\ngoodbye\n", 8, "goodbye is no change of a signal"),
        ("#5\nb012 S\n", 8, "b012 is no change of a signal"),
        ("#5\n1\nC\n", 8, "1 changes no signal; an identifier belongs right behind the level"),
        ("#5\n1?\n", 8, "1? changes a signal that the header does not declare"),
        ("#5\nb1 QQ\n", 8, "QQ changes a signal that the header does not declare"),
        ("#5\nr1.5 S\n", 8, "pin SUM has a real number or a string for a level; 0, 1, x and z can be read"),
        ("#5\nb10000 S\n", 8, "pin SUM has a level of more than its 4 bits"),
        ("#5\npD 6 0 C\n", 8, "pD belongs to an extended VCD ($dumpports); one that $dumpvars makes is needed"),
        ("#5\n$nonsense\n", 8, "$nonsense is no change of a signal"),
        ("#5\nb0\x7f10 S\n", 8, r"b0\x7f10 is no change of a signal"),
    ],
)
def test_what_is_wrong_in_the_body_is_told_with_its_line(tmp_path: Path, body: str, line: int, message: str) -> None:
    path = vcd(tmp_path / "w.vcd", START + body + EDGE)
    assert failure(path) == f"line {LINE + line}: {message}"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.replace("wire 4 S", "wire four S"), "line 6: $var wire four S SUM [3:0]: right is $var TYPE BITS ID"),
        (
            HEADER.replace("$var wire 1 R", "hello\n$var wire 1 R"),
            "line 5: 'hello' in the header is no command of a VCD",
        ),
    ],
)
def test_what_is_wrong_in_the_header_is_told_with_its_line(tmp_path: Path, header: str, message: str) -> None:
    assert failure(vcd(tmp_path / "w.vcd", START + EDGE, header)).startswith(message)


def test_short_vectors_are_extended(tmp_path: Path) -> None:
    """They are extended by X or Z if they begin so, else by 0. One character is a vector, too, and zeros may lead."""
    levels = {"b1 S": (1, 15), "bx1 S": (1, 1), "bZ S": (0, 0), "B0x1 S": (1, 13), "1S": (1, 15), "xS": (0, 0)}
    levels |= {"b00000011 S": (3, 15), "b0b0101 S": (5, 15), "b S": (0, 15), "bX0 S": (0, 1), "b01XZ S": (4, 12)}
    body = START
    for i, level in enumerate(levels):
        body += f"#{10 * i + 1}\n{level}\n#{10 * i + 5}\n1C\n#{10 * i + 9}\n0C\n"
    trace = read(vcd(tmp_path / "w.vcd", body), CHIP)
    assert [(o & 15, k & 15) for o, k in zip(trace.outputs.tolist(), trace.known_bits.tolist(), strict=True)] == [
        *levels.values()
    ]


@pytest.mark.parametrize("block", [1, 7, 1 << 18])
def test_what_simulators_write_beside_changes_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(reader, "BLOCK", block)
    body = "$comment 1C #99 b1 $end\n" + START + "#1 $dumpall 1K b11 A $end\n\n#5\t1C 0K\r\n#9 0C #15 $dumpon 1C $end\n"
    trace = read(vcd(tmp_path / "w.vcd", body), CHIP)
    assert [(i, t) for i, t in zip(trace.inputs.tolist(), trace.times.tolist(), strict=True)] == [
        (pins(ADD=3, SCK=1), 5), (pins(ADD=3), 15)
    ]  # fmt: skip


def test_lines_may_end_as_windows_writes_them(tmp_path: Path) -> None:
    path = as_vcd(tmp_path / "w.vcd")
    trace = read(path, CHIP)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert np.array_equal(read(path, CHIP).outputs, trace.outputs)


def test_changes_before_the_first_time_are_at_0(tmp_path: Path) -> None:
    body = START.removeprefix("#0\n") + EDGE
    assert read(vcd(tmp_path / "w.vcd", f"$dumpvars\n{body}"), CHIP).times.tolist() == [5]


@pytest.mark.parametrize("scale", ["10 ns", "10ns", "\n\t10\n ns"])
def test_the_timescale_may_have_blanks(tmp_path: Path, scale: str) -> None:
    path = vcd(tmp_path / "w.vcd", START + EDGE, HEADER.replace("10 ns", scale))
    assert Wave(path, CHIP).time_text(12) == "120 ns"


def test_clocks_that_were_not_dumped_are_missing(tmp_path: Path) -> None:
    body = START + EDGE + "#6\n0C\n#7\n$dumpoff\nxC\nxR\nbx S\nbx A\nxK\nxO\n$end\n"
    end = "#90\n$dumpon\n" + START.removeprefix("#0\n") + "$end\n#95\n1C\n"
    assert read(vcd(tmp_path / "w.vcd", body), CHIP).n_cycles == 1
    message = failure(vcd(tmp_path / "w.vcd", body + end))
    assert message.startswith(f"line {LINE + 12}: $dumpoff: clocks from 70 ns to 900 ns are missing; ")


def test_a_dump_that_begins_late_begins_without_an_edge(tmp_path: Path) -> None:
    off = "#0\n$dumpoff\nxC\nxR\nbx S\nbx A\nxK\nxO\n$end\n"
    on = "#90\n$dumpon\n1C\n0R\nb0 S\nb0 A\n0K\n0O\n$end\n#93\n0C\n#95\n1C\n"
    assert read(vcd(tmp_path / "w.vcd", off + on), CHIP).times.tolist() == [95]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a waveform (it is empty); a VCD or FST waveform is needed"),
        (b"GHDLwave\n", "not a waveform; a VCD or FST waveform is needed"),
        (b"\x1f\x8b\x08rest", "packed with gzip; unpack it first, a VCD or FST waveform is needed"),
    ],
)
def test_what_is_no_waveform_is_called_what_it_is(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w.vcd").write_bytes(content)
    assert failure(tmp_path / "w.vcd") == message


def test_a_folder_is_no_waveform(tmp_path: Path) -> None:
    assert failure(tmp_path) == "a folder; a VCD or FST waveform is needed"


# --- samples instead of a clock ----------------------------------------------------------------------------------

ILA = HEADER.replace("$var wire 1 C CLK $end\n", "")


@pytest.mark.parametrize(
    "body",
    [
        "#0\n0R\nb0 S\nb1 A\n0K\n0O\n#2\nb1 S\n#4\nb10 S\nb10 A\n#6\n#8\nb110 S\n",  # each sample has its time
        "#0\n0R\nb0 S\nb1 A\n0K\n0O\n#2\nb1 S\n#4\nb10 S\nb10 A\n#8\nb110 S\n",  # only changes have
    ],
)
@pytest.mark.parametrize("block", [5, 1 << 18])
def test_each_sample_is_a_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, block: int) -> None:
    monkeypatch.setattr(reader, "BLOCK", block)
    path = vcd(tmp_path / "w.vcd", body, ILA)
    wave = Wave(path, CHIP, Reading(clock_per_sample=True))
    assert wave.sample_time == 2
    trace = read(path, CHIP, Reading(clock_per_sample=True))
    assert trace.clk.tolist() == [1] * 5
    assert (trace.inputs >> 1 & 15).tolist() == [1, 1, 2, 2, 2]
    assert (trace.outputs & 15).tolist() == [0, 1, 2, 2, 6]
    assert trace.times.tolist() == [0, 2, 4, 6, 8]


def test_the_time_between_samples_can_be_told(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", "#10\n0R\nb0 S\nb1 A\n0K\n0O\n#11\nb1 S\n#14\nb10 S\n#17\n", ILA)
    trace = read(path, CHIP, Reading(clock_per_sample=True, sample_time=3))
    assert trace.times.tolist() == [10, 13, 16]
    assert (trace.outputs & 15).tolist() == [0, 1, 2]


def test_samples_of_a_fst_end_with_the_file(tmp_path: Path) -> None:
    """An FST has no times without a change, apart from its end."""
    from draupnir.golden import wave_out

    wave_out.write(recording(40, 1), tmp_path / "w.fst")
    trace = read(tmp_path / "w.fst", CHIP, Reading(clock_per_sample=True, sample_time=wave_out.CLOCK))
    assert trace.times.tolist() == [wave_out.CLOCK * i for i in range(41)]


def test_a_recording_without_a_time_has_no_samples(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", "", ILA)
    with pytest.raises(InputError, match="no samples: the recording has no times"):
        read(path, CHIP, Reading(clock_per_sample=True))
