"""A host on the SPI that ODIN and tinyODIN have in common: it configures the chip, lets it run, and then meddles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.declare import Chip, Memory, Register, Word
from draupnir.emulator.parts.spi_layout import SPI_ADDR, SPI_BITS, SPI_DATA, SpiCmd
from draupnir.golden.ranges import Range, draw
from draupnir.golden.stimulus import Clocks, Host, HostPiece

GATE = "SPI_GATE_ACTIVITY"
_GAP, _HALF, _PER_CLOCK, _RESET_CLOCKS = Clocks(200, 2000), Clocks(2, 3), Clocks(2, 6), Clocks(1, 12)


@dataclass(frozen=True)
class HostTraffic:
    """What the host does while the network runs.

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


class Configured(Protocol):
    """What the host takes from a recipe; see the chip's ``Recipe``."""

    @property
    def registers(self) -> Mapping[str, Range]: ...

    @property
    def host(self) -> HostTraffic: ...

    @property
    def reset(self) -> bool: ...

    @property
    def configured(self) -> bool: ...


@dataclass(frozen=True)
class Target:
    """A memory behind the SPI, the command that reaches it, and the form of its addresses."""

    memory: Memory
    cmd: SpiCmd
    addr: Word


class SpiHost:
    """The host's doings: it configures the chip, lets it run, and then draws one action after the other.

    neurons, synapses : the memories
    to_program : the first words of each memory, to be written by SPI
    running : whether the network has been let run
    """

    def __init__(
        self,
        chip: Chip,
        neurons: Target,
        synapses: Target,
        recipe: Configured,
        rng: np.random.Generator,
        to_program: dict[str, np.ndarray],
    ) -> None:
        self._chip, self._neurons, self._synapses = chip, neurons, synapses
        self._to_program = to_program
        self._recipe, self._traffic, self._rng = recipe, recipe.host, rng
        self._host = Host(chip, rng)
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
            yield from self.register(GATE, draw(recipe.registers.get(GATE, 0), rng))
        self.running = True
        actions: dict[str, Callable[[], HostPiece]] = {name: getattr(self, name) for name in self._traffic.actions}
        weights = np.array(list(self._traffic.actions.values()))
        while True:
            yield from self._host.wait(max(1, self._traffic.gap.draw(rng)))
            if actions:
                yield from actions[str(rng.choice(list(actions), p=weights / weights.sum()))]()

    def configure(self, rng: np.random.Generator) -> HostPiece:
        """All registers, the gate first and closed."""
        yield from self.register(GATE, 1)
        for register in self._chip.registers:
            if register.name != GATE:
                for i in range(register.n_addrs):
                    yield from self.register(register.name, self.content(register, rng), i)

    def content(self, register: Register, rng: np.random.Generator) -> int:
        """What one of a register's addresses is configured with; 0 if the recipe does not say."""
        return draw(self._recipe.registers.get(register.name, 0), rng)

    def program(self) -> HostPiece:
        """The memory words that are not loaded beforehand, byte by byte."""
        for target in (self._neurons, self._synapses):
            for i, limbs in enumerate(self._to_program[target.memory.name]):
                for k, byte in enumerate(limbs.tobytes()):
                    addr = encode(SPI_ADDR, write=1, cmd=target.cmd, addr=encode(target.addr, word=i, byte=k))
                    yield from self.frame(addr, encode(SPI_DATA, byte=byte))

    # Frames

    def frame(self, addr: int, word: int) -> HostPiece:
        yield from self._host.shift(self.frame_levels(addr, word), self._traffic.half)

    def frame_levels(self, addr: int, word: int) -> list[int]:
        bits = [packed >> bit & 1 for packed in (addr, word) for bit in reversed(range(SPI_BITS))]
        return self._host.levels(bits)

    def register(self, name: str, word: int, i: int = 0) -> HostPiece:
        addr = encode(SPI_ADDR, cmd=SpiCmd.CONFIG, addr=self._chip.register(name).addr + i)
        yield from self.frame(addr, word)

    def _any(self, width: int) -> int:
        return int(self._rng.integers(1 << width))

    def _memory_frame(self) -> tuple[int, int]:
        """Read or write a byte of one of the memories; a neuron's byte is beyond its word one time in eight."""
        rng = self._rng
        if rng.random() < 0.5:
            n_bytes = self._neurons.memory.width // 8
            byte = draw((n_bytes, 255) if rng.random() < 0.125 else (0, n_bytes - 1), rng)
            cmd, addr = self._neurons.cmd, encode(self._neurons.addr, word=draw((0, 255), rng), byte=byte)
        else:
            cmd, addr = self._synapses.cmd, self._any(SPI_ADDR["addr"].width)
        read = int(rng.random() < 0.5)
        word = encode(SPI_DATA, byte=draw((0, 255), rng), mask=draw((0, 255), rng) if rng.random() < 0.7 else 0)
        return encode(SPI_ADDR, read=read, write=1 - read, cmd=cmd, addr=addr), word

    # Actions

    def config(self) -> HostPiece:
        """Rewrite one of the registers named in ``retune``."""
        name = str(self._rng.choice(list(self._traffic.retune)))
        i = draw((0, self._chip.register(name).n_addrs - 1), self._rng)
        yield from self.register(name, draw(self._traffic.retune[name], self._rng), i)

    def session(self) -> HostPiece:
        """Gate the network, read and write memories, let it run again."""
        yield from self.register(GATE, 1)
        for _ in range(draw(self._traffic.session, self._rng)):
            yield from self.frame(*self._memory_frame())
        yield from self.register(GATE, 0)

    def stray(self) -> HostPiece:
        """A memory frame, whatever the gate."""
        yield from self.frame(*self._memory_frame())

    def odd(self) -> HostPiece:
        """Any 40 bits, though no register is configured: reads with writes, command 3, addresses of nothing."""
        addr = self._any(SPI_BITS)
        cmd = SPI_ADDR["cmd"]
        config = addr >> cmd.lsb & cmd.high == SpiCmd.CONFIG
        nowhere = 1 << SPI_ADDR["addr"].msb
        yield from self.frame(addr | nowhere if config else addr, self._any(SPI_BITS))

    def gate(self) -> HostPiece:
        """Gate the network for a moment."""
        yield from self.register(GATE, 1)
        yield from self._host.wait(draw((1, 300), self._rng))
        yield from self.register(GATE, 0)

    def reset(self) -> HostPiece:
        yield from self._host.reset(self._traffic.reset_clocks.draw(self._rng))

    def glitch_reset(self) -> HostPiece:
        yield from self._host.glitch_reset()

    def frame_in_reset(self) -> HostPiece:
        """A frame while the chip is in reset."""
        yield from self._host.under_reset(self.frame(*self._memory_frame()))

    def cut(self) -> HostPiece:
        """A frame cut by a reset, wherever SCK stands."""
        levels = self.frame_levels(*self._memory_frame())
        yield from self._host.shift(levels[: draw((1, len(levels)), self._rng)], self._traffic.half)
        yield from self.reset()
        yield from self._host.shift(self._host.levels([]), self._traffic.half)

    def slip(self) -> HostPiece:
        """Some SCK edges too many, another frame, then a reset: only that finds the frame's start again."""
        extra = self._host.levels([draw((0, 1), self._rng) for _ in range(draw((1, 39), self._rng))])
        yield from self._host.shift(extra, self._traffic.half)
        yield from self.frame(*self._memory_frame())
        yield from self.reset()

    def pause(self) -> HostPiece:
        """A memory frame whose SCK stops for long, once."""
        levels = self.frame_levels(*self._memory_frame())
        stop = draw((2, len(levels)), self._rng)
        yield from self._host.shift(levels[:stop], self._traffic.half)
        yield from self._host.wait(draw((50, 600), self._rng))
        yield from self._host.shift(levels[stop:], self._traffic.half)

    def fast(self) -> HostPiece:
        """A memory frame, gated, with SCK faster than the clock."""
        yield from self.register(GATE, 1)
        yield from self._host.shift_fast(self.frame_levels(*self._memory_frame()), self._traffic.per_clock)
        yield from self._host.wait(draw((1, 20), self._rng))
        yield from self.register(GATE, 0)
