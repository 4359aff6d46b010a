"""ReckOn's bench: configuration and memories through SPI, input events and targets, ticks, answers, and the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from cocotb.triggers import First, Timer

from draupnir.cocotb_tests.lib.bench import ChipBench, Limit
from draupnir.cocotb_tests.lib.bus import level
from draupnir.cocotb_tests.lib.spi import SpiMaster
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.reckon import layout
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import CHIP, SpiCode
from draupnir.emulator.reckon.port import CODES, PORT
from draupnir.golden.ranges import Range, draw
from draupnir.golden.recipes.reckon_contents import BASE, Network
from draupnir.golden.recipes.reckon_samples import TARGET

LIMIT: Limit = {"timeout_time": 4, "timeout_unit": "ms"}  # simulated time: 400,000 clocks
SEEN = 4  # cycles from the end of a word until the chip has done what it says
BUSY = 5  # cycles from a tick until the chip shows that it is busy
READ_HALF = 6  # cycles in half an SCK period with which the chip reads in time for the first bit
UNDEFINED = ("MISO",)  # At the beginning of a read it shows the last read; before the first read that is unknown.


class Bench(ChipBench):
    """Within ``async with`` this bench gives a configured, idle chip. At the end it checks the chip against the model.

    network : sizes and ranges of contents; the contents depend on the bench's seed
    registers : name -> content, or the range of it; all other registers are as in the recipes
    contents : memory -> (depth, limbs) uint32, in the place of random contents
    sender, receiver : the timing of input and output bus
    memories, ports : see ``ChipBench``
    """

    settling = 8
    undefined = UNDEFINED

    def __init__(
        self,
        dut: Any,
        network: Network | None = None,
        registers: Mapping[str, Range] | None = None,
        contents: Mapping[str, np.ndarray] | None = None,
        sender: SenderTiming | None = None,
        receiver: ReceiverTiming | None = None,
        memories: Mapping[str, str] | None = None,
        ports: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(dut, Model(), memories, ports)
        self.network = network or Network()
        numbers = self.network.registers(self.rng)
        self.registers = {**BASE, **numbers, **(registers or {})}
        self.contents = {**self.network.memories(numbers, self.rng), **(contents or {})}
        self.spi = SpiMaster(self.pins, self.clock, half=0)
        to_sender, to_receiver = self.rng.spawn(2)
        self.aerin = self.sender("aerin", sender, to_sender)
        self.out = self.receiver("out", receiver, to_receiver)
        self.answers = self.monitor("out")
        self.hold((self.aerin, self.out))

    def initial(self) -> Mapping[str, np.ndarray]:
        return self.contents

    async def prepare(self) -> None:
        self.out.start()
        self.answers.start()
        await self.reset()
        await self.configure()

    def notes(self) -> dict[str, Any]:
        return {"spikes": len(self.answers.events)}

    # --- Configuration and memories ---

    async def configure(self) -> None:
        """Write all registers; the last one lets the network run."""
        for register in CHIP.registers[1:]:
            for i in range(register.n_addrs):
                await self.write_register(register.name, draw(self.registers[register.name], self.rng), i)
        await self.write_register("SPI_EN_CONF", 0)

    async def write_register(self, name: str, content: int, i: int = 0) -> None:
        """Write a configuration register, or its word ``i``; a negative content is written in two's complement."""
        await self.transfer(PORT.at_register(name, i), [content & (1 << CHIP.register(name).width) - 1])

    async def transfer(self, header: int, words: Sequence[int]) -> list[int]:
        """Send a transaction; words : 32 bits each. Return the 32 bits of MISO during each data word."""
        answers = []
        for word in (header, *words):
            answers.append(await self.spi.shift(word, PORT.field_bits))
            if not self.spi.half:
                await self.clock.cycles(SEEN)
        return answers[1:]

    async def write(self, memory: str, addr: int, words: Sequence[int]) -> None:
        """Write 32-bit parts of a memory's words, from an address on. SPI_EN_CONF must be 1."""
        await self.transfer(PORT.header(CODES[memory], addr, len(words)), words)

    async def read(self, memory: str, addr: int, n: int) -> list[int]:
        """Read ``n`` 32-bit parts of a memory's words, from an address on. SPI_EN_CONF must be 1."""
        return await self._slow(PORT.header(CODES[memory], addr, n, read=1), n)

    async def read_output_neuron(self, i: int) -> int:
        """Read the potential of an output neuron, 16 bits. SPI_EN_CONF must be 1."""
        return (await self._slow(PORT.header(SpiCode.ONEUR, i, read=1), 1))[0]

    async def _slow(self, header: int, n: int) -> list[int]:
        half, self.spi.half = self.spi.half, READ_HALF
        answers = await self.transfer(header, [0] * n)
        self.spi.half = half
        return answers

    def n_changed(self, memory: str) -> int:
        """Return the number of bytes of the model's memory that have changed since the beginning."""
        if self.session.check:
            self.lockstep.compare()  # After this the model has run all clocks up to now.
        initial, now = self.contents[memory].view(np.uint8), self.model.memories[memory].view(np.uint8)
        return int(np.count_nonzero(initial != now))

    # --- Samples ---

    def set(self, **pins: int) -> None:
        for name, level_ in pins.items():
            self.pins[name].value = level_

    async def event(self, neur: int) -> None:
        """Send a spike of an input neuron for the next timestep."""
        await self.aerin.send(neur)

    async def target(self, byte: int) -> None:
        """Send target data: a label, or a byte of a target."""
        await self.aerin.send(TARGET | byte)

    async def events(self, n: int) -> None:
        """Send ``n`` random input events from existing neurons."""
        await self.aerin.send_all([int(self.rng.integers(self.n_inp)) for _ in range(n)])

    @property
    def n_inp(self) -> int:
        n = self.registers["SPI_NUM_INP_NEUR"]
        assert isinstance(n, int)
        return n + 1

    async def begin(self, **pins: int) -> None:
        """Raise SAMPLE, and set other pins."""
        self.set(SAMPLE=1, **pins)
        await self.clock.cycles(BUSY)

    async def end(self) -> None:
        """Lower SAMPLE, send a last tick, and wait until the chip has sent its answer and is at rest."""
        self.set(SAMPLE=0)
        await self.clock.cycles(BUSY)
        await self.tick()
        await self.ready()

    async def tick(self, width: int = 2) -> None:
        """Raise TIME_TICK for ``width`` cycles, and wait until the chip is busy."""
        self.set(TIME_TICK=1)
        await self.clock.cycles(width)
        self.set(TIME_TICK=0)
        await self.clock.cycles(BUSY)

    async def timestep(self, targets: Sequence[int] = ()) -> None:
        """Send a tick, and wait until the chip is ready for the next one. Targets are sent when MISO requests them."""
        await self.tick()
        if targets:
            await First(self.pins["MISO"].rising_edge, self.pins["TIMING_ERROR_RDY"].rising_edge)
            if level(self.pins["MISO"]):
                for byte in targets:
                    await self.target(byte)
        await self.ready()

    async def ready(self) -> None:
        """Wait until TIMING_ERROR_RDY is 1; SPI_TIMING_MODE must be 0."""
        if level(self.pins["TIMING_ERROR_RDY"]) != 1:
            await self.pins["TIMING_ERROR_RDY"].rising_edge
        await Timer(self.clock.period // 4, "step")  # The next change of a pin is then far from the edge.
        await self.clock.cycles(1)

    async def sample(self, n_steps: int, n_events: int = 4, label: int = 0, teach: int = 0, infer: int = 0) -> None:
        """Send a whole sample with random input events.

        n_steps : the number of timesteps; n_events : the number of input events in each
        teach, infer : the timestep from which TARGET_VALID, INFER_ACC are 1
        """
        await self.begin()
        for step in range(n_steps):
            await self.events(n_events)
            self.set(TARGET_VALID=int(step >= teach), INFER_ACC=int(step >= infer))
            await self.clock.cycles(BUSY)
            await self.timestep([label] if step >= teach else [])
        await self.end()
        self.set(TARGET_VALID=0, INFER_ACC=0)


def weights(memory: str, entries: Mapping[tuple[int, int], int]) -> np.ndarray:
    """Return a weight memory; entries : (pre, post) -> weight, -128..127; all other weights are 0."""
    n_post = layout.N_OUT if memory == layout.WOUT.name else layout.N
    declaration = CHIP.memory(memory)
    table = np.zeros((declaration.depth * layout.N_WEIGHTS // n_post, n_post), np.int8)
    for (pre, post), weight in entries.items():
        table[pre, post] = weight
    return table.reshape(-1, layout.N_WEIGHTS).view("<u4").astype(np.uint32)
