"""Memory images are read, and one line says what is wrong with a bad one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.codec import from_limbs
from draupnir.emulator.errors import InputError
from draupnir.golden import hexfile
from draupnir.golden.tests.toy import RAM


def read(path: Path, text: str) -> list[int]:
    path.write_text(text)
    return [from_limbs(word) for word in hexfile.read(path, RAM)]


def test_an_image_survives(tmp_path: Path) -> None:
    words = np.random.default_rng(1).integers(1 << 32, size=(8, 2), dtype=np.uint32)
    words[:, 1] &= 0xFF
    hexfile.write(tmp_path / "ram.hex", words, RAM)
    assert (hexfile.read(tmp_path / "ram.hex", RAM) == words).all()
    assert [len(line) for line in (tmp_path / "ram.hex").read_text().splitlines()] == [10] * 8
    assert [p.name for p in tmp_path.iterdir()] == ["ram.hex"]


def test_a_word_of_zeros_takes_one_digit(tmp_path: Path) -> None:
    hexfile.write(tmp_path / "ram.hex", np.zeros((8, 2), np.uint32), RAM)
    assert (tmp_path / "ram.hex").read_text() == "0\n" * 8
    assert not hexfile.read(tmp_path / "ram.hex", RAM).any()


def test_most_significant_digit_first(tmp_path: Path) -> None:
    assert read(tmp_path / "m", "12_3456789A\n" + "0\n" * 7)[0] == 0x123456789A
    assert hexfile.read(tmp_path / "m", RAM)[0].tolist() == [0x3456789A, 0x12]


def test_comments_addresses_and_several_words_a_line(tmp_path: Path) -> None:
    text = "// an image\n@4 4 5 /* not\n @0 */ 6 // 7\n7\n@0\n0 1 2\n3"
    assert read(tmp_path / "m", text) == list(range(8))


def test_short_words_are_filled_with_zeros(tmp_path: Path) -> None:
    assert read(tmp_path / "m", "f\n" * 8) == [15] * 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0\n0\ng1\n", ":3: word 'g1' is not made of hexadecimal digits"),
        ("0\n0x12\n", ":2: word 0x12 is not fully known (x); hexadecimal digits are needed"),
        ("/* \n\n */ 1z\n", ":3: word 1z is not fully known (z); hexadecimal digits are needed"),
        ("@x 1\n", ":1: address x is not fully known (x); hexadecimal digits are needed"),
        ("@\n", ":1: address '' is not made of hexadecimal digits"),
        ("-1\n", ":1: word '-1' is not made of hexadecimal digits"),
        ("0\n" * 7, ":8: 7 words; ram has 8 (the first without one is 0x7)"),
        ("", ":1: 0 words; ram has 8 (the first without one is 0x0)"),
        ("@1\n" + "0\n" * 7, ":9: 7 words; ram has 8 (the first without one is 0x0)"),
        ("0\n" * 9, ":9: word at address 0x8; ram has 8 words"),
        ("@10 0\n", ":1: word at address 0x10; ram has 8 words"),
        ("0\n1\n@1 3\n", ":3: second word at address 0x1; each address has one"),
        ("0\n1_0000000000\n", ":2: 1_0000000000 has more than the 40 bits of a word of ram"),
    ],
)
def test_a_bad_image_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "m.hex", text)
    assert str(caught.value) == f"{tmp_path / 'm.hex'}{message}"


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), (b"\xff\xfe", "not a text file")])
def test_what_is_no_image(tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "m").write_bytes(content)
    with pytest.raises(InputError, match=f"m: no memory image of ram: {reason}"):
        hexfile.read(tmp_path / "m", RAM)


def test_copies_are_in_one_file_or_in_one_each(tmp_path: Path) -> None:
    memory = replace(RAM, copies=3)
    words = np.random.default_rng(2).integers(1 << 32, size=memory.shape, dtype=np.uint32)
    words[..., 1] &= 0xFF
    for name, files in (("ram.hex", ["ram.hex"]), ("ram_{}.mem", ["ram_0.mem", "ram_1.mem", "ram_2.mem"])):
        folder = tmp_path / name.replace("{}", "")
        folder.mkdir()
        hexfile.write(folder / name, words, memory)
        assert sorted(path.name for path in folder.iterdir()) == files
        assert (hexfile.read(folder / name, memory) == words).all()
    assert (hexfile.read(tmp_path / "ram_.mem" / "ram_1.mem", RAM) == words[1]).all()


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        ({"m_0": 8, "m_1": 8}, "m_{}", "m_2: no memory image of ram[2]: No such file or directory"),
        ({"m_0": 8, "m_1": 7, "m_2": 8}, "m_{}", "m_1:8: 7 words; ram[1] has 8 (the first without one is 0x7)"),
        ({"m": 23}, "m", "m:24: 23 words; ram has 24 (the first without one is 0x17)"),
    ],
)
def test_what_is_wrong_with_a_copy_is_said(tmp_path: Path, files: dict[str, int], name: str, expected: str) -> None:
    for file, n in files.items():
        (tmp_path / file).write_text("1\n" * n)
    with pytest.raises(InputError) as raised:
        hexfile.read(tmp_path / name, replace(RAM, copies=3))
    assert str(raised.value) == f"{tmp_path}/{expected}"


def test_a_memory_without_copies_has_one_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"m_\{\}: ram has no copies, for which \{\} would stand; right is one file"):
        hexfile.read(tmp_path / "m_{}", RAM)
