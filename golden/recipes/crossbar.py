"""The common part of ODIN's and tinyODIN's recipes: their form, and how they break the rules of pins and buses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.crossbar.layout import N_SYN, SYN_BITS
from draupnir.emulator.declare import Chip, Memory
from draupnir.golden.ranges import Range, draw
from draupnir.golden.spi_host import SpiHost, SpiHostTraffic
from draupnir.golden.stimulus import Stimulus, receiver, sender


@dataclass(frozen=True)
class Group:
    """A kind of neuron.

    view : the name of its word, or "random" for words in which all bits are random
    fields : name -> its content, or the range of it; all other fields are 0
    share : the relative frequency among the groups
    """

    view: str
    fields: Mapping[str, Range] = field(default_factory=dict)
    share: float = 1.0

    def word(self, memory: Memory, rng: np.random.Generator) -> int:
        """Return the memory word of a random neuron of this kind."""
        if self.view == "random":
            return int.from_bytes(rng.bytes(memory.width // 8), "little")
        selects = [(memory.view_field, content) for content, name in memory.view.items() if name == self.view]
        contents = {name: draw(span, rng) for name, span in self.fields.items()}
        return encode(memory.word(self.view), **dict(selects), **contents)


@dataclass(frozen=True)
class CrossbarRecipe:
    """A stimulus for a chip. The chip's own class adds ``synapses``, the content of its synapse memory.

    why : one sentence that says what breaks if the model differs
    traffic : the events on the input bus
    neurons : the groups from which the content of the neuron memory is drawn
    registers : name -> its content, or the range of it; all other registers are programmed to 0
    program : the number of neurons, from 0 on, and of synapse words that the SPI programs; all others are loaded
    undefined : True if the stimulus does something that the Verilog leaves undefined; simulators may disagree then
    reset : True if a reset comes before everything else
    configured : True to program all registers, and then to reset again, so that no register is undefined; False to
        program none
    """

    why: str
    traffic: Any
    n_cycles: int = 50_000
    registers: Mapping[str, Range] = field(default_factory=dict)
    neurons: tuple[Group, ...] = ()
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
    """Make a chip's ``prepare``, which returns a recipe's stimulus and the memories to load before the first clock.

    Both depend on the seed alone.

    synapses : a function that returns the synapse memory from the recipe's ``synapses`` and a generator
    events : a function that yields addresses for the input bus, from traffic, host and a generator
    host_of : a function that returns the host from a recipe, a generator, and the words that it has to program
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
    """Return the pieces that drive the pins. Words that the SPI programs become 0 in ``memories``.

    rngs : generators for the events, the sender, the receiver and the host
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


def neurons(memory: Memory, groups: Sequence[Group], rng: np.random.Generator) -> NDArray[np.uint32]:
    """Return a random neuron memory, (depth, limbs) uint32; the groups' shares say how often a neuron is of each.

    Without groups it is all 0.
    """
    contents = np.zeros((memory.depth, memory.n_limbs), np.uint32)
    if groups:
        share = np.array([group.share for group in groups])
        kinds = rng.choice(len(groups), size=memory.depth, p=share / share.sum())
        for i, kind in enumerate(kinds):
            contents[i] = to_limbs(groups[kind].word(memory, rng), memory.n_limbs)
    return contents


def synapse_words(synapses: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return a synapse memory, (depth, 1) uint32; synapses : (pre, post) int64, 0..15."""
    in_words = synapses.reshape(-1, N_SYN)
    words: NDArray[np.int64] = (in_words << SYN_BITS * np.arange(N_SYN)).sum(axis=1)
    return words.astype(np.uint32)[:, np.newaxis]


def kinds_of_event(kinds: Mapping[str, float], rng: np.random.Generator) -> Iterator[str]:
    """Yield random kinds of event, without an end; kinds : name -> relative frequency."""
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
FAST_FRAMES = SpiHostTraffic(
    {"fast_session": 4, "fast_config": 4, "reset": 1},
    gap=Clocks(1, 40),
    per_clock=Clocks(16, 160),
    retune={"SPI_OPEN_LOOP": (0, 1), "SPI_MAX_NEUR": (0, 12)},
    session=(0, 8),
)
NEAR_MISSES = SpiHostTraffic({"near_miss": 1}, gap=Clocks(1, 60), per_clock=Clocks(4, 16))

# --- Resets, and senders and receivers that break the rules -----------------------------------------------------

RESETS = SpiHostTraffic(
    {"reset": 8, "cut": 4, "slip": 2, "frame_in_reset": 1, "glitch_reset": 2},
    gap=Clocks(1, 900),
    reset_clocks=Clocks(1, 5),
)
# If an address changes during an event, the controller may wait for a count that has passed; only a reset ends this.
RESCUE = SpiHostTraffic({"reset": 1}, gap=Clocks(1000, 3000))
DROPS_REQ = SenderTiming(early=0.6, early_after=Clocks(0, 7, 0.1, 8, 600), req_hold=Clocks(0, 3, 0.02, 50, 500))
CHANGES_ADDRESS = SenderTiming(change=0.6, change_after=Clocks(0, 8, 0.3, 9, 500))
CHANGES_ADDRESS_LATE = SenderTiming(change=1.0, change_after=Clocks(70, 400))
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
