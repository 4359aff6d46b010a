import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import content
from draupnir.rtl.fpga.content import Cells
from draupnir.rtl.fpga.memories import fingerprint

DEPTH, WIDTH = 256, 32


def _ecp5(width: int, depth: int, n_cells: int) -> Cells:
    """Return cells with a fingerprint, each with ``width`` columns of the word, as a port of this width has them."""
    words = fingerprint(depth, width * n_cells)
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


@pytest.mark.parametrize(("width", "depth"), [(1, 16384), (2, 8192), (4, 300), (9, 2048), (18, 64)])
def test_a_memory_is_found_whatever_the_width_of_its_block_rams(width: int, depth: int) -> None:
    depth = 1 << (depth - 1).bit_length()
    cells = _ecp5(width, depth, 2)
    place = content.locate(cells, depth, 2 * width)
    assert [int(word[0]) | int(word[1]) << 32 if 2 * width > 32 else int(word[0]) for word in place.read(cells)] == (
        fingerprint(depth, 2 * width)
    )


def test_words_that_are_written_are_read_back_and_nothing_else_changes() -> None:
    cells, rng = _ecp5(18, DEPTH, 2), np.random.default_rng(1)
    place = content.locate(cells, DEPTH, 36)
    words = rng.integers(0, 1 << 32, (DEPTH, 2), dtype=np.uint32)
    words[:, 1] &= 0xF
    old_cells = {name: bits.copy() for name, bits in cells.items()}
    place.write(cells, words)
    assert np.array_equal(place.read(cells), words)
    assert all(np.array_equal(cells[name][DEPTH * 18 :], old_cells[name][DEPTH * 18 :]) for name in cells)


def test_text_of_an_ecp5_keeps_all_but_the_contents() -> None:
    cells = _ecp5(18, DEPTH, 2)
    zeros = "\n".join(" ".join(["000"] * 8) for _ in range(256))
    text = f".device LFE5U-25F\n\n.bram_init 0\n{zeros}\n\n.bram_init 1\n{zeros}\n\n.tile R1\nenum: X\n"
    new_text = content.write_config(text, cells)
    assert all(np.array_equal(bits, cells[name]) for name, bits in content.read_config(new_text).items())
    assert content.write_config(new_text, content.read_config(text)) == text


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
