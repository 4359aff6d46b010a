"""ReckOn's stimulus: the form of its recipes, and the pieces that drive the pins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.reckon import layout
from draupnir.emulator.reckon.layout import CHIP, SPI_HEADER, SpiCode
from draupnir.emulator.reckon.port import CODES, PORT
from draupnir.emulator.spi import frames
from draupnir.golden.ranges import Range, draw
from draupnir.golden.recipes.reckon_contents import BASE, Network
from draupnir.golden.recipes.reckon_samples import Samples, World
from draupnir.golden.stimulus import HostPiece, Stimulus, StimulusHost, random_levels, receiver, sender

_GAP, _HALF, _FAST, _RESET_CLOCKS = Clocks(200, 2000), Clocks(2, 3), Clocks(6, 16), Clocks(1, 12)
_SEEN = 4  # the number of clocks after a word until the chip knows its use
_PATIENCE = 4000  # clocks of waiting for the end of a timestep
_SPI_RDY, _READY = (1 << CHIP.output_word[name].lsb for name in ("SPI_RDY", "TIMING_ERROR_RDY"))
_MOST_WORDS = SPI_HEADER["num_write"].high  # in a transfer


@dataclass(frozen=True)
class HostTraffic:
    """The host's traffic while the network runs.

    actions : name of a method of ``Actions`` -> relative frequency; if it is empty, the host stays idle
    gap : clocks between two actions; half : clocks in half an SCK period
    quick : SCK levels in a clock during configuration, faster than the clock; None for ``half``, as everywhere
    retune : the registers that "config" rewrites, with their ranges
    block : the number of data words in a transfer; session : the number of transfers in a session
    reset_clocks : clocks of a reset
    """

    actions: Mapping[str, float] = field(default_factory=dict)
    gap: Clocks = _GAP
    half: Clocks = _HALF
    quick: Clocks | None = _FAST
    retune: Mapping[str, Range] = field(default_factory=dict)
    block: Range = (1, 6)
    session: Range = (1, 5)
    reset_clocks: Clocks = _RESET_CLOCKS


@dataclass(frozen=True)
class ReckonRecipe:
    """A stimulus for ReckOn.

    why : one sentence that says what breaks if the model differs
    registers : name -> its content, or the range of it; for all other registers ``reckon_contents.BASE``
    network : the network's size and contents
    program : True to write the network by SPI, False to load it before the first clock
    reset : True if a reset comes before everything else; configured : True to program all registers
    unwritten : the registers that keep their reset values, or 0 without one, when all others are programmed
    clock_enable : clocks between two changes of CLK_INT_EN, which the released Verilog does not read; None to keep it 0
    undefined : True if the stimulus does something that the Verilog leaves undefined; simulators may disagree then
    """

    why: str
    n_cycles: int = 14_000
    registers: Mapping[str, Range] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    samples: Samples = field(default_factory=Samples)
    sender: SenderTiming = field(default_factory=SenderTiming)
    receiver: ReceiverTiming = field(default_factory=ReceiverTiming)
    host: HostTraffic = field(default_factory=HostTraffic)
    program: bool = False
    reset: bool = True
    configured: bool = True
    unwritten: tuple[str, ...] = ()
    clock_enable: Clocks | None = None
    undefined: bool = False


def prepare(recipe: ReckonRecipe, seed: int) -> tuple[Stimulus, dict[str, np.ndarray]]:
    """Return the stimulus, and the memories to load before the first clock: name -> uint32 of ``Memory.shape``.

    Both depend on the seed alone.
    """
    for_network, for_world, for_sender, for_receiver, for_host, for_pin = np.random.default_rng(seed).spawn(6)
    numbers = recipe.network.registers(for_network)
    memories = recipe.network.memories(numbers, for_network)
    actions = Actions(recipe, for_host, numbers, memories)
    world = World(recipe.samples, actions, for_world)
    sides = [
        sender(CHIP, "aerin", world.events(), for_sender, recipe.sender),
        receiver(CHIP, "out", for_receiver, recipe.receiver),
    ]
    if recipe.clock_enable:
        sides.append(random_levels(CHIP, "CLK_INT_EN", recipe.clock_enable, for_pin))
    loaded = {name: np.zeros_like(content) if recipe.program else content for name, content in memories.items()}
    return Stimulus(actions.run(), [world.piece(), *sides]), loaded


class Actions:
    """The host. It configures the chip, lets it run, and then does random actions.

    registers : name -> the content last written; running : True if the host has let the network run
    stuck : the world sets it if the chip does not go on; the host then resets and configures the chip again
    """

    def __init__(
        self,
        recipe: ReckonRecipe,
        rng: np.random.Generator,
        numbers: Mapping[str, int],
        memories: Mapping[str, np.ndarray],
    ) -> None:
        self._recipe, self._traffic, self._rng, self._memories = recipe, recipe.host, rng, memories
        self._host = StimulusHost(CHIP, rng)
        spans = {**BASE, **numbers, **recipe.registers}
        self._words = {
            r.name: [draw(spans[r.name], rng) & (1 << r.width) - 1 for _ in range(r.n_addrs)]
            for r in CHIP.registers
            if r.name not in ("SPI_EN_CONF", *recipe.unwritten)
        }
        self._near_misses: Iterator[list[int]] = iter(())
        if recipe.configured:
            self.registers = _at_reset() | {name: words[0] for name, words in self._words.items()}
        else:
            self.registers = _at_reset()
        self.running = self.stuck = False

    def run(self) -> HostPiece:
        recipe, rng = self._recipe, self._rng
        yield from self._host.wait(draw((0, 3), rng))
        if recipe.reset:
            yield from self._host.reset(draw((4, 8), rng))
        if recipe.configured:
            yield from self.configure()
            if recipe.program:
                yield from self.program()
        yield from self.register("SPI_EN_CONF", 0)
        self.running = True
        actions: dict[str, Callable[[], HostPiece]] = {name: getattr(self, name) for name in self._traffic.actions}
        weights = np.array(list(self._traffic.actions.values()))
        while True:
            yield from self._rest(max(1, self._traffic.gap.draw(rng)))
            if self.stuck:
                yield from self.reset()
                self.stuck = False
            elif actions:
                yield from actions[str(rng.choice(list(actions), p=weights / weights.sum()))]()

    def _rest(self, clocks: int) -> HostPiece:
        for _ in range(clocks):
            if self.stuck:
                return
            yield from self._host.wait(1)

    def configure(self) -> HostPiece:
        """Write all registers but SPI_EN_CONF, which is 1 after a reset."""
        for name, words in self._words.items():
            for i, word in enumerate(words):
                yield from self.register(name, word, i)
        self.registers |= {name: words[0] for name, words in self._words.items()}

    def program(self) -> HostPiece:
        """Write all memory words that are not 0; words that follow each other go into one transfer."""
        for name, content in self._memories.items():
            nonzero_words = np.flatnonzero(content.any(axis=1))
            for run in np.split(nonzero_words, np.flatnonzero(np.diff(nonzero_words) > 1) + 1):
                limbs = [int(limb) for limb in content[run].ravel()]
                yield from self.words([PORT.header(CODES[name], PORT.place(name, int(run[0]), 0), len(limbs)), *limbs])

    # Transactions

    def words(self, words: Sequence[int]) -> HostPiece:
        """Send a transaction: a header and data words, 32 bits each."""
        for word in words:
            levels = self._levels(word)
            if self._traffic.quick is None:
                yield from self._host.shift(levels, self._traffic.half)
            else:
                yield from self._host.shift_fast(levels, self._traffic.quick)
                yield from self._host.wait(_SEEN)

    def slow_words(self, words: Sequence[int]) -> HostPiece:
        """Send a transaction slowly enough for the chip to read words."""
        yield from self._host.shift([level for word in words for level in self._levels(word)], self._traffic.half)

    def _levels(self, word: int) -> list[int]:
        return self._host.levels(frames.msb_first(word, PORT.field_bits))

    def register(self, name: str, word: int, i: int = 0) -> HostPiece:
        yield from self.words([PORT.at_register(name, i), word])

    def _any(self, width: int) -> int:
        return int(self._rng.integers(1 << width))

    def _transfer(self) -> list[int]:
        """Return a transaction that reads or writes output neurons, or words of a memory, mostly in the network."""
        rng, n = self._rng, draw(self._traffic.block, self._rng)
        read = rng.random() < 0.5
        if rng.random() < 0.15:
            addr, code, words = self._any(4), SpiCode.ONEUR, [self._any(16) for _ in range(n)]
        else:
            name = str(rng.choice(list(CODES)))
            memory, code = CHIP.memory(name), CODES[name]
            nonzero_words = np.flatnonzero(self._memories[name].any(axis=1))
            word = int(rng.choice(nonzero_words)) if rng.random() < 0.8 else draw((0, memory.depth - 1), rng)
            addr = memory.n_limbs * word + self._any(2)
            words = [self._recipe.network.chunk(name, addr + i, rng) for i in range(n)]
        return [PORT.header(code, addr, n, read=int(read)), *words]

    # Actions

    def config(self) -> HostPiece:
        """Rewrite one of the registers named in ``retune``."""
        name = str(self._rng.choice(list(self._traffic.retune)))
        register = CHIP.register(name)
        word = draw(self._traffic.retune[name], self._rng) & (1 << register.width) - 1
        i = draw((0, register.n_addrs - 1), self._rng)
        yield from self.register(name, word, i)
        if name in self.registers and i == 0:
            self.registers[name] = word

    def bits(self) -> HostPiece:
        """Write 1 to every bit of every register, and then 0, one address after the other; then configure again."""
        for register in CHIP.registers:
            for i in range(register.n_addrs):
                yield from self.register(register.name, (1 << register.width) - 1, i)
                yield from self.register(register.name, 0, i)
        yield from self._reconfigure()

    def session(self) -> HostPiece:
        """Stop the network, read and write memories, and let it run again."""
        yield from self.register("SPI_EN_CONF", 1)
        yield from self._host.wait_until(_SPI_RDY, draw((1, 1500), self._rng))
        for _ in range(draw(self._traffic.session, self._rng)):
            yield from self.slow_words(self._transfer())
        yield from self.register("SPI_EN_CONF", 0)

    def restless_session(self) -> HostPiece:
        """Do the same without stopping the network."""
        yield from self.register("SPI_EN_CONF", 1)
        for _ in range(draw(self._traffic.session, self._rng)):
            yield from self.slow_words(self._transfer())
        yield from self.register("SPI_EN_CONF", 0)

    def stray(self) -> HostPiece:
        """Send a transfer without SPI_EN_CONF."""
        yield from self.slow_words(self._transfer())

    def odd(self) -> HostPiece:
        """Send random data with any header, but none that writes a register or announces many words."""
        code = draw((0, 7), self._rng)
        read = 1 if code == SpiCode.CONFIG else draw((0, 1), self._rng)
        n = draw((0, 3), self._rng)
        header = PORT.header(code, self._any(16), n, read)
        yield from self.slow_words([header, *(self._any(32) for _ in range(max(1, n)))])

    def near_miss(self) -> HostPiece:
        """Send the opposite content to a register's address with one wrong bit; all bits and registers have a turn."""
        words = next(self._near_misses, None)
        if words is None:
            self._near_misses = iter(self._all_near_misses())
            words = next(self._near_misses)
        yield from self.words(words)

    def _all_near_misses(self) -> list[list[int]]:
        """Return a transaction for each bit of each register's address and of the code, in random order."""
        registers = [(register, i) for register in CHIP.registers for i in range(register.n_addrs)]
        right_headers = {PORT.at_register(register.name, i) for register, i in registers}
        bits = [bit for name in ("addr", "code") for bit in range(SPI_HEADER[name].lsb, SPI_HEADER[name].msb + 1)]
        transactions = [
            [header, ~self._words.get(register.name, [0])[i] & (1 << register.width) - 1]
            for register, i in registers
            for bit in bits
            if (header := PORT.at_register(register.name, i) ^ 1 << bit) not in right_headers
        ]
        return [transactions[i] for i in self._rng.permutation(len(transactions))]

    def flags(self) -> HostPiece:
        """Write a neuron's spike and dirty bits directly, together with 32 bits of a word."""
        neuron = draw((0, 2 * self.registers["SPI_NUM_REC_NEUR"]), self._rng) & layout.N - 1
        words = self._flag_words(neuron)
        yield from self.register("SPI_EN_CONF", 1)
        yield from self.words(words)
        yield from self.register("SPI_EN_CONF", 0)

    def awaken(self) -> HostPiece:
        """Set the dirty bits of all recurrent neurons, so that the random potentials and traces in the memory count."""
        yield from self.register("SPI_EN_CONF", 1)
        for neuron in range(self.registers["SPI_NUM_REC_NEUR"] + 1):
            yield from self.words(self._flag_words(neuron, dirty=1))
        yield from self.register("SPI_EN_CONF", 0)

    def _flag_words(self, neuron: int, dirty: int | None = None) -> list[int]:
        """Return a transaction that writes a neuron's flags, and 32 bits of the word at the same address.

        dirty : the dirty bit; None for a random one
        """
        addr = PORT.place_of_flags(neuron)
        flags = PORT.flags(self._any(1), self._any(1) if dirty is None else dirty)
        word = self._recipe.network.chunk(layout.NEURONS.name, addr, self._rng) & ~0b11 | flags
        return [PORT.header(SpiCode.NEUR, addr), word]

    def bare_header(self) -> HostPiece:
        """Announce no data fields to read, so that the request stays 1, and let the network run with it."""
        code = draw((SpiCode.NEUR, SpiCode.WOUT), self._rng)
        yield from self.register("SPI_EN_CONF", 1)
        yield from self.slow_words([PORT.header(code, self._any(16), 0, read=1)])
        yield from self.register("SPI_EN_CONF", 0)

    def repeat(self) -> HostPiece:
        """Write several words in one transfer to one of the registers named in ``retune``."""
        name = str(self._rng.choice(list(self._traffic.retune)))
        words = [draw(self._traffic.retune[name], self._rng) for _ in range(draw(self._traffic.block, self._rng))]
        yield from self.words([PORT.header(SpiCode.CONFIG, CHIP.register(name).addr, len(words)), *words])
        self.registers[name] = words[-1]

    def first_flags(self) -> HostPiece:
        """Stop the network after a timestep, and write the flags of neuron 0 or 1, whose dirty bits count in EPROP."""
        yield from self.register("SPI_EN_CONF", 1)
        yield from self._host.wait_until(_SPI_RDY, _PATIENCE)
        yield from self.words(self._flag_words(draw((0, 1), self._rng), dirty=0))
        yield from self.register("SPI_EN_CONF", 0)

    def outputs(self) -> HostPiece:
        """Write random potentials of all output neurons in one transfer."""
        yield from self.register("SPI_EN_CONF", 1)
        words = [self._any(layout.U_BITS) for _ in range(layout.N_OUT)]
        yield from self.words([PORT.header(SpiCode.ONEUR, 0, len(words)), *words])
        yield from self.register("SPI_EN_CONF", 0)

    def long_transfer(self) -> HostPiece:
        """Stop the network, and write as many words of input weights as a transfer can have."""
        yield from self.register("SPI_EN_CONF", 1)
        yield from self._host.wait_until(_SPI_RDY, _PATIENCE)
        chunks = [self._recipe.network.chunk(layout.WINP.name, i, self._rng) for i in range(_MOST_WORDS)]
        yield from self.words([PORT.header(SpiCode.WINP, 0, len(chunks)), *chunks])
        yield from self.register("SPI_EN_CONF", 0)

    def grow(self) -> HostPiece:
        """Wait for the end of a timestep, and raise the number of input neurons by 1, from 256 to 1."""
        yield from self._host.wait_until(_READY, _PATIENCE, high=False)
        yield from self._host.wait_until(_READY, _PATIENCE)
        n = self.registers["SPI_NUM_INP_NEUR"] + 1 & layout.N - 1
        self.registers["SPI_NUM_INP_NEUR"] = n
        yield from self.register("SPI_NUM_INP_NEUR", n)

    def all_flags(self) -> HostPiece:
        """Write the spike and dirty bits of all neurons, one after the other, to 1 and to 0."""
        yield from self.register("SPI_EN_CONF", 1)
        for neuron in range(layout.N):
            for flag in (1, 0):
                header = PORT.header(SpiCode.NEUR, PORT.place_of_flags(neuron))
                yield from self.words([header, PORT.flags(flag, flag)])
        yield from self._reconfigure()

    def pause(self) -> HostPiece:
        """Send a transfer, and stop SCK once for a long time."""
        levels = [level for word in self._transfer() for level in self._levels(word)]
        stop = draw((2, len(levels)), self._rng)
        yield from self._host.shift(levels[:stop], self._traffic.half)
        yield from self._host.wait(draw((50, 600), self._rng))
        yield from self._host.shift(levels[stop:], self._traffic.half)

    def reset(self) -> HostPiece:
        """Reset the chip, and configure it again."""
        yield from self._host.reset(self._traffic.reset_clocks.draw(self._rng))
        yield from self._reconfigure()

    def _reconfigure(self) -> HostPiece:
        if self._recipe.configured:
            yield from self.configure()
        yield from self.register("SPI_EN_CONF", 0)

    def bare_reset(self) -> HostPiece:
        """Reset the chip, and let it run for a while with the reset values."""
        yield from self._host.reset(self._traffic.reset_clocks.draw(self._rng))
        self.registers |= _at_reset()
        yield from self._host.wait(draw((1, 800), self._rng))
        yield from self._reconfigure()

    def glitch_reset(self) -> HostPiece:
        """Reset the chip between two clocks, which only changes the SPI's registers."""
        yield from self._host.glitch_reset()
        yield from self._host.wait(draw((1, 200), self._rng))
        yield from self._reconfigure()

    def cut(self) -> HostPiece:
        """Reset the chip during a transfer, with SCK at any level."""
        levels = [level for word in self._transfer() for level in self._levels(word)]
        yield from self._host.shift(levels[: draw((1, len(levels)), self._rng)], self._traffic.half)
        yield from self._host.reset(self._traffic.reset_clocks.draw(self._rng))
        yield from self._host.shift(self._host.levels([]), self._traffic.half)
        yield from self._host.reset(self._traffic.reset_clocks.draw(self._rng))
        yield from self._reconfigure()

    def transfer_in_reset(self) -> HostPiece:
        """Send a transfer during a reset."""
        yield from self._host.under_reset(self.slow_words(self._transfer()))
        yield from self._reconfigure()


def _at_reset() -> dict[str, int]:
    """Return name -> the content of each register after a reset; registers without a reset value start as 0."""
    return {register.name: register.reset or 0 for register in CHIP.registers}
