"""The wires of an SPI in mode 0. The meaning of the bits is up to the chip.

MOSI changes while SCK is low. The slave reads MOSI at the rising edge of SCK; the master reads MISO just before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from draupnir.emulator.declare import Bus, BusKind, Pin, Role

LOW: Mapping[str, int] = {"mosi": 0, "sck": 0}  # the master's levels between two transfers


def levels(bits: Iterable[int]) -> Iterator[dict[str, int]]:
    """The master's levels while it shifts bits out, two for each bit: half an SCK period low, then half a period high.

    The master reads MISO at the end of the first half. After the last bit it goes to ``LOW``.

    bits : 0 or 1 each, in the order in which they leave on MOSI
    """
    for bit in bits:
        for sck in (0, 1):
            yield {"mosi": bit, "sck": sck}


SPI = BusKind(
    "SPI",
    "Bits of the master's commands and of the slave's answers, the most significant bit first.",
    ("master", "slave"),
    (
        Role("sck", "master", "Clock of the transfer, low at rest.", edges=True),
        Role("mosi", "master", "Bits to the slave."),
        Role("miso", "slave", "Bits from the slave."),
    ),
    clocked=False,
)


def spi_pins(miso: str = "SPI data out, most significant bit first.") -> tuple[Pin, ...]:
    """The pins SCK, MOSI and MISO of a slave. miso : meaning of MISO, where it shows more than the answer"""
    return (
        Pin("SCK", "in", 1, "bus", "SPI clock; MOSI is taken on its rising edge, MISO changes on its falling edge."),
        Pin("MOSI", "in", 1, "bus", "SPI data in, most significant bit first."),
        Pin("MISO", "out", 1, "bus", miso),
    )


def spi_bus(meaning: str) -> Bus:
    """The bus of the pins that ``spi_pins`` gives."""
    return Bus("spi", SPI, {"sck": "SCK", "mosi": "MOSI", "miso": "MISO"}, meaning)
