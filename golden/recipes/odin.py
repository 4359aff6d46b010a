"""ODIN's stimulus: a recipe of weights and ranges, turned into pieces that drive the pins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from emulator.codec import encode
from emulator.odin import layout
from golden.recipes.odin_contents import HOT, Group, Range, Synapses, draw, neurons, synapses
from golden.stimulus import AerReceiver, AerSender, Clocks, Host, HostPiece, ReceiverTiming, SenderTiming, Stimulus

EVENTS = {event.name: event for event in layout.EVENTS}

# What no reset touches is undefined until it is first written: these openings write it.
WRITE_FLAGS: tuple[tuple[str, Mapping[str, int]], ...] = (("tref_all", {}),)  # SDSP flags of all neurons
WRITE_FIFO = (*WRITE_FLAGS, *[("virtual", {"neur": layout.N - 1, "leak": 1})] * layout.MAIN_DEPTH)  # main FIFO as well

_GAP, _HALF, _PER_CLOCK, _RESET_CLOCKS = Clocks(200, 2000), Clocks(2, 3), Clocks(2, 6), Clocks(1, 12)


@dataclass(frozen=True)
class Traffic:
    """What arrives on the input event bus.

    kinds : relative frequency of each event of ``layout.EVENTS``, and of "volley": some virtual events of one sign to
        a neuron and then some time references to it, which is what most Izhikevich behaviours wait for
    hot : neurons stimulated, the first this many; pre : pre-synaptic neurons used, the first this many
    weight, inhibitory, leak : of virtual events: weight, probability of a negative sign, of a time reference instead
    stims, trefs : virtual events, and time references, in a volley
    opening : events sent once at the start, with their fields, in this order
    """

    kinds: Mapping[str, float]
    hot: int = HOT
    pre: int = layout.N
    weight: tuple[int, int] = (0, 7)
    inhibitory: float = 0.3
    leak: float = 0.1
    stims: tuple[int, int] = (0, 12)
    trefs: tuple[int, int] = (1, 4)
    opening: tuple[tuple[str, Mapping[str, int]], ...] = WRITE_FLAGS


@dataclass(frozen=True)
class HostTraffic:
    """What the host does while the network runs.

    actions : relative frequency of the methods of ``Actions``; none, and it stays idle
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


@dataclass(frozen=True)
class Recipe:
    """A stimulus for ODIN.

    why : one sentence: what breaks if the model differs
    registers : value or range of each configuration register; those not named are programmed to 0
    sign : probability that a neuron's outgoing synapses are inhibitory
    neurons, synapses : contents that the memories are loaded with beforehand
    program : so many neurons, from 0, and synapse words are programmed by SPI instead
    undefined : it goes where the Verilog is undefined, and simulators may disagree
    reset : RST is held before anything else happens
    configured : all registers are programmed, and a second reset follows, so that none is undefined; else none is
    """

    why: str
    traffic: Traffic
    n_cycles: int = 50_000
    registers: Mapping[str, Range] = field(default_factory=dict)
    sign: float = 0.2
    neurons: tuple[Group, ...] = ()
    synapses: Synapses | None = None
    program: int = 0
    sender: SenderTiming = field(default_factory=SenderTiming)
    receiver: ReceiverTiming = field(default_factory=ReceiverTiming)
    host: HostTraffic = field(default_factory=HostTraffic)
    reset: bool = True
    configured: bool = True
    undefined: bool = False


def prepare(recipe: Recipe, seed: int) -> tuple[Stimulus, dict[str, np.ndarray]]:
    """The stimulus, and the memories to load before the first clock. The same seed gives the same of both."""
    for_neurons, for_synapses, for_events, for_sender, for_receiver, for_host = np.random.default_rng(seed).spawn(6)
    memories = {
        layout.NEURONS.name: neurons(recipe.neurons, for_neurons),
        layout.SYNAPSES.name: synapses(recipe.synapses, for_synapses),
    }
    actions = Actions(recipe, for_host, {name: memory[: recipe.program].copy() for name, memory in memories.items()})
    for memory in memories.values():
        memory[: recipe.program] = 0
    sender = AerSender(layout.CHIP, "aerin", events(recipe.traffic, actions, for_events), recipe.sender, for_sender)
    receiver = AerReceiver(layout.CHIP, "aerout", recipe.receiver, for_receiver)
    return Stimulus(actions.run(), [sender.piece(), receiver.piece()]), memories


# --- Events -----------------------------------------------------------------------------------------------------


