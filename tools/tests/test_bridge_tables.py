"""The bridge's README says what rtl/bridge/protocol.py declares."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.rtl.bridge.protocol import EXCHANGES, Command, buses, clocks_a_cycle
from draupnir.tools.report.bridge_tables import MARK, markdown

README = Path(__file__).parents[2] / "rtl" / "bridge" / "README.md"


def test_the_readme_holds_the_declared_protocol() -> None:
    text = README.read_text()
    advice = "README.write_text(text[: text.index(MARK)] + markdown())"
    assert text[text.index(MARK) :] == markdown(), f"remake it: {advice}"


def test_every_command_is_declared() -> None:
    assert [exchange.command for exchange in EXCHANGES] == list(Command)


@pytest.mark.parametrize("name", ["ranc", *(name for name in chips.names() if chips.package(name).port)])
def test_every_pin_of_a_chip_is_driven_or_seen(name: str) -> None:
    chip = chips.declaration(name)
    chip_buses = buses(chip)
    pins = [
        *chip_buses.spi.values(),
        *chip_buses.aer_in.values(),
        *chip_buses.aer_out.values(),
        *chip_buses.packets.values(),
        *chip_buses.levels_in,
        *chip_buses.levels_out,
    ]
    pins += chip_buses.lead.pins if chip_buses.lead else ()
    assert sorted(pin.name for pin in (*pins, chip.clock)) == sorted(pin.name for pin in chip.pins)


@pytest.mark.parametrize("bus", ["spi", "aerin", "aerout"])
def test_a_chip_without_a_bus_is_refused(bus: str) -> None:
    odin = chips.declaration("odin")
    less = replace(
        odin,
        pins=tuple(pin for pin in odin.pins if odin.place_of(pin)[0] != bus),
        buses=tuple(one for one in odin.buses if one.name != bus),
    )
    with pytest.raises(InputError, match=re.escape("odin: the bridge needs an SPI, one event bus in and one out")):
        buses(less)


def test_a_second_address_pin_is_for_a_chip_that_is_led() -> None:
    reckon = chips.declaration("reckon")
    pins = tuple(
        replace(pin, role="control" if pin.direction == "in" else "status")
        if reckon.place_of(pin)[0] == "steps"
        else pin
        for pin in reckon.pins
    )
    not_led = replace(reckon, pins=pins, buses=tuple(bus for bus in reckon.buses if bus.name != "steps"))
    message = "reckon: the bridge needs one address pin an event bus, and two on the one into a chip that is led"
    with pytest.raises(InputError, match=re.escape(message)):
        buses(not_led)


def test_a_chip_that_takes_packets_has_one_clock_and_no_other_bus() -> None:
    ranc = chips.declaration("ranc")
    (fifo,) = ranc.buses
    early = replace(ranc, buses=(replace(fifo, parameters={"latency": 0}),))
    message = "ranc: the bridge needs a FIFO of latency 1 as the only bus of a chip without an SPI"
    with pytest.raises(InputError, match=re.escape(message)):
        buses(early)
    clk, *others = ranc.pins
    falling = replace(ranc, pins=(replace(clk, edges="falling"), *others))
    message = "the bridge drives one clock, whose rise the chip uses; ranc has clk (falling)"
    with pytest.raises(InputError, match=re.escape(message)):
        buses(falling)


def test_the_bridge_has_two_clocks_for_each_edge_of_the_chip() -> None:
    cycles = {name: clocks_a_cycle(chips.declaration(name)) for name in ("odin", "ranc")}
    assert cycles == {"odin": 2, "ranc": 4}
