"""A host on the SPI of ODIN and tinyODIN. It configures the chip, lets it run, and then disturbs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Register
from draupnir.emulator.spi import frames
from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.emulator.spi.port import MemoryWrite, RegisterWrite
from draupnir.golden.ranges import Range, draw
from draupnir.golden.stimulus import HostPiece, StimulusHost

_GAP, _HALF, _PER_CLOCK, _RESET_CLOCKS = Clocks(200, 2000), Clocks(2, 3), Clocks(2, 6), Clocks(1, 12)


@dataclass(frozen=True)
class SpiHostTraffic:
    """The host's traffic while the network runs.

    actions : relative frequency of the methods of ``SpiHost`` and of the chip's own host; none, and it stays idle
    gap : clocks between two actions; half : clocks in half an SCK period; per_clock : SCK levels in a clock when fast
    retune : registers that "config" rewrites, and their ranges
    session : memory frames while the network is gated
    reset_clocks : length of a reset
    """

    actions: Mapping[str, float] = field(default_factory=dict)
    gap: Clocks = _GAP
    half: Clocks = _HALF
    per_clock: Clocks = _PER_CLOCK
    retune: Mapping[str, Range] = field(default_factory=dict)
    session: tuple[int, int] = (2, 8)
    reset_clocks: Clocks = _RESET_CLOCKS


class ConfiguringRecipe(Protocol):
    """The part of a recipe that the host needs; see the chip's ``Recipe``."""

    @property
    def registers(self) -> Mapping[str, Range]: ...

    @property
    def host(self) -> SpiHostTraffic: ...

    @property
    def reset(self) -> bool: ...

    @property
    def configured(self) -> bool: ...


