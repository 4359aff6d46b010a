"""The declaration agrees with ODIN doc v0.1, copied by hand, and with the port map of neuron_core.v."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.odin import controller
from draupnir.emulator.odin.layout import (
    BLOCKS,
    CHIP,
    EVENTS,
    IZH,
    LIF,
    NEURONS,
    SPI_ADDR,
    SPI_DATA,
    SYN,
    SYN_ADDR,
    SYNAPSES,
    VIRTS,
)

PINS = {  # doc 2.1, 2.2.1, 2.2.2: direction, width
    "CLK": ("in", 1),
    "RST": ("in", 1),
    "SCK": ("in", 1),
    "MOSI": ("in", 1),
    "MISO": ("out", 1),
    "AERIN_ADDR": ("in", 17),
    "AERIN_REQ": ("in", 1),
    "AERIN_ACK": ("out", 1),
    "AEROUT_ADDR": ("out", 8),
    "AEROUT_REQ": ("out", 1),
    "AEROUT_ACK": ("in", 1),
}
LIF_BITS = {  # doc 3.3.2: msb, lsb; the documentation's ca_leak is the Verilog's caleak
    "lif_izh_sel": (0, 0),
    "leak_str": (7, 1),
    "leak_en": (8, 8),
    "thr": (16, 9),
    "ca_en": (17, 17),
    "thetamem": (25, 18),
    "ca_theta1": (28, 26),
    "ca_theta2": (31, 29),
    "ca_theta3": (34, 32),
    "caleak": (39, 35),
    "core": (77, 70),
    "calcium": (80, 78),
    "caleak_cnt": (85, 81),
    "neur_disable": (127, 127),
}
IZH_BITS = {  # neuron_core.v, izh_neuron_0: msb, lsb of some, in the middle and at the ends
    "fi_sel": (11, 9),
    "reson_sharp_en": (18, 18),
    "stim_thr": (32, 30),
    "thrleak": (46, 43),
    "caleak": (65, 61),
    "reson_sharp_amt": (69, 67),
    "inacc": (80, 70),
    "core": (85, 82),
    "stim_str_tmp": (96, 93),
    "reson_sign": (107, 106),
    "caleak_cnt": (123, 119),
    "burst_lock": (124, 124),
    "neur_disable": (127, 127),
}
REGISTERS = {  # doc 4: first address, last address, bits in all
    "SPI_GATE_ACTIVITY": (0, 0, 1),
    "SPI_OPEN_LOOP": (1, 1, 1),
    "SPI_SYN_SIGN": (2, 17, 256),
    "SPI_BURST_TIMEREF": (18, 18, 20),
    "SPI_AER_SRC_CTRL_nNEUR": (19, 19, 1),
    "SPI_OUT_AER_MONITOR_EN": (20, 20, 1),
    "SPI_MONITOR_NEUR_ADDR": (21, 21, 8),
    "SPI_MONITOR_SYN_ADDR": (22, 22, 8),
    "SPI_UPDATE_UNMAPPED_SYN": (23, 23, 1),
    "SPI_PROPAGATE_UNMAPPED_SYN": (24, 24, 1),
    "SPI_SDSP_ON_SYN_STIM": (25, 25, 1),
}
ADDRESSES = {  # doc 2.2.1, an address of each kind
    0x1_A5_3C: ("synapse", {"pre_neur": 0xA5, "post_neur": 0x3C}),
    0x0_A5_FF: ("tref", {"neur": 0xA5}),
    0x0_A5_7F: ("tref_all", {}),
    0x0_A5_80: ("bist", {"neur": 0xA5}),
    0x0_A5_00: ("bist_all", {}),
    0x0_A5_07: ("spike", {"pre_neur": 0xA5}),
    0x0_A5_B1: ("virtual", {"neur": 0xA5, "weight": 5, "sign": 1, "leak": 0}),
    0x0_A5_2A: ("other", {"neur": 0xA5, "virts": 5}),
}
CYCLES = {  # doc 2.2.1 without the clock of the push; but bistability as the Verilog does it, in half the time
    "synapse": 2,
    "tref": 2,
    "tref_all": 512,
    "bist": 64,
    "bist_all": 16384,
    "spike": 512,
    "virtual": 2,
    "other": 2,
}


def test_pins_are_those_of_the_documentation() -> None:
    assert {pin.name: (pin.direction, pin.width) for pin in CHIP.pins} == PINS


@pytest.mark.parametrize("name", LIF_BITS)
def test_lif_fields_lie_where_the_documentation_says(name: str) -> None:
    assert (LIF[name].msb, LIF[name].lsb) == LIF_BITS[name]


def test_the_lif_word_has_no_other_fields_and_takes_57_bits() -> None:
    assert {f.name for f in LIF} == set(LIF_BITS)
    assert sum(f.width for f in LIF) == 57  # doc 5


@pytest.mark.parametrize("name", IZH_BITS)
def test_izh_fields_lie_where_the_verilog_connects_them(name: str) -> None:
    assert (IZH[name].msb, IZH[name].lsb) == IZH_BITS[name]


def test_the_izh_word_fills_bits_0_to_124_without_gaps() -> None:
    bits = sorted(bit for f in IZH for bit in range(f.lsb, f.msb + 1))
    assert bits == [*range(125), 127]


@pytest.mark.parametrize("word", [LIF, IZH], ids=lambda word: word.name)
def test_parameters_lie_below_bit_70_and_state_above(word) -> None:  # type: ignore[no-untyped-def]
    for f in word:
        assert f.kind in ("parameter", "state")
        assert (f.lsb >= 70) == (f.kind == "state" or f.name == "neur_disable"), f.name


def test_bit_0_of_a_neurons_word_selects_its_model() -> None:
    assert NEURONS.word_of(1) is LIF
    assert NEURONS.word_of((1 << 128) - 2) is IZH


def test_memories_have_the_shape_that_the_documentation_gives() -> None:
    assert (NEURONS.depth, NEURONS.width) == (256, 128)
    assert (SYNAPSES.depth, SYNAPSES.width) == (8192, 32)


@pytest.mark.parametrize("i", range(8))
def test_a_synapse_is_a_mapping_bit_above_three_bits_of_weight(i: int) -> None:
    assert (SYN[f"mapping{i}"].lsb, SYN[f"mapping{i}"].width) == (4 * i + 3, 1)
    assert (SYN[f"syn_weight{i}"].msb, SYN[f"syn_weight{i}"].lsb) == (4 * i + 2, 4 * i)


def test_a_synapse_words_address_is_pre_above_the_upper_bits_of_post() -> None:
    assert (SYN_ADDR["pre"].msb, SYN_ADDR["pre"].lsb) == (12, 5)
    assert (SYN_ADDR["post_group"].msb, SYN_ADDR["post_group"].lsb) == (4, 0)


def test_registers_lie_where_the_documentation_says() -> None:
    registers = {r.name: (r.addr, r.addr + r.n_addrs - 1, r.width * r.n_addrs) for r in CHIP.registers}
    assert registers == REGISTERS


def test_registers_fill_addresses_0_to_25_without_gaps() -> None:
    assert [r.addr + i for r in CHIP.registers for i in range(r.n_addrs)] == list(range(26))


def test_the_spi_fields_lie_where_the_documentation_says() -> None:
    spans = {f.name: (f.msb, f.lsb) for word in (SPI_ADDR, SPI_DATA) for f in word}
    assert spans == {
        "read": (19, 19),
        "write": (18, 18),
        "cmd": (17, 16),
        "addr": (15, 0),
        "mask": (15, 8),
        "byte": (7, 0),
    }


@pytest.mark.parametrize("addr", ADDRESSES, ids=hex)
def test_an_address_of_each_kind_of_event(addr: int) -> None:
    event = CHIP.event_of(addr)
    assert event is not None
    assert (event.name, event.decode(addr)) == ADDRESSES[addr]


def test_an_event_takes_as_many_cycles_as_printed() -> None:
    assert {event.name: event.cycles for event in EVENTS} == CYCLES


@outlined
def decode_all(kinds: np.ndarray) -> None:
    """Return the controller's view of each address: bit 0 synapse, 1 time reference, 2 bistability, 3 single neuron."""
    for addr in range(len(kinds)):
        kinds[addr] = (
            int(controller.is_synapse(addr))
            | int(controller.is_tref(addr)) << 1
            | int(controller.is_bist(addr)) << 2
            | int(controller.is_single(addr)) << 3
        )


