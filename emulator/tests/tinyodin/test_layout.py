"""The declaration agrees with tinyODIN doc v1.0, copied by hand."""

from __future__ import annotations

import pytest

from draupnir.emulator.tinyodin.layout import CHIP, EVENTS, LIF, NEURONS, SYN, SYN_ADDR, SYNAPSES

PINS = {  # doc 2.1, 2.2.1, 2.2.2; tinyODIN.v: direction, width
    "CLK": ("in", 1),
    "RST": ("in", 1),
    "SCK": ("in", 1),
    "MOSI": ("in", 1),
    "MISO": ("out", 1),
    "AERIN_ADDR": ("in", 10),
    "AERIN_REQ": ("in", 1),
    "AERIN_ACK": ("out", 1),
    "AEROUT_ADDR": ("out", 8),
    "AEROUT_REQ": ("out", 1),
    "AEROUT_ACK": ("in", 1),
    "SCHED_FULL": ("out", 1),
}
LIF_BITS = {"core": (11, 0), "thr": (23, 12), "leak_str": (30, 24), "neur_disable": (31, 31)}  # doc 3.1: msb, lsb
REGISTERS = {  # doc 4: address, bits
    "SPI_GATE_ACTIVITY": (0, 1),
    "SPI_OPEN_LOOP": (1, 1),
    "SPI_AER_SRC_CTRL_nNEUR": (2, 1),
    "SPI_MAX_NEUR": (3, 8),
}
ADDRESSES = {  # doc 2.2.1, an address of each kind
    0b10_0101_0011: ("virtual", {"weight": 5, "neur": 3}),
    0b10_1000_1111: ("virtual", {"weight": -8, "neur": 15}),
    0b01_1111_1111: ("tref_all", {}),
    0b01_1010_0101: ("tref", {"neur": 0xA5}),
    0b00_1111_1111: ("spike", {"pre_neur": 0xFF}),
}
CYCLES = {"virtual": 2, "tref_all": 512, "tref": 2, "spike": 513}  # doc 2.2.1, but for the push; spike: and AER_POP


def test_pins_are_those_of_the_documentation() -> None:
    assert {pin.name: (pin.direction, pin.width) for pin in CHIP.pins} == PINS


def test_neuron_fields_lie_where_the_documentation_says() -> None:
    assert {f.name: (f.msb, f.lsb) for f in LIF} == LIF_BITS
    assert (LIF["core"].low, LIF["core"].high) == (-2048, 2047)


def test_registers_are_those_of_the_documentation() -> None:
    assert {r.name: (r.addr, r.width) for r in CHIP.registers} == REGISTERS


@pytest.mark.parametrize("addr", ADDRESSES)
def test_events_decode_and_encode_as_the_documentation_says(addr: int) -> None:
    name, fields = ADDRESSES[addr]
    event = CHIP.event_of(addr)
    assert event is not None
    assert (event.name, event.decode(addr), event.encode(**fields)) == (name, fields, addr)


def test_every_address_is_an_event() -> None:
    assert all(CHIP.event_of(addr) for addr in range(1 << PINS["AERIN_ADDR"][1]))
    assert {event.name: event.cycles for event in EVENTS} == CYCLES


def test_memories_hold_256_neurons_and_64k_synapses() -> None:
    assert (NEURONS.depth, NEURONS.width) == (256, 32)
    assert (SYNAPSES.depth, SYNAPSES.width, len(SYN.fields)) == (8192, 32, 8)
    assert all((f.low, f.high) == (-8, 7) for f in SYN)
    assert (SYN_ADDR["pre"].lsb, SYN_ADDR["post_group"].width) == (5, 5)  # doc 3.2: {pre<7:0>, post<7:3>}
