import json
import re
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.codec import from_limbs
from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import bitfile, content
from draupnir.rtl.fpga.content import Cells
from draupnir.rtl.fpga.memories import FEWEST_WORDS, fingerprint

DEPTH, WIDTH = 256, 32


def _ecp5(width: int, depth: int, n_cells: int, copy: int = 0) -> Cells:
    """Return cells with a fingerprint, each with ``width`` columns of the word, as a port of this width has them."""
    words = fingerprint(depth, width * n_cells, copy)
    cells = {}
    for nth in range(n_cells):
        rows = np.zeros((2048, 9), np.uint8)
        for addr, word in enumerate(words):
            part = word >> nth * width
            for bit in range(width):
                byte, place = divmod(addr * width + bit, 8) if width < 9 else divmod(addr * width + bit, 9)
                rows[byte, place] = part >> bit & 1
        cells[str(nth)] = rows.ravel()
    return cells


@pytest.mark.parametrize(("width", "depth"), [(1, 16384), (2, 8192), (4, 300), (9, 2048), (18, 64), (36, 512)])
def test_a_memory_is_found_whatever_the_width_of_its_block_rams(width: int, depth: int) -> None:
    depth = 1 << (depth - 1).bit_length()
    cells = _ecp5(width, depth, 2)
    place = content.locate(cells, depth, 2 * width)
    assert [from_limbs(word) for word in place.read(cells)] == fingerprint(depth, 2 * width)


def test_words_that_are_written_are_read_back_and_nothing_else_changes() -> None:
    cells, rng = _ecp5(18, DEPTH, 2), np.random.default_rng(1)
    place = content.locate(cells, DEPTH, 36)
    words = rng.integers(0, 1 << 32, (DEPTH, 2), dtype=np.uint32)
    words[:, 1] &= 0xF
    old_cells = {name: bits.copy() for name, bits in cells.items()}
    place.write(cells, words)
    assert np.array_equal(place.read(cells), words)
    assert all(np.array_equal(cells[name][DEPTH * 18 :], old_cells[name][DEPTH * 18 :]) for name in cells)


def test_a_memory_of_few_words_is_found_by_the_random_words_behind_them() -> None:
    cells = _ecp5(36, 8, 2)
    place = content.locate(cells, 8, 72)
    assert [from_limbs(word) for word in place.read(cells)] == fingerprint(8, 72)[:8]
    place.write(cells, np.zeros((8, 3), np.uint32))
    assert not place.read(cells).any()
    assert all(bits[8 * 36 : FEWEST_WORDS * 36].any() and not bits[: 8 * 36].any() for bits in cells.values())


def test_copies_of_a_memory_are_told_apart() -> None:
    cells = {f"{copy} {name}": bits for copy in range(3) for name, bits in _ecp5(18, DEPTH, 2, copy).items()}
    for copy in range(3):
        place = content.locate(cells, DEPTH, 36, copy)
        assert {lane.cell for lane in place.lanes} == {f"{copy} 0", f"{copy} 1"}
        assert [from_limbs(word) for word in place.read(cells)] == fingerprint(DEPTH, 36, copy)


def test_text_of_an_ecp5_keeps_all_but_the_contents() -> None:
    cells = _ecp5(18, DEPTH, 2)
    zeros = "\n".join(" ".join(["000"] * 8) for _ in range(256))
    text = f".device LFE5U-25F\n\n.bram_init 0\n{zeros}\n\n.bram_init 1\n{zeros}\n\n.tile R1\nenum: X\n"
    new_text = content.write_config(text, cells)
    assert all(np.array_equal(bits, cells[name]) for name, bits in content.read_config(new_text).items())
    assert content.write_config(new_text, content.read_config(text)) == text


def test_each_copy_of_a_memory_is_packed_into_its_own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packer and the unpacker only copy the text here."""

    def must(name: str, arguments: list[str], folder: Path) -> str:
        *_, source, target = arguments
        (folder / target).write_text((folder / source).read_text())
        return ""

    monkeypatch.setattr("draupnir.rtl.fpga.tools.must", must)
    cells = [bits for copy in range(2) for bits in _ecp5(36, 8, 1, copy).values()]
    zeros = "\n".join(" ".join(["000"] * 8) for _ in range(256))
    text = "".join(f".bram_init {n}\n{zeros}\n" for n in range(2))
    routed = content.write_config(text, {str(n): bits for n, bits in enumerate(cells)})
    (tmp_path / "top.config").write_text(routed)
    shapes = {f"m[{copy}]": (8, 36, copy) for copy in range(2)}
    (tmp_path / bitfile.ABOUT).write_text(json.dumps({"family": "ecp5", "memories": shapes}))
    words = np.random.default_rng(3).integers(0, 1 << 32, (2, 8, 2), np.uint32) & np.array([0xFFFFFFFF, 0xF], np.uint32)
    bitfile.pack(tmp_path, "ecp5", {"m": words}, lambda: None)
    contents = bitfile.read(tmp_path)
    assert list(contents) == ["m[0]", "m[1]"]
    assert all(np.array_equal(contents[f"m[{copy}]"], words[copy]) for copy in range(2))
    with pytest.raises(InputError, match=re.escape("m[1]: 7 words; the design has 8")):
        bitfile.pack(tmp_path, "ecp5", {"m[1]": words[1, :7]}, lambda: None)


def test_text_of_an_ice40_keeps_all_but_the_contents() -> None:
    rng = np.random.default_rng(2)
    zeros = "\n".join(["0" * 64] * 16)
    text = f".device 5k\n\n.ram_data 6 1\n{zeros}\n\n.extra_bit 0 0 0\n"
    cells = {"6 1": rng.integers(0, 2, 4096, dtype=np.uint8)}
    new_text = content.write_asc(text, cells)
    assert np.array_equal(content.read_asc(new_text)["6 1"], cells["6 1"])
    assert content.write_asc(new_text, content.read_asc(text)) == text


def test_a_memory_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="256 words of 8 bits: 2048 bits not found in the block RAMs, 0 more"):
        content.locate(_ecp5(18, DEPTH, 1), DEPTH, 8)


def test_a_memory_that_is_there_twice_is_an_error() -> None:
    cells = _ecp5(18, DEPTH, 1)
    with pytest.raises(InputError, match="0 bits not found in the block RAMs, 4608 more than once"):
        content.locate(cells | {"copy": cells["0"]}, DEPTH, 18)
