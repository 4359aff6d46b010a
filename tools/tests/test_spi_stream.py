"""SPI write streams: what they program is the configuration that they were made of, on the model's pins too."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from draupnir.emulator import state
from draupnir.emulator.codec import encode
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, NEURONS, SPI_ADDR, SPI_DATA, SPI_NEURON_ADDR, SYNAPSES, SpiCmd
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import port, split
from draupnir.emulator.trace import pack as pack_pins
from draupnir.tools.compile import packed
from draupnir.tools.compile.spi import forms, reading, stream
from draupnir.tools.compile.toml.load import dump, load
from draupnir.tools.tests.configurations import configurations

BLANK = {memory.name: state.new_memory(memory) for memory in CHIP.memories}
NET = """
[registers]
SPI_OPEN_LOOP = 1
SPI_SYN_SIGN = "3,17"
SPI_BURST_TIMEREF = 0x12345
[[neurons]]
index = "0-9"
model = "lif"
thr = 10
ca_en = 1
ca_theta1 = 0
ca_theta3 = 7
[[neurons]]
index = "255"
model = "izh"
thr = 3
ca_en = 1
[[synapses]]
pre = "3"
post = "0-63"
weight = 5
"""


@pytest.fixture
def net(tmp_path: Path) -> Configuration:
    (tmp_path / "net.toml").write_text(NET)
    return load(tmp_path / "net.toml", "odin")


def register(name: str, content: int, i: int = 0) -> int:
    """A transaction, put together by hand of the documentation's picture of it."""
    return CHIP.register(name).addr + i << 20 | content


def neuron_byte(word: int, byte: int, content: int, mask: int = 0) -> int:
    return (1 << 18 | 1 << 16 | byte << 8 | word) << 20 | mask << 8 | content


# --- There and back ---------------------------------------------------------------------------------------------


@settings(max_examples=3)
@given(configurations())
def test_unpack_of_pack_is_the_identity(c: Configuration) -> None:
    assert stream.unpack(CHIP, (("", content) for content in stream.pack(c))) == c


@settings(max_examples=4)
@given(configurations())
def test_so_it_is_from_text_through_all_files(tmp_path_factory: pytest.TempPathFactory, c: Configuration) -> None:
    folder = tmp_path_factory.mktemp("c")
    (folder / "c.toml").write_text(dump(c))
    packed.pack(load(folder / "c.toml", "odin"), folder / "packed", BLANK)
    assert packed.read(folder / "packed", "odin", BLANK) == c


@settings(max_examples=4)
@given(configurations(), configurations())
def test_a_partial_stream_leads_from_one_to_the_other(old_config: Configuration, new_config: Configuration) -> None:
    transactions = stream.pack(new_config, old_config.memories)
    result = stream.unpack(CHIP, (("", content) for content in transactions), old_config.memories)
    assert result == new_config


def test_what_is_there_already_is_not_written(net: Configuration) -> None:
    transactions = stream.pack(net, net.memories)
    assert {stream.describe(CHIP, content).split()[0].split("[")[0] for content in transactions} == {
        register.name for register in CHIP.registers
    }


def test_transactions_are_as_documented(net: Configuration) -> None:
    transactions = stream.pack(net)
    assert transactions[:2] == [register("SPI_GATE_ACTIVITY", 1), register("SPI_OPEN_LOOP", 1)]
    assert transactions[-2:] == [register("SPI_OPEN_LOOP", 1), register("SPI_GATE_ACTIVITY", 0)]
    assert register("SPI_SYN_SIGN", 1 << 3) in transactions and register("SPI_SYN_SIGN", 1 << 1, 1) in transactions
    assert neuron_byte(255, 0, 0) in transactions and neuron_byte(0, 0, 1) in transactions


def test_meanings() -> None:
    assert stream.describe(CHIP, register("SPI_SYN_SIGN", 0xF0, 7)) == "SPI_SYN_SIGN[7] = 0xf0"
    assert stream.describe(CHIP, neuron_byte(5, 2, 0xA5)) == "neurons[5] bits 23..16 = 0xa5"
    assert stream.describe(CHIP, neuron_byte(5, 2, 0xA5, 0xF)) == "neurons[5] bits 23..16 = 0xa5, keeping 0xf"


