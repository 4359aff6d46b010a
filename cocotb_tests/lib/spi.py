"""An SPI master, for frames that are described by declared words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cocotb.triggers import Timer

from draupnir.cocotb_tests.lib.bus import Pins, level
from draupnir.cocotb_tests.lib.clock import ChipClock
from draupnir.emulator.codec import encode
from draupnir.emulator.declare import Word

FAST = 8  # changes of SCK in a cycle where half an SCK period is less than one


class SpiMaster:
    """Sends frames of one or several words, most significant bit first; SCK is low between frames.

    MOSI changes while SCK is low, and is taken at its rising edge; MISO is taken just before that edge.

    frame : the words of a frame, in the order in which they are sent
    half : cycles of the chip's clock in half an SCK period; 0 for an SCK that is faster than the clock
    """

    def __init__(self, pins: Pins, clock: ChipClock, frame: Sequence[Word], half: int = 2) -> None:
        self._sck, self._mosi, self._miso = (pins.role(role, "spi") for role in ("sck", "mosi", "miso"))
        self._clock, self._frame, self.half = clock, tuple(frame), half
        self._n_changes = 0

    async def send(self, *words: Mapping[str, int]) -> tuple[int, ...]:
        """One frame; the fields of each word by name, those not named are 0. Returns what MISO said in each word.

        Raises KeyError for an unknown field, ValueError for a value that does not fit, or too many or few words.
        """
        if len(words) != len(self._frame):
            raise ValueError(f"{len(words)} words; a frame has {len(self._frame)}")
        received = []
        for word, fields in zip(self._frame, words, strict=True):
            received.append(await self.shift(encode(word, **fields), word.width))
        return tuple(received)

    async def shift(self, content: int, width: int) -> int:
        """Shift ``width`` bits out and as many in. An X on MISO counts as 0."""
        received = 0
        for bit in reversed(range(width)):
            self._mosi.value = content >> bit & 1
            await self._wait()
            received = received << 1 | (level(self._miso) or 0)
            self._sck.value = 1
            await self._wait()
            self._sck.value = 0
        return received

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
