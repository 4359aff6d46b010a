"""ODIN's pins, driven clock by clock in Amaranth's own simulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from amaranth.sim import Simulator

from draupnir.emulator.odin.layout import NEURONS
from draupnir.emulator.odin.port import PORT
from draupnir.emulator.spi import frames
from draupnir.emulator.spi.port import MemoryWrite, RegisterWrite
from draupnir.rtl.odin.chip import Odin

HALF_CLOCK = 5e-9
TIME_LIMIT = 5000  # the largest number of clocks of an event


class Driver:
    """The environment of a chip: it sends frames and events, and acknowledges output events immediately.

    output_events : addresses of the output events so far; cycle : clocks so far
    """

    def __init__(self, ctx: Any, chip: Odin) -> None:
        self._ctx = ctx
        self._chip = chip
        self.cycle = 0
        self.output_events: list[int] = []

    def get(self, pin: str) -> int:
        return self._ctx.get(getattr(self._chip, pin))

    def set(self, **pins: int) -> None:
        for pin, level in pins.items():
            self._ctx.set(getattr(self._chip, pin), level)

    async def clock(self, n: int = 1) -> None:
        for _ in range(n):
            await self._ctx.delay(HALF_CLOCK)
            if self.get("AEROUT_REQ") and not self._ctx.get(self._chip.AEROUT_ACK):
                self.output_events.append(self.get("AEROUT_ADDR"))
            self.set(AEROUT_ACK=self.get("AEROUT_REQ"), CLK=1)
            await self._ctx.delay(HALF_CLOCK)
            self.set(CLK=0)
            self.cycle += 1

    async def reset(self) -> None:
        self.set(RST=1)
        await self.clock(4)
        self.set(RST=0)
        await self.clock(4)

    async def frame(self, transaction: int) -> int:
        """Send an SPI frame without a clock. Return the bits of MISO as a number."""
        miso_bits = []
        for bit in frames.msb_first(transaction, PORT.bits):
            self.set(MOSI=bit, SCK=1)
            await self._ctx.delay(1e-10)
            miso_bits.append(self.get("MISO"))
            self.set(SCK=0)
            await self._ctx.delay(1e-10)
        return frames.number(miso_bits)

    async def configure(self, register: str, content: int) -> None:
        await self.frame(PORT.encode(RegisterWrite(register, 0, content)))

    async def write_neuron(self, neur: int, word: int) -> None:
        """Write a neuron's word, byte by byte; SPI_GATE_ACTIVITY must be 1."""
        for byte in range(16):
            await self.frame(PORT.encode(MemoryWrite(NEURONS.name, neur, byte, word >> 8 * byte & 0xFF)))
            await self.clock(6)
            await self.configure(PORT.gate, 1)  # This ends the request to write; the register stays 1.
            await self.clock(6)

    async def event(self, addr: int) -> None:
        """Send an input event, and wait until its handshake is over and the scheduler is empty."""
        self.set(AERIN_ADDR=addr, AERIN_REQ=1)
        limit = self.cycle + TIME_LIMIT
        while not self.get("AERIN_ACK"):
            assert self.cycle < limit, f"no AERIN_ACK within {TIME_LIMIT} clocks"
            await self.clock()
        self.set(AERIN_REQ=0)
        while self.get("AERIN_ACK"):
            assert self.cycle < limit, f"AERIN_ACK stays for {TIME_LIMIT} clocks"
            await self.clock()


def run_chip(chip: Odin, bench: Callable[[Driver], Awaitable[None]]) -> None:
    """Reset the chip and run ``bench`` to its end."""

    async def after_reset(ctx: Any) -> None:
        driver = Driver(ctx, chip)
        await driver.reset()
        await bench(driver)

    simulator = Simulator(chip)
    simulator.add_testbench(after_reset)
    simulator.run()
