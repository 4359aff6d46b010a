"""SNE's recipes: events for layers of each kind, with clocks, resets and a receiver that may be anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.stream import StreamReceiverTiming, StreamSenderTiming
from draupnir.emulator.sne.layout import CHIP, GROUPS, MEMORIES, SLICE, EventOp, LayerKind
from draupnir.emulator.sne.words import Destination, header, spike, word
from draupnir.emulator.trace import pack
from draupnir.golden.recipes import Prepared, RecipeBook
from draupnir.golden.recipes.sne_words import (
    WRONG,
    Events,
    Neurons,
    configuration,
    events,
    kernels,
    random_words,
)
from draupnir.golden.stimulus import (
    HostPiece,
    Piece,
    Stimulus,
    constant,
    free_running,
    random_edges,
    random_levels,
    receiver,
    resets,
    sender,
)

QUICK = StreamReceiverTiming(pause=Clocks(0, 0), patient=0.0)
SLOW = StreamReceiverTiming(pause=Clocks(0, 60), patient=0.3)
BUSY = StreamReceiverTiming(pause=Clocks(0, 9), patient=0.3)
RUDE = StreamSenderTiming(gap=Clocks(0, 2), withdraw=1.0, withdraw_after=Clocks(0, 300, 0.2, 0, 5), change=0.2)
EAGER = Neurons(vth=(-60, -20), tref=0)
ANYWHERE = Events(margin=113, step=(0, 1 << 25), spikes=(0, 2))
TO_THE_END = {"cfg_filter_ubound_i": (1 << CHIP.input_word["cfg_filter_ubound_i"].width) - 1}  # of each group's area
MOVES = {"cfg_filter_lbound_i": int("00ff" * 2 * GROUPS, 16), "cfg_cid_i": -1}  # columns and rows up to 255
NEVER = Clocks(1 << 40, 1 << 40)
CONFIGURATION = [pin.name for pin in CHIP.inputs if pin.name.startswith("cfg_")]


@dataclass(frozen=True)
class EngineRecipe:
    """A recipe.

    n_cycles : rows with an edge of any clock
    layer : the kind of the layer, 0..3
    fields : more fields of the configuration, and whole pins
    channels : the number of kernels that are sent first, None for those that are loaded into the memories
    packets : how often they are sent; toggled : a field of cfg_slice_i that changes all the time, or ""
    clocks : half periods of bus and engine, or None for random edges
    gap : clocks before each word; sender : how else the sender behaves, if it does not keep the protocol
    states : False begins with states of 0
    resets_every : the time between two resets; apart : each side has resets of its own
    online : the pins of the online access move
    restless : the configuration moves, too, and all of it has any levels
    moves : pin of the configuration -> its bits that have any levels, each for a while; all others are 0
    any_words : words are random, with an operation and a destination that may be wrong
    """

    why: str
    n_cycles: int = 6000
    undefined: bool = False
    layer: int = LayerKind.OPT_CONV
    neurons: Neurons = field(default_factory=Neurons)
    events: Events = field(default_factory=Events)
    fields: Mapping[str, int] = field(default_factory=dict)
    channels: int | None = None
    packets: int = 1
    toggled: str = ""
    clocks: tuple[int, int] | None = (1, 1)
    gap: Clocks = Clocks(0, 0)
    sender: StreamSenderTiming | None = None
    receiver: StreamReceiverTiming = QUICK
    states: bool = True
    resets_every: Clocks = NEVER
    apart: bool = False
    online: bool = False
    restless: bool = False
    moves: Mapping[str, int] = field(default_factory=dict)
    any_words: bool = False


RECIPES = {
    "convolution": EngineRecipe(
        "A spike gives nine neurons of each group around it a weight, and border neurons no voice."
    ),
    "dense": EngineRecipe("All 64 neurons of a group take part in a spike, in a row.", layer=LayerKind.DEFAULT),
    "layer_3": EngineRecipe("Layer 3 is as layer 0.", layer=3, n_cycles=3000),
    "part_of_a_group": EngineRecipe(
        "The sequence of all neurons goes from start to end in steps, and may miss the last one.",
        layer=LayerKind.DEFAULT,
        fields={"cfg_addr_start_i": 5, "cfg_addr_step_i": 3, "cfg_addr_end_i": 50},
    ),
    "fully_connected": EngineRecipe(
        "A SYNCH event takes 128 words of weights, and each neuron gets one, also in groups that are off.",
        layer=LayerKind.FC,
        fields={"cfg_filter_en_i": 0xFFF3},
        n_cycles=9000,
        events=Events(wipes=0.05, updates=0.05),
    ),
    "weights_stalled": EngineRecipe(
        "If a spike waits in the clock in which an event of a fully connected layer ends, the event never ends.",
        layer=LayerKind.FC,
        neurons=Neurons(vth=(0, 8), tref=0),
        n_cycles=3000,
    ),
    "kernels_written": EngineRecipe(
        "A packet of kernels fills four banks in turn, then the corners, and its header goes nowhere.",
        channels=32,
        fields={"channel": 32},
    ),
    "kernels_rewritten": EngineRecipe(
        "With kernel_reset words are written at address 0, and into the corners, too, if those were written before.",
        channels=40,
        packets=40,
        toggled="kernel_reset",
        fields={"channel": 9},
    ),
    "four_kernels": EngineRecipe("Each four groups have a kernel of their own.", fields={"sel": 1}),
    "two_kernels": EngineRecipe(
        "Each eight groups have a kernel of their own.", layer=LayerKind.DEFAULT, fields={"sel": 2}
    ),
    "time_gaps": EngineRecipe(
        "Timesteps that are left out are inserted, repeated ones are left out, and an update comes each 256.",
        events=Events(step=(0, 40), spikes=(0, 2)),
        fields={"time_insert_enable": 1, "refresh_enable": 1},
        n_cycles=8000,
    ),
    "time_jumps": EngineRecipe(
        "A potential sees the time modulo 256.",
        events=Events(step=(0, 1000), spikes=(1, 4), updates=0.1),
        fields={"refresh_enable": 1},
    ),
    "area_of_interest": EngineRecipe(
        "The filter takes each word for a spike, so it loses timesteps, too.",
        events=Events(margin=6, step=(0, 300)),
        fields={"spike_filter_enable": 1, "group_id_low_x": 1, "group_id_low_y": 0, "group_id_high_x": 2,
                "group_id_high_y": 15},
    ),
    "outside": EngineRecipe(
        "A spike outside of a group, or of one that is off, leaves it alone, and coordinates wrap at 256.",
        events=Events(margin=12),
        fields={"cfg_filter_en_i": 0xA5C3},
    ),
    "anywhere": EngineRecipe(
        "Spikes of each group come out with any place, channel and time, and wait in its FIFO.",
        layer=LayerKind.DEFAULT,
        neurons=EAGER,
        events=ANYWHERE,
        fields=TO_THE_END,
        moves=MOVES,
        receiver=BUSY,
        n_cycles=12000,
    ),
    "anywhere_around": EngineRecipe(
        "Groups may be anywhere in a convolution, too, with kernels at any offset.",
        neurons=EAGER,
        events=ANYWHERE,
        fields=TO_THE_END,
        moves={**MOVES, "cfg_x_offset_i": -1, "cfg_y_offset_i": -1},
        receiver=BUSY,
        clocks=(3, 2),
        n_cycles=12000,
    ),
    "wipes_and_updates": EngineRecipe(
        "WIPE and UPDATE go through all neurons in any layer; an ACCUMULATE does not leak.",
        events=Events(accumulates=0.3, wipes=0.05, updates=0.1, idles=0.1, odd=0.1),
    ),
    "saturated": EngineRecipe(
        "A potential saturates at 127 and wraps below -128; a threshold of 0 becomes 1.",
        neurons=Neurons(vrest=(-128, 127), vth=(-128, 127), tref=(0, 255), tscale=(0, 15)),
        events=Events(step=(0, 60), accumulates=0.2),
    ),
    "eager": EngineRecipe(
        "All groups spike at once, so FIFOs fill up and sequences wait.",
        layer=LayerKind.DEFAULT,
        neurons=EAGER,
        receiver=SLOW,
    ),
    "slow_receiver": EngineRecipe(
        "A spike that waits is not lost, and the groups take turns.",
        neurons=Neurons(vth=(-30, 0), tref=0),
        receiver=SLOW,
        clocks=(3, 2),
    ),
    "slow_bus": EngineRecipe("The clock of the bus may be slower.", clocks=(7, 2), n_cycles=5000),
    "slow_engine": EngineRecipe("The clock of the engine may be slower.", clocks=(2, 5), gap=Clocks(0, 4)),
    "random_clocks": EngineRecipe(
        "Edges of both clocks may come in any order.", clocks=None, receiver=SLOW, neurons=Neurons(vth=(-10, 10))
    ),
    "synch": EngineRecipe(
        "A SYNCH event outside of a fully connected layer passes as a timestep, and the next one is never taken.",
        events=Events(synchs=0.03),
        resets_every=Clocks(1500, 2500),
    ),
    "wrong_packets": EngineRecipe(
        "A header is an event, too; one for nobody waits for ack_error_i, and is then read again.",
        any_words=True,
        sender=RUDE,
        neurons=Neurons(vth=(-10, 10)),
        resets_every=Clocks(300, 800),
    ),
    "rude_sender": EngineRecipe(
        "A word that changes while it waits is taken as it is then.",
        sender=RUDE,
        receiver=StreamReceiverTiming(withdraw=0.3, pause=Clocks(0, 9)),
        neurons=Neurons(vth=(-10, 10)),
        resets_every=Clocks(1500, 2500),
    ),
    "no_time": EngineRecipe(
        "A spike before the first timestep waits for ever.",
        events=Events(timesteps=False),
        n_cycles=1500,
        resets_every=Clocks(200, 500),
    ),
    "reset_in_flight": EngineRecipe(
        "Resets leave the memories alone.", resets_every=Clocks(40, 400), gap=Clocks(0, 3), neurons=Neurons(vth=0)
    ),
    "resets_apart": EngineRecipe(
        "If only one side of a FIFO is reset, its pointers disagree.",
        apart=True,
        resets_every=Clocks(60, 300),
        clocks=None,
        neurons=Neurons(vth=0),
    ),
    "online": EngineRecipe(
        "States are read from outside, and the rest stands still.", fields={"online": 1}, online=True, n_cycles=2000
    ),
    "read_while_busy": EngineRecipe("The pins of the online access show the state that a group reads.", online=True),
    "everything": EngineRecipe(
        "All input pins move at any edge.",
        restless=True,
        online=True,
        sender=RUDE,
        neurons=Neurons(vth=(-10, 10)),
        any_words=True,
        clocks=None,
        receiver=SLOW,
        resets_every=Clocks(200, 600),
        apart=True,
    ),
}  # fmt: skip


def prepare(recipe: EngineRecipe, seed: int) -> Prepared:
    """Return the stimulus, and the memories to load first."""
    rng = np.random.default_rng(seed)
    timing = recipe.sender or StreamSenderTiming(gap=recipe.gap)
    pieces = [
        sender(CHIP, "dst", _words(recipe, rng), rng, timing),
        receiver(CHIP, "src", rng, recipe.receiver),
        *_control(recipe, rng),
    ]
    host = _apart(recipe.resets_every, rng) if recipe.apart else resets(CHIP, recipe.resets_every, rng, Clocks(1, 4))
    if recipe.clocks is None:
        edges = random_edges(CHIP, rng)
    else:
        edges = free_running(CHIP, bus_clk_i=recipe.clocks[0], engine_clk_i=recipe.clocks[1])
    return Stimulus(host, pieces, edges), _memories(recipe, rng)


def _words(recipe: EngineRecipe, rng: np.random.Generator) -> Iterator[int]:
    if recipe.any_words:
        return chain(kernels(16, rng), _any_words(recipe, rng))
    first = [] if recipe.channels is None else [kernels(recipe.channels, rng) for _ in range(recipe.packets)]
    return chain(*first, events(recipe.events, recipe.layer, rng))


def _any_words(recipe: EngineRecipe, rng: np.random.Generator) -> Iterator[int]:
    """Yield packets of random events, with headers of which some are wrong."""
    good = events(recipe.events, recipe.layer, rng)
    operations = [op for op in range(16) if op != EventOp.SYNCH]  # after a SYNCH, no timestep would be taken
    while True:
        destination = int(rng.choice((Destination.ENGINE, Destination.ENGINE, Destination.MEMORY, WRONG)))
        yield word(rng.choice(operations), header(destination, int(rng.integers(12))))
        if rng.random() < 0.8:
            yield word(EventOp.TIME, int(rng.integers(4)))
        for _ in range(int(rng.integers(30))):
            if rng.random() < 0.8:
                yield next(good)
            else:
                x, y = rng.integers(26, size=2)
                yield spike(int(x), int(y), 0, int(rng.choice(operations)))


def _control(recipe: EngineRecipe, rng: np.random.Generator) -> list[Piece]:
    """Return the pieces of all pins that belong to no protocol."""
    levels = configuration(recipe.neurons, rng, layer=recipe.layer, **recipe.fields)
    pieces = [random_levels(CHIP, "ack_error_i", Clocks(1, 60), rng, (0, 0, 1))]
    if recipe.restless:
        stay = Clocks(1, 400)
        pieces += [random_levels(CHIP, pin, stay, rng, _levels(pin, levels[pin], rng)) for pin in CONFIGURATION]
    else:
        if recipe.toggled:
            usual = levels.pop("cfg_slice_i")
            both = usual, usual ^ 1 << SLICE[recipe.toggled].lsb
            pieces.append(random_levels(CHIP, "cfg_slice_i", Clocks(1, 20), rng, both))
        for pin, bits in recipe.moves.items():
            pieces.append(random_levels(CHIP, pin, Clocks(1, 400), rng, [_any(pin, rng) & bits for _ in range(40)]))
            del levels[pin]
        pieces.append(constant(CHIP, **levels))
    if recipe.online:
        names = ("online_enable_i", "online_group_id", "online_addr")
        pieces += [random_levels(CHIP, pin, Clocks(1, 5), rng) for pin in names]
    return pieces


def _levels(pin: str, usual: int, rng: np.random.Generator) -> list[int]:
    """Return levels of a pin of the configuration: the usual one several times, and any."""
    return [usual] * 40 + [_any(pin, rng) for _ in range(8)]


def _any(pin: str, rng: np.random.Generator) -> int:
    width = CHIP.input_word[pin].width
    return int.from_bytes(rng.bytes(-(-width // 8)), "little") & (1 << width) - 1


def _apart(every: Clocks, rng: np.random.Generator) -> HostPiece:
    """Reset one side, or both, and from time to time between two clocks."""
    pins = [pin.name for pin in CHIP.resets]
    off = pack(CHIP.input_word, CHIP.reset_levels(False))
    masks = [pack(CHIP.input_word, {name: 1}) for name in pins]
    yield (0,)
    while True:
        for _ in range(every.draw(rng)):
            yield (off,)
        side = masks[int(rng.integers(2))] if rng.random() < 0.7 else sum(masks)
        if rng.random() < 0.3:
            yield off & ~side, off
        for _ in range(int(rng.integers(1, 4))):
            yield (off & ~side,)


def _memories(recipe: EngineRecipe, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return random contents: of the states, and of the kernels unless they are sent."""
    names = ["state_sram_o", "state_sram_e"] if recipe.states else []
    if recipe.channels is None:
        names += ["weight_mem", "weight_sram_o"]
    return {
        memory.name: np.array(random_words(rng, int(np.prod(memory.shape))), np.uint32).reshape(memory.shape)
        for memory in MEMORIES
        if memory.name in names
    }


BOOK = RecipeBook(RECIPES, prepare, uncompiled=("convolution", 300))
