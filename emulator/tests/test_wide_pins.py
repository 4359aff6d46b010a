"""Pins of more than 32 bits together, up to the 63 that one integer holds, and beyond."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from draupnir.emulator.codec import positions
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.bits import Place, field, placed
from draupnir.emulator.tests import wide_chip
from draupnir.emulator.tests.wide_chip import Widths
from draupnir.emulator.trace import (
    Trace,
    column,
    count_bits,
    from_row,
    known_at_edges,
    new_rows,
    pack,
    piece_of,
    to_rows,
)
from draupnir.golden import wave, wave_out

LIMB = (1 << 32) - 1
ROOT = Path(__file__).resolve().parents[2]
WIDTHS: list[Widths] = [(31, 4, 1), (30, 2, 30), (31, 1, 30), (1, 60, 1), (33, 7, 22), (16, 16, 16), (1, 31, 2)]
WIDER: list[Widths] = [
    (32, 30, 1), (1, 61, 1), (63,), (64,), (100, 31, 1), (62, 63, 2, 64), (31, 95, 33, 1), (40, 40, 40, 200), (65, 63)
]  # fmt: skip


@pytest.mark.parametrize("widths", WIDTHS + WIDER)
def test_a_model_sees_and_shows_every_pin_of_a_wide_row(widths: Widths) -> None:
    wide_chip.check(widths)


def test_the_same_uncompiled() -> None:
    checks = "; ".join(f"check({widths})" for widths in WIDTHS + WIDER)
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", f"from draupnir.emulator.tests.wide_chip import check; {checks}"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@pytest.mark.parametrize("widths", WIDTHS)
def test_pins_of_at_most_63_bits_are_rows_of_one_integer(widths: Widths) -> None:
    word = wide_chip.wide(widths).input_word
    assert word.row == ((0, sum(widths) + 1),)
    assert to_rows(word, [5, 6]).tolist() == [5, 6]
    assert [(p.lsb, p.width, p.word, p.shift) for p in word.pieces] == [(0, f.width, 0, f.lsb) for f in word]


def test_a_pin_of_at_most_63_bits_lies_in_one_integer_and_a_wider_one_in_limbs() -> None:
    word = wide_chip.wide((40, 30, 100, 5)).input_word
    assert word.pieces == (
        ("I0", 0, 40, 0, 0),
        ("I1", 0, 30, 1, 0),
        ("I2", 0, 32, 1, 30),
        ("I2", 32, 32, 2, 0),
        ("I2", 64, 32, 3, 0),
        ("I2", 96, 4, 3, 32),
        ("I3", 0, 5, 3, 36),
        ("RST", 0, 1, 3, 41),
    )
    assert word.row == ((0, 40), (40, 62), (102, 32), (134, 42))
    assert to_rows(word, [(1 << 176) - 1]).tolist() == [[(1 << part.width) - 1 for part in word.row]]


def test_kernels_find_a_wide_pin_limb_by_limb() -> None:
    places = positions(wide_chip.wide((40, 100)).input_word)
    assert Place(0, 0, (1 << 40) - 1) == places.I0
    assert (Place(1, 0, LIMB), Place(2, 0, LIMB), Place(3, 0, LIMB), Place(3, 32, 15)) == places.I1


def test_a_function_for_one_integer_does_not_compile_for_a_row_of_several() -> None:
    places = positions(wide_chip.wide((40, 40)).input_word)
    with pytest.raises((numba.TypingError, AttributeError)):
        field(5, places.I1)
    with pytest.raises((numba.TypingError, AttributeError)):
        placed(5, places.I1)


@pytest.mark.parametrize("widths", WIDTHS + WIDER)
def test_packed_pins_are_those_of_their_row(widths: Widths) -> None:
    word, rng = wide_chip.wide(widths).input_word, np.random.default_rng(1)
    packed_pins = [int.from_bytes(rng.bytes(64)) % (1 << word.width) for _ in range(50)]
    rows = to_rows(word, packed_pins)
    assert (rows >= 0).all()
    assert [from_row(word, row) for row in rows] == packed_pins
    for name, *_ in word.pieces:
        f = word[name]
        parts = [[level << piece.lsb for level in piece_of(rows, piece).tolist()] for piece in word.pieces_of(name)]
        assert [sum(of_row) for of_row in zip(*parts, strict=True)] == [pins >> f.lsb & f.high for pins in packed_pins]
    counts = {f.name: sum((pins & f.high << f.lsb).bit_count() for pins in packed_pins) for f in word}
    assert count_bits(word, rows) == {name: n for name, n in counts.items() if n}


def test_a_wide_pin_is_no_column() -> None:
    word = wide_chip.wide((64,)).input_word
    with pytest.raises(ValueError, match=r"^pin I0: 64 bits; a column has at most 63$"):
        column(word, "I0", new_rows(word, 1))


def test_a_step_takes_and_gives_packed_pins() -> None:
    model, chip = wide_chip.model((100, 31))(), wide_chip.wide((100, 31))
    model.reset()
    level = (1 << 99) + 12345
    model.step(pack(chip.input_word, {"I0": level, "I1": 7}))
    assert model.inputs == pack(chip.input_word, {"I0": level, "I1": 7})
    assert model.outputs == model.step(0) == pack(chip.output_word, {"O0": level, "O1": 7})


@pytest.mark.parametrize("widths", [(31, 4, 1), (1, 60, 1), (100, 31, 1), (62, 63, 2, 64)])
def test_a_waveform_of_wide_pins_reads_back_as_it_was(widths: Widths, tmp_path: Path) -> None:
    inputs, clk, outputs = wide_chip.rows(widths, 200, 7)
    clk[:] = 1
    chip = wide_chip.wide(widths)
    rng = np.random.default_rng(5)
    known_bits = known_at_edges(chip.output_word, clk) & rng.integers(0, 1 << 63, outputs.shape)
    outputs &= known_bits
    trace = Trace(chip, inputs, clk, outputs, known_bits, wave_out.schedule(clk))
    wave_out.write(trace, tmp_path / "wide.fst")
    trace_read = wave.read(tmp_path / "wide.fst", chip)
    assert trace_read.inputs.tolist() == inputs.tolist()
    assert trace_read.outputs.tolist() == outputs.tolist()
    assert trace_read.known_bits.tolist() == known_bits.tolist()


LINES = {
    "b1" + 99 * "0": (1 << 99, (1 << 100) - 1),
    "bx" + 68 * "1": ((1 << 68) - 1, (1 << 68) - 1),
    "b101x" + 64 * "z": (5 << 65, ((1 << 100) - 1) ^ ((1 << 65) - 1)),
    "bz1": (1, 1),
    "b0": (0, (1 << 100) - 1),
}


def test_a_vcd_of_a_wide_pin_is_read_bit_by_bit(tmp_path: Path) -> None:
    chip = wide_chip.wide((100,))
    names = {"c": ("CLK", 1), "i": ("I0", 100), "r": ("RST", 1), "o": ("O0", 100)}
    header = "".join(f"$var wire {width} {ident} {name} $end\n" for ident, (name, width) in names.items())
    body = "#0\n0c\n0r\n"
    for n, digits in enumerate(LINES):
        body += f"#{10 * n + 2}\n0c\n{digits} i\n{digits} o\n#{10 * n + 5}\n1c\n"
    (tmp_path / "wide.vcd").write_text(f"$scope module wide $end\n{header}$upscope $end\n$enddefinitions $end\n{body}")
    trace = wave.read(tmp_path / "wide.vcd", chip)
    edges = trace.clk == 1
    outputs = [from_row(chip.output_word, row) for row in trace.outputs[edges]]
    known_bits = [from_row(chip.output_word, row) for row in trace.known_bits[edges]]
    inputs = [from_row(chip.input_word, row) for row in trace.inputs[edges]]
    assert list(zip(outputs, known_bits, strict=True)) == list(LINES.values())
    assert inputs == outputs


def test_a_vcd_level_of_too_many_bits_is_refused(tmp_path: Path) -> None:
    chip = wide_chip.wide((100,))
    header = "".join(f"$var wire {w} {n} {n} $end\n" for n, w in {"CLK": 1, "I0": 100, "RST": 1, "O0": 100}.items())
    (tmp_path / "wide.vcd").write_text(
        f"$scope module wide $end\n{header}$upscope $end\n$enddefinitions $end\n#0\nb1{100 * '0'} I0\n"
    )
    with pytest.raises(InputError, match=r"line 9: pin I0 has a level of more than its 100 bits$"):
        wave.read(tmp_path / "wide.vcd", chip)


def test_a_wide_pin_dumped_in_pieces_is_put_together(tmp_path: Path) -> None:
    chip = wide_chip.wide((100,))
    level = 0x9_8765_4321_0123_4567_89AB_CDEF
    pieces = [(70, 0, "l"), (99, 71, "h")]
    header = "".join(f"$var wire {hi - lo + 1} {ident} O0 [{hi}:{lo}] $end\n" for hi, lo, ident in pieces)
    header += "$var wire 1 c CLK $end\n$var wire 100 i I0 $end\n$var wire 1 r RST $end\n"
    body = "".join(f"b{level >> lo & ((1 << hi - lo + 1) - 1):b} {ident}\n" for hi, lo, ident in pieces)
    (tmp_path / "wide.vcd").write_text(
        f"$scope module wide $end\n{header}$upscope $end\n$enddefinitions $end\n#0\n0c\n{body}b{level:b} i\n#5\n1c\n"
    )
    trace = wave.read(tmp_path / "wide.vcd", chip)
    assert from_row(chip.output_word, trace.outputs[0]) == from_row(chip.input_word, trace.inputs[0]) == level