def test_a_mask_keeps_bits(net: Configuration) -> None:
    gate = register("SPI_GATE_ACTIVITY", 1)
    rest = stream.pack(net, net.memories)[1:-1]
    writes = [gate, *rest, neuron_byte(0, 0, 0xFF, 0xFE)]
    result = stream.unpack(CHIP, (("", content) for content in writes), BLANK)
    assert result.memories["neurons"][0, 0] == 1


# --- On the pins ------------------------------------------------------------------------------------------------


def programmed(transactions: list[int], seed: int | None, half: int) -> Model:
    """A model after a reset, on whose pins the transactions have been, and a moment after."""
    model = Model(seed)
    if seed is not None:
        rng = np.random.default_rng(seed)
        for memory in CHIP.memories:
            model.memories[memory.name][:] = rng.integers(0, 1 << 32, (memory.depth, memory.n_limbs), dtype=np.uint32)
    model.reset()
    rows = np.concatenate([pins.rows(CHIP, transactions, half), np.zeros(8, np.int64)])
    model.drive(rows, np.ones(len(rows), np.uint8))
    return model


@pytest.mark.parametrize(("seed", "half"), [(None, 1), (3, 1), (4, 2), (5, 5)])
def test_the_stream_leaves_the_images_in_the_memories_and_registers(net: Configuration, seed: int, half: int) -> None:
    """Also the SDSP flags, the scheduler and the output bus are then as after Configuration.apply."""
    model, expected = programmed(stream.pack(net), seed, half), Model()
    net.apply(expected)
    for memory in CHIP.memories:
        assert np.array_equal(model.memories[memory.name], expected.memories[memory.name])
    names = [r.name for block in CHIP.blocks for r in block.regs if r.reset is not None or r.name.startswith("spi_")]
    passing = {"spi_shift_reg_in", "spi_shift_reg_out", "spi_addr", "ctrl_spi_addr", "ctrl_op_code", "ctrl_prog_data"}
    passing |= {"priority", "priority_cnt", "neur_cnt"}  # counters that run on
    for name in sorted({*names, "neur_v_up", "neur_v_down"} - passing):
        assert np.array_equal(model.registers[0][name], expected.registers[0][name]), name


def test_a_bit_more_or_less_is_seen(net: Configuration) -> None:
    """The comparison above can fail."""
    transactions = stream.pack(net)
    transactions[1000] ^= 1
    model = programmed(transactions, None, 1)
    assert not np.array_equal(model.memories["neurons"], net.memories["neurons"])


def test_the_answer_to_a_read_is_the_byte(net: Configuration) -> None:
    model = programmed(stream.pack(net)[:-1], None, 1)  # the gate stays closed
    spi_port = port(CHIP)
    chunks = [("neurons", 0, 1), ("neurons", 255, 0), ("synapses", 3 << 5, 2), ("synapses", 3 << 5 | 31, 0)]
    rows = pins.rows(CHIP, [spi_port.encode_read(*chunk) for chunk in chunks], half=3, gap=2)
    answers = pins.miso_words(CHIP, model.drive(rows, np.ones(len(rows), np.uint8)), half=3, gap=2)
    expected = [net.memories[name][word, 0] >> 8 * byte & 0xFF for name, word, byte in chunks]
    assert [spi_port.answer(answer) for answer in answers] == expected
    assert expected == [20, 0, 0xDD, 0]


def test_other_pins_are_left_alone() -> None:
    req = pack_pins(CHIP.input_word, {"AERIN_REQ": 1})
    assert np.all(pins.rows(CHIP, [0, 1], undriven=req) & req)


# --- Files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [form.suffix for form in forms.FORMS])
def test_each_form_is_read_as_it_was_written(net: Configuration, tmp_path: Path, suffix: str) -> None:
    transactions = stream.pack(net, BLANK)
    forms.write(tmp_path, CHIP, transactions)
    fields = [content for _, content in split(port(CHIP), [("", content) for content in transactions])]
    assert [content for _, content in reading.read(tmp_path / f"odin{suffix}", CHIP)] == fields


