"""ODIN's bench: clock, reset, configuration through SPI, memories, event buses, and the golden model in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cocotb_tests.lib.aer import AerDriver, AerMonitor, AerReceiver
from cocotb_tests.lib.bench import ChipBench
from cocotb_tests.lib.spi import SpiMaster
from emulator.codec import encode, to_limbs, update
from emulator.declare import Memory
from emulator.odin import layout
from emulator.odin.chip import Model
from emulator.odin.layout import CHIP, NEURONS, SYNAPSES, SpiCmd
from golden.stimulus import ReceiverTiming, SenderTiming

_MAPPED = np.uint32(encode(layout.SYN, **{f.name: 1 for f in layout.SYN if f.name.startswith(layout.MAPPING.name)}))
EVENTS = {event.name: event for event in CHIP.events}
SILENT = encode(layout.LIF, lif_izh_sel=1, thr=255, neur_disable=1)  # a neuron that takes no part
LIMIT: dict[str, Any] = {"timeout_time": 4, "timeout_unit": "ms"}  # simulated: 400,000 clocks
WRITE_CYCLES = 8  # more than it takes from the end of a frame until the memory is written
CONFIG_HALF = 1  # cycles in half an SCK period while configuring: registers need no synchroniser's time


class Bench(ChipBench):
    """``async with Bench(dut) as bench:`` gives a configured, idle chip, and checks at the end that all is well.

    registers : contents of configuration registers; those not named become 0 (SPI_SYN_SIGN: 256 bits in one integer)
    neurons, synapses : words by address; other neurons are silent, other synapses 0
    sender, receiver : timing of the event buses
    """

    settling = layout.SPI_FRAME  # for what is under way on the output bus

    def __init__(
        self,
        dut: Any,
        registers: Mapping[str, int] | None = None,
        neurons: Mapping[int, int] | None = None,
        synapses: Mapping[int, int] | None = None,
        sender: SenderTiming | None = None,
        receiver: ReceiverTiming | None = None,
    ) -> None:
        super().__init__(dut, Model())
        self._registers = dict(registers or {})
        self._contents = {NEURONS.name: image(NEURONS, neurons, SILENT), SYNAPSES.name: image(SYNAPSES, synapses, 0)}
        self.spi = SpiMaster(self.pins, self.clock, (layout.SPI_ADDR, layout.SPI_DATA))
        to_sender, to_receiver = self.rng.spawn(2)
        self.aerin = AerDriver(self.pins.aer("aerin"), self.clock, sender, to_sender)
        self.aerout = AerReceiver(self.pins.aer("aerout"), self.clock, receiver, to_receiver)
        self.output = AerMonitor(self.pins.aer("aerout"), self.clock)
        self.hold((self.aerin, self.aerout))

    def configured_as(self, registers: Mapping[str, int], neurons: np.ndarray, synapses: np.ndarray) -> None:
        """Other registers and whole memories, (depth, limbs) uint32; before ``async with`` is entered."""
        self._registers = dict(registers)
        self._contents = {NEURONS.name: neurons, SYNAPSES.name: synapses}

    def initial(self) -> Mapping[str, np.ndarray]:
        return {NEURONS.name: image(NEURONS, {}, SILENT)}

    async def prepare(self) -> None:
        self.aerout.start()
        self.output.start()
        await self.reset()
        await self.configure()
        await self.reset()
        await self.write_register("SPI_GATE_ACTIVITY", self._registers.get("SPI_GATE_ACTIVITY", 0))
        if not self._registers.get("SPI_GATE_ACTIVITY"):
            await self.event("tref_all")  # writes all SDSP flags, which no reset does
        self.load(self._contents)
        self.output.events.clear()

    def notes(self) -> dict[str, Any]:
        return {"spikes": len(self.output.events)}

    # --- Configuration ---

    async def configure(self) -> None:
        """Write all registers, the gate first and closed."""
        half, self.spi.half = self.spi.half, CONFIG_HALF
        await self.write_register("SPI_GATE_ACTIVITY", 1)
        for register in CHIP.registers[1:]:
            await self.write_register(register.name, self._registers.get(register.name, 0))
        self.spi.half = half

    async def write_register(self, name: str, content: int) -> None:
        """Write a configuration register, at all of its addresses; the first has the least significant bits."""
        register = CHIP.register(name)
        for i in range(register.n_addrs):
            part = content >> register.width * i & (1 << register.width) - 1
            addr = encode(layout.SPI_ADDR, cmd=SpiCmd.CONFIG, addr=register.addr + i)
            await self._frame(addr, part)

    # --- Memories ---

    async def write_byte(self, name: str, word: int, byte: int, content: int, mask: int = 0) -> None:
        """Write a byte of a memory through SPI; a 1 in ``mask`` keeps the bit. The gate must be closed."""
        await self._frame(_memory_addr(name, word, byte, write=1), encode(layout.SPI_DATA, byte=content, mask=mask))
        await self.clock.cycles(WRITE_CYCLES)

    async def read_byte(self, name: str, word: int, byte: int) -> int:
        """Read a byte of a memory through SPI. The gate must be closed."""
        received = await self._frame(_memory_addr(name, word, byte, read=1), 0)
        return received & layout.SPI_DATA["byte"].high

    async def _frame(self, addr: int, content: int) -> int:
        """A frame of raw words; returns what MISO said in the second."""
        await self.spi.shift(addr, layout.SPI_BITS)
        return await self.spi.shift(content, layout.SPI_BITS)

    # --- Events ---

    def any_event(self, hot: int = 16) -> int:
        """The address of a random event; neurons among the first ``hot``; not the one that takes 16k clocks."""
        kind = EVENTS[str(self.rng.choice([name for name in EVENTS if name != "bist_all"]))]
        return kind.encode(**{f.name: int(self.rng.integers(min(hot, f.high + 1))) for f in kind.fields})

    async def event(self, name: str, **fields: int) -> None:
        """Send an input event of ``layout.EVENTS`` and wait until it is acknowledged."""
        await self.aerin.send(EVENTS[name].encode(**fields))


def image(declared: Memory, words: Mapping[int, int] | None, other: int) -> np.ndarray:
    """A memory's content: (depth, limbs) uint32 with the words given by address, and ``other`` everywhere else."""
    content = np.tile(to_limbs(other, declared.n_limbs), (declared.depth, 1))
    for addr, word in (words or {}).items():
        content[addr] = to_limbs(word, declared.n_limbs)
    return content