def test_every_address_is_the_event_that_the_controller_takes_it_for() -> None:
    kinds = np.zeros(1 << 17, np.int64)
    decode_all(kinds)
    taken_as = {"synapse": 0b001, "tref": 0b1010, "tref_all": 0b0010, "bist": 0b1100, "bist_all": 0b0100}
    rest = np.arange(1 << 17)
    for event in EVENTS:  # The first event that matches counts, as in CHIP.event_of.
        fixed = int(event.pattern.replace("0", "1").replace("-", "0"), 2)
        matches = (rest & fixed) == event.encode()
        kind = kinds[rest[matches]] & (0b111 if event.name == "synapse" else 0b1111)
        expected = taken_as.get(event.name)
        assert matches.any()
        assert (kind == expected).all() if expected is not None else not (kind & 0b111).any(), event.name
        rest = rest[~matches]
    assert rest.size == 0


def test_a_virtual_events_upper_bits_are_what_the_scheduler_is_given() -> None:
    virtual = next(event for event in EVENTS if event.name == "virtual")
    for f in VIRTS:
        assert virtual.encode(**{f.name: f.high}) >> 3 & 0x1F == f.high << f.lsb


def test_configuration_registers_have_no_reset() -> None:
    state = {reg.name: reg for block in BLOCKS for reg in block.regs}
    for register in CHIP.registers:
        reg = state[register.name.lower()]
        assert reg.reset is None
        assert (reg.width, reg.shape) == (register.width, () if register.n_addrs == 1 else (register.n_addrs,))