def events(traffic: Traffic, host: Actions, rng: np.random.Generator) -> Iterator[int | None]:
    """Addresses for the input event bus; None until the host lets the network run."""
    while not host.running:
        yield None
    for name, fields in traffic.opening:
        yield EVENTS[name].encode(**fields)
    kinds = list(traffic.kinds)
    weights = np.array([traffic.kinds[kind] for kind in kinds])
    while True:
        if not kinds:
            yield None
            continue
        for kind in rng.choice(kinds, size=64, p=weights / weights.sum()):
            if kind == "volley":
                yield from _volley(traffic, rng)
            else:
                yield _event(str(kind), traffic, rng)


def _event(kind: str, traffic: Traffic, rng: np.random.Generator) -> int:
    neur, pre = int(rng.integers(traffic.hot)), int(rng.integers(traffic.pre))
    drawn = {"neur": neur, "post_neur": neur, "pre_neur": pre}
    if kind == "virtual":
        return _virtual(neur, rng.random() < traffic.inhibitory, rng.random() < traffic.leak, traffic, rng)
    event = EVENTS[kind]
    addr = event.encode(**{f.name: drawn.get(f.name, int(rng.integers(f.high + 1))) for f in event.fields})
    free = "".join("1" if bit == "-" else "0" for bit in event.pattern)
    named = sum(f.high << f.lsb for f in event.fields)
    return addr | int(rng.integers(1 << len(free))) & int(free, 2) & ~named


def _virtual(neur: int, sign: bool, leak: bool, traffic: Traffic, rng: np.random.Generator) -> int:
    return EVENTS["virtual"].encode(neur=neur, sign=int(sign), leak=int(leak), weight=draw(traffic.weight, rng))


def _volley(traffic: Traffic, rng: np.random.Generator) -> Iterator[int]:
    neur, sign = int(rng.integers(traffic.hot)), rng.random() < traffic.inhibitory
    for _ in range(draw(traffic.stims, rng)):
        yield _virtual(neur, sign, False, traffic, rng)
    for _ in range(draw(traffic.trefs, rng)):
        yield EVENTS["tref"].encode(neur=neur)


# --- The host ---------------------------------------------------------------------------------------------------