class SpiHost:
    """The host's doings: it configures the chip, lets it run, and then draws one action after the other.

    port : the chip's, which composes the frames
    to_program : the first words of each memory, to be written by SPI
    running : whether the network has been let run
    """

    def __init__(
        self,
        port: Bytewise,
        recipe: ConfiguringRecipe,
        rng: np.random.Generator,
        to_program: dict[str, np.ndarray],
    ) -> None:
        self._port, self._chip = port, port.chip
        self._neurons, *self._by_address = port.reach  # the memories' names; any address reaches a word of the others
        self._to_program = to_program
        self._recipe, self._traffic, self._rng = recipe, recipe.host, rng
        self._host = StimulusHost(port.chip, rng)
        self._contents: dict[tuple[str, int], int] = {}  # of each register's addresses, as configured
        self._near_misses: Iterator[int] = iter(())
        self.running = False

    def run(self) -> HostPiece:
        recipe, rng = self._recipe, self._rng
        yield from self._host.wait(draw((0, 3), rng))
        if recipe.reset:
            yield from self._host.reset(draw((3, 8), rng))
        if recipe.configured:
            yield from self.configure(rng)
            yield from self._host.reset(draw((3, 8), rng))
            yield from self.program()
            yield from self.register(self._port.gate, draw(recipe.registers.get(self._port.gate, 0), rng))
        self.running = True
        actions: dict[str, Callable[[], HostPiece]] = {name: getattr(self, name) for name in self._traffic.actions}
        weights = np.array(list(self._traffic.actions.values()))
        while True:
            yield from self._host.wait(max(1, self._traffic.gap.draw(rng)))
            if actions:
                yield from actions[str(rng.choice(list(actions), p=weights / weights.sum()))]()

    def configure(self, rng: np.random.Generator) -> HostPiece:
        """All registers, the gate first and closed."""
        yield from self.register(self._port.gate, 1)
        for register in self._chip.registers:
            if register.name != self._port.gate:
                for i in range(register.n_addrs):
                    content = self._contents[register.name, i] = self.content(register, rng)
                    yield from self.register(register.name, content, i)

    def content(self, register: Register, rng: np.random.Generator) -> int:
        """Return what one of a register's addresses is configured with; 0 if the recipe does not say."""
        return draw(self._recipe.registers.get(register.name, 0), rng)

    def program(self) -> HostPiece:
        """The memory words that are not loaded beforehand, byte by byte."""
        for memory, words in self._to_program.items():
            for i, limbs in enumerate(words):
                for k, byte in enumerate(limbs.tobytes()):
                    yield from self.frame(self._port.encode(MemoryWrite(memory, i, k, byte)))

    # Frames

    def frame(self, transaction: int) -> HostPiece:
        yield from self._host.shift(self.frame_levels(transaction), self._traffic.half)

    def frame_levels(self, transaction: int) -> list[int]:
        return self._host.levels(frames.msb_first(transaction, self._port.bits))

    def register(self, name: str, word: int, i: int = 0) -> HostPiece:
        yield from self.frame(self._port.encode(RegisterWrite(name, i, word)))

    def _any(self, width: int) -> int:
        return int(self._rng.integers(1 << width))

    def _memory_frame(self) -> int:
        """Read or write a byte of one of the memories; a neuron's byte is beyond its word one time in eight."""
        rng = self._rng
        if rng.random() < 0.5:
            n_bytes = self._chip.memory(self._neurons).width // 8
            byte = draw((n_bytes, 255) if rng.random() < 0.125 else (0, n_bytes - 1), rng)
            memory, addr = self._neurons, self._port.place(self._neurons, draw((0, 255), rng), byte)
        else:
            several = len(self._by_address) > 1
            memory = self._by_address[draw((0, len(self._by_address) - 1), rng) if several else 0]
            addr = self._any(self._port.addr["addr"].width)
        read = int(rng.random() < 0.5)
        content = self._port.content(draw((0, 255), rng), draw((0, 255), rng) if rng.random() < 0.7 else 0)
        return self._port.transaction(self._port.at_memory(memory, addr, write=1 - read, read=read), content)

    # Actions

    def config(self) -> HostPiece:
        """Rewrite one of the registers named in ``retune``."""
        name = str(self._rng.choice(list(self._traffic.retune)))
        i = draw((0, self._chip.register(name).n_addrs - 1), self._rng)
        yield from self.register(name, draw(self._traffic.retune[name], self._rng), i)

    def bits(self) -> HostPiece:
        """Write 1 to every bit of every register, and then 0, one address after the other."""
        for register in self._chip.registers:
            for i in range(register.n_addrs):
                yield from self.register(register.name, register.high, i)
                yield from self.register(register.name, 0, i)

    def session(self) -> HostPiece:
        """Gate the network, read and write memories, let it run again."""
        yield from self.register(self._port.gate, 1)
        for _ in range(draw(self._traffic.session, self._rng)):
            yield from self.frame(self._memory_frame())
        yield from self.register(self._port.gate, 0)

    def stray(self) -> HostPiece:
        """A memory frame, whatever the gate."""
        yield from self.frame(self._memory_frame())

    def odd(self) -> HostPiece:
        """Any 40 bits, though no register is configured: reads with writes, command 3, addresses of nothing."""
        yield from self.frame(self._odd())

    def _odd(self) -> int:
        addr = self._port.without_register(self._any(self._port.addr.width))
        return self._port.transaction(addr, self._any(self._port.data.width))

    def near_miss(self) -> HostPiece:
        """Send the opposite content to a register's address with one wrong bit; all bits and registers have a turn."""
        transaction = next(self._near_misses, None)
        if transaction is None:
            self._near_misses = iter(self._all_near_misses())
            transaction = next(self._near_misses)
        yield from self._host.shift_fast(self.frame_levels(transaction), self._traffic.per_clock)

    def _all_near_misses(self) -> list[int]:
        """Return a transaction for each bit of each register's address and command, in random order.

        The chip writes a register whatever the read and write bits are, so these bits would be no misses.
        """
        bits = [
            bit for name in ("addr", "cmd") for bit in range(self._port.addr[name].lsb, self._port.addr[name].msb + 1)
        ]
        registers = [(register, i) for register in self._chip.registers for i in range(register.n_addrs)]
        right_addrs = {self._port.at_register(register.name, i) for register, i in registers}
        transactions = [
            self._port.transaction(addr, ~self._contents.get((register.name, i), 0) & (1 << register.width) - 1)
            for register, i in registers
            for bit in bits
            if (addr := self._port.at_register(register.name, i) ^ 1 << bit) not in right_addrs
        ]
        return [transactions[i] for i in self._rng.permutation(len(transactions))]

    def gate(self) -> HostPiece:
        """Gate the network for a moment."""
        yield from self.register(self._port.gate, 1)
        yield from self._host.wait(draw((1, 300), self._rng))
        yield from self.register(self._port.gate, 0)

    def reset(self) -> HostPiece:
        yield from self._host.reset(self._traffic.reset_clocks.draw(self._rng))

    def glitch_reset(self) -> HostPiece:
        yield from self._host.glitch_reset()

    def frame_in_reset(self) -> HostPiece:
        """A frame while the chip is in reset."""
        yield from self._host.under_reset(self.frame(self._memory_frame()))

    def cut(self) -> HostPiece:
        """A frame cut by a reset, wherever SCK stands."""
        levels = self.frame_levels(self._memory_frame())
        yield from self._host.shift(levels[: draw((1, len(levels)), self._rng)], self._traffic.half)
        yield from self.reset()
        yield from self._host.shift(self._host.levels([]), self._traffic.half)

    def slip(self) -> HostPiece:
        """Some SCK edges too many, another frame, then a reset: only that finds the frame's start again."""
        extra = self._host.levels([draw((0, 1), self._rng) for _ in range(draw((1, 39), self._rng))])
        yield from self._host.shift(extra, self._traffic.half)
        yield from self.frame(self._memory_frame())
        yield from self.reset()

    def pause(self) -> HostPiece:
        """A memory frame whose SCK stops for long, once."""
        levels = self.frame_levels(self._memory_frame())
        stop = draw((2, len(levels)), self._rng)
        yield from self._host.shift(levels[:stop], self._traffic.half)
        yield from self._host.wait(draw((50, 600), self._rng))
        yield from self._host.shift(levels[stop:], self._traffic.half)

    def fast(self) -> HostPiece:
        """A memory frame, gated, with SCK faster than the clock."""
        yield from self.register(self._port.gate, 1)
        yield from self._host.shift_fast(self.frame_levels(self._memory_frame()), self._traffic.per_clock)
        yield from self._host.wait(draw((1, 20), self._rng))
        yield from self.register(self._port.gate, 0)

    def fast_session(self) -> HostPiece:
        """Gate the network for a while, with SCK faster than the clock, and pauses anywhere in the frames.

        So a frame finds the one before it still at work.
        """
        n = draw(self._traffic.session, self._rng)
        transactions = [self._memory_frame() if self._rng.random() < 0.6 else self._odd() for _ in range(n)]
        gates = [self._port.encode(RegisterWrite(self._port.gate, 0, level)) for level in (1, 0)]
        levels = [level for each in (gates[0], *transactions, gates[1]) for level in self.frame_levels(each)]
        while levels:
            n = draw((20, 160), self._rng)
            yield from self._host.shift_fast(levels[:n], self._traffic.per_clock)
            levels = levels[n:]
            yield from self._host.wait(draw((0, 8), self._rng))

    def fast_config(self) -> HostPiece:
        """Rewrite one of the registers named in ``retune``, with SCK faster than the clock."""
        name = str(self._rng.choice(list(self._traffic.retune)))
        i = draw((0, self._chip.register(name).n_addrs - 1), self._rng)
        yield from self._fast(self._port.encode(RegisterWrite(name, i, draw(self._traffic.retune[name], self._rng))))

    def _fast(self, transaction: int) -> HostPiece:
        yield from self._host.shift_fast(self.frame_levels(transaction), self._traffic.per_clock)
