"""The SPI slave: frames are computed by hand, bit by bit."""

from __future__ import annotations

import pytest

from draupnir.emulator.odin.layout import CHIP, LIF, SpiCmd, State
from draupnir.emulator.tests.odin.helpers import Bench


@pytest.fixture
def bench() -> Bench:
    """Return a chip with a closed gate, and without burst time references."""
    bench = Bench()
    bench.start(GATE_ACTIVITY=1, OPEN_LOOP=1)
    assert bench.r.spi_gate_activity_sync == 1
    return bench


def shift(bench: Bench, bits: str) -> str:
    """Send bits without an edge of CLK. Return MISO at each rising edge of SCK."""
    miso = ""
    for bit in bits:
        for sck in (0, 1):
            bench.set(MOSI=int(bit), SCK=sck)
        miso += str(bench.outputs["MISO"])
    bench.set(SCK=0)
    return miso


@pytest.mark.parametrize("register", CHIP.registers, ids=lambda register: register.name)
def test_a_frame_writes_each_register_and_no_other(register) -> None:  # type: ignore[no-untyped-def]
    for i in range(register.n_addrs):
        bench = Bench()
        bench.spi(register.addr + i, (1 << 20) - 1)
        for other in CHIP.registers:
            content = bench.r[other.name.lower()]
            expected = (1 << other.width) - 1 if other is register else 0
            if other.n_addrs == 1:
                assert content == expected
            else:
                assert content.tolist() == [expected if j == i else 0 for j in range(other.n_addrs)]


def test_a_register_write_bit_by_bit() -> None:
    bench = Bench()
    bench.reset()
    shift(bench, "0000" + "0000000000010010")  # command 0, address 18: SPI_BURST_TIMEREF
    shift(bench, "1010010111000011111")
    assert bench.r.spi_burst_timeref == 0
    assert bench.r.spi_cnt == 39
    shift(bench, "0")
    assert bench.r.spi_burst_timeref == 0b10100101110000111110
    assert bench.r.spi_cnt == 0


def test_a_register_is_written_at_the_rising_edge_of_the_last_bit() -> None:
    bench = Bench()
    shift(bench, f"{1:020b}" + "0" * 19)
    bench.set(MOSI=1)
    assert bench.r.spi_open_loop == 0
    bench.set(SCK=1)
    assert bench.r.spi_open_loop == 1


@pytest.mark.parametrize("addr", [26, 27, 0x100, 0xFFFF])
def test_an_address_without_a_register_writes_nothing(addr: int) -> None:
    bench = Bench()
    bench.spi(addr, (1 << 20) - 1)
    assert not any(bench.r[register.name.lower()].any() for register in CHIP.registers)


def test_a_memory_frame_writes_no_register(bench: Bench) -> None:
    bench.spi_write(SpiCmd.SYNAPSES, 1, 0, 0xFF)
    assert (bench.r.spi_open_loop, bench.r.spi_gate_activity) == (1, 1)
    assert bench.r.spi_monitor_neur_addr == 0


@pytest.mark.parametrize("byte", range(16))
def test_a_neurons_byte_is_written_and_read_back(bench: Bench, byte: int) -> None:
    bench.spi_write(SpiCmd.NEURONS, 200, byte, 0x5A)
    memory = bench.model.memories["neurons"]
    assert memory[200].tobytes() == bytes(0x5A if i == byte else 0 for i in range(16))
    assert not memory[:200].any() and not memory[201:].any()
    assert bench.spi_read(SpiCmd.NEURONS, 200, byte) == 0x5A


@pytest.mark.parametrize("byte", range(4))
def test_a_synapse_words_byte_is_written_and_read_back(bench: Bench, byte: int) -> None:
    bench.spi_write(SpiCmd.SYNAPSES, 8191, byte, 0xA7)
    memory = bench.model.memories["synapses"]
    assert memory[8191].tobytes() == bytes(0xA7 if i == byte else 0 for i in range(4))
    assert not memory[:8191].any()
    assert bench.spi_read(SpiCmd.SYNAPSES, 8191, byte) == 0xA7


