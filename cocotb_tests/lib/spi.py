"""An SPI master on the pins of a simulated chip."""

from __future__ import annotations

from cocotb.triggers import Timer

from draupnir.cocotb_tests.lib.bus import Pins, level
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.emulator.buses.spi import SPI
from draupnir.emulator.spi import frames

FAST = 8  # changes of SCK in a cycle where half an SCK period is less than one


class SpiMaster:
    """Shifts numbers out, most significant bit first; SCK is low between them.

    MOSI changes while SCK is low, and is taken at its rising edge; MISO is taken just before that edge.

    half : cycles of the chip's clock in half an SCK period; 0 for an SCK that is faster than the clock
    """

    def __init__(self, pins: Pins, clock: ChipClock, half: int = 2) -> None:
        (bus,) = pins.chip.buses_of(SPI, "slave")
        self._sck, self._mosi, self._miso = (pins[bus.pin(role).name] for role in ("sck", "mosi", "miso"))
        self._clock, self.half = clock, half
        self._n_changes = 0

    async def shift(self, content: int, width: int) -> int:
        """Shift ``width`` bits out and as many in. An X on MISO counts as 0."""
        received = []
        for bit in frames.msb_first(content, width):
            self._mosi.value = bit
            await self._wait()
            received.append(level(self._miso) or 0)
            self._sck.value = 1
            await self._wait()
            self._sck.value = 0
        return frames.number(received)

    async def _wait(self) -> None:
        """Half an SCK period, never up to the moment of a clock edge."""
        if self.half:
            await self._clock.cycles(self.half)
            return
        self._n_changes += 1
        if self._n_changes % FAST:
            await Timer(self._clock.period // (4 * FAST), "step")
        else:
            await self._clock.cycles(1)
