"""An SPI master on the pins of a simulated chip."""

from __future__ import annotations

from cocotb.triggers import Timer

from draupnir.cocotb_tests.lib.bus import Pins, level
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.emulator.buses.spi import LOW, SPI, levels
from draupnir.emulator.spi import frames

FAST = 8  # the number of changes of SCK in a cycle, with ``half`` 0


class SpiMaster:
    """Shift numbers out, most significant bit first; SCK is low between them.

    The pins move as ``emulator.buses.spi.levels`` says.

    half : cycles of the chip's clock in half an SCK period; 0 for an SCK that is faster than the clock
    """

    def __init__(self, pins: Pins, clock: ChipClock, half: int = 2) -> None:
        (bus,) = pins.chip.buses_of(SPI, "slave")
        self._sck, self._mosi, self._miso = (pins[bus.pin(role).name] for role in ("sck", "mosi", "miso"))
        self._clock, self.half = clock, half
        self._n_changes = 0

    async def shift(self, content: int, width: int) -> int:
        """Shift ``width`` bits out, and return the ``width`` bits that came in. An X on MISO counts as 0."""
        bits_in = []
        for step in levels(frames.msb_first(content, width)):
            if not step["sck"]:
                self._mosi.value = step["mosi"]
            self._sck.value = step["sck"]
            await self._wait()
            if not step["sck"]:
                bits_in.append(level(self._miso) or 0)
        self._sck.value = LOW["sck"]
        return frames.number(bits_in)

    async def _wait(self) -> None:
        """Wait for half an SCK period; it never ends at the moment of a clock edge."""
        if self.half:
            await self._clock.cycles(self.half)
            return
        self._n_changes += 1
        if self._n_changes % FAST:
            await Timer(self._clock.period // (4 * FAST), "step")
        else:
            await self._clock.cycles(1)