def test_the_text_says_what_each_transaction_is(net: Configuration, tmp_path: Path) -> None:
    forms.write(tmp_path, CHIP, stream.pack(net, BLANK))
    lines = (tmp_path / "odin_spi.txt").read_text().splitlines()
    assert lines[0].startswith(f"# odin: {len(lines) - 1} SPI transactions of 40 bits")
    assert lines[1:3] == ["0000000001  # SPI_GATE_ACTIVITY = 0x1", "0000100001  # SPI_OPEN_LOOP = 0x1"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_the_c_header_compiles_and_holds_the_bytes(net: Configuration, tmp_path: Path) -> None:
    transactions = stream.pack(net, BLANK)
    forms.write(tmp_path, CHIP, transactions)
    (tmp_path / "main.c").write_text(
        '#include "odin_spi.h"\n#include <stdio.h>\n'
        "int main(void) { fwrite(odin_spi, ODIN_SPI_BYTES, ODIN_SPI_TRANSACTIONS, stdout);"
        " return ODIN_SPI_SYN_SIGN != 2; }\n"
    )
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run(["gcc", *flags, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], check=True, capture_output=True).stdout
    assert printed == (tmp_path / "odin_spi.bin").read_bytes()
    assert len(printed) == 5 * len(transactions)


def test_the_python_form_sends_the_bytes(net: Configuration, tmp_path: Path) -> None:
    forms.write(tmp_path, CHIP, stream.pack(net, BLANK))
    spec = importlib.util.spec_from_file_location("odin_spi", tmp_path / "odin_spi.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    messages: list[bytes] = []
    module.program(messages.append)
    assert b"".join(messages) == (tmp_path / "odin_spi.bin").read_bytes()
    assert module.REGISTERS["SPI_SYN_SIGN"] == 2


def test_images_are_the_memories(net: Configuration, tmp_path: Path) -> None:
    packed.pack(net, tmp_path, BLANK)
    hex_lines, mem_lines = ((tmp_path / f"neurons{suffix}").read_text().split() for suffix in (".hex", ".mem"))
    assert mem_lines == ["@0", *hex_lines]
    assert len(hex_lines) == NEURONS.depth
    assert int(hex_lines[0], 16) == sum(int(limb) << 32 * i for i, limb in enumerate(net.memories["neurons"][0]))


# --- What is odd, and what is wrong -----------------------------------------------------------------------------

GATE = f"{register('SPI_GATE_ACTIVITY', 1):010x}"
READS = encode(SPI_ADDR, read=1, cmd=SpiCmd.NEURONS) << 20
BOTH = encode(SPI_ADDR, read=1, write=1, cmd=SpiCmd.NEURONS) << 20
NEITHER = encode(SPI_ADDR, cmd=SpiCmd.NEURONS) << 20
NO_COMMAND = encode(SPI_ADDR, cmd=3, write=1) << 20
BEYOND = encode(SPI_ADDR, cmd=SpiCmd.NEURONS, write=1, addr=encode(SPI_NEURON_ADDR, byte=16)) << 20
WRITES = encode(SPI_ADDR, cmd=SpiCmd.SYNAPSES, write=1) << 20 | encode(SPI_DATA, byte=3)
READ_REGISTER = 1 << 39 | register("SPI_OPEN_LOOP", 1)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("0000000002", ":1: 0000000002 0x2 to SPI_GATE_ACTIVITY, which has 1 bits: the chip keeps 0x0"),
        (f"{GATE}\n00fff00001", ":2: 00fff00001 no register has address 4095: nothing is written"),
        (f"{READS:010x}", f":1: {READS:010x} reads neurons[0]: nothing is written"),
        (
            f"{GATE}\n0000100001\n{BOTH:010x}\n{BOTH:010x}",
            f":3: {BOTH:010x} has the read bit and the write bit set: the chip reads and writes (and 1 more like it)",
        ),
        (
            f"{READ_REGISTER:010x}",
            f":1: {READ_REGISTER:010x} has the read bit set: a register cannot be read, and the chip writes it",
        ),
        (f"{NEITHER:010x}", f":1: {NEITHER:010x} neither reads nor writes: nothing is written"),
        (f"{NO_COMMAND:010x}", f":1: {NO_COMMAND:010x} there is no command 3: nothing is written"),
        (f"{BEYOND:010x}", f":1: {BEYOND:010x} byte 16 of neurons[0]; a word has 16: nothing is written"),
        (
            f"{WRITES:010x}",
            f":1: {WRITES:010x} writes synapses[0] while SPI_GATE_ACTIVITY is not 1: it is lost",
        ),
        (
            f"{GATE}\n{WRITES:010x}",
            f":2: {WRITES:010x} writes synapses[0] while SPI_OPEN_LOOP is not 1:"
            " a neuron that spikes now may act when the gate opens",
        ),
        ("12345", ":1: 12345 is an address field at the end of the stream: nothing is written"),
    ],
)
def test_what_is_odd_is_told_with_its_line_and_what_the_chip_does(tmp_path: Path, text: str, remark: str) -> None:
    path = tmp_path / "driver.log"
    path.write_text(text)
    first, *_ = stream.unpack_fields(CHIP, reading.read(path, CHIP), BLANK).lines(path)
    assert first.removeprefix(str(path)) == remark