def synapses(weights: Mapping[tuple[int, int], int], mapping: int = 1) -> dict[int, int]:
    """The words, by address, that hold synapses given as (pre, post): weight."""
    words: dict[int, int] = {}
    for (pre, post), weight in weights.items():
        group, i = divmod(post, layout.N_SYN)
        addr = encode(layout.SYN_ADDR, pre=pre, post_group=group)
        fields = {f"{layout.SYN_WEIGHT.name}{i}": weight, f"{layout.MAPPING.name}{i}": mapping}
        words[addr] = update(layout.SYN, words.get(addr, 0), **fields)
    return words


def _memory_addr(name: str, word: int, byte: int, read: int = 0, write: int = 0) -> int:
    cmd, within = (
        (SpiCmd.NEURONS, layout.SPI_NEURON_ADDR) if name == NEURONS.name else (SpiCmd.SYNAPSES, layout.SPI_SYNAPSE_ADDR)
    )
    return encode(layout.SPI_ADDR, read=read, write=write, cmd=cmd, addr=encode(within, word=word, byte=byte))


def random_neurons(rng: np.random.Generator) -> np.ndarray:
    """A neuron memory of which every other neuron is leaky integrate-and-fire, and every bit else random."""
    words = rng.integers(1 << 32, size=(NEURONS.depth, NEURONS.n_limbs), dtype=np.uint32)
    words[:, 0] = words[:, 0] & ~np.uint32(1) | np.arange(NEURONS.depth, dtype=np.uint32) % 2
    return words


def random_synapses(rng: np.random.Generator) -> np.ndarray:
    """A synapse memory of random weights; one synapse in 32 exists, so that a closed loop does not fill for ever."""
    weights, *rare = rng.integers(1 << 32, size=(6, SYNAPSES.depth, SYNAPSES.n_limbs), dtype=np.uint32)
    return weights & (np.bitwise_and.reduce(rare) | ~_MAPPED)