@pytest.mark.parametrize("cmd", [SpiCmd.NEURONS, SpiCmd.SYNAPSES])
def test_a_masked_bit_stays(bench: Bench, cmd: SpiCmd) -> None:
    bench.spi_write(cmd, 3, 1, 0b11001100)
    bench.spi_write(cmd, 3, 1, 0b10101010, mask=0b11110000)
    assert bench.spi_read(cmd, 3, 1) == 0b11001010


def test_a_neuron_byte_address_of_16_or_more_reads_0_and_writes_nothing(bench: Bench) -> None:
    bench.set_neuron(5, LIF, thr=255)
    old_neurons = bench.model.memories["neurons"].copy()
    for byte in (16, 31, 255):
        bench.spi_write(SpiCmd.NEURONS, 5, byte, 0xFF)
        assert bench.spi_read(SpiCmd.NEURONS, 5, byte) == 0
    assert (bench.model.memories["neurons"] == old_neurons).all()


def test_a_byte_read_is_on_miso_in_the_last_eight_cycles(bench: Bench) -> None:
    bench.model.memories["synapses"][7, 0] = 0x000000B1
    miso = bench.spi(0b1010 << 16 | 7)
    assert miso[:32] == [0] * 32
    assert miso[32:] == [1, 0, 1, 1, 0, 0, 0, 1]


def test_what_is_left_of_a_byte_read_appears_no_more(bench: Bench) -> None:
    bench.model.memories["synapses"][7, 0] = 0xFF
    bench.spi(0b1010 << 16 | 7)
    assert bench.spi(0b0110 << 16 | 9) == [0] * 40


def test_the_request_to_read_lasts_from_the_address_to_the_byte() -> None:
    bench = Bench()
    bench.reset()
    shift(bench, f"{0b1001 << 16:020b}")
    assert bench.r.ctrl_readback_event == 1
    shift(bench, "0" * 11)
    assert bench.r.ctrl_readback_event == 1
    shift(bench, "0")
    assert bench.r.ctrl_readback_event == 0


def test_the_request_to_write_lasts_one_sck_cycle() -> None:
    bench = Bench()
    bench.reset()
    shift(bench, f"{0b0101 << 16 | 0x0305:020b}" + f"{0x1234:020b}")
    assert (bench.r.ctrl_prog_event, bench.r.ctrl_prog_data, bench.r.ctrl_spi_addr) == (1, 0x1234, 0x0305)
    shift(bench, "0")
    assert bench.r.ctrl_prog_event == 0


def test_a_reset_aborts_a_frame() -> None:
    bench = Bench()
    bench.reset()
    shift(bench, f"{1:020b}" + "1" * 10)
    bench.set(RST=1)  # There is no clock: the slave's reset acts immediately.
    assert bench.r.spi_cnt == 0
    bench.set(RST=0)
    shift(bench, "1" * 10)
    assert bench.r.spi_open_loop == 0
    assert bench.r.spi_cnt == 10


def test_the_slave_stands_still_while_reset_is_high() -> None:
    bench = Bench()
    bench.set(RST=1)
    shift(bench, "1" * 45)
    assert (bench.r.spi_cnt, bench.r.spi_addr) == (0, 0)


def test_without_a_closed_gate_the_memories_are_out_of_reach() -> None:
    bench = Bench()
    bench.start()
    bench.set_neuron(5, LIF, thr=255)
    old_neurons = bench.model.memories["neurons"].copy()
    bench.spi_write(SpiCmd.NEURONS, 5, 0, 0xFF)
    assert (bench.model.memories["neurons"] == old_neurons).all()
    assert bench.r.state == State.WAIT


@pytest.mark.parametrize(("thr", "spikes"), [(0, 1), (1, 0)])
def test_a_written_neuron_is_evaluated_and_may_spike(thr: int, spikes: int) -> None:
    bench = Bench()
    bench.start(GATE_ACTIVITY=1)
    bench.set_neuron(5, LIF, thr=thr)
    bench.spi_write(SpiCmd.NEURONS, 5, 2, 0)
    assert bench.r.main_empty == 1 - spikes


def test_a_read_of_the_configuration_requests_nothing() -> None:
    bench = Bench()
    bench.reset()
    shift(bench, f"{0b1000 << 16 | 5:020b}")
    assert (bench.r.ctrl_readback_event, bench.r.ctrl_spi_addr, bench.r.ctrl_op_code) == (0, 5, SpiCmd.CONFIG)
