"""A bench for ODIN and tinyODIN: configuration through SPI, both memories, both event buses.

What the two have in common is their SPI slave (``emulator/crossbar/layout.py``), their two memories, and the names of
their buses.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import cocotb
import numpy as np

from draupnir.cocotb_tests.catalogue import BENCH
from draupnir.cocotb_tests.lib.bench import ChipBench, Limit
from draupnir.cocotb_tests.lib.session import Session
from draupnir.cocotb_tests.lib.spi import SpiMaster
from draupnir.emulator import chips
from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.codec import encode, to_limbs, update
from draupnir.emulator.crossbar.layout import N_SYN, SPI_FRAME, SYN_ADDR, SYN_BITS, N
from draupnir.emulator.crossbar.model import Crossbar
from draupnir.emulator.declare import Event, Memory
from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.emulator.spi.port import MemoryWrite, Write, writes_of
from draupnir.golden.recipes.crossbar import synapse_words

LIMIT: Limit = {"timeout_time": 4, "timeout_unit": "ms"}  # simulated time: 400,000 clocks
WRITE_CYCLES = 8  # After the end of a frame, the memory is written in fewer cycles than these.
CONFIG_HALF = 1  # cycles in half an SCK period during configuration; registers have no synchroniser
# The timing of random traffic: with idle and back pressure, or against the rules.
IDLE = SenderTiming(gap=Clocks(0, 6, 0.1, 20, 200), setup=Clocks(0, 3), req_hold=Clocks(0, 3))
SLUGGISH = ReceiverTiming(latency=Clocks(0, 20, 0.05, 100, 600), hold=Clocks(0, 10))
RUDE = SenderTiming(early=0.3, early_after=Clocks(1, 8), change=0.1, impatient=0.2, impatient_low=Clocks(1, 2))
GLITCHY = ReceiverTiming(pulse=0.2, glitch=Clocks(0, 300), glitch_clocks=Clocks(1, 4))
AT_ONCE = SenderTiming(gap=Clocks(0, 0), setup=Clocks(0, 0), req_hold=Clocks(0, 0), scramble=False)
TO_IDLE = 3  # clocks of the synchroniser, of the controller's reaction, and until the acknowledge is a state
AER_CYCLES = 16  # A handshake on the output bus takes fewer cycles.
QUIET = 30  # A short event reaches the output bus in fewer cycles.
SPIKE_QUIET = 560  # A spike event reaches it in fewer cycles.
GATE, NEURONS, SYNAPSES = "SPI_GATE_ACTIVITY", "neurons", "synapses"
OPEN_LOOP = {"SPI_OPEN_LOOP": 1}


class CrossbarBench(ChipBench):
    """Within ``async with`` this bench gives a configured, idle chip. At the end it checks the chip against the model.

    registers : name -> content; all other registers are as in ``always``, or 0
    neurons, synapses : address -> word; all other neurons are silent, all other synapses 0
    sender, receiver : the timing of the event buses
    memories, ports : see ``ChipBench``

    A chip's bench declares its model, the word of a neuron that never spikes (``silent``), the object that makes SPI
    frames (``port``), the registers of each test in ``test_random.py`` (``drawn_with``), the kinds of event that take
    too long for random traffic (``too_long``), and the fields that each neuron and synapse needs (``of_lif``,
    ``of_synapse``). In a random memory one synapse in ``one_in`` exists; the bits ``existence`` of all others are 0. It
    also makes random neurons.
    """

    settling = SPI_FRAME  # Handshakes on the output bus end in these cycles.
    model_of: type[Crossbar]
    model: Crossbar
    silent: int
    port: Bytewise
    always: Mapping[str, int] = {}
    drawn_with: Mapping[str, Mapping[str, int]]
    too_long: tuple[str, ...] = ()
    of_lif: Mapping[str, int] = {}
    of_synapse: Mapping[str, int] = {}
    existence: int
    one_in: int

    def __init__(
        self,
        dut: Any,
        registers: Mapping[str, int] | None = None,
        neurons: Mapping[int, int] | None = None,
        synapses: Mapping[int, int] | None = None,
        sender: SenderTiming | None = None,
        receiver: ReceiverTiming | None = None,
        memories: Mapping[str, str] | None = None,
        ports: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(dut, self.model_of(), memories, ports)
        self.registers = {**self.always, **(registers or {})}
        self._silent = {NEURONS: image(self.chip.memory(NEURONS), {}, self.silent)}
        self._contents = {
            NEURONS: image(self.chip.memory(NEURONS), neurons, self.silent),
            SYNAPSES: image(self.chip.memory(SYNAPSES), synapses, 0),
        }
        self.spi = SpiMaster(self.pins, self.clock)
        to_sender, to_receiver = self.rng.spawn(2)
        self.aerin = self.sender("aerin", sender, to_sender)
        self.aerout = self.receiver("aerout", receiver, to_receiver)
        self.output = self.monitor("aerout")
        self.hold((self.aerin, self.aerout))

    def configured_as(self, registers: Mapping[str, int], neurons: np.ndarray, synapses: np.ndarray) -> None:
        """Set other registers and whole memories, (depth, limbs) uint32. Call this before ``async with``."""
        self.registers = dict(registers)
        self._contents = {NEURONS: neurons, SYNAPSES: synapses}

    @classmethod
    def at_random(cls, dut: Any, registers: Mapping[str, int], sender: SenderTiming, receiver: ReceiverTiming) -> Self:
        """Return a bench with random memories, which depend on its seed."""
        bench = cls(dut, sender=sender, receiver=receiver)
        bench.configured_as(registers, bench.any_neurons(), bench.any_synapses())
        return bench

    @classmethod
    def lif(cls, **fields: int) -> int:
        """Return the memory word of a leaky integrate-and-fire neuron."""
        return encode(cls.model_of.chip.memory(NEURONS).word("lif"), **cls.of_lif, **fields)

    @classmethod
    def synapses(cls, weights: Mapping[tuple[int, int], int], **fields: int) -> dict[int, int]:
        """Return address -> word for some synapses.

        weights : (pre, post) -> weight; fields : fields of each synapse that differ from ``of_synapse``
        """
        words: dict[int, int] = {}
        for (pre, post), weight in weights.items():
            group, i = divmod(post, N_SYN)
            addr = encode(SYN_ADDR, pre=pre, post_group=group)
            synapse = {**cls.of_synapse, **fields, "syn_weight": weight}
            contents = {f"{name}{i}": content for name, content in synapse.items()}
            words[addr] = update(cls.model_of.chip.memory(SYNAPSES).words[0], words.get(addr, 0), **contents)
        return words

    def core(self, neur: int) -> int:
        """Read the membrane potential of a leaky integrate-and-fire neuron in the design through the back door."""
        return self.chip.memory(NEURONS).word("lif")["core"].take(self.word(NEURONS, neur))

    @abstractmethod
    def any_neurons(self) -> np.ndarray:
        """Return a random neuron memory, (depth, limbs) uint32."""

    def any_synapses(self) -> np.ndarray:
        """Return a random synapse memory, (depth, limbs) uint32; so few synapses exist that a closed loop ends."""
        shape = (N, N)  # pre-synaptic, post-synaptic neuron
        is_absent = self.rng.integers(self.one_in, size=shape) != 0
        return synapse_words(self.rng.integers(1 << SYN_BITS, size=shape) & ~(is_absent * self.existence))

    def initial(self) -> Mapping[str, np.ndarray]:
        return self._silent

    async def prepare(self) -> None:
        self.aerout.start()
        self.output.start()
        await self.reset()
        await self.configure()
        await self.reset()
        await self.write_register(GATE, self.registers.get(GATE, 0))
        if not self.registers.get(GATE):
            await self.define()
        self.load(self._contents)
        self.output.events.clear()

    async def define(self) -> None:
        """Write the registers that have no reset, with silent neurons and the network running."""

    def notes(self) -> dict[str, Any]:
        return {"spikes": len(self.output.events)}

    # --- Configuration ---

    async def configure(self) -> None:
        """Write all registers; the first write closes the gate."""
        half, self.spi.half = self.spi.half, CONFIG_HALF
        await self.write_register(GATE, 1)
        for register in self.chip.registers:
            if register.name != GATE:
                await self.write_register(register.name, self.registers.get(register.name, 0))
        self.spi.half = half

    async def write_register(self, name: str, content: int) -> None:
        """Write a configuration register, at all of its addresses; the first has the least significant bits."""
        for write in writes_of(self.chip.register(name), content):
            await self._write(write)

    # --- Memories ---

    async def write_byte(self, name: str, word: int, byte: int, content: int, mask: int = 0) -> None:
        """Write a byte of a memory through SPI; a 1 in ``mask`` keeps the bit. The gate must be closed."""
        await self._write(MemoryWrite(name, word, byte, content, mask))
        await self.clock.cycles(WRITE_CYCLES)

    async def read_byte(self, name: str, word: int, byte: int) -> int:
        """Read a byte of a memory through SPI. The gate must be closed."""
        return self.port.answer(await self.spi.shift(self.port.encode_read(name, word, byte), self.port.bits))

    async def _write(self, write: Write) -> None:
        await self.spi.shift(self.port.encode(write), self.port.bits)

    async def odd_frames(self, n: int) -> None:
        """Send frames with random data, and with random address fields that address no register."""
        addr, data = self.port.addr, self.port.data
        for _ in range(self.length(n)):
            first = int(self.rng.integers(1 << addr.width)) | 1 << addr["addr"].msb
            await self.spi.shift(self.port.transaction(first, int(self.rng.integers(1 << data.width))), self.port.bits)

    async def reads_back(self, name: str, word: int) -> None:
        """Write random bytes into a word of a memory, check the word, and read the bytes. The gate must be closed."""
        content = self.rng.bytes(self.chip.memory(name).width // 8)
        for i, byte in enumerate(content):
            await self.write_byte(name, word, i, byte)
        assert self.word(name, word) == int.from_bytes(content, "little")
        assert [await self.read_byte(name, word, i) for i in range(len(content))] == list(content)

    async def rewrite_registers(self) -> None:
        """Write random contents to all registers in random order; the network runs between the writes."""
        for idx in self.rng.permutation(len(self.chip.registers)):
            register = self.chip.registers[idx]
            await self.write_register(register.name, int(self.rng.integers(1 << register.width)))
            await self.write_register(GATE, 0)  # With a closed gate the chip answers no event.
            await self.aerin.send(self.any_event())

    # --- Events ---

    def any_event(self, hot: int = 16) -> int:
        """Return the address of a random event; its neurons are below ``hot``."""
        names = [event.name for event in self.chip.events if event.name not in self.too_long]
        kind = self.kind_of(str(self.rng.choice(names)))
        return kind.encode(**{f.name: int(self.rng.integers(f.low, min(hot, f.high + 1))) for f in kind.fields})

    async def send_any(self, n_events: int) -> None:
        """Send random events, one after the other."""
        await self.aerin.send_all([self.any_event() for _ in range(self.length(n_events))])

    async def reset_in_flight(self, n_events: int) -> None:
        """Send random events, and reset the chip in a random clock of each."""
        for _ in range(self.length(n_events)):
            sending = cocotb.start_soon(self.aerin.send(self.any_event()))
            await self.clock.cycles(int(self.rng.integers(1, 400)))
            await self.reset(int(self.rng.integers(1, 6)))
            await sending

    async def send_rudely(self, n_events: int) -> None:
        """Send random events with a sender that breaks the rules. If the chip gets stuck, reset it."""
        for _ in range(self.length(n_events)):
            sending = cocotb.start_soon(self.aerin.send(self.any_event()))
            await self.clock.cycles(700)
            if not sending.done():
                await self.reset()
            await sending

    async def event(self, name: str, **fields: int) -> None:
        """Send an input event of the chip and wait until it is acknowledged."""
        await self.aerin.send(self.kind_of(name).encode(**fields))

    def kind_of(self, name: str) -> Event:
        """Return the declaration of an event."""
        return next(event for event in self.chip.events if event.name == name)


def bench_here() -> type[CrossbarBench]:
    """Return the bench of the simulated chip, for tests that several chips share."""
    bench = BENCH.require(chips.package(Session.here().chip))
    assert issubclass(bench, CrossbarBench), bench
    return bench


def image(memory: Memory, words: Mapping[int, int] | None, other: int) -> np.ndarray:
    """Return a memory's content, (depth, limbs) uint32.

    words : address -> word; other : the word at all other addresses
    """
    content = np.tile(to_limbs(other, memory.n_limbs), (memory.depth, 1))
    for addr, word in (words or {}).items():
        content[addr] = to_limbs(word, memory.n_limbs)
    return content
