"""The common part of ODIN's and tinyODIN's recipes: their form, and how pins, SPI and handshakes are abused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.codec import to_limbs
from draupnir.emulator.crossbar.layout import N_SYN, SYN_BITS
from draupnir.emulator.declare import Chip, Memory
from draupnir.golden.ranges import Range
from draupnir.golden.spi_host import SpiHost, SpiHostTraffic
from draupnir.golden.stimulus import Stimulus, receiver, sender


class Drawn(Protocol):
    """Neurons of a kind; share : how often it is drawn, relative to the other groups."""

    @property
    def share(self) -> float: ...

    def word(self, rng: np.random.Generator) -> int:
        """A neuron's word."""


@dataclass(frozen=True)
class CrossbarRecipe:
    """A stimulus for a chip, which adds ``synapses``: what its synapse memory is loaded with beforehand.

    why : one sentence: what breaks if the model differs
    traffic : what arrives on the input event bus
    neurons : groups of which the neuron memory is loaded beforehand
    registers : value or range of each configuration register; those not named are programmed to 0
    program : so many neurons, from 0, and synapse words are programmed by SPI instead of loaded
    undefined : it goes where the Verilog is undefined, and simulators may disagree
    reset : RST is held before anything else happens
    configured : all registers are programmed, and a second reset follows, so that none is undefined; else none is
    """

    why: str
    traffic: Any
    n_cycles: int = 50_000
    registers: Mapping[str, Range] = field(default_factory=dict)
    neurons: tuple[Any, ...] = ()
    program: int = 0
    sender: SenderTiming = field(default_factory=SenderTiming)
    receiver: ReceiverTiming = field(default_factory=ReceiverTiming)
    host: SpiHostTraffic = field(default_factory=SpiHostTraffic)
    reset: bool = True
    configured: bool = True
    undefined: bool = False


Memories = dict[str, NDArray[np.uint32]]
HostOf = Callable[[Any, np.random.Generator, Memories], SpiHost]


def preparer(
    chip: Chip,
    synapses: Callable[[Any, np.random.Generator], NDArray[np.uint32]],
    events: Callable[..., Iterator[int | None]],
    host_of: HostOf,
) -> Callable[[Any, int], tuple[Stimulus, Memories]]:
    """Make a chip's ``prepare``: a recipe's stimulus, and the memories to load before the first clock.

    The same seed gives the same of both.

    synapses : the synapse memory, of what a recipe says of it; events : of traffic, host and rng: addresses for the bus
    host_of : the host, of a recipe, its rng, and what it is to program
    """

    def prepare(recipe: Any, seed: int) -> tuple[Stimulus, Memories]:
        for_neurons, for_synapses, *rngs = np.random.default_rng(seed).spawn(6)
        memories = {
            "neurons": neurons(chip.memory("neurons"), recipe.neurons, for_neurons),
            "synapses": synapses(recipe.synapses, for_synapses),
        }
        return _stimulus(chip, recipe, memories, events, host_of, rngs), memories

    return prepare


def _stimulus(
    chip: Chip,
    recipe: CrossbarRecipe,
    memories: Memories,
    events: Callable[..., Iterator[int | None]],
    host_of: HostOf,
    rngs: Sequence[np.random.Generator],
) -> Stimulus:
    """The pieces that drive the pins; takes what is to be programmed out of the memories.

    rngs : for the events, the sender, the receiver and the host
    """
    for_events, for_sender, for_receiver, for_host = rngs
    host = host_of(recipe, for_host, {name: memory[: recipe.program].copy() for name, memory in memories.items()})
    for memory in memories.values():
        memory[: recipe.program] = 0
    traffic = events(recipe.traffic, host, for_events)
    sides = [
        sender(chip, "aerin", traffic, for_sender, recipe.sender),
        receiver(chip, "aerout", for_receiver, recipe.receiver),
    ]
    return Stimulus(host.run(), sides)


