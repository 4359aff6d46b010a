"""The SPI: registers, blocks, writes and reads of memories, and its surprising behaviour."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.codec import encode, from_limbs
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import CHIP, REGISTERS, SpiCode
from draupnir.emulator.tests.reckon.stimulus import header, spi_rows
from draupnir.emulator.trace import column

HALF = 8  # clocks of half an SCK cycle; with 4 the first bit of a read word is that of the word before


@pytest.fixture
def chip() -> Model:
    model = Model()
    model.reset()
    return model


def send(chip: Model, words: list[int], clocks: int = 0) -> list[int]:
    """Send a transaction. Return the 32-bit words of MISO, sampled as SCK rises."""
    inputs, clk = spi_rows(words, clocks)
    out = chip.drive(inputs, clk)
    if not clocks:
        return []
    miso = column(CHIP.output_word, "MISO", out)
    bits = miso[clocks - 1 : 64 * len(words) * clocks : 2 * clocks]
    return [int("".join(map(str, bits[i : i + 32])), 2) for i in range(0, len(bits), 32)]


def test_every_register_takes_its_width(chip: Model) -> None:
    for register in REGISTERS:
        for i in range(register.n_addrs):
            send(chip, [header(num_write=1, addr=register.addr + i), 0xA5A5A5A5])
        content = np.atleast_1d(chip.registers[0][register.name.lower()])
        assert set(content.tolist()) == {0xA5A5A5A5 & (1 << register.width) - 1}, register.name


def test_a_rising_rst_writes_the_ring_oscillator_s_stage_in_the_middle_of_its_field(chip: Model) -> None:
    rows, clk = spi_rows([header(num_write=1, addr=CHIP.register("SPI_RO_STAGE_SEL").addr), 0b1011 << 1], 0)
    chip.drive(rows[:-2], clk[:-2])  # SCK has still to rise for the last bit
    assert (chip.registers[0].spi_cnt, chip.registers[0].spi_ro_stage_sel) == (63, 0)
    rst = encode(CHIP.input_word, RST=1)
    chip.step(rst, False)
    assert chip.registers[0].spi_ro_stage_sel == 0b1011 << 1
    chip.step(0, False)
    chip.step(rst, False)
    assert chip.registers[0].spi_ro_stage_sel == 0b1011 << 1


def test_an_address_without_a_register_is_nothing(chip: Model) -> None:
    previous = [chip.registers[0][r.name.lower()].copy() for r in REGISTERS]
    for addr in (4, 24, 97, 105, 0xFFFF):
        send(chip, [header(num_write=1, addr=addr), 0xFFFFFFFF])
    assert all(np.array_equal(a, chip.registers[0][r.name.lower()]) for a, r in zip(previous, REGISTERS, strict=True))


def test_a_block_writes_one_register_again_and_again(chip: Model) -> None:
    kappa = CHIP.register("SPI_KAPPA").addr
    send(chip, [header(num_write=3, addr=kappa), 1, 2, 3])
    assert (chip.registers[0].spi_kappa, chip.registers[0].spi_thr_h_0) == (3, 0)


@pytest.mark.parametrize(
    ("code", "name"),
    [(SpiCode.NEUR, "neurons"), (SpiCode.WINP, "winp"), (SpiCode.WREC, "wrec"), (SpiCode.WOUT, "wout")],
)
def test_a_block_of_words_there_and_back(chip: Model, code: SpiCode, name: str) -> None:
    words = [0x11111111, 0x80000001, 0xDEADBEEF, 0x22222222, 0x7FFFFFFF]
    addr = 4 * 5 + 2  # This is the third chunk of word 5.
    send(chip, [header(code=code, num_write=len(words), addr=addr), *words, header(num_write=1), 1], HALF)
    memory = chip.memories[name]
    assert memory.ravel()[addr : addr + len(words)].tolist() == words
    assert np.count_nonzero(memory) == len(words)
    assert (
        send(chip, [header(read=1, code=code, num_write=len(words), addr=addr), *[0] * len(words)], HALF)[1:] == words
    )


def test_an_output_neuron_there_and_back(chip: Model) -> None:
    chip.registers[0].state = 5  # The state is CONFIG; IDLE would also be right.
    send(chip, [header(code=SpiCode.ONEUR, num_write=2, addr=3), 0x12348765, 0xFFFF, header(num_write=1), 1], HALF)
    assert chip.registers[0].oneur_u[3:5].tolist() == [0x8765, 0xFFFF]
    assert send(chip, [header(read=1, code=SpiCode.ONEUR, num_write=1, addr=3), 0], HALF)[1] == 0x8765


def test_flags_are_written_as_well_as_memory(chip: Model) -> None:
    addr = 1 << 9 | 0x22  # neuron 34; and chunk 2 of word 8
    send(chip, [header(code=SpiCode.NEUR, num_write=1, addr=addr), 0b01, header(num_write=1), 1], HALF)
    r = chip.registers[0]
    assert (r.neur_z[0x22], r.neur_dirty[0x22]) == (1, 0)
    assert from_limbs(chip.memories["neurons"][8]) == 1 << 64
    assert r.neur_dirty[16:18].tolist() == [1, 1]


def test_nothing_gets_through_without_spi_en_conf(chip: Model) -> None:
    send(chip, [header(num_write=1, addr=0), 0])
    send(chip, [header(code=SpiCode.WINP, num_write=1, addr=7), 0xFFFFFFFF], HALF)
    assert not chip.memories["winp"].any()


def test_a_request_stays_up_where_spi_en_conf_falls(chip: Model) -> None:
    send(chip, [header(code=SpiCode.WINP, num_write=1, addr=7), 0xFFFFFFFF])
    chip.step(0)
    chip.step(0)  # The request passes both flip-flops.
    chip.registers[0].spi_en_conf = 0
    chip.drive(np.zeros(50, np.int64), np.ones(50, np.uint8))
    assert chip.memories["winp"][1].tolist() == [0, 0, 0, 0xFFFFFFFF]
    chip.memories["winp"][:] = 0
    chip.step(0)
    assert chip.memories["winp"].any()  # The chip writes in each clock.
