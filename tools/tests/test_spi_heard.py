"""Any stream of an SPI, however odd, is understood as the golden model's pins understand it; and in any form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.codec import encode
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import SPI_HEADER, SpiCode
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import port, split
from draupnir.golden import hexfile
from draupnir.rtl.tests import grid
from draupnir.tools.compile import packed
from draupnir.tools.compile.spi import images, reading, stream
from draupnir.tools.tests.spi_streams import STREAMS

TINY, RECKON = chips.declaration("tinyodin"), chips.declaration("reckon")


def blank(chip: Chip) -> dict[str, np.ndarray]:
    return {memory.name: state.new_memory(memory) for memory in chip.memories}


# --- As on the pins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", STREAMS)
def test_what_is_understood_is_what_the_pins_do(name: str, seed: int) -> None:
    chip = chips.declaration(name)
    fields = STREAMS[name](np.random.default_rng([seed, len(name)]))
    stream_result = stream.unpack_fields(
        chip, ((f"field {i}", content) for i, content in enumerate(fields)), blank(chip)
    )
    assert len(stream_result.remarks) > 5
    model = chips.model(name)()
    model.reset()
    rows = pins.rows(chip, fields, half=4, gap=8, bits=port(chip).field_bits)
    model.drive(rows, np.ones(len(rows), np.uint8))
    n_written = 0
    for memory in chip.memories:
        assert np.array_equal(model.memories[memory.name], stream_result.configuration.memories[memory.name]), (
            memory.name
        )
        n_written += int(np.count_nonzero(model.memories[memory.name]))
    assert n_written > 5
    for register in chip.registers:
        if register.name not in stream_result.unwritten_registers or register.reset is not None:
            contents = tuple(np.atleast_1d(model.registers[0][register.name.lower()]).tolist())
            assert contents == stream_result.configuration.registers[register.name], register.name


def test_a_block_goes_to_one_address_after_the_other() -> None:
    header = encode(SPI_HEADER, addr=6, num_write=3, code=SpiCode.WINP)
    stream_result = stream.unpack_fields(RECKON, (("", field) for field in (header, 0xA, 0xB, 0xC)), blank(RECKON))
    assert stream_result.remarks == ()
    assert stream_result.configuration.memories["winp"][1:3].tolist() == [[0, 0, 0xA, 0xB], [0xC, 0, 0, 0]]


def test_a_block_of_a_register_s_stays_at_one_address() -> None:
    header = encode(SPI_HEADER, addr=70, num_write=2, code=SpiCode.CONFIG)
    stream_result = stream.unpack_fields(RECKON, (("", field) for field in (header, 0xA, 0xB)), blank(RECKON))
    assert stream_result.configuration.registers["SPI_THR_H_0"] == (0xB,)
    assert "SPI_THR_H_1" in stream_result.unwritten_registers
    assert [odd.text for odd in stream_result.remarks] == [
        "writes the same register again, because its address does not move on: the last field counts"
    ]


# --- In any form ------------------------------------------------------------------------------------------------

DRIVER = [0x00000_00001, 0x00001_00001, 0x00003_00009, 0x50000_00000, 0x50100_00050, 0x00000_00000]


def texts() -> dict[str, str]:
    """One stream as different people keep it."""
    fields = [content for _, content in split(port(TINY), [("", content) for content in DRIVER])]
    as_bytes = [list(content.to_bytes(5)) for content in DRIVER]
    flat = [byte for some in as_bytes for byte in some]
    rows = ["{" + ",".join(map(hex, some)) + "}" for some in as_bytes]
    long = [f"{content:#x}ULL" for content in DRIVER]
    return {
        "plain.txt": "\n".join(f"{content:010X}" for content in DRIVER),
        "windows.log": "\ufeff" + "".join(f"0x{content:010x},\r\n" for content in DRIVER),
        "short.txt": "\n".join(f"{content:#x}" for content in DRIVER),
        "comments.hex": "".join(f"{content:010x} // one\n\n# two\n" for content in DRIVER) + "/* three\n four */",
        "in_a_line.txt": " ".join(f"{content:010x}" for content in DRIVER),
        "underscores.txt": "\n".join(f"0x{content >> 20:05x}_{content & 0xFFFFF:05x};" for content in DRIVER),
        "verilog.txt": "\n".join(f"40'h{content:010x}" for content in DRIVER),
        "fields.txt": "\n".join(f"{content:05x}" for content in fields),
        "field_pairs.txt": "\n".join(f"0x{a:x} 0x{b:x}" for a, b in zip(fields[::2], fields[1::2], strict=True)),
        "bytes.txt": "\n".join(" ".join(f"{byte:02x}" for byte in some) for some in as_bytes),
        "a_byte_a_line.txt": "\n".join(f"{byte:#x}" for byte in flat),
        "bytes.h": f"static const uint8_t t[][5] = {{{', '.join(rows)}}};",
        "words.c": f"const uint64_t program[6] PROGMEM = {{ {', '.join(long)} /* end */ }};",
        "fields.c": f"uint32_t program[] = {{ {', '.join(map(str, fields))} }};",
        "words.py": f"import os\nwords = {[hex(content) for content in DRIVER]}".replace("'", ""),
        "bytes.py": f"frames = {as_bytes}\n",
        "text.py": f"data = bytes.fromhex('{bytes(flat).hex()}')\n",
    }


@pytest.mark.parametrize("name", texts())
def test_every_form_is_understood_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(texts()[name], newline="")
    fields = [content for _, content in split(port(TINY), [("", content) for content in DRIVER])]
    assert [content for _, content in reading.read(path, TINY)] == fields
    assert list(packed.unpack(path, "tinyodin", blank(TINY)).lines("x")) == [
        "x: never written, and it has no reset, so its value is unknown: SPI_AER_SRC_CTRL_nNEUR"
    ]


def test_bytes_without_a_name_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(b"".join(content.to_bytes(5) for content in DRIVER))
    assert len(list(reading.read(path, TINY))) == 12


# --- What is something else --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STREAMS)
def test_a_memory_image_is_told_what_it_is(tmp_path: Path, name: str) -> None:
    rng, chip = np.random.default_rng(2), chips.declaration(name)
    for memory in chip.memories:
        path = tmp_path / f"my_{memory.name}.hex"
        hexfile.write(path, rng.integers(1 << 32, size=(memory.depth, memory.n_limbs), dtype=np.uint32), memory)
        with pytest.raises(InputError) as error:
            packed.unpack(path, name)
        message = str(error.value)
        assert message.startswith(f"{path}: not an SPI stream, but a memory image of ")
        assert f"({memory.depth} words of {memory.width} bits): use it as " in message
        assert f'{memory.name} = "my_{memory.name}.hex"' in message


def test_an_image_of_copies_is_told_which_shape_it_needs() -> None:
    chip, path = grid.declare(), Path("sums.hex")
    one = b"abc\n" * 8
    assert images.image(path, one * 4, chip) == (
        "a memory image of sums' shape (4 copies of 8 words of 12 bits, one after the other): "
        'use it as sums = "sums.hex" in a TOML'
    )
    assert images.image(path, one, chip) == (
        "a memory image of one copy of sums, which has 4: right is one file with 4 copies of 8 words of 12 bits, one "
        'after the other, or a file for each copy: sums = "NAME_{}.hex" in a TOML'
    )
    assert images.image(path, b"@0\nabc\n", chip) == (
        "a memory image of 1 words, of no memory's shape (grid has sums 4 copies of 8 words of 12 bits, one after the "
        "other)"
    )


def test_a_short_image_and_a_matrix_are_told_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "some.mem").write_text("@0\n00000001 2\n")
    with pytest.raises(InputError, match=r"but a memory image of 2 words, of no memory's shape \(tinyodin has n"):
        packed.unpack(tmp_path / "some.mem", "tinyodin")
    np.save(tmp_path / "weights.npy", np.zeros((256, 256), int))
    with pytest.raises(InputError, match=r'use it as matrix = "weights.npy" in \[synapses\] of a TOML'):
        packed.unpack(tmp_path / "weights.npy", "tinyodin")


def test_a_folder_without_our_stream_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text("")
    (tmp_path / "driver.log").write_text("\n".join(f"{content:010x}" for content in DRIVER))
    (tmp_path / "notes.md").write_text("hello")
    synapses = TINY.memory("synapses")
    hexfile.write(tmp_path / "weights.hex", np.full((synapses.depth, 1), 0x12345678, np.uint32), synapses)
    with pytest.raises(InputError) as error:
        packed.unpack(tmp_path, "tinyodin")
    assert str(error.value).partition("; there is ")[2] == (
        "driver.log (an SPI stream? 6 transactions; give the file itself); net.toml (a configuration?); notes.md; "
        "weights.hex (a memory image of synapses' shape (8192 words of 32 bits): "
        'use it as synapses = "weights.hex" in a TOML)'
    )