def test_registers_that_are_never_written_are_named(tmp_path: Path) -> None:
    path = tmp_path / "driver.log"
    path.write_text("\n".join(f"{register(r.name, 0, i):010x}" for r in CHIP.registers[:-2] for i in range(r.n_addrs)))
    stream_result = stream.unpack_fields(CHIP, reading.read(path, CHIP), BLANK)
    names = "SPI_PROPAGATE_UNMAPPED_SYN, SPI_SDSP_ON_SYN_STIM"
    assert list(stream_result.lines("x")) == [
        f"x: never written, and it has no reset, so its value is unknown: {names}"
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("odin_spi.h", b"int x;", ": no SPI stream: there is no array of integers"),
        (
            "odin_spi.h",
            b"int a[] = {1}; int b[] = {2};",
            ": no SPI stream: there are several arrays of integers: a, b; right is one",
        ),
        ("odin_spi.py", b"import os", ": no SPI stream: there is no array of integers"),
        ("odin_spi.py", b"import", ": no SPI stream: not Python"),
        ("odin.c", b"uint32_t a[] = {0xfffff0, 0x2};", ": element 0: 0xfffff0 has more than the 20 bits of odin's SPI"),
        ("x.txt", b"", ": no SPI transactions"),
        (
            "x.txt",
            b"0000000001\n\n# note\n00000000010 # x\n",
            ":4: '00000000010' is not an SPI transaction of odin;"
            " right is 5 (a field) or 10 (a transaction) hexadecimal digits",
        ),
        (
            "x.txt",
            b"0000x00001",
            ":1: '0000x00001' is not a number of an SPI stream; "
            "right is hexadecimal, 10 digits for a transaction of odin",
        ),
    ],
)
def test_each_wrong_file_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        packed.unpack(tmp_path / name, "odin", BLANK)
    assert str(error.value) == f"{tmp_path / name}{message}"


def test_a_stream_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"odin_spi\.bin: no SPI stream: No such file or directory"):
        reading.read(tmp_path / "odin_spi.bin", CHIP)


def test_a_partial_stream_needs_what_was_there(net: Configuration) -> None:
    partial = stream.pack(net, BLANK)
    with pytest.raises(InputError) as error:
        stream.unpack(CHIP, (("end", content) for content in partial))
    assert "parts of neurons are not written; the first are bits" in str(error.value)
    assert "a partial stream needs --onto" in str(error.value)


def test_files_of_a_folder_must_agree(net: Configuration, tmp_path: Path) -> None:
    packed.pack(net, tmp_path, BLANK)
    image = tmp_path / "synapses.mem"
    lines = image.read_text().split()
    lines[1 + (3 << 5)] = "dddddddc"
    image.write_text("\n".join(lines))
    with pytest.raises(InputError) as error:
        packed.read(tmp_path, "odin", BLANK)
    image_file = tmp_path / "synapses.hex"
    assert str(error.value) == f"{image_file} and {image} do not agree: synapses[pre 3, post 0].syn_weight: 5 | 4"


def test_a_folder_without_a_stream(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        packed.read(tmp_path, "odin")
    names = "odin_spi.txt, odin_spi.bin, odin_spi.h, odin_spi.py"
    assert str(error.value) == f"{tmp_path}: no SPI stream of odin; right is one of {names}; there is no file"


def test_sizes_are_those_of_the_memories(net: Configuration) -> None:
    """Each byte once, the byte of ca_en twice, and each register's addresses; the two quiet registers twice."""
    n_bytes = NEURONS.depth * (NEURONS.width // 8 + 1) + SYNAPSES.depth * SYNAPSES.width // 8
    assert len(stream.pack(net)) == n_bytes + sum(register.n_addrs for register in CHIP.registers) + 2