class Actions:
    """The host's doings: it configures the chip, lets it run, and then draws one action after the other.

    to_program : the first words of each memory, to be written by SPI
    running : whether the network has been let run
    """

    def __init__(self, recipe: Recipe, rng: np.random.Generator, to_program: dict[str, np.ndarray]) -> None:
        self._to_program = to_program
        self._recipe, self._traffic, self._rng = recipe, recipe.host, rng
        self._host = Host(layout.CHIP, rng)
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
            yield from self.register("SPI_GATE_ACTIVITY", draw(recipe.registers.get("SPI_GATE_ACTIVITY", 0), rng))
        self.running = True
        actions: dict[str, Callable[[], HostPiece]] = {name: getattr(self, name) for name in self._traffic.actions}
        weights = np.array(list(self._traffic.actions.values()))
        while True:
            yield from self._host.wait(max(1, self._traffic.gap.draw(rng)))
            if actions:
                yield from actions[str(rng.choice(list(actions), p=weights / weights.sum()))]()

    def configure(self, rng: np.random.Generator) -> HostPiece:
        """All registers, the gate first and closed."""
        yield from self.register("SPI_GATE_ACTIVITY", 1)
        for register in layout.REGISTERS[1:]:
            for i in range(register.n_addrs):
                if register.name == "SPI_SYN_SIGN":
                    word = sum(1 << bit for bit in range(register.width) if rng.random() < self._recipe.sign)
                else:
                    word = draw(self._recipe.registers.get(register.name, 0), rng)
                yield from self.register(register.name, word, i)

    def program(self) -> HostPiece:
        """The memory words that are not loaded beforehand, byte by byte."""
        for name, cmd, addr_word in (
            (layout.NEURONS.name, layout.SpiCmd.NEURONS, layout.SPI_NEURON_ADDR),
            (layout.SYNAPSES.name, layout.SpiCmd.SYNAPSES, layout.SPI_SYNAPSE_ADDR),
        ):
            for i, limbs in enumerate(self._to_program[name]):
                for k, byte in enumerate(limbs.tobytes()):
                    addr = encode(layout.SPI_ADDR, write=1, cmd=cmd, addr=encode(addr_word, word=i, byte=k))
                    yield from self.frame(addr, encode(layout.SPI_DATA, byte=byte))

    # Frames

    def frame(self, addr: int, word: int) -> HostPiece:
        yield from self._host.shift(self.frame_levels(addr, word), self._traffic.half)

    def frame_levels(self, addr: int, word: int) -> list[int]:
        bits = [packed >> bit & 1 for packed in (addr, word) for bit in reversed(range(layout.SPI_BITS))]
        return self._host.levels(bits)

    def register(self, name: str, word: int, i: int = 0) -> HostPiece:
        addr = encode(layout.SPI_ADDR, cmd=layout.SpiCmd.CONFIG, addr=layout.CHIP.register(name).addr + i)
        yield from self.frame(addr, word)

    def _any(self, width: int) -> int:
        return int(self._rng.integers(1 << width))

    def _memory_frame(self) -> tuple[int, int]:
        """Read or write a byte of one of the memories; a neuron's byte is beyond its word one time in eight."""
        rng = self._rng
        if rng.random() < 0.5:
            byte = draw((16, 255) if rng.random() < 0.125 else (0, 15), rng)
            cmd, addr = layout.SpiCmd.NEURONS, encode(layout.SPI_NEURON_ADDR, word=draw((0, 255), rng), byte=byte)
        else:
            cmd, addr = layout.SpiCmd.SYNAPSES, self._any(layout.SPI_ADDR["addr"].width)
        read = int(rng.random() < 0.5)
        word = encode(layout.SPI_DATA, byte=draw((0, 255), rng), mask=draw((0, 255), rng) if rng.random() < 0.7 else 0)
        return encode(layout.SPI_ADDR, read=read, write=1 - read, cmd=cmd, addr=addr), word

    # Actions

    def config(self) -> HostPiece:
        """Rewrite one of the registers named in ``retune``."""
        name = str(self._rng.choice(list(self._traffic.retune)))
        i = draw((0, layout.CHIP.register(name).n_addrs - 1), self._rng)
        yield from self.register(name, draw(self._traffic.retune[name], self._rng), i)

    def session(self) -> HostPiece:
        """Gate the network, read and write memories, let it run again."""
        yield from self.register("SPI_GATE_ACTIVITY", 1)
        for _ in range(draw(self._traffic.session, self._rng)):
            yield from self.frame(*self._memory_frame())
        yield from self.register("SPI_GATE_ACTIVITY", 0)

    def stray(self) -> HostPiece:
        """A memory frame, whatever the gate."""
        yield from self.frame(*self._memory_frame())

    def odd(self) -> HostPiece:
        """Any 40 bits, though no register is configured: reads with writes, command 3, addresses of nothing."""
        addr = self._any(layout.SPI_BITS)
        cmd = layout.SPI_ADDR["cmd"]
        config = addr >> cmd.lsb & cmd.high == layout.SpiCmd.CONFIG
        nowhere = 1 << layout.SPI_ADDR["addr"].msb
        yield from self.frame(addr | nowhere if config else addr, self._any(layout.SPI_BITS))

    def gate(self) -> HostPiece:
        """Gate the network for a moment."""
        yield from self.register("SPI_GATE_ACTIVITY", 1)
        yield from self._host.wait(draw((1, 300), self._rng))
        yield from self.register("SPI_GATE_ACTIVITY", 0)

    def blink_timeref(self) -> HostPiece:
        """Turn bursts off and on again between two clocks."""
        addr = encode(layout.SPI_ADDR, addr=layout.CHIP.register("SPI_BURST_TIMEREF").addr)
        again = draw(self._recipe.registers["SPI_BURST_TIMEREF"], self._rng)
        levels = self.frame_levels(addr, 0) + self.frame_levels(addr, again)
        yield from self._host.shift_fast(levels, Clocks(len(levels), len(levels)))

    def timeref_zero(self) -> HostPiece:
        """Turn bursts off for a moment, which empties the burst FIFOs."""
        yield from self.register("SPI_BURST_TIMEREF", 0)
        yield from self._host.wait(draw((1, 1000), self._rng))
        yield from self.register("SPI_BURST_TIMEREF", draw(self._recipe.registers["SPI_BURST_TIMEREF"], self._rng))

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
        yield from self.register("SPI_GATE_ACTIVITY", 1)
        yield from self._host.shift_fast(self.frame_levels(*self._memory_frame()), self._traffic.per_clock)
        yield from self._host.wait(draw((1, 20), self._rng))
        yield from self.register("SPI_GATE_ACTIVITY", 0)
