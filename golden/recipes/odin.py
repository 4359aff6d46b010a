"""ODIN's stimulus: the form of its recipes, and the pieces that drive the pins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import ClassVar

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.declare import Event, Register
from draupnir.emulator.odin import layout
from draupnir.emulator.odin.port import PORT
from draupnir.emulator.spi.bytewise import Bytewise
from draupnir.emulator.spi.port import RegisterWrite
from draupnir.golden.ranges import draw
from draupnir.golden.recipes.crossbar import CrossbarRecipe, kinds_of_event, preparer
from draupnir.golden.recipes.odin_contents import HOT, Synapses, synapses
from draupnir.golden.spi_host import SpiHost
from draupnir.golden.stimulus import HostPiece

EVENTS = {event.name: event for event in layout.EVENTS}

# A register without a reset is undefined until it is written first. These opening events write such registers:
# the SDSP flags of all neurons, and the main FIFO.
WRITE_FLAGS: tuple[tuple[str, Mapping[str, int]], ...] = (("tref_all", {}),)
WRITE_FIFO = (*WRITE_FLAGS, *[("virtual", {"neur": layout.N - 1, "leak": 1})] * layout.MAIN_DEPTH)


@dataclass(frozen=True)
class Traffic:
    """The traffic on the input event bus.

    kinds : name of an event in ``layout.EVENTS`` -> relative frequency, and the same for "volley": some virtual events
        of one sign to a neuron, and then some time references to it, which most Izhikevich behaviours need
    hot : the number of neurons, from 0 on, that are stimulated; pre : the number of pre-synaptic neurons, from 0 on
    weight : the weight of virtual events, 0..7; inhibitory : the probability of a negative sign; leak : the probability
        that a virtual event is a time reference
    stims, trefs : the numbers of virtual events and of time references in a volley
    opening : events that are sent once at the start, with their fields, in this order
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
class OdinRecipe(CrossbarRecipe):
    """A stimulus for ODIN; see ``CrossbarRecipe``.

    sign : the probability that a neuron's outgoing synapses are inhibitory
    """

    traffic: Traffic
    sign: float = 0.2
    synapses: Synapses | None = None


# --- Events -----------------------------------------------------------------------------------------------------


def events(
    traffic: Traffic, host: Actions, rng: np.random.Generator, table: Mapping[str, Event] = EVENTS
) -> Iterator[int | None]:
    """Yield addresses for the input event bus, AERIN_ADDR, without an end; None until the host lets the network run.

    table : the chip's events by name
    """
    while not host.running:
        yield None
    for name, fields in traffic.opening:
        yield table[name].encode(**fields)
    if not traffic.kinds:
        yield from repeat(None)
    for kind in kinds_of_event(traffic.kinds, rng):
        if kind == "volley":
            yield from _volley(traffic, rng)
        else:
            yield _event(kind, traffic, rng, table)


def _event(kind: str, traffic: Traffic, rng: np.random.Generator, table: Mapping[str, Event]) -> int:
    neur, pre = int(rng.integers(traffic.hot)), int(rng.integers(traffic.pre))
    neurons = {"neur": neur, "post_neur": neur, "pre_neur": pre}
    if kind == "virtual":
        return _virtual(neur, rng.random() < traffic.inhibitory, rng.random() < traffic.leak, traffic, rng)
    event = table[kind]
    contents = {f.name: f.take(int(rng.integers(1 << f.width)) << f.lsb) for f in event.fields}
    addr = event.encode(**{name: neurons.get(name, content) for name, content in contents.items()})
    free = "".join("1" if bit == "-" else "0" for bit in event.pattern)
    field_mask = sum(((1 << f.width) - 1) << f.lsb for f in event.fields)
    return addr | int(rng.integers(1 << len(free))) & int(free, 2) & ~field_mask


def _virtual(neur: int, sign: bool, leak: bool, traffic: Traffic, rng: np.random.Generator) -> int:
    return EVENTS["virtual"].encode(neur=neur, sign=int(sign), leak=int(leak), weight=draw(traffic.weight, rng))


def _volley(traffic: Traffic, rng: np.random.Generator) -> Iterator[int]:
    neur, sign = int(rng.integers(traffic.hot)), rng.random() < traffic.inhibitory
    for _ in range(draw(traffic.stims, rng)):
        yield _virtual(neur, sign, False, traffic, rng)
    for _ in range(draw(traffic.trefs, rng)):
        yield EVENTS["tref"].encode(neur=neur)


# --- The host ---------------------------------------------------------------------------------------------------


class Actions(SpiHost):
    """The actions of the host, with those that only ODIN has: for signs of synapses, and for bursts."""

    _port_of_chip: ClassVar[Bytewise] = PORT

    def __init__(self, recipe: OdinRecipe, rng: np.random.Generator, to_program: dict[str, np.ndarray]) -> None:
        super().__init__(self._port_of_chip, recipe, rng, to_program)
        self._sign = recipe.sign

    def content(self, register: Register, rng: np.random.Generator) -> int:
        """Return random content for a register; the signs of the synapses are drawn one by one."""
        if register.name == "SPI_SYN_SIGN":
            return sum(1 << bit for bit in range(register.width) if rng.random() < self._sign)
        return super().content(register, rng)

    def blink_timeref(self) -> HostPiece:
        """Turn bursts off and on again between two clocks."""
        timeref = draw(self._recipe.registers["SPI_BURST_TIMEREF"], self._rng)
        writes = [RegisterWrite("SPI_BURST_TIMEREF", 0, content) for content in (0, timeref)]
        levels = [level for write in writes for level in self.frame_levels(PORT.encode(write))]
        yield from self._host.shift_fast(levels, Clocks(len(levels), len(levels)))

    def timeref_zero(self) -> HostPiece:
        """Turn bursts off for a moment, which empties the burst FIFOs."""
        yield from self.register("SPI_BURST_TIMEREF", 0)
        yield from self._host.wait(draw((1, 1000), self._rng))
        yield from self.register("SPI_BURST_TIMEREF", draw(self._recipe.registers["SPI_BURST_TIMEREF"], self._rng))


prepare = preparer(layout.CHIP, synapses, events, Actions)