def neurons(memory: Memory, groups: Sequence[Drawn], rng: np.random.Generator) -> NDArray[np.uint32]:
    """A neuron memory, (depth, limbs) uint32, each neuron of a group drawn by share; all 0 without groups."""
    contents = np.zeros((memory.depth, memory.n_limbs), np.uint32)
    if groups:
        share = np.array([group.share for group in groups])
        kinds = rng.choice(len(groups), size=memory.depth, p=share / share.sum())
        for i, kind in enumerate(kinds):
            contents[i] = to_limbs(groups[kind].word(rng), memory.n_limbs)
    return contents


def synapse_words(synapses: NDArray[np.int64]) -> NDArray[np.uint32]:
    """A synapse memory, (depth, 1) uint32, of (pre, post) contents of 4 bits each."""
    in_words = synapses.reshape(-1, N_SYN)
    words: NDArray[np.int64] = (in_words << SYN_BITS * np.arange(N_SYN)).sum(axis=1)
    return words.astype(np.uint32)[:, np.newaxis]


def kinds_of_event(kinds: Mapping[str, float], rng: np.random.Generator) -> Iterator[str]:
    """Kinds of event for ever. kinds : relative frequency of each"""
    weights = np.array([*kinds.values()])
    while True:
        yield from map(str, rng.choice(list(kinds), size=64, p=weights / weights.sum()))


# --- The SPI ----------------------------------------------------------------------------------------------------

TO_MEMORIES = SpiHostTraffic({"session": 1}, gap=Clocks(50, 600), session=(8, 40))
PROGRAMMED = SpiHostTraffic({"session": 1}, gap=Clocks(500, 4000))
WHILE_RUNNING = SpiHostTraffic({"stray": 4, "odd": 4, "pause": 3, "session": 2, "gate": 2}, gap=Clocks(10, 1200))
GATED = SpiHostTraffic({"stray": 8, "odd": 4, "pause": 4}, gap=Clocks(1, 100), half=Clocks(2, 5))
FAST = SpiHostTraffic(
    {"fast": 6, "session": 1}, gap=Clocks(20, 600), half=Clocks(1, 2), per_clock=Clocks(1, 20, 0.1, 81, 81)
)

# --- Resets, and senders and receivers that break the rules -----------------------------------------------------

RESETS = SpiHostTraffic(
    {"reset": 8, "cut": 4, "slip": 2, "frame_in_reset": 1, "glitch_reset": 2},
    gap=Clocks(1, 900),
    reset_clocks=Clocks(1, 5),
)
# An address that changes in mid-event can leave the controller waiting for a count that has passed: only a reset helps.
RESCUE = SpiHostTraffic({"reset": 1}, gap=Clocks(1000, 3000))
DROPS_REQ = SenderTiming(early=0.6, early_after=Clocks(0, 7, 0.1, 8, 600), req_hold=Clocks(0, 3, 0.02, 50, 500))
CHANGES_ADDRESS = SenderTiming(change=0.6, change_after=Clocks(0, 8, 0.3, 9, 500))
NOW_AND_THEN_SLOW = ReceiverTiming(latency=Clocks(0, 3, 0.05, 20, 200))
PULSES_ACK = ReceiverTiming(pulse=0.3, glitch=Clocks(0, 120), glitch_clocks=Clocks(1, 4, 0.1, 5, 40))

# --- Everything at once -----------------------------------------------------------------------------------------

ANY_SENDER = SenderTiming(early=0.05, change=0.05, impatient=0.1, gap=Clocks(0, 6, 0.05, 10, 300))
ANY_RECEIVER = ReceiverTiming(latency=Clocks(0, 5, 0.02, 50, 400), pulse=0.05, glitch=Clocks(0, 3000))
ANY_ACTIONS: Mapping[str, float] = {
    "config": 4,
    "session": 2,
    "stray": 1,
    "odd": 1,
    "gate": 1,
    "reset": 1,
    "cut": 1,
    "pause": 1,
    "fast": 1,
}
ANY_GAP = Clocks(50, 2500)
