"""The bench of a chip on a bus: a master, the chip's windows, and the golden model in lockstep with the chip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import cocotb
import numpy as np
from cocotb.triggers import Timer

from draupnir.cocotb_tests.lib import memory
from draupnir.cocotb_tests.lib.bus import Pins
from draupnir.cocotb_tests.lib.checker import Lockstep
from draupnir.cocotb_tests.lib.clock import PERIOD_NS, ChipClock, ClockEdges
from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.cocotb_tests.lib.session import Session
from draupnir.cocotb_tests.soc.inner import InnerRecorder
from draupnir.cocotb_tests.soc.masters import ALL_BYTES, MASTERS
from draupnir.emulator import chips
from draupnir.emulator.codec import encode
from draupnir.emulator.spi.port import RegisterWrite, Write
from draupnir.emulator.trace import Trace, column
from draupnir.rtl.soc import peripheral
from draupnir.rtl.soc.registers import BUS_BYTES

SOC = "_soc"  # how the name of a peripheral's declaration ends
RESET_CLOCKS = 4
IN_RESET = 8  # clocks of the chip in its reset, and after it
LONGEST = 200_000  # clocks of the chip; a test waits no longer


class SocBench:
    """Within ``async with`` this bench gives a chip after its reset. At the end it checks the chip against the model.

    bus : a name in ``peripheral.FACES``
    waits : True for a master that waits at random
    """

    def __init__(self, dut: Any, bus: str, waits: bool = False) -> None:
        self.dut, self.session = dut, Session.here()
        self.rng = np.random.default_rng(self.session.seed)
        name = self.session.chip.removesuffix(SOC)
        self.model = chips.model(name)()
        self.map = peripheral.map_of(name)
        self._face = peripheral.face(bus)
        outer_chip = peripheral.declaration(bus, self.map)
        pins = Pins(dut, outer_chip, None, self.session.probes)
        # This is cocotb's own clock, not the wrapper's. Verilator evaluates the whole design before it reports that a
        # clock of the wrapper rose, so a master that waits for this would see the levels after the edge: a READY or a
        # VALID that ends there would be lost. A clock that cocotb writes is reported first. In Icarus both are alike.
        self.clock = ChipClock(pins[outer_chip.clock.name], period_ns=PERIOD_NS)
        edges = ClockEdges(outer_chip, {outer_chip.clock.name: self.clock})
        recorder = InnerRecorder(Recorder(pins, edges), outer_chip, self.model.chip, self._listen)
        self.lockstep = Lockstep(self.model, recorder, self.clock, (), (), self.session.reproduce)
        self._pins, self._outer_chip = pins, outer_chip
        self._paths = self.session.memories
        self.memories = {one.name: memory.find_memory(dut, one, self._paths) for one in self.model.chip.memories}
        self.n_accesses = self._n_clocks = self._req = 0
        self.spikes_on_pins: list[tuple[int, int]] = []
        self.master = MASTERS[bus](dut, self.rng if waits else None)

    def fill(self, name: str, content: np.ndarray) -> None:
        """Overwrite a memory through the back door, in design and model. Call this before ``async with``."""
        self.model.memories[name][:] = content

    async def __aenter__(self) -> Self:
        for name, level in self._outer_chip.inputs_at_rest.items():
            self._pins[name].value = level
        self._pins[self._outer_chip.clock.name].value = 0
        await Timer(1, "ns", round_mode="ceil")  # The design's own initial blocks may clear memories.
        for name, handle in self.memories.items():
            memory.write(handle, self.model.chip.memory(name), self.model.memories[name])
        self.lockstep.start()
        self.clock.start()
        reset = self._pins[self._face.reset.name]
        reset.value = self._face.reset.active_level
        await self.clock.cycles(RESET_CLOCKS)
        reset.value = 1 - self._face.reset.active_level
        await self.clock.cycles(RESET_CLOCKS)
        await self.reset_chip()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.clock.cycles(RESET_CLOCKS)
                self.lockstep.finish(self.memories)
            elif isinstance(error, Exception) and not self.lockstep.counts.mismatches:
                self.lockstep.compare()  # A difference may explain a failed assertion.
        finally:
            self.lockstep.stop()
            self.clock.stop()
            counts, difference = self.lockstep.counts, self.lockstep.difference
            cocotb.log.info("compared with the golden model of %s: %s", self.model.chip.name, counts)
            self.session.note(
                cycles=self.clock.cycle(),
                compared=counts.cycles,
                mismatches=counts.mismatches,
                output_bits=counts.bits.total,
                accesses=self.n_accesses,
                first_difference=difference.as_object() if difference else None,
            )

    # --- Registers of the peripheral ---

    async def write(self, register: str, content: int = 0, /, **fields: int) -> None:
        """Write a register: its content, or fields of it; all others are 0. The response must not be an error."""
        word = self.map.register(register).word
        assert not await self.write_at(self.map.register(register).offset, content | encode(word, **fields))

    async def read(self, register: str) -> int:
        """Read a register. The response must not be an error."""
        content, error = await self.read_at(self.map.register(register).offset)
        assert not error, register
        return content

    async def field(self, register: str, field: str) -> int:
        """Read a field of a register."""
        return self.map.register(register).word[field].take(await self.read(register))

    async def write_at(self, addr: int, content: int, strb: int = ALL_BYTES) -> bool:
        """Write a word at an address; return True if the response is an error. strb : the bytes to write"""
        self.n_accesses += 1
        return await self.master.write(addr, content, strb)

    async def read_at(self, addr: int) -> tuple[int, bool]:
        """Read a word at an address; return it, and True if the response is an error."""
        self.n_accesses += 1
        return await self.master.read(addr)

    # --- The chip ---

    async def reset_chip(self) -> None:
        """Reset the chip, which needs clocks of its own."""
        levels = self.map.register("PINS_IN")
        assert await self.read("PINS_IN") == levels.reset
        for content in (levels.reset, 0):
            await self.write("PINS_IN", content)
            await self.run(IN_RESET)

    async def run(self, clocks: int) -> None:
        """Let the chip run, and wait for its end."""
        await self.write("IRQ_PENDING", done=1)
        await self.write("RUN", clocks)
        for _ in range(LONGEST):
            if await self.field("IRQ_PENDING", "done"):
                return
        raise AssertionError("the chip does not come to its end")

    async def write_chip(self, writes: Iterable[Write]) -> None:
        """Write registers of the chip through their window."""
        window = self.map.chip_registers
        assert window is not None
        offsets = {(register.name, i): offset for offset, register, i in window.rows}
        for write in writes:
            assert isinstance(write, RegisterWrite)
            assert not await self.write_at(offsets[write.register, write.i], write.content), write

    async def write_word(self, name: str, word: int, limbs: Iterable[int]) -> None:
        """Write a word of a memory through its window; limbs : 32 bits each, the lowest first"""
        for addr, limb in zip(self._addrs(name, word), limbs, strict=True):
            assert not await self.write_at(addr, int(limb)), (name, word)

    async def read_word(self, name: str, word: int, n_limbs: int | None = None) -> list[int]:
        """Read the first limbs of a word of a memory through its window; None for all."""
        answers = [await self.read_at(addr) for addr in self._addrs(name, word)[:n_limbs]]
        assert not any(error for _, error in answers), (name, word)
        return [content for content, _ in answers]

    def _addrs(self, name: str, word: int) -> list[int]:
        window = next(window for window in self.map.memories if window.name == name)
        return [window.base + word * window.stride + BUS_BYTES * i for i in range(window.memory.n_limbs)]

    async def spikes(self) -> list[tuple[int, int]]:
        """Take all spikes out of the queue: (cycle, addr) of each."""
        spikes = []
        while await self.field("LEVELS", "spikes"):
            cycle, word = await self.read("SPIKE_CYCLE"), self.map.register("SPIKE").word
            spike = await self.read("SPIKE")
            assert word["valid"].take(spike)
            spikes.append((cycle, word["addr"].take(spike)))
        return spikes

    def _listen(self, rows: Trace) -> None:
        """Note the spikes on the chip's pins: (cycle, addr) of each, where the model and the design are equal."""
        outputs = rows.outputs[rows.clk != 0]
        req, addr = (
            column(self.model.chip.output_word, self.map.buses.aer_out[role].name, outputs) for role in ("req", "addr")
        )
        for i in np.flatnonzero(req > np.append(self._req, req[:-1])):
            self.spikes_on_pins.append((self._n_clocks + int(i), int(addr[i])))
        self._n_clocks += len(req)
        self._req = int(req[-1]) if len(req) else self._req

    def contents(self) -> Mapping[str, np.ndarray]:
        """Return the memories of the golden model, which has come as far as the chip."""
        self.lockstep.compare()
        return self.model.memories
